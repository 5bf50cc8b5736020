//! Bytes that the log speaks of and does not hold: pictures.

use domain::{picture::MediaType, values::BlobHash};

/// A picture's bytes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Blob {
    /// What the log calls it: the hash of what the device sent, known there before anything was sent.
    pub name: BlobHash,
    pub media_type: MediaType,
    /// In pixels.
    pub width: u32,
    pub height: u32,
    /// As they are given out: encoded anew by the server, so they have another hash than their name.
    pub bytes: Vec<u8>,
}
