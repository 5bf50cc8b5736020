//! Roles that may do less than the owner of the tables, so that not even a mistake of ours, or whoever gets hold of the
//! server, changes what is written down. Which rights each duty needs stands in `roles/*.sql`.

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use super::errors::{self, read_error};
use crate::error::StoreError;

/// What a role is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Duty {
    /// Adds to the log and reads it; changes nothing in it.
    Serves,
    /// Reads.
    Reads,
}

/// What the role of a store can do to its log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rights {
    /// Anything: it owns the tables, or could just as well.
    Owner,
    Only(Duty),
}

/// Lets a role do what its duty needs, and nothing else. It is made where it is missing, without a password. What the
/// role could do until now is taken from it in the same transaction, so a server that runs on it goes on.
///
/// `url` is of whoever owns the tables, which are there; making roles needs `CREATEROLE` besides.
///
/// # Errors
/// [`StoreError`]; of a role that can do more by whatever else it is, [`StoreError::Role`].
pub async fn grant(url: &str, role: &str, duty: Duty) -> Result<(), StoreError> {
    let mut connection = PgConnection::connect(url).await.map_err(read_error)?;
    let make: Option<String> = sqlx::query_scalar(include_str!("roles/make.sql"))
        .bind(role)
        .fetch_optional(&mut connection)
        .await
        .map_err(read_error)?;
    if let Some(make) = make {
        match connection.execute(AssertSqlSafe(make)).await {
            // Somebody else made it at the same moment.
            Err(error) if errors::is_there(&error) => {}
            made => {
                made.map_err(read_error)?;
            }
        }
    }
    let rights = match duty {
        Duty::Serves => include_str!("roles/serving.sql"),
        Duty::Reads => include_str!("roles/reading.sql"),
    };
    let mut transaction = connection.begin().await.map_err(read_error)?;
    for named in [include_str!("roles/none.sql"), rights] {
        let statements = sqlx::query_scalar(named).bind(role).fetch_all(&mut *transaction).await;
        let statements: Vec<String> = statements.map_err(read_error)?;
        for statement in statements {
            // Its names were quoted by the database that made it.
            transaction.execute(AssertSqlSafe(statement)).await.map_err(read_error)?;
        }
    }
    let too_much: bool = sqlx::query_scalar(include_str!("roles/too_much.sql"))
        .bind(role)
        .bind(duty == Duty::Serves)
        .fetch_one(&mut *transaction)
        .await
        .map_err(read_error)?;
    if too_much {
        let problem = "it is a superuser, the owner of the tables, or a member of such a role".to_owned();
        return Err(StoreError::Role { role: role.to_owned(), problem });
    }
    transaction.commit().await.map_err(read_error)
}
