//! A sentence whose names are links.

use leptos::prelude::*;

use crate::ui::erased::IntoPart;
use serde::{Deserialize, Serialize};

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Piece {
    pub text: String,
    pub href: Option<String>,
}

/// Pieces in reading order.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sentence(pub Vec<Piece>);

impl Sentence {
    #[must_use]
    pub fn then(mut self, text: impl Into<String>) -> Self {
        self.0.push(Piece { text: text.into(), href: None });
        self
    }

    #[must_use]
    pub fn link(mut self, text: impl Into<String>, href: impl Into<String>) -> Self {
        self.0.push(Piece { text: text.into(), href: Some(href.into()) });
        self
    }

    /// Without links.
    #[must_use]
    pub fn plain(&self) -> String {
        self.0.iter().map(|piece| piece.text.as_str()).collect()
    }
}

#[component]
pub fn SentenceView(sentence: Sentence) -> impl IntoView {
    sentence
        .0
        .into_iter()
        .map(|Piece { text, href }| match href {
            Some(href) => view! { <a href=href>{text}</a> }.into_part(),
            None => text.into_part(),
        })
        .collect_view()
}
