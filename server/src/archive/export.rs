//! From a shop's log to lines.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, Write},
};

use domain::{
    CommandId, Event, EventRecord, ShopSlug, Verdict, VerdictRecord,
    books::FOLD_VERSION,
    chain::{Hash, link},
    event::SCHEMA,
    picture,
    values::BlobHash,
};
use serde::Serialize;
use store::{EventStore, ShopHead, StoreError};

use super::{
    PAGE,
    lines::{BlobLine, End, EndLine, FORMAT, Manifest, Told, VerdictLine, event_line},
};

/// Why a log was not written out whole.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error("no shop {0}")]
    UnknownShop(ShopSlug),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the log is broken at position {position}: {problem}")]
    Broken { position: u64, problem: String },
    #[error("cannot be written: {0}")]
    Write(#[from] io::Error),
}

impl From<serde_json::Error> for ExportError {
    fn from(error: serde_json::Error) -> Self {
        Self::Write(error.into())
    }
}

/// Writes the log as it stands now. What is appended meanwhile is left out.
///
/// `progress` is told the position reached and the last one, once a page.
///
/// # Errors
/// [`ExportError`]; what was written until then is not an archive, as its last line is missing.
pub async fn export(
    store: &dyn EventStore,
    shop: &ShopSlug,
    to: &mut dyn Write,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<ShopHead, ExportError> {
    // Before the head: a checkpoint never lies beyond the entries that are written.
    let checkpoints = store.checkpoints(shop).await?;
    let head = store.head(shop).await?.ok_or_else(|| ExportError::UnknownShop(shop.clone()))?;
    let mut lines = Lines { to, hash: blake3::Hasher::new() };
    lines.write(&Manifest {
        format: FORMAT,
        shop: shop.clone(),
        title: head.title.to_string(),
        epoch: head.epoch,
        head: head.position,
        hash: head.hash,
        schema: SCHEMA,
        fold: FOLD_VERSION,
        checkpoints: checkpoints.into_iter().map(|one| (one.name.to_string(), one.position)).collect(),
    })?;
    let of_events = events(store, &head, &mut lines, progress).await?;
    let silent = verdicts_without_events(store, shop, &mut lines).await?;
    let hash = Hash(*lines.hash.finalize().as_bytes());
    lines.write(&EndLine { end: End { events: head.position, verdicts: of_events + silent, hash } })?;
    lines.to.flush()?;
    Ok(head)
}

struct Lines<'a> {
    to: &'a mut dyn Write,
    hash: blake3::Hasher,
}

impl Lines<'_> {
    fn write(&mut self, line: &impl Serialize) -> Result<(), ExportError> {
        self.text(serde_json::to_string(line)?)
    }

    fn text(&mut self, mut line: String) -> Result<(), ExportError> {
        line.push('\n');
        self.hash.update(line.as_bytes());
        Ok(self.to.write_all(line.as_bytes())?)
    }
}

/// Answers how many verdicts were written with them.
async fn events(
    store: &dyn EventStore,
    head: &ShopHead,
    lines: &mut Lines<'_>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<u64, ExportError> {
    let (mut position, mut hash, mut verdicts) = (0, Hash::ORIGIN, 0);
    let mut told = Told::default();
    let mut pictures = BTreeSet::new();
    while position < head.position {
        let limit = u32::try_from(head.position - position).unwrap_or(PAGE).min(PAGE);
        let page = store.read(&head.shop, position, limit).await?;
        let known = known(store, &head.shop, &page).await?;
        if page.is_empty() {
            return Err(broken(position + 1, "an event is missing"));
        }
        for record in &page {
            if record.position != position + 1 {
                return Err(broken(position + 1, "an event is missing"));
            }
            if link(hash, record) != record.hash {
                return Err(broken(record.position, "the event or its hash was changed"));
            }
            let tells = told.by(record).map_err(|error| broken(record.position, &error.to_string()))?;
            (position, hash) = (record.position, record.hash);
            if let Some(name) = named_picture(record)?.filter(|name| pictures.insert(name.clone()))
                && let Some(blob) = store.blob(&head.shop, &name).await?
            {
                lines.write(&BlobLine::from(blob))?;
            }
            let Some(stored) = known.get(&record.command_id).filter(|stored| last(&stored.verdict) == position) else {
                lines.text(event_line(record, None)?)?;
                continue;
            };
            verdicts += 1;
            if stored.verdict == tells {
                lines.text(event_line(record, Some(stored.fingerprint))?)?;
            } else {
                // Written by a version that told it otherwise: as it stands, then.
                lines.text(event_line(record, None)?)?;
                lines.write(&VerdictLine::from(stored.clone()))?;
            }
        }
        progress(position, head.position);
    }
    if hash != head.hash {
        return Err(broken(position, "the head's hash is not that of the last event"));
    }
    Ok(verdicts)
}

/// The name of the picture that the event adds.
fn named_picture(record: &EventRecord) -> Result<Option<BlobHash>, ExportError> {
    if &*record.event_type != "PictureAdded" {
        return Ok(None);
    }
    let entry = record.decode().map_err(|error| broken(record.position, &error.to_string()))?;
    Ok(match entry.event {
        Event::Picture(picture::Event::PictureAdded(added)) => Some(added.blob),
        _ => None,
    })
}

fn broken(position: u64, problem: &str) -> ExportError {
    ExportError::Broken { position, problem: problem.to_owned() }
}

async fn known(
    store: &dyn EventStore,
    shop: &ShopSlug,
    page: &[EventRecord],
) -> Result<BTreeMap<CommandId, VerdictRecord>, StoreError> {
    let mut ids: Vec<_> = page.iter().map(|record| record.command_id).collect();
    ids.dedup();
    let found = store.verdicts(shop, &ids).await?;
    Ok(found.into_iter().map(|record| (record.command_id, record)).collect())
}

/// 0 for a command that changed nothing.
fn last(verdict: &Verdict) -> u64 {
    match verdict {
        Verdict::Accepted { positions } => positions.last().copied().unwrap_or(0),
        Verdict::Refused { position, .. } => *position,
    }
}

async fn verdicts_without_events(
    store: &dyn EventStore,
    shop: &ShopSlug,
    lines: &mut Lines<'_>,
) -> Result<u64, ExportError> {
    let (mut after, mut written) = (None, 0);
    loop {
        let page = store.verdicts_after(shop, after, PAGE).await?;
        let Some(end) = page.last() else { return Ok(written) };
        after = Some(end.command_id);
        for record in page.into_iter().filter(|record| last(&record.verdict) == 0) {
            written += 1;
            lines.write(&VerdictLine::from(record))?;
        }
    }
}
