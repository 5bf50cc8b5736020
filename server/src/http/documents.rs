//! Documents that were answered before.
//!
//! A document is made from the books at a position, and those never change. So what is kept is never made invalid: the
//! place in the log is part of its name, and once the shop has moved, requests ask for another name. Whoever makes one
//! slowly keeps it under the old name, where it is still right. Old ones go when room is needed.

use app::backend::View;
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use domain::{ShopSlug, books::Role, chain};
use quick_cache::{Weighter, sync::Cache};
use serde::Serialize;
use uuid::Uuid;

use super::{problem::Problem, reading::Door};

/// What one document takes beside its text and its address, in bytes: an estimate.
const ENTRY: u64 = 256;

/// Bytes of a document as most of them are. Only an estimate of how many there will be follows from it.
const USUAL: usize = 1024;

/// One document may take this part of the room, so that a large one does not push out all others.
const LARGEST: usize = 32;

/// All that a document depends on.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Name {
    shop: ShopSlug,
    epoch: Uuid,
    /// It stands for everything in the log up to the position, so it tells more than the position would: after a backup was
    /// put back, the same number may be another entry.
    hash: chain::Hash,
    /// What a role may see is in a document; who in this role asks is in none.
    role: Role,
    /// Path and query, without what only says which books are meant.
    asked: String,
}

impl Name {
    #[must_use]
    pub fn new(shop: &ShopSlug, view: &View, role: Role, asked: String) -> Self {
        Self { shop: shop.clone(), epoch: view.epoch, hash: view.hash, role, asked }
    }
}

#[derive(Clone)]
struct Size;

impl Weighter<Name, Bytes> for Size {
    fn weight(&self, name: &Name, document: &Bytes) -> u64 {
        ENTRY + (name.asked.len() + document.len()) as u64
    }
}

/// The documents of all shops, within a number of bytes. Which one goes first is the cache's own rule: those that were
/// asked for more than once stay longer.
pub struct Documents {
    kept: Cache<Name, Bytes, Size>,
    /// Bytes of one document.
    largest: usize,
}

impl Documents {
    /// Room for `bytes`; none keeps nothing.
    #[must_use]
    pub fn new(bytes: usize) -> Self {
        Self { kept: Cache::with_weighter(bytes / USUAL, bytes as u64, Size), largest: bytes / LARGEST }
    }

    #[must_use]
    pub fn find(&self, name: &Name) -> Option<Bytes> {
        self.kept.get(name)
    }

    /// One that is too large is not kept.
    pub fn keep(&self, name: Name, document: Bytes) {
        if document.len() + name.asked.len() < self.largest {
            self.kept.insert(name, document);
        }
    }
}

impl Door {
    /// A document made from `view` and nothing else, or the one that was made before. What is wrong is not kept.
    pub async fn document<T: Serialize>(
        &self,
        view: &View,
        make: impl Future<Output = Result<T, Problem>>,
    ) -> Response {
        let position = view.books.position;
        if self.has(position) {
            return self.at(position, self.freshness(), Ok(StatusCode::NOT_MODIFIED.into_response()));
        }
        let (documents, metrics) = (&self.server.documents, &self.server.metrics);
        let name = Name::new(&self.shop.slug, view, self.author.role, self.asked());
        if let Some(document) = documents.find(&name) {
            metrics.document_hits.add(1);
            return self.at(position, self.freshness(), Ok(json_of(document)));
        }
        metrics.document_misses.add(1);
        let written = make.await.and_then(|made| serde_json::to_vec(&made).map_err(|error| Problem::internal(&error)));
        let document = written.map(Bytes::from);
        if let Ok(document) = &document {
            documents.keep(name, document.clone());
        }
        self.at(position, self.freshness(), document.map(json_of))
    }

    /// Path and query. Which books are meant is told by the view.
    fn asked(&self) -> String {
        let mut asked = form_urlencoded::Serializer::for_suffix(format!("{}?", self.place), self.place.len() + 1);
        let parts = self.query.0.iter().filter(|(name, _)| !["as_of", "min_position"].contains(&name.as_str()));
        asked.extend_pairs(parts).finish()
    }
}

fn json_of(document: Bytes) -> Response {
    ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], document).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(asked: String) -> Name {
        let shop = ShopSlug::parse("corner").expect("a name");
        Name { shop, epoch: Uuid::nil(), hash: chain::Hash::ORIGIN, role: Role::Owner, asked }
    }

    #[test]
    fn p_20_documents_take_no_more_room_than_they_may() {
        let most = 256 * 1024;
        let documents = Documents::new(most);
        for number in 0..4_000 {
            documents.keep(name(format!("/products/{number}")), Bytes::from(vec![b' '; 1_000]));
            assert!(documents.kept.weight() <= most as u64);
        }
        assert!(documents.kept.weight() > most as u64 / 2, "the room is used");
        documents.keep(name("/products".to_owned()), Bytes::from(vec![b' '; most / LARGEST]));
        assert!(documents.find(&name("/products".to_owned())).is_none(), "a large one is not kept");
    }

    #[test]
    fn p_20_no_room_keeps_nothing() {
        let documents = Documents::new(0);
        documents.keep(name("/products".to_owned()), Bytes::from_static(b"{}"));
        assert!(documents.find(&name("/products".to_owned())).is_none());
    }

    #[test]
    fn p9_p_20_every_part_of_the_name_tells_documents_apart() {
        let documents = Documents::new(1 << 20);
        let one = name("/products".to_owned());
        documents.keep(one.clone(), Bytes::from_static(b"{}"));
        assert!(documents.find(&one.clone()).is_some());
        let others = [
            Name { shop: ShopSlug::parse("market").expect("a name"), ..one.clone() },
            Name { epoch: Uuid::from_u128(1), ..one.clone() },
            Name { hash: chain::Hash([1; 32]), ..one.clone() },
            Name { role: Role::Reader, ..one.clone() },
            Name { asked: "/products?limit=1".to_owned(), ..one },
        ];
        assert!(others.iter().all(|other| documents.find(other).is_none()));
    }
}
