//! Whether a database's tables are those that this build knows, for whoever may not change them.

use sqlx::migrate::Migrator;

use crate::error::StoreError;

/// `applied` is the version and the checksum of each change that was made to the tables.
pub(crate) fn is_current(known: &Migrator, applied: &[(i64, Vec<u8>)]) -> Result<(), StoreError> {
    let wrong = |problem: String| Err(StoreError::Schema { problem });
    for change in known.iter() {
        match applied.iter().find(|(version, _)| *version == change.version) {
            Some((_, checksum)) if *checksum == *change.checksum => {}
            Some(_) => return wrong(format!("change {} of the tables is another one", change.version)),
            None => {
                let change = change.version;
                return wrong(format!("they lack change {change}; their owner makes it by `daybook migrate`"));
            }
        }
    }
    match applied.iter().find(|(version, _)| !known.version_exists(*version)) {
        Some((version, _)) => wrong(format!("change {version} of the tables is not known to this build")),
        None => Ok(()),
    }
}
