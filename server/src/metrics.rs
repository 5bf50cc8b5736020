//! Counters and histograms, and their text for Prometheus
//! (<https://prometheus.io/docs/instrumenting/exposition_formats/>).

use std::{
    collections::BTreeMap,
    fmt::Write,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicI64, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

#[derive(Default)]
pub struct Metrics {
    /// From the statement's start to its commit.
    pub append_seconds: Histogram<{ SECONDS.len() }>,
    /// Commands decided in one append.
    pub batch_commands: Histogram<{ SIZES.len() }>,
    pub appended_events: Counter,
    /// Appends that had to be decided again: another instance wrote, or a repeat was met.
    pub append_retries: Counter,
    pub queue_depth: Gauge,
    pub feed_clients: Gauge,
    pub feed_closed_slow: Counter,
    pub shops_active: Gauge,
    pub snapshots: Counter,
    /// Documents that were answered before, and that had to be made.
    pub document_hits: Counter,
    pub document_misses: Counter,
    refusals: Labelled,
    answers: Labelled,
    heads: Mutex<BTreeMap<String, u64>>,
    /// Entries and time that a view is behind, by view and shop.
    views: Mutex<BTreeMap<(String, String), (u64, Duration)>>,
}

#[derive(Default)]
pub struct Counter(AtomicU64);

impl Counter {
    pub fn add(&self, n: u64) {
        self.0.fetch_add(n, Relaxed);
    }
}

#[derive(Default)]
pub struct Gauge(AtomicI64);

impl Gauge {
    pub fn add(&self, n: i64) {
        self.0.fetch_add(n, Relaxed);
    }

    #[must_use]
    pub fn get(&self) -> i64 {
        self.0.load(Relaxed)
    }
}

/// Counts one for as long as it lives.
pub struct Held<'a>(&'a Gauge);

impl Gauge {
    pub fn hold(&self) -> Held<'_> {
        self.add(1);
        Held(self)
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.add(-1);
    }
}

const SECONDS: [f64; 12] = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];
const SIZES: [f64; 9] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 512.0];

pub struct Histogram<const N: usize> {
    buckets: [AtomicU64; N],
    count: AtomicU64,
    /// In millionths.
    sum: AtomicU64,
}

impl<const N: usize> Default for Histogram<N> {
    fn default() -> Self {
        Self { buckets: [const { AtomicU64::new(0) }; N], count: AtomicU64::new(0), sum: AtomicU64::new(0) }
    }
}

impl<const N: usize> Histogram<N> {
    fn observe(&self, bounds: &[f64; N], value: f64) {
        if let Some(bucket) = bounds.iter().position(|bound| value <= *bound).and_then(|at| self.buckets.get(at)) {
            bucket.fetch_add(1, Relaxed);
        }
        self.count.fetch_add(1, Relaxed);
        self.sum.fetch_add(Duration::try_from_secs_f64(value).unwrap_or_default().as_micros() as u64, Relaxed);
    }

    fn write(&self, text: &mut String, name: &str, help: &str, bounds: &[f64; N]) {
        head(text, name, help, "histogram");
        let mut below = 0;
        for (bound, bucket) in bounds.iter().zip(&self.buckets) {
            below += bucket.load(Relaxed);
            let _ = writeln!(text, "{name}_bucket{{le=\"{bound}\"}} {below}");
        }
        let count = self.count.load(Relaxed);
        let _ = writeln!(text, "{name}_bucket{{le=\"+Inf\"}} {count}");
        let _ = writeln!(text, "{name}_sum {}", self.sum.load(Relaxed) as f64 / 1e6);
        let _ = writeln!(text, "{name}_count {count}");
    }
}

#[derive(Default)]
struct Labelled(Mutex<BTreeMap<String, u64>>);

impl Labelled {
    fn add(&self, label: &str) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match counts.get_mut(label) {
            Some(count) => *count += 1,
            None => {
                counts.insert(label.to_owned(), 1);
            }
        }
    }

    fn write(&self, text: &mut String, name: &str, help: &str, label: &str) {
        head(text, name, help, "counter");
        for (value, count) in self.0.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            let _ = writeln!(text, "{name}{{{label}=\"{value}\"}} {count}");
        }
    }
}

fn head(text: &mut String, name: &str, help: &str, kind: &str) {
    let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
}

/// What becomes of numbers that each shop has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PerShop {
    /// They stand beside the shop's name.
    Named,
    /// No shop is named, and nothing says how many there are but how many are in memory.
    Left,
}

impl Metrics {
    pub fn appended(&self, commands: usize, events: usize, took: Duration) {
        self.append_seconds.observe(&SECONDS, took.as_secs_f64());
        self.batch_commands.observe(&SIZES, commands as f64);
        self.appended_events.add(events as u64);
    }

    /// `code` is one of our stable words, so the label's values stay few.
    pub fn refused(&self, code: &'static str) {
        self.refusals.add(code);
    }

    /// An HTTP answer, by the first digit of its status.
    pub fn answered(&self, status: u16) {
        self.answers.add(match status / 100 {
            1 => "1xx",
            2 => "2xx",
            3 => "3xx",
            4 => "4xx",
            _ => "5xx",
        });
    }

    pub fn head_is(&self, shop: &str, position: u64) {
        let mut heads = self.heads.lock().unwrap_or_else(PoisonError::into_inner);
        match heads.get_mut(shop) {
            Some(head) => *head = position,
            None => {
                heads.insert(shop.to_owned(), position);
            }
        }
    }

    /// A shop that was put away has no head here any more.
    pub fn put_away(&self, shop: &str) {
        self.heads.lock().unwrap_or_else(PoisonError::into_inner).remove(shop);
    }

    pub fn view_lags(&self, view: &str, shop: &str, lag: (u64, Duration)) {
        let mut views = self.views.lock().unwrap_or_else(PoisonError::into_inner);
        views.insert((view.to_owned(), shop.to_owned()), lag);
    }

    fn write_heads(&self, text: &mut String) {
        head(text, "daybook_head_position", "Last position of each shop in memory.", "gauge");
        for (shop, position) in self.heads.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            let _ = writeln!(text, "daybook_head_position{{shop=\"{shop}\"}} {position}");
        }
    }

    /// Of each shop; or else of the shop where the view is furthest behind.
    fn write_lags(&self, text: &mut String, shops: PerShop) {
        let mut lags: BTreeMap<String, (u64, Duration)> = BTreeMap::new();
        for ((view, shop), (events, age)) in self.views.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            let labels = match shops {
                PerShop::Named => format!("view=\"{view}\",shop=\"{shop}\""),
                PerShop::Left => format!("view=\"{view}\""),
            };
            let most = lags.entry(labels).or_default();
            *most = (most.0.max(*events), most.1.max(*age));
        }
        head(text, "daybook_view_lag_events", "Entries that a view has not taken in.", "gauge");
        for (labels, (events, _)) in &lags {
            let _ = writeln!(text, "daybook_view_lag_events{{{labels}}} {events}");
        }
        head(text, "daybook_view_lag_seconds", "Age of the first entry that a view has not taken in.", "gauge");
        for (labels, (_, age)) in &lags {
            let _ = writeln!(text, "daybook_view_lag_seconds{{{labels}}} {}", age.as_secs_f64());
        }
    }

    #[must_use]
    pub fn render(&self, shops: PerShop) -> String {
        let mut text = String::with_capacity(4096);
        let t = &mut text;
        self.append_seconds.write(t, "daybook_append_seconds", "Duration of one append, commit included.", &SECONDS);
        self.batch_commands.write(t, "daybook_append_commands", "Commands decided in one append.", &SIZES);
        for (name, help, counter) in [
            ("daybook_appended_events_total", "Events written.", &self.appended_events),
            ("daybook_append_retries_total", "Appends that were decided again.", &self.append_retries),
            (
                "daybook_feed_closed_slow_total",
                "Feeds closed because their reader was too slow.",
                &self.feed_closed_slow,
            ),
            ("daybook_snapshots_total", "Snapshots written.", &self.snapshots),
            ("daybook_document_hits_total", "Documents answered as they were before.", &self.document_hits),
            ("daybook_document_misses_total", "Documents made for their answer.", &self.document_misses),
        ] {
            head(t, name, help, "counter");
            let _ = writeln!(t, "{name} {}", counter.0.load(Relaxed));
        }
        for (name, help, gauge) in [
            ("daybook_queue_depth", "Requests that wait to be decided.", &self.queue_depth),
            ("daybook_feed_clients", "Open feeds.", &self.feed_clients),
            ("daybook_shops_active", "Shops in memory.", &self.shops_active),
        ] {
            head(t, name, help, "gauge");
            let _ = writeln!(t, "{name} {}", gauge.get());
        }
        self.refusals.write(t, "daybook_refusals_total", "Commands refused.", "code");
        self.answers.write(t, "daybook_http_answers_total", "HTTP answers.", "class");
        if shops == PerShop::Named {
            self.write_heads(t);
        }
        self.write_lags(t, shops);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_histogram_is_cumulative() {
        let metrics = Metrics::default();
        metrics.appended(1, 2, Duration::from_millis(3));
        metrics.appended(40, 80, Duration::from_secs(9));
        let text = metrics.render(PerShop::Left);
        assert!(text.contains("daybook_append_seconds_bucket{le=\"0.002\"} 0\n"), "{text}");
        assert!(text.contains("daybook_append_seconds_bucket{le=\"0.005\"} 1\n"), "{text}");
        assert!(text.contains("daybook_append_seconds_bucket{le=\"+Inf\"} 2\n"), "{text}");
        assert!(text.contains("daybook_append_commands_bucket{le=\"64\"} 2\n"), "{text}");
        assert!(text.contains("daybook_appended_events_total 82\n"), "{text}");
    }

    #[test]
    fn p9_shops_are_named_where_it_is_asked_for_and_otherwise_the_worst_lag_stands_for_all() {
        let metrics = Metrics::default();
        metrics.head_is("corner", 7);
        for (shop, events) in [("corner", 2), ("market", 5), ("other", 0)] {
            metrics.view_lags("search", shop, (events, Duration::from_secs(events)));
        }
        let named = metrics.render(PerShop::Named);
        assert!(named.contains("daybook_head_position{shop=\"corner\"} 7\n"), "{named}");
        assert!(named.contains("daybook_view_lag_events{view=\"search\",shop=\"corner\"} 2\n"), "{named}");
        let left = metrics.render(PerShop::Left);
        assert!(left.contains("daybook_view_lag_events{view=\"search\"} 5\n"), "{left}");
        assert!(left.contains("daybook_view_lag_seconds{view=\"search\"} 5\n"), "{left}");
        assert!(!left.contains("shop=") && !left.contains("corner") && !left.contains("head_position"), "{left}");
    }

    #[test]
    fn a_gauge_counts_what_is_held() {
        let metrics = Metrics::default();
        let held = metrics.feed_clients.hold();
        assert_eq!(metrics.feed_clients.get(), 1);
        drop(held);
        assert_eq!(metrics.feed_clients.get(), 0);
    }
}
