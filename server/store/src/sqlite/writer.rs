//! The one connection that writes.

use std::{pin::Pin, sync::Arc};

use sqlx::{
    Connection, Executor, SqliteConnection,
    sqlite::{SqliteArguments, SqliteConnectOptions},
};
use tokio::sync::Mutex;

use super::errors::{WriteError, store_error};
use crate::error::StoreError;

type Work<'c, T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send + 'c>>;

/// Writers take turns. Each write is a task of its own: whoever asked for it may go away, it still ends with COMMIT
/// or ROLLBACK, so the next one never finds a transaction left open.
#[derive(Clone)]
pub(crate) struct Writer {
    connection: Arc<Mutex<SqliteConnection>>,
}

impl Writer {
    pub(crate) async fn open(options: &SqliteConnectOptions) -> Result<Self, sqlx::Error> {
        Ok(Self { connection: Arc::new(Mutex::new(SqliteConnection::connect_with(options).await?)) })
    }

    /// Does `work` on the connection while nobody else has it.
    pub(crate) async fn alone<T, E, W>(&self, work: W) -> Result<T, E>
    where
        T: Send + 'static,
        E: WriteError + Send + 'static,
        W: for<'c> FnOnce(&'c mut SqliteConnection) -> Work<'c, T, E> + Send + 'static,
    {
        let connection = Arc::clone(&self.connection);
        let task = tokio::spawn(async move {
            let mut connection = connection.lock_owned().await;
            work(&mut connection).await
        });
        task.await.unwrap_or_else(|lost| Err(E::unknown(lost.to_string())))
    }

    /// Does `work` in a transaction: committed when it succeeds, else nothing of it stays.
    pub(crate) async fn transaction<T, E, W>(&self, work: W) -> Result<T, E>
    where
        T: Send + 'static,
        E: WriteError + Send + 'static,
        W: for<'c> FnOnce(&'c mut SqliteConnection) -> Work<'c, T, E> + Send + 'static,
    {
        self.alone(move |connection| {
            Box::pin(async move {
                begin(connection).await.map_err(E::not_written)?;
                let done = work(connection).await;
                let outcome = match done {
                    Ok(value) => match connection.execute("COMMIT").await {
                        Ok(_) => return Ok(value),
                        // The flush may have failed after the commit's page was written.
                        Err(error) => Err(E::unknown(error.to_string())),
                    },
                    Err(error) => Err(error),
                };
                // It fails when SQLite has rolled back by itself, as it does when the disk is full.
                let _ = connection.execute("ROLLBACK").await;
                outcome
            })
        })
        .await
    }

    /// One statement, a transaction of its own.
    pub(crate) async fn statement(
        &self,
        query: sqlx::query::Query<'static, sqlx::Sqlite, SqliteArguments>,
    ) -> Result<(), StoreError> {
        self.transaction(move |connection| {
            Box::pin(async move { query.execute(connection).await.map(|_| ()).map_err(store_error) })
        })
        .await
    }
}

/// IMMEDIATE takes the write lock at once. A transaction that begins by reading and is upgraded later fails as soon
/// as another process has written in between.
async fn begin(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    if connection.execute("BEGIN IMMEDIATE").await.is_ok() {
        return Ok(());
    }
    // Should a rollback ever have failed, the transaction is still open: end it, then begin again.
    let _ = connection.execute("ROLLBACK").await;
    connection.execute("BEGIN IMMEDIATE").await.map(|_| ())
}
