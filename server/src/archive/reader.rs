//! From lines to what they say, each checked against those before it.

use std::{
    collections::BTreeMap,
    io::{self, BufRead, Read},
};

use domain::{
    AggregateId, EventRecord, VerdictRecord,
    chain::{Hash, link},
    event::SCHEMA,
};

use store::Blob;

use super::lines::{BlobLine, End, FORMAT, Fingerprint, Glance, Manifest, Told, VerdictLine};

/// The longest line. An event's payload has 256 KiB at most, and its other fields are short; a picture that cannot be
/// compressed has 16 MiB, and takes a third more as text.
const MOST_BYTES: u64 = 32 * 1024 * 1024;

/// What is wrong with a file.
#[derive(Debug, thiserror::Error)]
pub enum BadArchive {
    #[error("cannot be read: {0}")]
    Read(#[from] io::Error),
    #[error("line 1 is not the first line of an archive: {0}")]
    Manifest(String),
    #[error("written in form {0}; this version reads form {FORMAT}")]
    Format(u32),
    #[error("events of schema {0}; this version reads up to {SCHEMA}")]
    Schema(u16),
    /// The first position that is not as it was written.
    #[error("position {position} (line {line}): {problem}")]
    Event { position: u64, line: u64, problem: String },
    #[error("line {line}: {problem}")]
    Line { line: u64, problem: String },
}

/// A line behind the first.
pub enum Item {
    Event {
        record: EventRecord,
        verdict: Option<VerdictRecord>,
    },
    Verdict(VerdictRecord),
    /// Before the event that names it.
    Picture(Blob),
}

/// The bytes of a file, line by line.
struct Lines<R> {
    from: R,
    /// Number of the line that was read last.
    number: u64,
    text: Vec<u8>,
}

impl<R: BufRead> Lines<R> {
    fn advance(&mut self) -> io::Result<()> {
        self.number += 1;
        self.text.clear();
        (&mut self.from).take(MOST_BYTES).read_until(b'\n', &mut self.text).map(|_| ())
    }
}

/// Reads an archive line by line, and no further than to the first that does not fit.
pub struct Reader<R> {
    lines: Lines<R>,
    /// Over the lines that were read.
    read: blake3::Hasher,
    manifest: Manifest,
    position: u64,
    hash: Hash,
    versions: BTreeMap<AggregateId, u32>,
    told: Told,
    verdicts: u64,
}

impl<R: BufRead> Reader<R> {
    /// Reads the first line.
    ///
    /// # Errors
    /// [`BadArchive`].
    pub fn new(from: R) -> Result<Self, BadArchive> {
        let mut lines = Lines { from, number: 0, text: Vec::new() };
        lines.advance()?;
        let manifest: Manifest =
            serde_json::from_slice(&lines.text).map_err(|error| BadArchive::Manifest(error.to_string()))?;
        if manifest.format != FORMAT {
            return Err(BadArchive::Format(manifest.format));
        }
        if manifest.schema > SCHEMA {
            return Err(BadArchive::Schema(manifest.schema));
        }
        let mut read = blake3::Hasher::new();
        read.update(&lines.text);
        let (position, hash, versions, told) = (0, Hash::ORIGIN, BTreeMap::new(), Told::default());
        Ok(Self { lines, read, manifest, position, hash, versions, told, verdicts: 0 })
    }

    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// What the next line says; `None` behind the last, when all of it fits.
    ///
    /// # Errors
    /// [`BadArchive`], naming the first position, or line, that does not fit.
    pub fn next_item(&mut self) -> Result<Option<Item>, BadArchive> {
        self.lines.advance()?;
        let glance: Glance = match serde_json::from_slice(&self.lines.text) {
            Ok(glance) => glance,
            Err(error) if self.lines.text.is_empty() => return Err(self.bad(format!("the end is missing ({error})"))),
            Err(error) => return Err(self.bad(format!("a damaged line: {error}"))),
        };
        if let Some(end) = glance.end {
            return self.end(&end).map(|()| None);
        }
        let item = match (glance.position, glance.blob) {
            (Some(_), _) => self.event(glance.fingerprint)?,
            (None, Some(_)) => self.picture()?,
            (None, None) => self.verdict()?,
        };
        self.read.update(&self.lines.text);
        Ok(Some(item))
    }

    /// Something on this line: it names the position that should stand here, while there is one to come.
    fn bad(&self, problem: String) -> BadArchive {
        match self.position.checked_add(1).filter(|next| *next <= self.manifest.head) {
            Some(position) => BadArchive::Event { position, line: self.lines.number, problem },
            None => BadArchive::Line { line: self.lines.number, problem },
        }
    }

    fn event(&mut self, fingerprint: Option<Fingerprint>) -> Result<Item, BadArchive> {
        let record: EventRecord =
            serde_json::from_slice(&self.lines.text).map_err(|error| self.bad(format!("a damaged line: {error}")))?;
        let expected = self.position + 1;
        if record.position != expected || expected > self.manifest.head {
            return Err(self.bad(format!("position {} stands here", record.position)));
        }
        if link(self.hash, &record) != record.hash {
            return Err(self.bad("the event or its hash was changed".to_owned()));
        }
        let version = self.versions.get(&record.aggregate).map_or(1, |version| version.saturating_add(1));
        if record.version != version {
            let problem = format!("version {} of {} where {version} should be", record.version, record.aggregate);
            return Err(self.bad(problem));
        }
        record.decode().map_err(|error| self.bad(error.to_string()))?;
        let verdict = self.told.by(&record).map_err(|error| self.bad(error.to_string()))?;
        let verdict = fingerprint.map(|fingerprint| VerdictRecord {
            command_id: record.command_id,
            fingerprint: fingerprint.0,
            verdict,
        });
        self.verdicts += u64::from(verdict.is_some());
        self.versions.insert(record.aggregate.clone(), version);
        (self.position, self.hash) = (record.position, record.hash);
        Ok(Item::Event { record, verdict })
    }

    fn picture(&self) -> Result<Item, BadArchive> {
        let line: BlobLine =
            serde_json::from_slice(&self.lines.text).map_err(|error| self.bad(format!("a damaged line: {error}")))?;
        let blob = line.try_into().map_err(|error| self.bad(format!("a damaged picture: {error}")))?;
        Ok(Item::Picture(blob))
    }

    fn verdict(&mut self) -> Result<Item, BadArchive> {
        let line: VerdictLine =
            serde_json::from_slice(&self.lines.text).map_err(|error| self.bad(format!("a damaged line: {error}")))?;
        self.verdicts += 1;
        Ok(Item::Verdict(line.into()))
    }

    fn end(&self, end: &End) -> Result<(), BadArchive> {
        let line = |problem: &str| Err(BadArchive::Line { line: self.lines.number, problem: problem.to_owned() });
        if self.position < self.manifest.head {
            return Err(self.bad("the end stands here".to_owned()));
        }
        if self.hash != self.manifest.hash {
            return line("the first line tells of another last event");
        }
        if end.events != self.position || end.verdicts != self.verdicts {
            return line("there are other numbers of events or verdicts than were written");
        }
        if end.hash != Hash(*self.read.finalize().as_bytes()) {
            return line("a line that is not an event was changed, or the bytes of one were");
        }
        Ok(())
    }
}
