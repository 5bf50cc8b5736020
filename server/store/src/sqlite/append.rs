//! One append: a handful of statements within one transaction.

use domain::{AggregateId, CommandId, ShopSlug};
use serde_json::{Value, json};
use sqlx::SqliteConnection;
use uuid::Uuid;

use super::{
    errors::{WriteError, is_constraint},
    json_ids,
};
use crate::{
    append::Append,
    error::AppendError,
    stored::column,
    views::{self, Changes, Form, entries_of},
};

pub(super) async fn run(
    connection: &mut SqliteConnection,
    shop: &ShopSlug,
    append: &Append,
    inline: &[Form],
) -> Result<(), AppendError> {
    let moved = sqlx::query(include_str!("sql/move_head.sql"))
        .bind(shop.as_str())
        .bind(append.epoch)
        .bind(column(append.after))
        .bind(column(append.head()))
        .bind(append.records.last().map(|last| last.hash.0.as_slice()))
        .execute(&mut *connection)
        .await
        .map_err(AppendError::not_written)?;
    if moved.rows_affected() != 1 {
        return Err(elsewhere(connection, shop, append).await);
    }
    let tables = [
        (include_str!("sql/insert_events.sql"), events(append), append.records.len()),
        (include_str!("sql/insert_verdicts.sql"), verdicts(append)?, append.verdicts.len()),
        (include_str!("sql/save_checkpoints.sql"), checkpoints(append), append.checkpoints.len()),
    ];
    for (statement, rows, count) in tables {
        if count == 0 {
            continue;
        }
        let query = sqlx::query(statement).bind(shop.as_str()).bind(rows);
        let written = match query.execute(&mut *connection).await {
            Ok(result) => result.rows_affected(),
            Err(error) if is_constraint(&error) => return Err(conflict(connection, shop, append, error).await),
            Err(error) => return Err(AppendError::not_written(error)),
        };
        if written != count as u64 {
            let problem = format!("{written} rows written of {count}");
            return Err(AppendError::Database { state: "rows".to_owned(), problem });
        }
    }
    if !append.handled.is_empty() {
        let query = sqlx::query(include_str!("sql/dequeue.sql"))
            .bind(shop.as_str())
            .bind(json_ids(append.handled.iter().copied()));
        query.execute(&mut *connection).await.map_err(AppendError::not_written)?;
    }
    write_views(connection, shop, append, inline).await.map_err(AppendError::not_written)
}

/// Those that are where the log was. The others are left to their followers.
async fn write_views(
    connection: &mut SqliteConnection,
    shop: &ShopSlug,
    append: &Append,
    inline: &[Form],
) -> Result<(), sqlx::Error> {
    if inline.is_empty() || append.records.is_empty() {
        return Ok(());
    }
    let Some(entries) = entries_of(&append.records) else { return Ok(()) };
    let changes = Changes::of(&entries);
    for form in inline {
        let places = (append.epoch, append.after, append.head());
        let rows = views::sqlite::rows(*form, &changes);
        views::sqlite::kept::take(connection, form.name(), shop, places, rows).await?;
    }
    Ok(())
}

fn hex(bytes: &[u8; 32]) -> String {
    domain::chain::Hash(*bytes).to_string()
}

fn events(append: &Append) -> String {
    let row = |one: &domain::EventRecord| -> Value {
        json!([
            one.position,
            one.aggregate,
            one.version,
            one.event_type,
            one.schema,
            one.command_id.0.simple().to_string(),
            one.index_in_command,
            one.actor,
            one.device,
            one.issued_at.0,
            one.recorded_at.0,
            one.causation,
            one.correlation.0.simple().to_string(),
            one.payload.get(),
            hex(&one.hash.0),
        ])
    };
    Value::Array(append.records.iter().map(row).collect()).to_string()
}

fn verdicts(append: &Append) -> Result<String, AppendError> {
    let mut rows = Vec::with_capacity(append.verdicts.len());
    for one in &append.verdicts {
        let verdict = serde_json::to_string(&one.verdict)
            .map_err(|problem| AppendError::Malformed { problem: problem.to_string() })?;
        rows.push(json!([one.command_id.0.simple().to_string(), one.fingerprint.cast_signed(), verdict]));
    }
    Ok(Value::Array(rows).to_string())
}

fn checkpoints(append: &Append) -> String {
    Value::Array(append.checkpoints.iter().map(|one| json!([one.name, one.position])).collect()).to_string()
}

/// The head was not where the append expects it: says where it is.
async fn elsewhere(connection: &mut SqliteConnection, shop: &ShopSlug, append: &Append) -> AppendError {
    let query = sqlx::query_as(include_str!("sql/head.sql")).bind(shop.as_str());
    let row: Option<(String, String, Uuid, i64, Vec<u8>)> = match query.fetch_optional(connection).await {
        Ok(row) => row,
        Err(error) => return AppendError::not_written(error),
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

/// SQLite names the constraint in the message only, so the row in the way is looked for.
async fn conflict(
    connection: &mut SqliteConnection,
    shop: &ShopSlug,
    append: &Append,
    error: sqlx::Error,
) -> AppendError {
    match row_in_the_way(connection, shop, append).await {
        Ok(Some(which)) => which,
        Ok(None) => AppendError::not_written(error),
        Err(lost) => AppendError::not_written(lost),
    }
}

async fn row_in_the_way(
    connection: &mut SqliteConnection,
    shop: &ShopSlug,
    append: &Append,
) -> Result<Option<AppendError>, sqlx::Error> {
    let versions: Vec<Value> = append.records.iter().map(|one| json!([one.aggregate, one.version])).collect();
    let events: u64 = append.records.first().map_or(0, |first| first.position);
    let taken: Option<(String, i64, i64)> = sqlx::query_as(include_str!("sql/version_taken.sql"))
        .bind(shop.as_str())
        .bind(Value::Array(versions).to_string())
        .bind(column(events))
        .fetch_optional(&mut *connection)
        .await?;
    if let Some((aggregate, version, _)) = taken {
        return Ok(Some(AppendError::VersionTaken {
            aggregate: AggregateId::from_stored(&aggregate),
            version: u32::try_from(version).unwrap_or(u32::MAX),
        }));
    }
    let rows: Vec<(Uuid, i64, Vec<u8>)> = sqlx::query_as(include_str!("sql/verdicts.sql"))
        .bind(shop.as_str())
        .bind(json_ids(append.verdicts.iter().map(|one| one.command_id)))
        .fetch_all(connection)
        .await?;
    let known = |id: &CommandId| rows.iter().any(|(row, ..)| *row == id.0);
    let first = append.verdicts.iter().map(|one| one.command_id).find(known);
    Ok(first.map(|command_id| AppendError::CommandKnown { command_id }))
}
