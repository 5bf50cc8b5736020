//! "A new version is ready": offered when nobody has anything in hand, and never taken without being asked for.

use std::{rc::Rc, time::Duration};

use leptos::{leptos_dom::helpers::IntervalHandle, prelude::*};
use send_wrapper::SendWrapper;

use crate::{
    text,
    ui::erased::{handle, memo},
};

/// How soon an empty hand is noticed.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// What is known of a newer version of the app. The application's root provides it.
#[derive(Clone, Copy)]
pub struct Updates {
    ready: RwSignal<bool>,
    /// Wrapped only once there is one, as the replica's device is.
    offer: StoredValue<Option<SendWrapper<Rc<Offer>>>>,
}

/// A newer version that is on this device and waits.
pub struct Offer {
    /// Loads the page anew with it.
    pub take_over: Box<dyn Fn()>,
    /// Whether that would drop nothing that a person has in hand.
    pub is_hand_empty: fn() -> bool,
}

impl Default for Updates {
    fn default() -> Self {
        Self { ready: RwSignal::new(false), offer: StoredValue::new(None) }
    }
}

impl Updates {
    #[must_use]
    pub fn of_context() -> Self {
        use_context().unwrap_or_default()
    }

    pub fn offer(&self, offer: Offer) {
        self.offer.try_set_value(Some(SendWrapper::new(Rc::new(offer))));
        self.ready.try_set(true);
    }

    fn offered(&self) -> Option<Rc<Offer>> {
        self.offer.try_get_value().flatten().map(SendWrapper::take)
    }

    fn take(&self) {
        if let Some(offer) = self.offered() {
            (offer.take_over)();
        }
    }

    fn is_hand_empty(&self) -> bool {
        self.offered().is_none_or(|offer| (offer.is_hand_empty)())
    }
}

#[component]
pub fn UpdateNotice() -> impl IntoView {
    let updates = Updates::of_context();
    let free = RwSignal::new(true);
    let look = move || {
        if updates.ready.get_untracked() {
            free.set(updates.is_hand_empty());
        }
    };
    // What is in hand goes without an event: a basket is empty when its sale has been saved.
    let looking = StoredValue::new(None::<IntervalHandle>);
    Effect::new(move |_| {
        if updates.ready.get() {
            look();
            looking.set_value(set_interval_with_handle(look, LOOK_AGAIN).ok());
        }
    });
    on_cleanup(move || {
        if let Some(interval) = looking.try_get_value().flatten() {
            interval.clear();
        }
    });
    let shown = memo(move |_| updates.ready.get() && free.get());
    view! {
        <Show when=move || shown.get()>
            <div class="notice" data-testid="update-ready">
                <p>{text::UPDATE_READY}</p>
                <button type="button" on:click=handle(move |_| updates.take())>{text::UPDATE_TAKE}</button>
            </div>
        </Show>
    }
}
