//! Lists in parts: `?limit=` and `?after=`, the key that `next` named.

use std::ops::Bound;

use serde_json::{Value, json};

use super::{problem::Problem, reading::Query};

/// Rows in an answer, where nothing else is asked for.
const USUAL: u64 = 500;
/// Rows in an answer, at most.
const MOST: u64 = 1_000;

/// A part of a list.
pub struct Page<K> {
    after: Option<K>,
    limit: usize,
}

impl<K: Ord> Page<K> {
    /// # Errors
    /// 400 for a limit that is none, or a key that cannot be one.
    pub fn of(query: &Query, parse: impl Fn(&str) -> Option<K>) -> Result<Self, Problem> {
        let limit = limit(query, USUAL, MOST)?;
        let after = match query.get("after") {
            None => None,
            Some(text) => Some(parse(text).ok_or_else(|| Problem::field("after", "must be what `next` said"))?),
        };
        Ok(Self { after, limit: usize::try_from(limit).unwrap_or(1) })
    }

    #[must_use]
    pub fn range(&self) -> (Bound<K>, Bound<K>)
    where
        K: Clone,
    {
        (self.after.clone().map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded)
    }

    /// `{"items": […], "next": …}`; `next` is null at the end.
    pub fn answer<'a, R: 'a>(
        &self,
        rows: impl Iterator<Item = (&'a K, &'a R)>,
        name: impl Fn(&K) -> &str,
        show: impl Fn(&K, &R) -> Value,
    ) -> Value
    where
        K: 'a,
    {
        let mut rows = rows.peekable();
        let mut items = Vec::new();
        let mut last = None;
        while items.len() < self.limit
            && let Some((key, row)) = rows.next()
        {
            items.push(show(key, row));
            last = Some(name(key).to_owned());
        }
        let next = last.filter(|_| rows.peek().is_some());
        json!({"items": items, "next": next})
    }
}

/// # Errors
/// 400 unless it is 1 to `most`; more than that is cut to it.
pub fn limit(query: &Query, usual: u64, most: u64) -> Result<u64, Problem> {
    match query.number("limit")? {
        None => Ok(usual),
        Some(0) => Err(Problem::field("limit", "must be a whole number from 1")),
        Some(limit) => Ok(limit.min(most)),
    }
}
