//! From a configuration to a server that listens, and its end.

use std::{collections::BTreeSet, net::SocketAddr, sync::Arc, time::Duration};

use domain::ShopSlug;
use futures::future::OptionFuture;
use hyper::{
    Request,
    body::Incoming,
    server::conn::http1,
    service::{Service, service_fn},
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use store::{
    Duty, EventStore, Rights, StoreError,
    views::{View, redis::RedisView, search},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Notify, Semaphore},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    access::Access,
    config::Config,
    demo::visits::Visits,
    http::{self, Server, arrival::Origin, blobs, documents::Documents, peer::Peer},
    metrics::Metrics,
    secrets::{self, DefaultSecret},
    shop::{
        Shops,
        mail::{MailError, Postman},
        past::Past,
        queue::{Worker, intake::Intake},
        views::Follower,
    },
};

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(
        "{0} is not a loopback address. Say by which names people come (--origin https://books.example) and through which \
         proxy (--proxy ADDRESS), or listen on 127.0.0.1 or [::1]"
    )]
    NotLoopback(SocketAddr),
    #[error(
        "{0} is for TLS, which a proxy in front speaks: say from which address it comes (--proxy 127.0.0.1), so that it is \
         believed"
    )]
    NoProxy(Origin),
    #[error(
        "the demo shop asks nobody who they are, and this server can be reached from outside; say --public-demo if \
         everybody there is to write in it"
    )]
    DemoInPublic,
    #[error(transparent)]
    Secret(#[from] DefaultSecret),
    #[error("cannot listen on {address}: {problem}")]
    Listen { address: SocketAddr, problem: std::io::Error },
    #[error("this role of the database may not write; start with --read-only")]
    MayNotWrite,
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Mail(#[from] MailError),
    #[error("the view {0} cannot be written in the append; give it to --view")]
    NotInline(String),
    #[error("this store has no view {name}; it has {has}")]
    NoView { name: String, has: String },
    #[error("the demo shop could not be filled: {0}")]
    Demo(String),
}

/// A server that listens.
pub struct Running {
    pub addr: SocketAddr,
    pub server: Arc<Server>,
    stop: CancellationToken,
    listening: JoinHandle<()>,
}

impl Running {
    /// Ends it: open feeds get `bye`, what is under way is finished, for as long as the configuration allows.
    pub async fn stop(self) {
        self.stop.cancel();
        let _ = self.listening.await;
    }

    /// Until somebody else ends it.
    pub async fn wait(self) {
        let _ = self.listening.await;
    }

    /// Ends the server when cancelled.
    #[must_use]
    pub fn stopper(&self) -> CancellationToken {
        self.stop.clone()
    }
}

/// Opens the store that the configuration names, and starts.
///
/// # Errors
/// [`StartError`].
pub async fn start(config: Config) -> Result<Running, StartError> {
    look_at_settings(&config)?;
    let store = store::open(&config.database_url).await?;
    if config.read_only {
        store.check().await?;
    } else {
        store.migrate().await?;
    }
    start_on(config, store).await
}

/// What must not be served like this, before anything is opened.
fn look_at_settings(config: &Config) -> Result<(), StartError> {
    match config.edge.origins.first() {
        None if config.is_public() => return Err(StartError::NotLoopback(config.listen)),
        Some(origin) if config.edge.proxies.is_empty() => return Err(StartError::NoProxy(origin.clone())),
        _ => {}
    }
    if !config.demo {
        return Ok(secrets::check(config)?);
    }
    if config.is_public() && !config.public_demo { Err(StartError::DemoInPublic) } else { Ok(()) }
}

/// Whether the database lets this server do what it is to do; a hint where it would let it do more.
async fn look_at_rights(store: &dyn EventStore, read_only: bool) -> Result<(), StartError> {
    match (store.rights().await?, read_only) {
        (Some(Rights::Only(Duty::Reads)), false) => return Err(StartError::MayNotWrite),
        (Some(Rights::Owner), _) => tracing::info!(
            "the database lets this server change what is written down; `daybook migrate --serving-role NAME` makes a \
             role that cannot"
        ),
        _ => {}
    }
    Ok(())
}

/// Starts on an open store.
///
/// # Errors
/// [`StartError`].
pub async fn start_on(config: Config, store: Arc<dyn EventStore>) -> Result<Running, StartError> {
    look_at_settings(&config)?;
    look_at_rights(&*store, config.read_only).await?;
    // One that is written with appends has a follower too: it brings it to where the log is.
    let mut views = chosen_views(&*store, config.views.iter().chain(&config.inline_views))?;
    let mut allocations = store.views();
    if let Some(url) = &config.redis {
        let redis = Arc::new(RedisView::at(url)?);
        views.push(redis.clone());
        allocations.push(redis);
    }
    for name in &config.inline_views {
        if !store.write_with_appends(name) {
            return Err(StartError::NotInline(name.clone()));
        }
    }
    let address = config.listen;
    let listener = TcpListener::bind(address).await.map_err(|problem| StartError::Listen { address, problem })?;
    let addr = listener.local_addr().map_err(|problem| StartError::Listen { address, problem })?;

    let stop = CancellationToken::new();
    let metrics = Arc::new(Metrics::default());
    // The appenders end after the connections: what a request has handed over is still decided.
    let stop_shops = CancellationToken::new();
    let shops = Shops::new(store, config.limits.clone(), metrics.clone(), stop_shops.clone(), config.read_only);
    let woken = Arc::new(Notify::new());
    let public_demo = ShopSlug::parse(domain::demo::NAME).ok().filter(|_| config.demo && config.public_demo);
    let server = Arc::new(Server {
        shops: shops.clone(),
        access: Arc::new(Access::new(shops.store.access(), config.read_only).with_public_demo(public_demo)),
        metrics,
        past: Past::default(),
        documents: Documents::new(config.limits.documents),
        intake: Intake::start(shops.store.clone(), &config.limits, woken.clone(), stop_shops.clone()),
        views: allocations,
        is_search_kept: views.iter().any(|view| view.name() == search::NAME),
        stop: stop.clone(),
        limits: config.limits.clone(),
        read_only: config.read_only,
        metrics_key: config.metrics_key,
        demo: config.demo.then(Visits::default),
        readers: Arc::default(),
        pictures: Arc::new(Semaphore::new(blobs::AT_A_TIME)),
        offline_start: config.offline_start,
    });
    if !config.read_only {
        if let Some(release) = http::releases::of_this_build() {
            tokio::spawn(http::releases::keep(shops.store.clone(), release));
        }
        let worker = Worker { shops: shops.clone(), woken, stop: stop_shops.clone(), owner: Uuid::new_v4() };
        tokio::spawn(worker.run());
    }
    let mail = config.mail.as_ref().filter(|_| !config.read_only);
    let postman = mail.map(|mail| Postman::new(shops.clone(), mail, stop_shops.clone())).transpose()?;
    let postman = tokio::spawn(OptionFuture::from(postman.map(Postman::run)));
    for view in views.into_iter().filter(|_| !config.read_only) {
        tokio::spawn(Follower { shops: shops.clone(), view, stop: stop_shops.clone() }.run());
    }
    tokio::spawn(server.access.clone().follow(stop.clone()));
    // What the last requests have said of their devices is written down too.
    let sightings = tokio::spawn(server.access.clone().keep_sightings(stop_shops.clone()));
    tokio::spawn(shops.clone().follow_hints());
    tokio::spawn(shops.clone().poll());
    tokio::spawn(shops.clone().beat());
    tokio::spawn(shops.clone().sweep());

    if config.demo {
        crate::demo::fill(&shops).await.map_err(StartError::Demo)?;
    }
    let router = http::router(server.clone(), config.edge);
    let (limits, stopped) = (config.limits, stop.clone());
    let listening = tokio::spawn(async move {
        accept(listener, router, &limits, &stopped).await;
        stop_shops.cancel();
        let (finished, written, posted) = tokio::join!(
            tokio::time::timeout(limits.drain, shops.finish()),
            tokio::time::timeout(limits.drain, sightings),
            tokio::time::timeout(limits.drain, postman)
        );
        if posted.is_err() {
            tracing::warn!("a letter that was under way may be sent again, ten minutes from now");
        }
        if written.is_err() {
            tracing::warn!("when some devices were heard of last was not written down in time");
        }
        if finished.is_err() {
            tracing::warn!("some shops did not finish in time; what they had not answered was not confirmed");
        }
    });
    tracing::info!(%addr, "listening");
    Ok(Running { addr, server, stop, listening })
}

fn chosen_views<'a>(
    store: &dyn EventStore,
    names: impl Iterator<Item = &'a String>,
) -> Result<Vec<Arc<dyn View>>, StartError> {
    let mut views: Vec<Arc<dyn View>> = store.views().into_iter().map(|view| view as Arc<dyn View>).collect();
    views.push(store.search());
    let names: BTreeSet<&String> = names.collect();
    let chosen = names.into_iter().map(|name| {
        let found = views.iter().find(|view| view.name() == name).cloned();
        found.ok_or_else(|| {
            let has: Vec<_> = views.iter().map(|view| view.name()).collect();
            StartError::NoView { name: name.clone(), has: has.join(", ") }
        })
    });
    chosen.collect()
}

/// Bytes of a request's head.
const LONGEST_HEAD: usize = 64 * 1024;

/// Accepts connections until `stop`, then waits for those that are open.
async fn accept(listener: TcpListener, router: axum::Router, limits: &crate::config::Limits, stop: &CancellationToken) {
    // HTTP/1 alone: it is what a proxy speaks to what is behind it, and to find out which of two it is would mean to wait,
    // with no end to it, for whoever says nothing.
    let mut builder = http1::Builder::new();
    // Without a timer of its own, hyper lets a head that never ends hold its connection for ever.
    builder.timer(TokioTimer::new()).header_read_timeout(limits.header);
    // The buffer alone is no bound: it grows by doubling, and a head that comes in one piece may fill all of it.
    builder.max_buf_size(LONGEST_HEAD).max_header_size(LONGEST_HEAD);
    let open = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(limits.connections));
    loop {
        let place = tokio::select! {
            place = places.clone().acquire_owned() => place,
            () = stop.cancelled() => break,
        };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of descriptors, most often: waiting is all that helps.
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        prepare(&stream);
        let inner = TowerToHyperService::new(router.clone());
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(Peer(peer.ip()));
            inner.call(request)
        });
        let connection = open.watch(builder.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::trace!(%error, "a connection ended early");
            }
            drop(place);
        });
    }
    drop(listener);
    if tokio::time::timeout(limits.drain, open.shutdown()).await.is_err() {
        tracing::warn!("some connections did not end in time");
    }
}

/// How long sent bytes may stay unconfirmed before the connection counts as dead.
#[cfg(target_os = "linux")]
const HALF_OPEN: Duration = Duration::from_secs(45);

fn prepare(stream: &TcpStream) {
    // A frame of a feed is small and must not wait for the next one.
    let _ = stream.set_nodelay(true);
    // A heartbeat fits into the send buffer of a connection whose other end is gone, so writing alone never fails.
    #[cfg(target_os = "linux")]
    let _ = socket2::SockRef::from(stream).set_tcp_user_timeout(Some(HALF_OPEN));
}
