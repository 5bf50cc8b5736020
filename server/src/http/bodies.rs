//! Bodies that are too large by their own word, and those that do not come.
//!
//! Handlers stop reading where a body has become too large. One that says so beforehand is refused before anybody waits for
//! it; and nobody waits for ever for the rest of one.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::{
    Json,
    body::{Body, Bytes},
    extract::{MatchedPath, Request, State},
    http::{StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use domain::fields::FieldError;
use hyper::body::{Body as _, Frame, SizeHint};
use sync::protocol::ProtocolError;
use tokio::time::{Instant, Sleep, sleep};

use super::{FORM, Server, problem::Problem};

/// Routes that take a picture in; all others take what [`crate::Limits::body`] says.
const PICTURES: [&str; 2] = ["/api/v1/shops/{shop}/blobs", "/s/{shop}/commands/picture"];

/// See the module.
pub async fn bounded(State(server): State<Arc<Server>>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let most = if PICTURES.contains(&route) { server.limits.picture + FORM } else { server.limits.body };
    let announced = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: u64| usize::try_from(length).map_or(true, |length| length > most)) {
        return too_large(request.uri().path(), most);
    }
    let pause = server.limits.pause;
    next.run(request.map(|body| if body.is_end_stream() { body } else { Body::new(Awaited::new(body, pause)) })).await
}

/// To a device in the words of its protocol: it sends the same in smaller parts.
fn too_large(path: &str, most: usize) -> Response {
    let problem = format!("{most} bytes at most");
    if !path.starts_with("/api/") || path.starts_with("/api/v1/") {
        return Problem::too_large(problem).into_response();
    }
    let errors = vec![FieldError { field: "body".to_owned(), problem }];
    (StatusCode::PAYLOAD_TOO_LARGE, Json(ProtocolError::Malformed { errors })).into_response()
}

/// A body of which something comes every now and then, or it ends with an error.
struct Awaited {
    body: Body,
    pause: Duration,
    patience: Pin<Box<Sleep>>,
}

impl Awaited {
    fn new(body: Body, pause: Duration) -> Self {
        Self { body, pause, patience: Box::pin(sleep(pause)) }
    }
}

impl hyper::body::Body for Awaited {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            let next = Instant::now() + self.pause;
            self.patience.as_mut().reset(next);
            return Poll::Ready(frame);
        }
        ready!(self.patience.as_mut().poll(cx));
        Poll::Ready(Some(Err(axum::Error::new(std::io::Error::from(std::io::ErrorKind::TimedOut)))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
