//! "A new version is ready": offered when nobody has anything in hand, and never taken without being asked for.

use std::{rc::Rc, time::Duration};

use leptos::{leptos_dom::helpers::IntervalHandle, prelude::*};
use send_wrapper::SendWrapper;
use sync::connection::DataState;

use crate::{
    replica::Replica,
    text,
    ui::erased::{follow, handle, memo},
};

/// How soon an empty hand is noticed.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// What is known of a newer version of the app. The application's root provides it.
#[derive(Clone, Copy)]
pub struct Updates {
    ready: RwSignal<bool>,
    /// Wrapped only once there is one, as the replica's device is.
    keeper: StoredValue<Option<SendWrapper<Rc<Keeper>>>>,
}

/// What keeps the app on this device.
pub struct Keeper {
    /// Loads the page anew, with a newer version where one waits.
    pub take_over: Box<dyn Fn()>,
    /// Asks the server for a newer version.
    pub look: Box<dyn Fn()>,
    /// Whether that would drop nothing that a person has in hand.
    pub is_hand_empty: fn() -> bool,
}

impl Default for Updates {
    fn default() -> Self {
        Self { ready: RwSignal::new(false), keeper: StoredValue::new(None) }
    }
}

impl Updates {
    #[must_use]
    pub fn of_context() -> Self {
        use_context().unwrap_or_default()
    }

    pub fn attach(&self, keeper: Keeper) {
        self.keeper.try_set_value(Some(SendWrapper::new(Rc::new(keeper))));
    }

    /// A newer version is on this device and waits.
    pub fn offer(&self) {
        self.ready.try_set(true);
    }

    fn keeper(&self) -> Option<Rc<Keeper>> {
        self.keeper.try_get_value().flatten().map(SendWrapper::take)
    }

    fn take(&self) {
        match self.keeper() {
            Some(keeper) => (keeper.take_over)(),
            // Without one, the page comes from the server in any case.
            None => _ = window().location().reload(),
        }
    }

    fn look(&self) {
        if let Some(keeper) = self.keeper() {
            (keeper.look)();
        }
    }

    fn is_hand_empty(&self) -> bool {
        self.keeper().is_none_or(|keeper| (keeper.is_hand_empty)())
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
    // The server does not take this version any more: nobody is kept from the way out, whether or not one waits here.
    let replica = Replica::of_context();
    let needed = memo(move |_| replica.line().is_some_and(|line| line.connection.state == DataState::Update));
    Effect::new(move |_| {
        if needed.get() {
            updates.look();
        }
    });
    let shown = memo(move |_| needed.get() || (updates.ready.get() && free.get()));
    let words = move || if needed.get() { text::UPDATE_NEEDED } else { text::UPDATE_READY };
    view! {
        <Show when=move || shown.get()>
            <div class="notice" data-testid="update-ready">
                <p>{follow(words)}</p>
                <button type="button" on:click=handle(move |_| updates.take())>{text::UPDATE_TAKE}</button>
            </div>
        </Show>
    }
}
