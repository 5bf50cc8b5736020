//! What all aggregates have in common: a state, what can be asked of it, what can happen to it, and the two functions
//! between them. State is plain data and both functions are pure, so an aggregate can be decided and folded anywhere,
//! tried out, and thrown away.
//!
//! The types of an aggregate go together, by its state: whoever has that need not say which aggregate it is
//! (`D::decide(state, command, around)` is inferred from any of its arguments). Each module has the two functions with
//! the arguments that it needs, under their names; here they get one shape.

use imbl::OrdMap;

use crate::{
    account::{self, Account},
    comment::{self, Comment, Written},
    order::{self, Order},
    picture::{self, Picture},
    product::{self, Product},
    refusal::Refusal,
    sale::{self, Sale},
    shop::{self, Shop},
    stock::{self, Stock},
    transfer::{self, Legs, Transfer},
    values::{AccountId, BatchRef, Currency, PictureId, Sku},
};

/// An aggregate, by its state. Before its first event there is none.
pub trait Decider: Clone {
    type Command;
    type Event;
    /// What else of the shop a decision looks at.
    type Around<'a>;

    /// What `command` does: events, or nothing where it changes nothing.
    ///
    /// # Errors
    /// The rule that it runs into.
    fn decide(
        state: Option<&Self>,
        command: &Self::Command,
        around: Self::Around<'_>,
    ) -> Result<Vec<Self::Event>, Refusal>;

    /// The state after an event. It was decided before, so nothing can go wrong any more; what is said of something that
    /// never began is nothing. `written` says who wrote it, and where it stands.
    #[must_use]
    fn evolve(state: Option<Self>, event: &Self::Event, written: &Written) -> Option<Self>;

    /// The version of its last entry that was not a refusal.
    fn version(&self) -> u32;

    #[must_use]
    fn with_version(self, version: u32) -> Self;

    /// Moves the state out of its place, where another one is put next. What it shares with nobody is not copied then.
    #[must_use]
    fn take(&mut self) -> Self {
        self.clone()
    }
}

/// Every state has its version in it; most can be begun from nothing.
macro_rules! versioned {
    (and begun from nothing) => {
        versioned!();

        fn take(&mut self) -> Self {
            std::mem::take(self)
        }
    };
    () => {
        fn version(&self) -> u32 {
            self.version
        }

        fn with_version(mut self, version: u32) -> Self {
            self.version = version;
            self
        }
    };
}

impl Decider for Product {
    type Command = product::Command;
    type Event = product::Event;
    type Around<'a> = ();

    fn decide(state: Option<&Self>, command: &product::Command, (): ()) -> Result<Vec<product::Event>, Refusal> {
        product::decide(state, command)
    }

    fn evolve(state: Option<Self>, event: &product::Event, _: &Written) -> Option<Self> {
        Some(product::evolve(state.unwrap_or_default(), event))
    }

    versioned!(and begun from nothing);
}

/// What a decision on the stock of a SKU looks at besides it.
#[derive(Clone, Copy)]
pub struct AroundStock<'a> {
    pub sku: &'a Sku,
    /// Whether the shop has a product or stock of it.
    pub is_known: bool,
    /// Every batch of the shop, with its SKU.
    pub batches: &'a OrdMap<BatchRef, Sku>,
}

impl Decider for Stock {
    type Command = stock::Command;
    type Event = stock::Event;
    type Around<'a> = AroundStock<'a>;

    fn decide(
        state: Option<&Self>,
        command: &stock::Command,
        around: AroundStock<'_>,
    ) -> Result<Vec<stock::Event>, Refusal> {
        let AroundStock { sku, is_known, batches } = around;
        let nothing = Self::default();
        stock::decide(sku, state.unwrap_or(&nothing), is_known, |batchref| batches.contains_key(batchref), command)
    }

    fn evolve(state: Option<Self>, event: &stock::Event, _: &Written) -> Option<Self> {
        Some(stock::evolve(state.unwrap_or_default(), event))
    }

    versioned!(and begun from nothing);
}

impl Decider for Order {
    type Command = order::Command;
    type Event = order::Event;
    type Around<'a> = order::Around<'a>;

    fn decide(
        state: Option<&Self>,
        command: &order::Command,
        around: order::Around<'_>,
    ) -> Result<Vec<order::Event>, Refusal> {
        order::decide(state, command, around)
    }

    fn evolve(state: Option<Self>, event: &order::Event, _: &Written) -> Option<Self> {
        Some(order::evolve(state.unwrap_or_default(), event))
    }

    versioned!(and begun from nothing);
}

impl Decider for Sale {
    type Command = sale::Command;
    type Event = sale::Event;
    type Around<'a> = &'a OrdMap<AccountId, Account>;

    fn decide(
        state: Option<&Self>,
        command: &sale::Command,
        accounts: &OrdMap<AccountId, Account>,
    ) -> Result<Vec<sale::Event>, Refusal> {
        sale::decide(state, command, |id| accounts.contains_key(id))
    }

    fn evolve(state: Option<Self>, event: &sale::Event, _: &Written) -> Option<Self> {
        Some(sale::evolve(state.unwrap_or_default(), event))
    }

    versioned!(and begun from nothing);
}

impl Decider for Account {
    type Command = account::Command;
    type Event = account::Event;
    /// The shop's.
    type Around<'a> = &'a Currency;

    fn decide(
        state: Option<&Self>,
        command: &account::Command,
        currency: &Currency,
    ) -> Result<Vec<account::Event>, Refusal> {
        account::decide(state, command, currency)
    }

    fn evolve(state: Option<Self>, event: &account::Event, _: &Written) -> Option<Self> {
        Some(account::evolve(state.unwrap_or_default(), event))
    }

    versioned!(and begun from nothing);
}

impl Decider for Transfer {
    type Command = transfer::Command;
    type Event = transfer::Event;
    /// What accounts have done for it already, and all of them.
    type Around<'a> = (Legs, &'a OrdMap<AccountId, Account>);

    fn decide(
        state: Option<&Self>,
        command: &transfer::Command,
        (legs, accounts): (Legs, &OrdMap<AccountId, Account>),
    ) -> Result<Vec<transfer::Event>, Refusal> {
        transfer::decide(state, legs, command, |id| accounts.get(id))
    }

    fn evolve(state: Option<Self>, event: &transfer::Event, _: &Written) -> Option<Self> {
        transfer::evolve(state, event)
    }

    versioned!();
}

impl Decider for Shop {
    type Command = shop::Command;
    type Event = shop::Event;
    /// Whether something in the shop has a price or a balance.
    type Around<'a> = bool;

    fn decide(state: Option<&Self>, command: &shop::Command, has_sums: bool) -> Result<Vec<shop::Event>, Refusal> {
        let nothing = Self::default();
        shop::decide(state.unwrap_or(&nothing), has_sums, command)
    }

    fn evolve(state: Option<Self>, event: &shop::Event, _: &Written) -> Option<Self> {
        Some(shop::evolve(state.unwrap_or_default(), event))
    }

    versioned!(and begun from nothing);
}

impl Decider for Picture {
    type Command = picture::Command;
    type Event = picture::Event;
    /// Whether the shop has what the picture is about.
    type Around<'a> = bool;

    fn decide(
        state: Option<&Self>,
        command: &picture::Command,
        is_known: bool,
    ) -> Result<Vec<picture::Event>, Refusal> {
        picture::decide(state, command, |_| is_known)
    }

    fn evolve(state: Option<Self>, event: &picture::Event, _: &Written) -> Option<Self> {
        Some(picture::evolve(state.unwrap_or_default(), event))
    }

    versioned!(and begun from nothing);
}

impl Decider for Comment {
    type Command = comment::Command;
    type Event = comment::Event;
    type Around<'a> = &'a OrdMap<PictureId, Picture>;

    fn decide(
        state: Option<&Self>,
        command: &comment::Command,
        pictures: &OrdMap<PictureId, Picture>,
    ) -> Result<Vec<comment::Event>, Refusal> {
        comment::decide(state, command, |id| pictures.get(id))
    }

    fn evolve(state: Option<Self>, event: &comment::Event, written: &Written) -> Option<Self> {
        Some(comment::evolve(state.unwrap_or_default(), event, written))
    }

    versioned!(and begun from nothing);
}
