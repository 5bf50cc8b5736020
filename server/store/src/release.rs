//! The browser files of releases that have been here. A page that was opened under an older release may still ask for
//! a part of it, and its names are not those of the files that the server carries now.

use std::sync::Arc;

/// Releases kept, whatever their age.
pub const LEAST_KEPT: u32 = 5;
/// Releases kept, whatever their number of days.
pub const MOST_KEPT: u32 = 50;
/// How long a release is kept after it was started last, in milliseconds: 60 days.
pub const KEPT_FOR: i64 = 60 * 24 * 60 * 60 * 1_000;

/// The lasting files of one build.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Release {
    pub id: Arc<str>,
    pub files: Vec<ReleaseFile>,
}

/// A file whose path names its content: the same path is the same file in every release.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReleaseFile {
    pub path: String,
    pub content_type: String,
    /// Whether `bytes` are compressed.
    pub gzip: bool,
    pub bytes: Vec<u8>,
}
