//! How long commands of this device took from the click to their entry in the book.

use std::collections::{BTreeMap, VecDeque};

use domain::{CommandId, values::Millis};

/// The latest that are remembered.
const MOST: usize = 200;

#[derive(Debug, Default)]
pub struct Latencies {
    issued: BTreeMap<CommandId, Millis>,
    /// In milliseconds.
    took: VecDeque<u64>,
}

/// Milliseconds, of the latest commands that were issued on this page.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct LatencyView {
    pub count: usize,
    pub p50: u64,
    pub p95: u64,
}

impl Latencies {
    pub fn issued(&mut self, id: CommandId, at: Millis) {
        self.issued.entry(id).or_insert(at);
    }

    pub fn settled(&mut self, id: CommandId, at: Millis) {
        let Some(issued) = self.issued.remove(&id) else { return };
        if self.took.len() == MOST {
            self.took.pop_front();
        }
        self.took.push_back(u64::try_from(at.0 - issued.0).unwrap_or(0));
    }

    #[must_use]
    pub fn view(&self) -> LatencyView {
        let mut sorted: Vec<u64> = self.took.iter().copied().collect();
        sorted.sort_unstable();
        // Nearest rank: the smallest that is at least as long as that share of them.
        let rank = |percent: usize| {
            let rank = (sorted.len() * percent).div_ceil(100).max(1);
            sorted.get(rank - 1).copied().unwrap_or(0)
        };
        LatencyView { count: sorted.len(), p50: rank(50), p95: rank(95) }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn percentiles_are_of_the_nearest_rank() {
        let mut latencies = Latencies::default();
        assert_eq!(latencies.view(), LatencyView::default());
        for took in 1..=100 {
            let id = CommandId(Uuid::from_u128(took));
            latencies.issued(id, Millis(1_000));
            latencies.issued(id, Millis(9_000));
            latencies.settled(id, Millis(1_000 + i64::try_from(took).unwrap()));
            latencies.settled(id, Millis(9_999));
        }
        assert_eq!(latencies.view(), LatencyView { count: 100, p50: 50, p95: 95 });
    }
}
