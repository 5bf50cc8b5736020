//! Whose conventions count just now. In the browser there is one reader, who stays; the server writes for many at once,
//! so each request carries its own.

use super::Conventions;

#[cfg(not(feature = "hydrate"))]
mod here {
    use std::{
        cell::Cell,
        sync::{Arc, OnceLock},
    };

    use leptos::prelude::use_context;

    use super::Conventions;
    use crate::format::{Currency, Locale};

    /// In the context of a request. The currency is known once the shop has been looked up, which is before any of its
    /// sums is written.
    #[derive(Clone, Debug)]
    pub struct Reader {
        locale: &'static Locale,
        currency: Arc<OnceLock<&'static Currency>>,
    }

    impl Reader {
        #[must_use]
        pub fn new(locale: &'static Locale) -> Self {
            Self { locale, currency: Arc::default() }
        }

        pub fn set_currency(&self, currency: &'static Currency) {
            // Every page of a request is of one shop.
            let _ = self.currency.set(currency);
        }
    }

    thread_local! {
        static CURRENCY: Cell<Option<&'static Currency>> = const { Cell::new(None) };
    }

    /// Reads and writes sums of `currency` in `work`, outside of any page: where a form is read.
    pub fn in_currency<T>(currency: &'static Currency, work: impl FnOnce() -> T) -> T {
        let before = CURRENCY.replace(Some(currency));
        let done = work();
        CURRENCY.set(before);
        done
    }

    pub fn conventions() -> Conventions {
        let reader = use_context::<Reader>();
        let of_page = reader.as_ref().and_then(|reader| reader.currency.get().copied());
        Conventions {
            locale: reader.map_or(Locale::standard(), |reader| reader.locale),
            currency: CURRENCY.get().or(of_page).unwrap_or(Currency::standard()),
        }
    }
}

#[cfg(feature = "hydrate")]
mod here {
    use std::cell::Cell;

    use super::Conventions;
    use crate::format::{Currency, Locale};

    thread_local! {
        static CONVENTIONS: Cell<Conventions> = Cell::default();
    }

    /// Before the first number is written.
    pub fn set_locale(locale: &'static Locale) {
        CONVENTIONS.with(|cell| cell.set(Conventions { locale, ..cell.get() }));
    }

    /// Of the shop whose pages these are.
    pub fn set_currency(currency: &'static Currency) {
        CONVENTIONS.with(|cell| cell.set(Conventions { currency, ..cell.get() }));
    }

    pub fn conventions() -> Conventions {
        CONVENTIONS.with(Cell::get)
    }
}

pub use here::*;
