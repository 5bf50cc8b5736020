//! What is done beside serving.

use std::{process::ExitCode, sync::Arc};

use domain::{Command, CommandId, ShopSlug, Submission, Verdict, books::Request, shop, values::Currency};
use store::{
    Duty, EventStore, Rights, ShopHead,
    views::{
        Allocation, allocations,
        follow::{difference, finds_what_is_there},
    },
};
use sync::protocol::Outcome;
use uuid::Uuid;

use super::{Failure, MigrateArgs, StoreArgs};
use crate::{Config, access, clock, demo, shop::log::Log};

pub(super) async fn open(database_url: &str) -> Result<Arc<dyn EventStore>, Failure> {
    let store = store::open(database_url).await?;
    store.migrate().await?;
    Ok(store)
}

pub(super) fn slug(text: &str) -> Result<ShopSlug, Failure> {
    ShopSlug::parse(text).map_err(|error| Failure::Other(format!("a shop's name {error}")))
}

/// The name of a shop that is there.
pub(super) async fn known_shop(store: &dyn EventStore, shop: &str) -> Result<ShopSlug, Failure> {
    let slug = slug(shop)?;
    match store.head(&slug).await? {
        Some(_) => Ok(slug),
        None => Err(Failure::Other(format!("no shop {shop}"))),
    }
}

/// One shop, or all of them.
pub(super) async fn chosen(store: &dyn EventStore, shop: Option<&str>) -> Result<Vec<ShopHead>, Failure> {
    match shop {
        None => Ok(store.shops().await?),
        Some(shop) => match store.head(&slug(shop)?).await? {
            Some(head) => Ok(vec![head]),
            None => Err(Failure::Other(format!("no shop {shop}"))),
        },
    }
}

pub async fn migrate(database_url: &str, args: MigrateArgs) -> Result<ExitCode, Failure> {
    let url = args.owner_url.as_deref().unwrap_or(database_url);
    let store = open(url).await?;
    println!("The tables are up to date.");
    let roles = [(args.serving_role, Duty::Serves, "serves"), (args.reading_role, Duty::Reads, "reads")];
    for (role, duty, word) in roles.into_iter().filter_map(|(role, duty, word)| Some((role?, duty, word))) {
        match store.rights().await? {
            Some(Rights::Owner) => store::postgres::grant(url, &role, duty).await?,
            Some(Rights::Only(_)) => {
                return Err(Failure::Other("only the owner of the tables gives rights".to_owned()));
            }
            None => return Err(Failure::Other("only PostgreSQL has roles".to_owned())),
        }
        println!("{role}\t{word}");
    }
    Ok(ExitCode::SUCCESS)
}

pub async fn create(
    database_url: &str,
    name: &str,
    title: Option<&str>,
    currency: Option<&str>,
) -> Result<ExitCode, Failure> {
    let currency = currency.map(known_currency).transpose()?;
    let (store, slug) = (open(database_url).await?, slug(name)?);
    let mut head = store.create_shop(&slug, title.unwrap_or(name), Uuid::new_v4()).await?;
    if let Some(currency) = currency {
        settle(store.clone(), &slug, shop::Command::SetCurrency { currency }.into()).await?;
        head = store.head(&slug).await?.unwrap_or(head);
    }
    println!("{}\t{}\tposition {}\tepoch {}", head.shop, head.title, head.position, head.epoch);
    if !store.access().has_members(&slug).await? {
        eprintln!("Its first owner comes by `daybook person invite --shop {slug} --role owner`.");
    }
    Ok(ExitCode::SUCCESS)
}

/// Pages have to know how many digits its minor units have.
fn known_currency(code: &str) -> Result<Currency, Failure> {
    let known = app::format::Currency::of_code(code).and_then(|known| Currency::parse(known.code).ok());
    known.ok_or_else(|| Failure::Other(format!("no currency {code} is known here")))
}

/// Decides one command as the server would.
async fn settle(store: Arc<dyn EventStore>, shop: &ShopSlug, command: Command) -> Result<(), Failure> {
    let config = Config { listen: ([127, 0, 0, 1], 0).into(), ..Config::default() };
    let running = crate::start_on(config, store).await?;
    let submission = Submission {
        id: CommandId(Uuid::now_v7()),
        command,
        if_version: None,
        device: "daybook".into(),
        issued_at: clock::now(),
        undoes: None,
        replaces: None,
        depends_on: Vec::new(),
    };
    let other = |error: &dyn std::fmt::Display| Failure::Other(error.to_string());
    let decided = match running.server.shops.open(shop).await {
        Ok(open) => open.decide(vec![Request { submission, author: access::demo_author() }]).await,
        Err(error) => Err(error),
    };
    running.stop().await;
    match decided.map_err(|error| other(&error))?.outcomes.pop() {
        Some(Outcome::Settled { verdict: Verdict::Refused { refusal, .. }, .. }) => Err(other(&refusal)),
        _ => Ok(()),
    }
}

pub async fn list(database_url: &str) -> Result<ExitCode, Failure> {
    for head in open(database_url).await?.shops().await? {
        println!("{}\t{}\tposition {}\tepoch {}", head.shop, head.title, head.position, head.epoch);
    }
    Ok(ExitCode::SUCCESS)
}

pub async fn demo(database_url: &str) -> Result<ExitCode, Failure> {
    let store = open(database_url).await?;
    let config = Config { listen: ([127, 0, 0, 1], 0).into(), ..Config::default() };
    let running = crate::start_on(config, store).await?;
    let filled = demo::fill(&running.server.shops).await.map_err(Failure::Other);
    running.stop().await;
    println!("The demo shop `demo` is at position {}.", filled?);
    Ok(ExitCode::SUCCESS)
}

/// The chain first, then the fold: from the start, and from the newest snapshot.
pub async fn verify(args: &StoreArgs, shop: Option<&str>) -> Result<ExitCode, Failure> {
    let store = open(&args.database_url).await?;
    let mut well = true;
    for head in chosen(&*store, shop).await? {
        let shop = &head.shop;
        let walked = store.verify(shop).await?;
        if let Some(found) = walked.as_ref().and_then(|walked| walked.first_bad.as_ref()) {
            println!("{shop}\tBROKEN at position {}: {}", found.position, found.problem);
            well = false;
            continue;
        }
        let fresh = Log::fold_from_start(store.clone(), shop).await;
        let quick = Log::load(store.clone(), shop).await;
        match (fresh, quick) {
            (Ok(fresh), Ok(quick)) => {
                // The log may grow while it is read: the two are compared where both have been.
                let (fresh, quick) = (fresh.view(), quick.view());
                let same_place = fresh.books.position == quick.books.position;
                if same_place && fresh.books.digest() != quick.books.digest() {
                    println!("{shop}\tDIFFERS: the newest snapshot does not lead to the books of the log");
                    well = false;
                } else {
                    println!("{shop}\tok\tposition {}\tdigest {}", fresh.books.position, fresh.books.digest());
                }
            }
            (Err(error), _) | (_, Err(error)) => {
                println!("{shop}\tUNREADABLE: {error}");
                well = false;
            }
        }
        well &= verify_views(&*store, args.redis.as_deref(), shop).await?;
    }
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Those that have ever been kept for this shop.
async fn verify_views(store: &dyn EventStore, redis: Option<&str>, shop: &ShopSlug) -> Result<bool, Failure> {
    let mut well = true;
    for view in allocations(store, redis)? {
        let name = view.name();
        let Some(reached) = view.reached(shop).await? else { continue };
        match difference(store, &*view, shop).await? {
            None => println!("{shop}\tview {name}\tok\tposition {}", reached.position),
            Some(found) => {
                let row = |row: &Option<Allocation>| match row {
                    Some(row) => format!("{} of {} from {} for {}", row.qty, row.sku, row.batchref, row.order_id),
                    None => "nothing".to_owned(),
                };
                let (expected, there) = (row(&found.expected), row(&found.found));
                println!("{shop}\tview {name}\tDIFFERS at position {}: {there}, not {expected}", found.position);
                well = false;
            }
        }
    }
    let search = store.search();
    if let Some(reached) = search.reached(shop).await? {
        let is_right = finds_what_is_there(store, &*search, shop).await?;
        let verdict = if is_right { "ok" } else { "DIFFERS" };
        println!("{shop}\tview {}\t{verdict}\tposition {}", search.name(), reached.position);
        well &= is_right;
    }
    Ok(well)
}

/// A log that does not hold together keeps its identity: it is not one that devices should follow.
pub async fn restore(database_url: &str, shop: Option<&str>) -> Result<ExitCode, Failure> {
    let store = open(database_url).await?;
    let mut well = true;
    for head in chosen(&*store, shop).await? {
        let walked = store.verify(&head.shop).await?;
        if let Some(found) = walked.as_ref().and_then(|walked| walked.first_bad.as_ref()) {
            println!("{}\tBROKEN at position {}: {}\tleft as it is", head.shop, found.position, found.problem);
            well = false;
            continue;
        }
        let now = store.change_epoch(&head.shop, Uuid::new_v4()).await?;
        println!("{}\trestored\tposition {}\tepoch {} was {}", now.shop, now.position, now.epoch, head.epoch);
    }
    if well {
        println!("Devices that had seen more offer again what they had given; each lists what it saw of others.");
    }
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
