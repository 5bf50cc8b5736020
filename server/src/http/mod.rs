//! The doors: one router for API, feed, pages and files.
//!
//! Reading order:
//!
//! 1. this file: the routes
//! 2. [`problem`], [`guard`]: what is answered when something is wrong, and what stands in front of everything ([`read_only`] where
//!    nothing is written, [`bodies`] and [`lingering`] so that requests and answers arrive, [`panics`] so that there is an
//!    answer); [`arrival`], [`peer`], `redirect`: where a request came from, and goes on to
//! 3. [`commands`], [`command_body`]: the one way in
//! 4. [`reading`]: which books a read looks at; [`documents`]: what was answered before; `goods`: what is told to whom; then the reads,
//!    one file a subject
//! 5. [`feed`]
//! 6. [`pages`], [`forms`], [`sign_in`], [`pin`], [`people`], [`start`], [`oneself`], [`devices`], [`demo`], [`assets`], [`releases`], [`worker`]: what browsers
//!    come for
//! 7. [`openapi`], [`schemas`]: what other people's programs come for

pub mod accounts;
pub mod arrival;
pub mod assets;
pub mod blobs;
pub mod bodies;
pub mod command_body;
pub mod commands;
pub mod demo;
pub mod devices;
pub mod documents;
pub mod events;
pub mod feed;
pub mod forms;
mod goods;
pub mod guard;
pub mod health;
pub mod history;
pub mod lingering;
pub mod oneself;
pub mod openapi;
pub mod orders;
pub mod pages;
pub mod paging;
pub mod panics;
pub mod peer;
pub mod people;
pub mod pictures;
pub mod pin;
pub mod problem;
pub mod products;
pub mod read_only;
pub mod reading;
mod redirect;
pub mod releases;
pub mod schemas;
pub mod search;
pub mod sign_in;
pub mod start;
pub mod worker;

use std::sync::Arc;

use arrival::Edge;
use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{MethodRouter, any, get, post},
};
use problem::Problem;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::{
    access::{Access, operator::Key},
    config::Limits,
    demo::visits::Visits,
    metrics::Metrics,
    shop::{Shops, past::Past, queue::intake::Intake, status::Views},
};

/// What every handler can reach.
pub struct Server {
    pub shops: Arc<Shops>,
    pub access: Arc<Access>,
    pub metrics: Arc<Metrics>,
    pub past: Past,
    pub documents: documents::Documents,
    /// Where commands are left that are answered before they are decided.
    pub intake: Intake,
    /// What is asked how it stands beside the log.
    pub views: Views,
    /// Whether the full-text view is kept up to date here.
    pub is_search_kept: bool,
    /// Cancelled when the server begins to stop: feeds say `bye` then.
    pub stop: CancellationToken,
    pub limits: Limits,
    pub read_only: bool,
    /// Opens the numbers of the server, those of each shop with them.
    pub metrics_key: Option<Key>,
    /// Where visitors get shops of their own to try.
    pub demo: Option<Visits>,
    /// Who has how many feeds open.
    pub readers: Arc<feed::readers::Readers>,
    /// Pictures are decoded a few at a time.
    pub pictures: Arc<Semaphore>,
    /// Whether browsers may keep the app to open it without a network.
    pub offline_start: bool,
}

pub type Shared = State<Arc<Server>>;

/// Where the API of a shop begins.
pub const API: &str = "/api/v1/shops/{shop}";

/// Bytes of a form beside the picture in it.
const FORM: usize = 64 * 1024;

/// All routes. Each that is a shop's takes a [`reading::Door`], which lets nobody in who may not: a handler without one
/// has no shop to show.
pub fn router(server: Arc<Server>, edge: Edge) -> Router {
    let limits = server.limits.clone();
    Router::new()
        .nest(API, shop_routes(&limits))
        .route("/api/v1", any(unknown))
        .route("/api/v1/{*rest}", any(unknown))
        .route("/s/{shop}/commands", write(post(forms::post)))
        .route(
            "/s/{shop}/commands/picture",
            write(post(forms::post_picture)).layer(DefaultBodyLimit::max(limits.picture + FORM)),
        )
        .route("/session", write(post(sign_in::post)))
        .route("/session/end", write(post(sign_in::end)))
        .route("/session/pin", write(post(pin::set)))
        .route("/session/switch", write(post(pin::switch)))
        .route("/session/elsewhere", write(post(oneself::end_elsewhere)))
        .route("/session/password", write(post(oneself::password)))
        .route("/reset", write(post(oneself::reset)))
        .route("/join", write(post(people::join)))
        .route("/start", write(post(start::post)))
        .route("/shops/leave", write(post(start::leave)))
        .route("/s/{shop}/people", write(post(people::post)))
        .route("/demo", write(post(demo::post)))
        .route("/s/{shop}/devices", write(post(devices::post)))
        .route("/healthz", read(get(health::alive)))
        .route("/readyz", read(get(health::ready)))
        .route("/metrics", read(get(health::metrics)))
        .route("/sw.js", read(get(worker::worker)))
        .route(worker::SHELL, read(get(worker::shell)))
        .with_state(server.clone())
        .merge(pages::routes(server.clone()))
        .layer(DefaultBodyLimit::max(limits.body))
        .layer(middleware::from_fn_with_state(server.clone(), bodies::bounded))
        .layer(middleware::from_fn_with_state(server.clone(), read_only::door))
        .layer(middleware::from_fn(guard::cross_site))
        .layer(middleware::from_fn(guard::own_name))
        .layer(middleware::from_fn(panics::answered))
        .layer(middleware::from_fn(guard::headers))
        .layer(middleware::from_fn_with_state(server, count))
        .layer(middleware::from_fn_with_state(Arc::new(edge), arrival::arrive))
        .layer(middleware::from_fn(lingering::read_on))
}

fn shop_routes(limits: &Limits) -> Router<Arc<Server>> {
    Router::new()
        .route("/commands", write(post(commands::post)))
        .route("/commands/{id}", read(get(commands::status)))
        .route("/feed", read(get(feed::feed)))
        .route("/digest", read(get(reading::digest)))
        .route("/events", read(get(events::events)))
        .route("/snapshot", read(get(events::snapshot)))
        .route("/products", read(get(products::list)))
        .route("/products/{sku}", read(get(products::one)))
        .route("/categories/{category}", read(get(products::category)))
        .route("/batches/{batchref}", read(get(products::batch)))
        .route("/stock/{sku}", read(get(products::stock)))
        .route("/orders", read(get(orders::list)))
        .route("/orders/{id}", read(get(orders::one)))
        .route("/orders/{id}/allocations", read(get(orders::allocations)))
        .route("/orders/{id}/allocations/{sku}", read(get(orders::allocation)))
        .route("/accounts", read(get(accounts::list)))
        .route("/accounts/{id}", read(get(accounts::one)))
        .route("/transfers/{id}", read(get(accounts::transfer)))
        .route("/blobs", write(post(blobs::post)).layer(DefaultBodyLimit::max(limits.picture)))
        .route("/blobs/{name}", read(get(blobs::get)))
        .route("/pictures", read(get(pictures::list)))
        .route("/pictures/{id}", read(get(pictures::one)))
        .route("/pictures/{id}/comments", read(get(pictures::comments)))
        .route("/comments/{id}", read(get(pictures::comment)))
        .route("/history/{aggregate}", read(get(history::history)))
        .route("/search", read(get(search::search)))
        .route("/openapi.json", read(get(openapi::document)))
        .route("/schemas/{file}", read(get(schemas::schema)))
        .fallback(unknown)
}

/// Only GET and HEAD.
fn read(routes: MethodRouter<Arc<Server>>) -> MethodRouter<Arc<Server>> {
    routes.fallback(|| async { Problem::method("GET, HEAD") })
}

/// Only POST.
fn write(routes: MethodRouter<Arc<Server>>) -> MethodRouter<Arc<Server>> {
    routes.fallback(|| async { Problem::method("POST") })
}

async fn unknown() -> Problem {
    Problem::unknown_route()
}

async fn count(State(server): Shared, request: Request, next: Next) -> Response {
    let response = next.run(request).await.into_response();
    server.metrics.answered(response.status().as_u16());
    response
}
