//! A handler that panics answers all the same: 500 `internal`, on a connection that goes on.

use std::{any::Any, panic::AssertUnwindSafe};

use axum::{
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures::FutureExt;

use super::problem::Problem;

/// Answers for whatever behind it does not.
pub async fn answered(request: Request, next: Next) -> Response {
    let answer = AssertUnwindSafe(next.run(request)).catch_unwind().await;
    answer.unwrap_or_else(|panic| Problem::internal(&words(&*panic)).into_response())
}

fn words(panic: &(dyn Any + Send)) -> &str {
    let fixed = panic.downcast_ref::<&str>().copied();
    fixed.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("a panic without words")
}

#[cfg(test)]
mod tests {
    use axum::{
        Router,
        body::{Body, to_bytes},
        http::StatusCode,
        middleware,
        routing::get,
    };
    use hyper::service::Service;
    use hyper_util::service::TowerToHyperService;
    use serde_json::Value;

    use super::*;

    async fn asked(path: &str) -> (StatusCode, Value) {
        let panics = get(async || -> StatusCode { panic!("{}", ["the", "till", "burns"].join(" ")) });
        let router = Router::new().route("/panics", panics).layer(middleware::from_fn(answered));
        let request = Request::get(path).body(Body::empty()).unwrap();
        let response = TowerToHyperService::new(router).call(request).await.unwrap();
        let status = response.status();
        let body = to_bytes(response.into_body(), 10_000).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }

    #[tokio::test]
    async fn a_panic_is_answered_with_a_reference_and_without_its_words() {
        let (status, problem) = asked("/panics").await;
        assert_eq!((status, &problem["code"]), (StatusCode::INTERNAL_SERVER_ERROR, &Value::from("internal")));
        assert!(!problem.to_string().contains("till"), "reasons are for the operator: {problem}");
        let reference = |problem: &Value| problem["reference"].as_str().map(str::to_owned);
        assert_eq!(reference(&problem).map(|text| text.len()), Some(8));
        assert_ne!(reference(&asked("/panics").await.1), reference(&problem));
        assert_eq!(asked("/other").await.0, StatusCode::NOT_FOUND);
    }

    #[test]
    fn the_words_of_a_panic_are_found() {
        let owned: Box<dyn Any + Send> = Box::new("of a moment".to_owned());
        let none: Box<dyn Any + Send> = Box::new(7);
        assert_eq!([words(&"fixed"), words(&*owned), words(&*none)], ["fixed", "of a moment", "a panic without words"]);
    }
}
