//! An archive: the whole log of a shop as a file of lines, to keep, to read with other programs, and to put into
//! another store.
//!
//! The first line says whose log it is and where it ends ([`lines::Manifest`]). Each line after it is one event, the
//! very bytes that are chained. The verdict of a command follows from its events, but not the fingerprint of what was
//! asked, so the last event of a command carries that; a command that changed nothing has a line of its own behind
//! the events. A picture stands on the line before the event that names it first, so that no name is ever there without
//! its bytes. The last line counts events and verdicts, and has a checksum over everything. Nothing is held in memory but
//! a page of lines and, for checking, the version of each aggregate; for pictures, their names.
//!
//! Reading order: [`lines`], [`export`], [`reader`], [`import`].

pub mod export;
pub mod import;
pub mod lines;
pub mod reader;

/// Events or verdicts that are handled together.
const PAGE: u32 = 1_000;
