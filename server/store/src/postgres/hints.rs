//! NOTIFY and LISTEN, each on a connection of its own.
//!
//! A commit that notifies takes a lock on the whole cluster and holds it over the flush, so no append notifies.
//! Announcements are collected and sent a little later, the latest of each shop, by a session that need not wait
//! for the disk. What is lost costs a reader its slow poll, nothing else.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use domain::ShopSlug;
use sqlx::{
    ConnectOptions, Connection, PgConnection,
    postgres::{PgConnectOptions, PgListener, PgPoolOptions},
};
use tokio::{
    sync::{Notify, broadcast},
    task::AbortHandle,
    time::sleep,
};

use crate::hint::{Hint, Hints};

const CHANNEL: &str = "daybook";
/// How long announcements are collected.
const COLLECT: Duration = Duration::from_millis(5);
/// Between two attempts at a connection.
const PAUSE: Duration = Duration::from_millis(250);

pub(super) struct PostgresHints {
    options: PgConnectOptions,
    local: Arc<Hints>,
    outbox: Arc<Outbox>,
    notifier: OnceLock<AbortHandle>,
    listener: OnceLock<AbortHandle>,
}

#[derive(Default)]
struct Outbox {
    latest: Mutex<BTreeMap<ShopSlug, u64>>,
    filled: Notify,
}

impl Outbox {
    fn put(&self, shop: &ShopSlug, position: u64) {
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = latest.entry(shop.clone()).or_default();
        *entry = position.max(*entry);
        self.filled.notify_one();
    }

    async fn take(&self) -> BTreeMap<ShopSlug, u64> {
        loop {
            let taken = std::mem::take(&mut *self.latest.lock().unwrap_or_else(PoisonError::into_inner));
            if !taken.is_empty() {
                return taken;
            }
            self.filled.notified().await;
        }
    }
}

impl PostgresHints {
    pub(super) fn new(options: PgConnectOptions) -> Self {
        let options = options
            .application_name("daybook-hints")
            .options([("synchronous_commit", "off")])
            .disable_statement_logging();
        Self {
            options,
            local: Arc::new(Hints::new()),
            outbox: Arc::default(),
            notifier: OnceLock::new(),
            listener: OnceLock::new(),
        }
    }

    pub(super) fn announce(&self, shop: &ShopSlug, position: u64) {
        // This process does not need the database to hear of its own appends.
        self.local.send(Hint::Head { shop: shop.clone(), position });
        self.outbox.put(shop, position);
        self.notifier
            .get_or_init(|| tokio::spawn(notify(self.options.clone(), Arc::clone(&self.outbox))).abort_handle());
    }

    pub(super) fn subscribe(&self) -> broadcast::Receiver<Hint> {
        let receiver = self.local.subscribe();
        self.listener
            .get_or_init(|| tokio::spawn(listen(self.options.clone(), Arc::clone(&self.local))).abort_handle());
        receiver
    }
}

impl Drop for PostgresHints {
    fn drop(&mut self) {
        for task in [&self.notifier, &self.listener].into_iter().filter_map(OnceLock::get) {
            task.abort();
        }
    }
}

async fn notify(options: PgConnectOptions, outbox: Arc<Outbox>) {
    let mut connection: Option<PgConnection> = None;
    loop {
        let hints: Vec<String> = outbox.take().await.into_iter().map(|(shop, at)| format!("{shop}:{at}")).collect();
        if let Err(error) = send(&mut connection, &options, &hints).await {
            tracing::warn!(%error, "hints are not sent; other instances notice later");
            connection = None;
            sleep(PAUSE).await;
        }
        sleep(COLLECT).await;
    }
}

async fn send(
    connection: &mut Option<PgConnection>,
    options: &PgConnectOptions,
    hints: &[String],
) -> Result<(), sqlx::Error> {
    let open = match connection {
        Some(open) => open,
        None => connection.insert(PgConnection::connect_with(options).await?),
    };
    sqlx::query(include_str!("sql/announce.sql")).bind(hints).execute(open).await?;
    Ok(())
}

async fn listen(options: PgConnectOptions, local: Arc<Hints>) {
    loop {
        if let Err(error) = follow(&options, &local).await {
            tracing::warn!(%error, "hints are not received; heads are polled");
        }
        local.send(Hint::LookAgain);
        sleep(PAUSE).await;
    }
}

async fn follow(options: &PgConnectOptions, local: &Hints) -> Result<(), sqlx::Error> {
    let pool = PgPoolOptions::new().max_connections(1).connect_with(options.clone()).await?;
    let mut listener = PgListener::connect_with(&pool).await?;
    listener.listen(CHANNEL).await?;
    // What was announced before LISTEN took effect is lost.
    local.send(Hint::LookAgain);
    loop {
        match listener.try_recv().await? {
            Some(notification) => {
                if let Some(hint) = parse(notification.payload()) {
                    local.send(hint);
                }
            }
            // The connection was lost and made anew; what was announced in between is lost.
            None => local.send(Hint::LookAgain),
        }
    }
}

fn parse(payload: &str) -> Option<Hint> {
    let (shop, position) = payload.rsplit_once(':')?;
    Some(Hint::Head { shop: ShopSlug::parse(shop).ok()?, position: position.parse().ok()? })
}
