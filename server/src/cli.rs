//! The command line: one binary, each operation with its `--help`.

mod carry;
mod commands;
mod operations;
mod person;
mod progress;
mod rebuild;
mod serve;
mod token;

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    process::ExitCode,
    str::FromStr,
};

use clap::{Args, Parser, Subcommand};
use domain::values::Millis;

use crate::{access::operator::Key, http::arrival::Origin};

/// The book of original entry for a shop: a log that every till, phone and server shares.
///
/// With no arguments: serves the demo shop on the embedded store, and prints its address.
#[derive(Parser)]
#[command(name = "daybook", version, arg_required_else_help = false)]
struct Cli {
    #[command(subcommand)]
    operation: Option<Operation>,
    #[command(flatten)]
    store: StoreArgs,
}

#[derive(Args, Clone)]
struct StoreArgs {
    /// Where the log is kept: `sqlite://FILE`, `postgres://…`, or `memory:` for nothing that lasts.
    #[arg(long, env = "DATABASE_URL", default_value = "sqlite://daybook.db", global = true, hide_env_values = true)]
    database_url: String,
    /// A Redis where each order's allocations are kept under a key of their own, for other programs to read:
    /// `redis://HOST:PORT/NUMBER` or `redis+unix:/PATH`. It may be away, and come back empty.
    #[arg(long, env = "DAYBOOK_REDIS", global = true, hide_env_values = true)]
    redis: Option<String>,
}

#[derive(Subcommand)]
enum Operation {
    /// Serve the pages, the API and the feed.
    Serve(ServeArgs),
    /// Fill the demo shop, without serving it. Repeating this changes nothing.
    Demo,
    /// Bring the database's tables up to date. `serve` does this too, where its role owns them.
    ///
    /// On PostgreSQL, also gives other roles the rights of what they are for, and takes every other right from them; a
    /// role that is missing is made, without a password. Serve with such a role, and not with the owner: then the
    /// database itself refuses whatever would change what is written down.
    Migrate(MigrateArgs),
    /// Walk every shop's log: the chain of hashes, the books folded from the start against those from the newest
    /// snapshot, and each view against the log, with the first position that differs. Exits with 0 when all is well.
    Verify {
        /// This shop only.
        #[arg(long)]
        shop: Option<String>,
    },
    /// Fold a shop's books from the first entry again, and keep them as its newest snapshot; make views again that are
    /// not what the log says. A server may run meanwhile. Cancelled, it leaves the books as they were.
    Rebuild {
        /// This shop only.
        #[arg(long)]
        shop: Option<String>,
    },
    /// Write a shop's whole log as lines of JSON: what it is, then one event a line. What people do meanwhile is left
    /// out.
    Export {
        #[arg(long)]
        shop: String,
        /// Where to; standard output where it is left out. A file gets its name when it is whole.
        #[arg(long)]
        file: Option<PathBuf>,
    },
    /// Read a log that was exported. All of it is checked first, and nothing is written when anything is wrong.
    /// Importing the same file again changes nothing.
    Import {
        #[arg(long)]
        file: PathBuf,
        /// Into this shop; the one that the file names where it is left out.
        #[arg(long)]
        shop: Option<String>,
    },
    /// Say that a backup was put back: gives each shop's log a new identity, so that devices that had seen more
    /// notice it, and offer again what they had given. Run it after the database was put back. A server that runs
    /// meanwhile notices within seconds.
    Restore {
        /// This shop.
        #[arg(long, required_unless_present = "all", conflicts_with = "all")]
        shop: Option<String>,
        /// Every shop of the database.
        #[arg(long)]
        all: bool,
    },
    /// Look at commands that were answered before they were decided, and handle them again.
    #[command(subcommand)]
    Commands(commands::CommandsOperation),
    /// Make and list shops.
    #[command(subcommand)]
    Shop(ShopOperation),
    /// Tokens for other programs.
    #[command(subcommand)]
    Token(token::TokenOperation),
    /// People, and the shops that they belong to.
    #[command(subcommand)]
    Person(person::PersonOperation),
}

#[derive(Args, Clone)]
struct MigrateArgs {
    /// The database as the owner of the tables; `--database-url` where it is left out.
    #[arg(long, env = "DAYBOOK_OWNER_URL", hide_env_values = true)]
    owner_url: Option<String>,
    /// A role for `serve` and everything else but `migrate`: adds to the log, and changes nothing in it.
    #[arg(long, env = "DAYBOOK_SERVING_ROLE")]
    serving_role: Option<String>,
    /// A role for `serve --read-only`: reads.
    #[arg(long, env = "DAYBOOK_READING_ROLE")]
    reading_role: Option<String>,
}

#[derive(Args, Clone)]
struct ServeArgs {
    /// The address to listen on. One that is not loopback needs `--origin`.
    #[arg(long, env = "DAYBOOK_LISTEN", default_value = "127.0.0.1:3000")]
    listen: SocketAddr,
    /// A public name that people reach the server by, like `https://books.example`. Can be given several times. Requests
    /// for other names are refused; by a public one every shop asks who is there. TLS is a proxy's: see `--proxy`.
    #[arg(long = "origin", env = "DAYBOOK_ORIGIN", value_delimiter = ',', requires = "proxies")]
    origins: Vec<Origin>,
    /// The address that a proxy in front asks from: what it says in `X-Forwarded-For`, `-Proto` and `-Host` is believed.
    /// Can be given several times.
    #[arg(long = "proxy", env = "DAYBOOK_PROXY", value_delimiter = ',', requires = "origins")]
    proxies: Vec<IpAddr>,
    /// Offer visitors demo shops of their own, each for 24 hours; programs address the one called `demo`.
    #[arg(long)]
    demo: bool,
    /// Offer it to everybody who reaches the server from outside as well: all of them write in it.
    #[arg(long, env = "DAYBOOK_PUBLIC_DEMO", requires = "demo")]
    public_demo: bool,
    /// Mebibytes of shop state to keep in memory (an estimate); idle shops are put away beyond that.
    #[arg(long, env = "DAYBOOK_MEMORY_MIB", default_value_t = 512)]
    memory_mib: usize,
    /// Mebibytes of API documents to keep that were answered before; with 0 each is made anew.
    #[arg(long, env = "DAYBOOK_DOCUMENTS_MIB", default_value_t = 32)]
    documents_mib: usize,
    /// Mebibytes that the pictures of one shop may take.
    #[arg(long, env = "DAYBOOK_PICTURES_MIB", default_value_t = 1024)]
    pictures_mib: u64,
    /// Most commands that one append to the log decides and flushes together.
    #[arg(long, env = "DAYBOOK_BATCH", default_value_t = 512, value_parser = positive::<usize>)]
    batch: usize,
    /// Milliseconds that an append waits for more commands to share its flush, until there are `--batch` of them. What
    /// waits already always shares it; with 0 nobody waits.
    #[arg(long, env = "DAYBOOK_BATCH_WAIT_MS", default_value_t = 0)]
    batch_wait_ms: u64,
    /// Most entries that a `--view` takes in with one transaction.
    #[arg(long, env = "DAYBOOK_VIEW_BATCH", default_value_t = 500, value_parser = positive::<u32>)]
    view_batch: u32,
    /// Milliseconds that a `--view` waits for more entries once it has heard of one.
    #[arg(long, env = "DAYBOOK_VIEW_WAIT_MS", default_value_t = 0)]
    view_wait_ms: u64,
    /// Do not let browsers keep the app for opening it without a network, and make those that did drop it: the way
    /// out when a release has kept something bad. What people saved on their devices stays.
    #[arg(long, env = "DAYBOOK_NO_OFFLINE_START")]
    no_offline_start: bool,
    /// A read model to keep up to date in tables beside the log: `allocations` or `allocations_joined` for other
    /// programs to read, `search` for `GET /search`. Can be given several times. A new one starts with the first entry.
    #[arg(long = "view", env = "DAYBOOK_VIEWS", value_delimiter = ',')]
    views: Vec<String>,
    /// Send mail about goods that ran out by this relay, like `smtp://127.0.0.1:25`. Each is sent once.
    #[arg(long, env = "DAYBOOK_MAIL", requires = "mail_to")]
    mail: Option<String>,
    /// Whom to write to.
    #[arg(long, env = "DAYBOOK_MAIL_TO", requires = "mail")]
    mail_to: Option<String>,
    #[arg(long, env = "DAYBOOK_MAIL_FROM", default_value = "daybook@localhost")]
    mail_from: String,
    /// As `--view`, written in the same transaction as the log: never behind, and every command waits for it.
    #[arg(long = "inline-view", env = "DAYBOOK_INLINE_VIEWS", value_delimiter = ',')]
    inline_views: Vec<String>,
    /// Only read: pages, API and feeds of what other servers write; commands are answered with 503 `read_only`. Needs no
    /// right to write in the database. A `--view` is looked at here, and kept up to date elsewhere.
    #[arg(long, env = "DAYBOOK_READ_ONLY", conflicts_with_all = ["demo", "inline_views", "mail"])]
    read_only: bool,
    /// What a program must bring to read `/metrics`, as `Authorization: Bearer KEY`; 16 visible characters at least. With
    /// it the numbers of each shop are there too; without it `/metrics` is open, and names no shop. Better set by the
    /// environment: everybody on the machine sees arguments.
    #[arg(long, env = "DAYBOOK_METRICS_KEY", hide_env_values = true)]
    metrics_key: Option<Key>,
    /// Begin at this time instead of the machine's, like 2026-05-03T13:40:00Z: for tests and pictures.
    #[arg(long, env = "DAYBOOK_CLOCK", value_parser = Millis::parse, hide = true)]
    clock: Option<Millis>,
    /// Write the log of the program itself as JSON.
    #[arg(long, env = "DAYBOOK_LOG_JSON")]
    log_json: bool,
}

/// A batch of none would never be written.
fn positive<N: FromStr + PartialEq + Default>(text: &str) -> Result<N, String> {
    match text.parse() {
        Ok(number) if number != N::default() => Ok(number),
        _ => Err("must be a whole number from 1".to_owned()),
    }
}

#[derive(Subcommand)]
enum ShopOperation {
    /// Open a shop's book. One that exists stays as it is.
    Create {
        /// Its name in addresses: 1 to 40 of a-z, 0-9 and -.
        slug: String,
        /// Its name as people read it; the slug where it is left out.
        #[arg(long)]
        title: Option<String>,
        /// What its prices are in, by ISO 4217; it stays so from the first product on. EUR where it is left out.
        #[arg(long)]
        currency: Option<String>,
    },
    /// Every shop with its position.
    List,
}

/// Why an operation did not succeed, for whoever runs it.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Start(#[from] crate::StartError),
    #[error(transparent)]
    Store(#[from] store::StoreError),
    #[error(transparent)]
    Shop(#[from] crate::shop::ShopError),
    #[error(transparent)]
    View(#[from] store::views::ViewError),
    #[error(transparent)]
    Export(#[from] crate::archive::export::ExportError),
    #[error("not imported: {0}")]
    Import(#[from] crate::archive::import::ImportError),
    #[error("{0}")]
    Other(String),
}

/// What is done without arguments, with what the environment says.
fn bare() -> Operation {
    Cli::parse_from(["daybook", "serve", "--demo"]).operation.unwrap_or(Operation::Demo)
}

/// Reads the arguments and does what they say.
#[must_use]
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let operation = cli.operation.unwrap_or_else(bare);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&Failure::Other(error.to_string())),
    };
    match runtime.block_on(perform(operation, cli.store)) {
        Ok(code) => code,
        Err(failure) => fail(&failure),
    }
}

fn fail(failure: &Failure) -> ExitCode {
    eprintln!("daybook: {failure}");
    ExitCode::FAILURE
}

async fn perform(operation: Operation, store: StoreArgs) -> Result<ExitCode, Failure> {
    let database_url = store.database_url.as_str();
    match operation {
        Operation::Serve(args) => serve::serve(args, store).await,
        Operation::Demo => operations::demo(database_url).await,
        Operation::Migrate(args) => operations::migrate(database_url, args).await,
        Operation::Verify { shop } => operations::verify(&store, shop.as_deref()).await,
        Operation::Rebuild { shop } => rebuild::rebuild(&store, shop.as_deref()).await,
        Operation::Export { shop, file } => carry::export(database_url, &shop, file.as_deref()).await,
        Operation::Import { file, shop } => carry::import(database_url, &file, shop.as_deref()).await,
        Operation::Commands(operation) => commands::perform(database_url, operation).await,
        Operation::Restore { shop, all: _ } => operations::restore(database_url, shop.as_deref()).await,
        Operation::Shop(ShopOperation::Create { slug, title, currency }) => {
            operations::create(database_url, &slug, title.as_deref(), currency.as_deref()).await
        }
        Operation::Shop(ShopOperation::List) => operations::list(database_url).await,
        Operation::Token(operation) => token::perform(database_url, operation).await,
        Operation::Person(operation) => person::perform(database_url, operation).await,
    }
}
