//! Icons of the frame. Always beside a word.

use leptos::prelude::*;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Icon {
    Today,
    Sell,
    Stock,
    Orders,
    Accounts,
    More,
    Products,
    Book,
    Device,
    Bell,
    Picture,
    People,
}

impl Icon {
    fn path(self) -> &'static str {
        match self {
            Self::Today => "M4 3h12v14H4zM7 3v14M10 7h4M10 11h4",
            Self::Sell => "M3 5h14l-2 8H6L4 3H2M7 17h1M14 17h1",
            Self::Stock => "M3 7l7-4 7 4v7l-7 4-7-4zM3 7l7 4 7-4M10 11v7",
            Self::Orders => "M5 3h10v14l-2.5-1.5L10 17l-2.5-1.5L5 17zM8 7h4M8 10h4",
            Self::Accounts => "M3 6h14v9H3zM3 9h14M6 12h4",
            Self::More => "M4 6h12M4 10h12M4 14h12",
            Self::Products => "M3 10l7-7h7v7l-7 7zM13.5 6.5h.1",
            Self::Book => "M4 3h12v14H4zM7 3v14",
            Self::Device => "M6 2h8v16H6zM9 15h2",
            Self::Picture => "M3 5h3l1-2h6l1 2h3v11H3zM10 8a3 3 0 1 0 .1 0",
            Self::People => "M7 8a2.5 2.5 0 1 0 .1 0M2 17c0-4 10-4 10 0M14 6a2 2 0 1 0 .1 0M14 12c3 0 4 2 4 4",
            Self::Bell => "M5 14V9a5 5 0 0 1 10 0v5l1 1H4zM8.5 17h3",
        }
    }
}

#[component]
pub fn IconView(icon: Icon) -> impl IntoView {
    view! {
        <svg viewBox="0 0 20 20" width="20" height="20" fill="none" stroke="currentColor" stroke-width="1.6" aria-hidden="true">
            <path d=icon.path()></path>
        </svg>
    }
}
