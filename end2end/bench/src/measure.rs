//! What is measured natively, and what it is measured with.

pub mod append;
pub mod browser;
pub mod bytes;
pub mod client;
pub mod comments;
pub mod core;
pub mod doors;
pub mod feed;
pub mod growth;
pub mod loads;
pub mod log;
pub mod page;
pub mod processes;
pub mod queue;
pub mod reads;
pub mod rebuild;
pub mod table;
pub mod views;

use std::{
    fs,
    ops::Deref,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

/// A folder for one measurement, which PostgreSQL's own user may enter; gone when dropped.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new(name: &str) -> Result<Self, String> {
        let folder = Self(std::env::temp_dir().join(format!("daybook-{name}-{}", std::process::id())));
        fs::create_dir_all(&folder.0).map_err(|error| error.to_string())?;
        let all_may_enter = fs::Permissions::from_mode(0o755);
        fs::set_permissions(&folder.0, all_may_enter).map_err(|error| error.to_string())?;
        Ok(folder)
    }

    /// The address of a SQLite store in it.
    pub fn sqlite(&self) -> String {
        format!("sqlite://{}", self.join("ours.db").display())
    }
}

impl Deref for Folder {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Does the same on PostgreSQL and then on SQLite: tells the name of each and the address of a fresh database.
pub async fn on_each_store(
    folder: &Folder,
    mut measure: impl AsyncFnMut(&str, &str) -> Result<(), String>,
) -> Result<(), String> {
    let postgres = processes::Postgres::start(folder)?;
    measure("Postgres", &postgres.database("ours")?).await?;
    drop(postgres);
    measure("SQLite", &folder.sqlite()).await
}
