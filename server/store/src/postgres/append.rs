//! One append, one statement.

use domain::{AggregateId, CommandId, ShopSlug};
use sqlx::{Connection, PgConnection, PgPool, postgres::PgDatabaseError};
use uuid::Uuid;

use super::errors::{self, certainly_not_written};
use crate::{
    append::Append,
    error::AppendError,
    stored::{self, column},
    views::{self, Changes, Form, entries_of},
};

pub(super) async fn run(pool: &PgPool, shop: &ShopSlug, append: &Append, inline: &[Form]) -> Result<(), AppendError> {
    let mut connection = pool.acquire().await.map_err(unavailable)?;
    if !inline.is_empty()
        && let Some(entries) = entries_of(&append.records).filter(|entries| !entries.is_empty())
    {
        return run_with_views(&mut connection, shop, append, inline, &Changes::of(&entries)).await;
    }
    match statement(&mut connection, shop, append).await {
        Ok(1) => Ok(()),
        Ok(_) => Err(elsewhere(&mut connection, shop, append).await),
        Err(error) => Err(classify(&mut connection, shop, append, error).await),
    }
}

fn unavailable(error: sqlx::Error) -> AppendError {
    AppendError::Unavailable { reason: error.to_string() }
}

/// The append's statement and one for each view, in one transaction. Views that are not where the log was are left to
/// their followers.
async fn run_with_views(
    connection: &mut PgConnection,
    shop: &ShopSlug,
    append: &Append,
    inline: &[Form],
    changes: &Changes,
) -> Result<(), AppendError> {
    let mut transaction = connection.begin().await.map_err(unavailable)?;
    let written = statement(&mut transaction, shop, append).await;
    if !matches!(written, Ok(1)) {
        // Dropped, a transaction is rolled back before the connection is used again.
        drop(transaction);
        return Err(match written {
            Ok(_) => elsewhere(connection, shop, append).await,
            Err(error) => classify(connection, shop, append, error).await,
        });
    }
    for form in inline {
        let places = (append.epoch, append.after, append.head());
        views::postgres::take(&mut *transaction, *form, shop, places, changes).await.map_err(unavailable)?;
    }
    let unknown = |error: sqlx::Error| AppendError::OutcomeUnknown { reason: error.to_string() };
    transaction.commit().await.map_err(unknown)
}

async fn statement(connection: &mut PgConnection, shop: &ShopSlug, append: &Append) -> Result<i64, sqlx::Error> {
    let events = &append.records;
    let verdicts: Vec<Vec<u8>> = append
        .verdicts
        .iter()
        .map(stored::verdict_bytes)
        .collect::<Result<_, _>>()
        .map_err(|problem| sqlx::Error::Encode(problem.into()))?;
    // Never `fetch_one` with a stream cut short: the commit comes after the row, at the end of the exchange.
    let rows: Vec<i64> = sqlx::query_scalar(include_str!("sql/append.sql"))
        .bind(shop.as_str())
        .bind(append.epoch)
        .bind(column(append.after))
        .bind(column(append.head()))
        .bind(events.last().map(|last| last.hash.0.as_slice()))
        .bind(events.iter().map(|one| column(one.position)).collect::<Vec<_>>())
        .bind(events.iter().map(|one| one.aggregate.as_str()).collect::<Vec<_>>())
        .bind(events.iter().map(|one| i64::from(one.version)).collect::<Vec<_>>())
        .bind(events.iter().map(|one| &*one.event_type).collect::<Vec<&str>>())
        .bind(events.iter().map(|one| i32::from(one.schema)).collect::<Vec<_>>())
        .bind(events.iter().map(|one| one.command_id.0).collect::<Vec<_>>())
        .bind(events.iter().map(|one| i32::from(one.index_in_command)).collect::<Vec<_>>())
        .bind(events.iter().map(|one| &*one.actor).collect::<Vec<&str>>())
        .bind(events.iter().map(|one| &*one.device).collect::<Vec<&str>>())
        .bind(events.iter().map(|one| one.issued_at.0).collect::<Vec<_>>())
        .bind(events.iter().map(|one| one.recorded_at.0).collect::<Vec<_>>())
        .bind(events.iter().map(|one| one.causation.map(column)).collect::<Vec<_>>())
        .bind(events.iter().map(|one| one.correlation.0).collect::<Vec<_>>())
        .bind(events.iter().map(|one| one.payload.get().as_bytes()).collect::<Vec<_>>())
        .bind(events.iter().map(|one| one.hash.0.as_slice()).collect::<Vec<_>>())
        .bind(append.verdicts.iter().map(|one| one.command_id.0).collect::<Vec<_>>())
        .bind(append.verdicts.iter().map(|one| one.fingerprint.cast_signed()).collect::<Vec<_>>())
        .bind(verdicts)
        .bind(append.checkpoints.iter().map(|one| &*one.name).collect::<Vec<&str>>())
        .bind(append.checkpoints.iter().map(|one| column(one.position)).collect::<Vec<_>>())
        .bind(append.handled.iter().map(|one| one.0).collect::<Vec<_>>())
        .fetch_all(connection)
        .await?;
    Ok(rows.into_iter().sum())
}

/// The head was not where the append expects it: says where it is.
async fn elsewhere(connection: &mut PgConnection, shop: &ShopSlug, append: &Append) -> AppendError {
    let query = sqlx::query_as(include_str!("sql/head.sql")).bind(shop.as_str());
    let row: Option<(String, String, Uuid, i64, Vec<u8>)> = match query.fetch_optional(connection).await {
        Ok(row) => row,
        Err(error) => return AppendError::Unavailable { reason: error.to_string() },
    };
    match row {
        None => AppendError::UnknownShop { shop: shop.clone() },
        Some((_, _, epoch, ..)) if epoch != append.epoch => {
            AppendError::EpochChanged { expected: append.epoch, actual: epoch }
        }
        Some((_, _, _, position, _)) => {
            AppendError::HeadMoved { expected: append.after, actual: u64::try_from(position).unwrap_or_default() }
        }
    }
}

/// By SQLSTATE and constraint name. What the server did not answer with an error of the statement is unknown: the
/// commit may have happened.
async fn classify(connection: &mut PgConnection, shop: &ShopSlug, append: &Append, error: sqlx::Error) -> AppendError {
    let constraint = match &error {
        sqlx::Error::Encode(problem) => return AppendError::Malformed { problem: problem.to_string() },
        sqlx::Error::Database(database) => match database.try_downcast_ref::<PgDatabaseError>() {
            Some(postgres) if certainly_not_written(postgres) => match postgres.constraint() {
                Some(constraint) if postgres.code() == errors::UNIQUE_VIOLATION => constraint.to_owned(),
                _ => return errors::not_written(postgres),
            },
            _ => return AppendError::OutcomeUnknown { reason: error.to_string() },
        },
        _ => return AppendError::OutcomeUnknown { reason: error.to_string() },
    };
    let found = match constraint.as_str() {
        "event_version" => version_taken(connection, shop, append).await,
        "verdict_command" => command_known(connection, shop, append).await,
        _ => Ok(None),
    };
    match found {
        Ok(Some(which)) => which,
        Ok(None) => AppendError::Database { state: errors::UNIQUE_VIOLATION.to_owned(), problem: constraint },
        Err(lost) => AppendError::Unavailable { reason: lost.to_string() },
    }
}

async fn version_taken(
    connection: &mut PgConnection,
    shop: &ShopSlug,
    append: &Append,
) -> Result<Option<AppendError>, sqlx::Error> {
    let row: Option<(String, i64)> = sqlx::query_as(include_str!("sql/version_taken.sql"))
        .bind(shop.as_str())
        .bind(append.records.iter().map(|one| one.aggregate.as_str()).collect::<Vec<_>>())
        .bind(append.records.iter().map(|one| i64::from(one.version)).collect::<Vec<_>>())
        .fetch_optional(connection)
        .await?;
    Ok(row.map(|(aggregate, version)| AppendError::VersionTaken {
        aggregate: AggregateId::from_stored(&aggregate),
        version: u32::try_from(version).unwrap_or(u32::MAX),
    }))
}

async fn command_known(
    connection: &mut PgConnection,
    shop: &ShopSlug,
    append: &Append,
) -> Result<Option<AppendError>, sqlx::Error> {
    let rows: Vec<(Uuid, i64, Vec<u8>)> = sqlx::query_as(include_str!("sql/verdicts.sql"))
        .bind(shop.as_str())
        .bind(append.verdicts.iter().map(|one| one.command_id.0).collect::<Vec<_>>())
        .fetch_all(connection)
        .await?;
    let known = |id: &CommandId| rows.iter().any(|(row, ..)| *row == id.0);
    let first = append.verdicts.iter().map(|one| one.command_id).find(known);
    Ok(first.map(|command_id| AppendError::CommandKnown { command_id }))
}
