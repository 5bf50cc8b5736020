//! How far a long operation has come, on standard error: a bar on a terminal, else a line now and then.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};

/// Without a terminal, a line each time so many entries are done.
const LINE_EVERY: u64 = 100_000;

pub struct Progress {
    what: &'static str,
    bar: Option<ProgressBar>,
    said: u64,
}

impl Progress {
    #[must_use]
    pub fn new(what: &'static str) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{msg} {wide_bar} {human_pos}/{human_len} {eta}");
            ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())).with_message(what)
        });
        Self { what, bar, said: 0 }
    }

    /// A smaller position than before begins anew.
    pub fn at(&mut self, position: u64, of: u64) {
        if let Some(bar) = &self.bar {
            bar.set_length(of);
            bar.set_position(position);
            return;
        }
        if position < self.said {
            self.said = 0;
        }
        if position - self.said >= LINE_EVERY {
            self.said = position;
            eprintln!("{}: {position} of {of}", self.what);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
