//! `daybook person`: people, and the shops that they belong to.

use std::{
    io::{IsTerminal, Read},
    process::ExitCode,
    sync::Arc,
};

use clap::Subcommand;
use console::Term;
use domain::{ShopSlug, books::Role};
use store::access::{Access, Login, Member, Person};
use uuid::Uuid;

use super::{
    Failure,
    operations::{known_shop, open},
    token::role,
};
use crate::{
    access::{
        self,
        password::{self, Passwords},
        people::end_ways_of_owners,
    },
    clock,
    http::arrival::Origin,
};

#[derive(Subcommand)]
pub enum PersonOperation {
    /// Make somebody known, and a member of a shop where one is named. From its first member on, a shop asks everybody
    /// who they are.
    Add {
        /// What they sign in with, most often an address of e-mail.
        #[arg(value_parser = Login::parse)]
        login: Login,
        /// As others read it; the login where it is left out.
        #[arg(long)]
        name: Option<String>,
        #[arg(long, requires = "role")]
        shop: Option<String>,
        /// What they may do: owner, manager, seller, stock_hand or reader.
        #[arg(long, requires = "shop", value_parser = role)]
        role: Option<Role>,
    },
    /// Everybody with their shops and roles, or those of one shop.
    List {
        #[arg(long)]
        shop: Option<String>,
    },
    /// Give somebody a password: asked for on a terminal, else all of standard input without the end of the line. It ends
    /// everything that they are signed in on.
    Password {
        #[arg(value_parser = Login::parse)]
        login: Login,
    },
    /// Make somebody a member of a shop, or give a member another role. See `add` for what the first one changes.
    Join {
        #[arg(value_parser = Login::parse)]
        login: Login,
        #[arg(long)]
        shop: String,
        /// What they may do: owner, manager, seller, stock_hand or reader.
        #[arg(long, value_parser = role)]
        role: Role,
    },
    /// Make an invite, and print the address that it is used at: once, for seven days. The way of a shop's first owner on a
    /// server that people reach from outside.
    Invite {
        #[arg(long)]
        shop: String,
        /// What they will be: owner, manager, seller, stock_hand or reader.
        #[arg(long, value_parser = role)]
        role: Role,
        /// By which name they reach the server, as in `serve`; this machine's own where it is left out.
        #[arg(long = "origin", env = "DAYBOOK_ORIGIN", value_delimiter = ',')]
        origins: Vec<Origin>,
    },
    /// End somebody's membership of a shop. What they wrote stays theirs.
    Leave {
        #[arg(value_parser = Login::parse)]
        login: Login,
        #[arg(long)]
        shop: String,
    },
}

fn other(problem: impl ToString) -> Failure {
    Failure::Other(problem.to_string())
}

pub async fn perform(database_url: &str, operation: PersonOperation) -> Result<ExitCode, Failure> {
    let store = open(database_url).await?;
    let access = store.access();
    match operation {
        PersonOperation::Add { login, name, shop, role } => {
            let shop = match &shop {
                Some(shop) => Some(known_shop(&*store, shop).await?),
                None => None,
            };
            add(access, login, name, shop.zip(role)).await
        }
        PersonOperation::List { shop } => {
            let shop = match &shop {
                Some(shop) => Some(known_shop(&*store, shop).await?),
                None => None,
            };
            list(access, shop).await
        }
        PersonOperation::Password { login } => set_password(access, &login).await,
        PersonOperation::Join { login, shop, role } => {
            let shop = known_shop(&*store, &shop).await?;
            join(&*access, &known(&*access, &login).await?, shop, role).await
        }
        PersonOperation::Invite { shop, role, origins } => {
            let shop = known_shop(&*store, &shop).await?;
            let secret = access::Access::new(access, false).invite(&shop, role).await.map_err(other)?;
            let origin = origins.first().map_or_else(|| "http://127.0.0.1:3000".to_owned(), ToString::to_string);
            println!("{origin}/join/{}", secret.text());
            eprintln!("For one person, once, within seven days. It makes them {role} of shop {shop}.");
            Ok(ExitCode::SUCCESS)
        }
        PersonOperation::Leave { login, shop } => {
            let (shop, person) = (known_shop(&*store, &shop).await?, known(&*access, &login).await?);
            let was = role_in(&*access, &shop, &person).await?;
            if !access.end_member(&shop, person.id, clock::now()).await? {
                return Err(other(format!("{login} is no member of shop {shop}")));
            }
            if was == Some(Role::Owner) {
                end_ways_of_owners(&*access, &shop).await?;
            }
            println!("{login}\t{shop}\tleft");
            Ok(ExitCode::SUCCESS)
        }
    }
}

async fn known(access: &dyn Access, login: &Login) -> Result<Person, Failure> {
    access.person_of(login).await?.ok_or_else(|| other(format!("nobody has the login {login}")))
}

async fn add(
    access: Arc<dyn Access>,
    login: Login,
    name: Option<String>,
    joins: Option<(ShopSlug, Role)>,
) -> Result<ExitCode, Failure> {
    let name = name.unwrap_or_else(|| login.to_string());
    let person = Person { id: Uuid::now_v7(), login: login.clone(), name, password: None, added_at: clock::now() };
    if !access.add_person(person.clone()).await? {
        return Err(other(format!("somebody has the login {login}")));
    }
    println!("{login}\t{}\tadded", person.name);
    match joins {
        Some((shop, role)) => join(&*access, &person, shop, role).await,
        None => Ok(ExitCode::SUCCESS),
    }
}

async fn join(access: &dyn Access, person: &Person, shop: ShopSlug, role: Role) -> Result<ExitCode, Failure> {
    let asked_nobody = !access.has_members(&shop).await?;
    let member = Member { shop, person: person.id, role, since: clock::now(), ended_at: None };
    let was = role_in(access, &member.shop, person).await?;
    access.set_member(member.clone()).await?;
    if was == Some(Role::Owner) && role != Role::Owner {
        end_ways_of_owners(access, &member.shop).await?;
    }
    println!("{}\t{}\t{role}", person.login, member.shop);
    if asked_nobody {
        eprintln!("From now on shop {} asks everybody who they are.", member.shop);
    }
    Ok(ExitCode::SUCCESS)
}

async fn role_in(access: &dyn Access, shop: &ShopSlug, person: &Person) -> Result<Option<Role>, Failure> {
    Ok(access.member(shop, person.id).await?.and_then(|member| member.active()))
}

async fn list(access: Arc<dyn Access>, shop: Option<ShopSlug>) -> Result<ExitCode, Failure> {
    for person in access.people().await? {
        let mut shops = access.memberships(person.id).await?;
        shops.retain(|member| member.active().is_some() && shop.as_ref().is_none_or(|shop| member.shop == *shop));
        if shop.is_some() && shops.is_empty() {
            continue;
        }
        let roles: Vec<_> = shops.iter().map(|member| format!("{}: {}", member.shop, member.role)).collect();
        let signs_in = if person.password.is_some() { "password" } else { "no password" };
        println!("{}\t{}\t{signs_in}\t{}", person.login, person.name, roles.join(", "));
    }
    Ok(ExitCode::SUCCESS)
}

/// Never an argument: those stand in lists of processes and in the memory of shells.
async fn set_password(access: Arc<dyn Access>, login: &Login) -> Result<ExitCode, Failure> {
    let person = known(&*access, login).await?;
    let password = tokio::task::spawn_blocking(read_password).await.map_err(other)?.map_err(other)?;
    password::check(&password, login).map_err(|unfit| other(format!("a password {unfit}")))?;
    let hash = Passwords::default().hash(password).await.map_err(other)?;
    access.set_password(person.id, hash).await?;
    access.end_resets(person.id, clock::now()).await?;
    access.end_sessions(person.id).await?;
    println!("{login}\tpassword set");
    Ok(ExitCode::SUCCESS)
}

fn read_password() -> std::io::Result<String> {
    let terminal = Term::stderr();
    if std::io::stdin().is_terminal() {
        terminal.write_str("Password: ")?;
        return terminal.read_secure_line();
    }
    let mut text = String::new();
    std::io::stdin().lock().take(64 * 1024).read_to_string(&mut text)?;
    let end = text.trim_end_matches(['\r', '\n']).len();
    text.truncate(end);
    Ok(text)
}
