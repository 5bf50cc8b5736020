//! The pages: the application rendered here, with the server behind it by context.

use std::sync::Arc;

use app::{
    SiteEntry,
    backend::{Admitted, OffersDemo, SharedBackend},
};
use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts, uri::PathAndQuery},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use domain::ShopSlug;
use leptos::{
    config::LeptosOptions,
    prelude::{provide_context, use_context},
};
use leptos_axum::{LeptosRoutes, generate_route_list, render_app_async_with_context};

use store::EventStore;

use super::{
    Server, Shared, assets,
    peer::Peer,
    problem::Problem,
    redirect::{see_other, see_other_with},
    releases, worker,
};
use crate::{
    access::{Denied, Entrance, Kind, Visitor, log, shown},
    service::Service,
};

/// Every page, every server function, every file; and for any other address a page that says so.
pub fn routes(server: Arc<Server>) -> Router {
    let store = server.shops.store.clone();
    let backend: SharedBackend = Arc::new(Service { server: server.clone() });
    let (entry, offers_demo) = (site::entry(), server.demo.is_some());
    let context = move || {
        provide_context(backend.clone());
        provide_context(OffersDemo(offers_demo));
        // Server functions name their shop in the body, and ask for themselves.
        if let Some(admitted) = use_context::<Parts>().and_then(|parts| parts.extensions.get::<Admitted>().cloned()) {
            provide_context(admitted);
        }
        provide_context(SiteEntry { css: entry.css, js: entry.js, wasm: entry.wasm });
    };
    let not_found = render_app_async_with_context(context.clone(), app::shell);
    let fallback = move |request: Request| {
        let (store, not_found) = (store.clone(), not_found.clone());
        async move { other(request, &*store, not_found).await }
    };
    let options = LeptosOptions::builder().output_name("daybook").build();
    Router::new()
        .leptos_routes_with_context(&options, generate_route_list(app::App), context, app::shell)
        .fallback(fallback)
        .with_state(options)
        .layer(middleware::from_fn_with_state(server, lets_in))
        .layer(middleware::map_response(never_stale))
}

/// Nothing below a shop's address is rendered for somebody who may not see it. Whoever may is known to the page.
async fn lets_in(State(server): Shared, mut request: Request, next: Next) -> Response {
    if !is_plain(request.uri().path()) {
        return Problem::unknown_route().into_response();
    }
    let shop = request.uri().path().strip_prefix("/s/").map(|rest| rest.split('/').next().unwrap_or(rest));
    // What is no name of a shop has a page that says so.
    if let Some(shop) = shop.and_then(|name| ShopSlug::parse(name).ok()) {
        match server.access.visitor(request.headers(), &shop, Entrance::Pages).await {
            Ok(Visitor { author, kind, .. }) => {
                let admitted = Admitted { shop, author, signed_in: kind == Kind::Person };
                request.extensions_mut().insert(admitted);
            }
            Err(Denied::NotSignedIn) if is_for_people(request.headers()) => return sign_in_first(&request),
            Err(Denied::DemoOver) if is_for_people(request.headers()) => return see_other("/?demo=over"),
            Err(denied) => {
                let is_shut_out = denied.revocation().is_some() && is_for_people(request.headers());
                log::turned_away(Peer::of(request.extensions()), &shop, &denied);
                return if is_shut_out { shut_out().await } else { Problem::from(denied).into_response() };
            }
        }
    }
    let is_shown = shown::forget(request.headers());
    let mut response = next.run(request).await;
    // Once.
    response.headers_mut().extend(is_shown.map(|forget| (header::SET_COOKIE, forget)));
    response
}

/// Whether everybody who reads the address reads the same shop in it. The pages read it by the rules of browsers
/// (<https://url.spec.whatwg.org/#path-state>), which go back where it says `..`, take `\` for `/`, and decode what is
/// percent-encoded. Browsers have done all of that before they ask.
fn is_plain(path: &str) -> bool {
    let goes_elsewhere = |part: &str| matches!(&*part.to_ascii_lowercase().replace("%2e", "."), "." | "..");
    let decoded = |part: &str| {
        let decoded = form_urlencoded::parse(part.as_bytes()).next();
        decoded.filter(|_| part.contains('%')).map(|(text, _)| text.into_owned())
    };
    let mut beginning = path.split('/').skip(1).map(decoded);
    let hides_place = beginning.next().flatten().is_some_and(|part| part == "s");
    let hides_shop = beginning.next().flatten().is_some_and(|part| ShopSlug::parse(&part).is_ok());
    let is_in_order = !path.contains('\\') && !path.starts_with("//") && !path.split('/').any(goes_elsewhere);
    is_in_order && !hides_place && !hides_shop
}

/// The document that opens without a network: it shows nothing of the shop, and hands over what the device has not sent.
async fn shut_out() -> Response {
    let mut response = worker::shell().await;
    *response.status_mut() = StatusCode::FORBIDDEN;
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// To the page where one signs in, and from there back to this one.
fn sign_in_first(request: &Request) -> Response {
    let next = request.uri().path_and_query().map_or("", PathAndQuery::as_str);
    see_other_with("/sign-in", &[("next", next)])
}

/// Whether a browser shows the answer.
pub(super) fn is_for_people(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html"))
}

/// A file, or else a page that says that there is none.
async fn other<F>(
    request: Request,
    store: &dyn EventStore,
    not_found: impl Fn(axum::http::Request<Body>) -> F,
) -> Response
where
    F: Future<Output = Response>,
{
    let reads = [Method::GET, Method::HEAD].contains(request.method());
    if reads && let Some(file) = assets::find(request.uri().path(), request.headers()) {
        return file;
    }
    if reads && let Some(file) = releases::find(store, request.uri().path(), request.headers()).await {
        return file;
    }
    if !reads || !is_for_people(request.headers()) || request.uri().path().starts_with("/api/") {
        return Problem::unknown_route().into_response();
    }
    let mut response = not_found(request).await;
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

/// A page shows the books of a moment: it may be kept for going back, and is asked for again otherwise.
async fn never_stale(mut response: Response) -> Response {
    let headers = response.headers_mut();
    let is_page = headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if is_page && !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    }
    if is_page {
        // Numbers are written as the reader's language has them.
        headers.append(header::VARY, HeaderValue::from_static("accept-language"));
    }
    response
}
