//! A list whose rows repaint one by one.

use std::{collections::BTreeMap, fmt::Display, sync::Arc};

use leptos::prelude::*;

use crate::ui::erased::{IntoPart, Part, memo};

/// Shows `list`, one `view` a row. A change of one row runs that row's memo and no other view.
///
/// Only what deals with a single row knows its type; the list on the page is one of keys, the same for all pages.
pub fn rows<R, K, V>(list: Memo<Vec<R>>, key: fn(&R) -> K, view: impl Fn(Memo<R>) -> V + Send + Sync + 'static) -> Part
where
    R: Clone + PartialEq + Send + Sync + 'static,
    K: Display + 'static,
    V: IntoView + 'static,
{
    let keys = memo(move |_| list.with(|list| list.iter().map(|row| key(row).to_string()).collect::<Vec<_>>()));
    let places = places(keys);
    let find = move |name: &str| {
        let place = places.with(|places| places.get(name).copied())?;
        list.with(|list| list.get(place).cloned())
    };
    keyed(
        keys,
        Arc::new(move |name| match untrack(|| find(&name)) {
            Some(seed) => view(memo(move |_| find(&name).unwrap_or_else(|| seed.clone()))).into_part(),
            None => ().into_part(),
        }),
    )
}

/// Where in the list each row stands.
fn places(keys: Memo<Vec<String>>) -> Memo<BTreeMap<String, usize>> {
    memo(move |_| {
        let mut places = BTreeMap::new();
        keys.with(|keys| keys.iter().cloned().enumerate().for_each(|(place, key)| _ = places.insert(key, place)));
        places
    })
}

fn keyed(keys: Memo<Vec<String>>, row: Arc<dyn Fn(String) -> Part + Send + Sync>) -> Part {
    view! { <For each=move || keys.get() key=String::clone children=move |key| row(key)/> }.into_part()
}
