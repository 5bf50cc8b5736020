//! A SQLite file of its own for one test.

use std::{
    env,
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
};

/// A folder that goes when this is dropped. Below `DAYBOOK_TEST_FILES`, else where temporary files are: a commit waits for
/// its disk, and one that is busy with what compilers wrote may take longer than the patience of a test. Tests kill
/// servers, never the machine, so what memory holds is as good.
pub struct SqliteFile {
    folder: PathBuf,
}

impl SqliteFile {
    #[must_use]
    pub fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("daybook-test-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let folder = env::var_os("DAYBOOK_TEST_FILES").map_or_else(env::temp_dir, PathBuf::from).join(name);
        // Another process of this number may have been killed.
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).expect("a temporary folder");
        Self { folder }
    }

    #[must_use]
    pub fn url(&self) -> String {
        format!("sqlite:{}", self.folder.join("daybook.db").display())
    }
}

impl Default for SqliteFile {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for SqliteFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
