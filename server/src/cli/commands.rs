//! `daybook commands`: those that were answered before they were decided.

use std::{collections::BTreeSet, process::ExitCode, sync::Arc};

use clap::{Args, Subcommand, ValueEnum};
use domain::{CommandId, ShopSlug, Verdict};
use store::{EventStore, Offset, QueueRow, RowState, StoreError};
use sync::protocol::Outcome;

use super::{
    Failure,
    operations::{open, slug},
};
use crate::shop::{
    queue::request_in,
    replay::{Again, again},
};

/// The group of those who handle commands. Its offset is not stored: it follows from what is settled.
const HANDLERS: &str = "handlers";

/// Rows in one read.
const PAGE: u32 = 500;

#[derive(Subcommand)]
pub enum CommandsOperation {
    /// Every command that was queued, with its number, shop, state and type. Settled ones are kept for 30 days.
    List {
        #[arg(long)]
        shop: Option<String>,
        #[arg(long)]
        state: Option<State>,
    },
    /// Handle commands again: a parked one gets another try, and one that has its verdict meets it. Another group than
    /// the handlers decides them on books of its own, says what came of it, and writes nothing into the book.
    Replay(Replay),
    /// How far a group has come.
    #[command(subcommand)]
    Offset(OffsetOperation),
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum State {
    Queued,
    Parked,
    Settled,
}

#[derive(Args)]
pub struct Replay {
    /// One command, by its id.
    #[arg(required_unless_present_any = ["from", "group"], conflicts_with_all = ["from", "to"])]
    id: Option<String>,
    /// The first, by its number. For another group: where it stands, if this is left out.
    #[arg(long)]
    from: Option<u64>,
    /// The last, by its number.
    #[arg(long)]
    to: Option<u64>,
    #[arg(long)]
    shop: Option<String>,
    #[arg(long, default_value = HANDLERS)]
    group: String,
    /// Say what would be done, and do nothing.
    #[arg(long)]
    dry_run: bool,
}

#[derive(Subcommand)]
pub enum OffsetOperation {
    /// Every group, and the number of the last command that it is done with.
    Show,
    /// Put a group back, or forward. What the handlers are put back behind is handled again.
    Set {
        arrival: u64,
        #[arg(long, default_value = HANDLERS)]
        group: String,
        #[arg(long)]
        dry_run: bool,
    },
}

pub async fn perform(database_url: &str, operation: CommandsOperation) -> Result<ExitCode, Failure> {
    let store = open(database_url).await?;
    match operation {
        CommandsOperation::List { shop, state } => list(&*store, shop.as_deref(), state).await,
        CommandsOperation::Replay(replay) if replay.group == HANDLERS => handle_again(&*store, &replay).await,
        CommandsOperation::Replay(replay) => read_again(store, &replay).await,
        CommandsOperation::Offset(OffsetOperation::Show) => show(&*store).await,
        CommandsOperation::Offset(OffsetOperation::Set { arrival, group, dry_run }) => {
            set(&*store, arrival, group, dry_run).await
        }
    }
}

/// Rows from one number to another, of one shop or of all.
async fn rows(
    store: &dyn EventStore,
    shop: Option<&ShopSlug>,
    from: u64,
    to: Option<u64>,
) -> Result<Vec<QueueRow>, StoreError> {
    let mut found: Vec<QueueRow> = Vec::new();
    let mut after = from.saturating_sub(1);
    loop {
        let page = store.queue_rows(shop, after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(found) };
        after = last.arrival;
        let within = page.into_iter().filter(|row| to.is_none_or(|to| row.arrival <= to));
        found.extend(within);
        if to.is_some_and(|to| after >= to) {
            return Ok(found);
        }
    }
}

async fn list(store: &dyn EventStore, shop: Option<&str>, state: Option<State>) -> Result<ExitCode, Failure> {
    let shop = shop.map(slug).transpose()?;
    let mut after = 0;
    loop {
        let page = store.queue_rows(shop.as_ref(), after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(ExitCode::SUCCESS) };
        after = last.arrival;
        for row in page.iter().filter(|row| state.is_none_or(|state| is(row, state))) {
            println!("{}", line(row));
        }
    }
}

fn is(row: &QueueRow, state: State) -> bool {
    match state {
        State::Queued => matches!(row.state, RowState::Queued { .. }),
        State::Parked => matches!(row.state, RowState::Parked { .. }),
        State::Settled => row.state == RowState::Settled,
    }
}

fn line(row: &QueueRow) -> String {
    let request = request_in(&row.queued.body);
    let command = request.map_or_else(|_| "unreadable".to_owned(), |request| request.submission.command.to_json().0);
    let more = match &row.state {
        RowState::Parked { reason } => format!("\t{reason}"),
        RowState::Queued { attempts, .. } if *attempts > 0 => format!("\ttried {attempts} times"),
        _ => String::new(),
    };
    format!("{}\t{}\t{}\t{}\t{command}{more}", row.arrival, row.shop, row.queued.id, row.state.word())
}

/// Those that the arguments name.
async fn asked(store: &dyn EventStore, replay: &Replay, from: u64) -> Result<Vec<QueueRow>, Failure> {
    let shop = replay.shop.as_deref().map(slug).transpose()?;
    let mut found = rows(store, shop.as_ref(), from, replay.to).await?;
    if let Some(id) = &replay.id {
        let id = CommandId::parse(id).map_err(|error| Failure::Other(error.to_string()))?;
        found.retain(|row| row.queued.id == id);
        if found.is_empty() {
            return Err(Failure::Other(format!("no command {id} is kept")));
        }
    }
    Ok(found)
}

async fn handle_again(store: &dyn EventStore, replay: &Replay) -> Result<ExitCode, Failure> {
    let asked = asked(store, replay, replay.from.unwrap_or(0)).await?;
    requeue(store, &asked, replay.dry_run).await
}

/// In their order, so that a reader of the numbers sees them as they come.
async fn requeue(store: &dyn EventStore, rows: &[QueueRow], dry_run: bool) -> Result<ExitCode, Failure> {
    for row in rows {
        println!("{}", line(row));
    }
    if dry_run {
        println!("{} would be handled again", rows.len());
        return Ok(ExitCode::SUCCESS);
    }
    let arrivals: Vec<u64> = rows.iter().map(|row| row.arrival).collect();
    for page in arrivals.chunks(PAGE as usize) {
        store.requeue(page).await?;
    }
    println!("{} will be handled again by the servers on this store", rows.len());
    Ok(ExitCode::SUCCESS)
}

async fn read_again(store: Arc<dyn EventStore>, replay: &Replay) -> Result<ExitCode, Failure> {
    let stored = store.offsets().await?.into_iter().find(|one| one.group == replay.group);
    let next = stored.map_or(0, |one| one.arrival + 1);
    let from = if replay.id.is_some() { 0 } else { replay.from.unwrap_or(next) };
    let (mut read, mut others) = (0_u64, 0_u64);
    for row in asked(&*store, replay, from).await? {
        let came = again(store.clone(), &row).await?;
        println!("{}\t{}", line(&row), said(&came));
        others += u64::from(matches!(came, Again::Differs { .. } | Again::Unreadable(_)));
        read += 1;
        if !replay.dry_run && replay.id.is_none() {
            store.set_offset(Offset { group: replay.group.clone(), arrival: row.arrival }).await?;
        }
    }
    println!("{read} read by {}, {others} not as they were settled", replay.group);
    Ok(if others == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn said(again: &Again) -> String {
    match again {
        Again::Same(verdict) => format!("same: {}", verdict_said(verdict)),
        Again::Differs { was, now } => format!("DIFFERS: was {}, now {}", verdict_said(was), outcome_said(now)),
        Again::Would(outcome) => format!("would be {}", outcome_said(outcome)),
        Again::Unreadable(problem) => format!("UNREADABLE: {problem}"),
    }
}

fn verdict_said(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Accepted { positions } => format!("accepted at {positions:?}"),
        Verdict::Refused { position, refusal } => format!("refused at {position}: {}", refusal.code()),
    }
}

fn outcome_said(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Settled { verdict, .. } => verdict_said(verdict),
        Outcome::Held { by, .. } => format!("held by {by}"),
        Outcome::IdReused { .. } => "id_reused".to_owned(),
        Outcome::VersionConflict { .. } => "changed_meanwhile".to_owned(),
    }
}

/// The last command with all before it settled or parked.
async fn handlers(store: &dyn EventStore) -> Result<u64, StoreError> {
    let mut after = 0;
    loop {
        let page = store.queue_rows(None, after, PAGE).await?;
        for row in &page {
            if matches!(row.state, RowState::Queued { .. }) {
                return Ok(after);
            }
            after = row.arrival;
        }
        if page.is_empty() {
            return Ok(after);
        }
    }
}

async fn show(store: &dyn EventStore) -> Result<ExitCode, Failure> {
    println!("{HANDLERS}\t{}", handlers(store).await?);
    for Offset { group, arrival } in store.offsets().await? {
        println!("{group}\t{arrival}");
    }
    Ok(ExitCode::SUCCESS)
}

async fn set(store: &dyn EventStore, arrival: u64, group: String, dry_run: bool) -> Result<ExitCode, Failure> {
    if group == HANDLERS {
        let now = handlers(store).await?;
        if arrival > now {
            return Err(Failure::Other(format!("the handlers are at {now}: no command is left out")));
        }
        let settled = rows(store, None, arrival + 1, Some(now)).await?;
        return requeue(store, &settled, dry_run).await;
    }
    let known: BTreeSet<String> = store.offsets().await?.into_iter().map(|one| one.group).collect();
    let new = if known.contains(&group) { "" } else { ", a new group" };
    if !dry_run {
        store.set_offset(Offset { group: group.clone(), arrival }).await?;
    }
    println!("{group}{new}: {} to {arrival}", if dry_run { "would be put" } else { "put" });
    Ok(ExitCode::SUCCESS)
}
