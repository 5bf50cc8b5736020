//! What is measured natively, and what it is measured with.

pub mod append;
pub mod browser;
pub mod bytes;
pub mod client;
pub mod comments;
pub mod core;
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

/// A folder for one measurement, which PostgreSQL's own user may enter.
pub fn folder(name: &str) -> Result<std::path::PathBuf, String> {
    let folder = std::env::temp_dir().join(format!("daybook-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    let all_may_enter = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&folder, all_may_enter).map_err(|error| error.to_string())?;
    Ok(folder)
}
