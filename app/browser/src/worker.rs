//! The service worker: what opens the app without a network, and how a new version of it takes over.
//!
//! ```text
//! Absent ──register──► Installing ──all is kept──► Current ──another was installed──► Waiting ──a person says so──► Taking
//!   ▲                      │                                                                                      │
//!   └─ again after a pause ┘ a file did not come                                             the page loads anew ◄┘
//! ```
//!
//! A new worker waits until the page sends it forward. It would take over by itself only after every tab had been
//! closed, and by force in the middle of somebody's form.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    CacheStorage, RegistrationOptions, ServiceWorker, ServiceWorkerContainer, ServiceWorkerRegistration,
    ServiceWorkerState, ServiceWorkerUpdateViaCache,
};

use crate::events::{Listener, sleep};

const SCRIPT: &str = "/sw.js";
/// Browsers look for a new worker when a page is loaded. A till's page may stay open for days.
const LOOK_AGAIN: u64 = 30 * 60 * 1000;
/// A first worker whose files did not all come is gone, and its registration with it: no browser tries that again by
/// itself. The pause doubles each time, up to [`LOOK_AGAIN`].
const TRY_AGAIN: u64 = 5 * 1000;

/// The worker of this origin, as this page knows it. Cloning is a pointer copy.
#[derive(Clone)]
pub struct Worker(Rc<State>);

struct State {
    container: ServiceWorkerContainer,
    registration: RefCell<Option<ServiceWorkerRegistration>>,
    taking: Cell<bool>,
    waiting: Box<dyn Fn()>,
    listeners: RefCell<Vec<Listener>>,
}

/// Registers the worker. `waiting` is called when a newer version of the app is on the device and waits.
///
/// `None` where there are none: insecure origins, some private windows. The app works there, while connected.
#[must_use]
pub fn register(waiting: impl Fn() + 'static) -> Option<Worker> {
    let worker = Worker(Rc::new(State {
        container: container()?,
        registration: RefCell::default(),
        taking: Cell::new(false),
        waiting: Box::new(waiting),
        listeners: RefCell::default(),
    }));
    spawn_local(worker.clone().start());
    Some(worker)
}

fn container() -> Option<ServiceWorkerContainer> {
    let navigator: JsValue = web_sys::window()?.navigator().into();
    js_sys::Reflect::get(&navigator, &"serviceWorker".into()).ok()?.dyn_into().ok()
}

/// Those of no release, by the names that the worker knows them by.
const PICTURES: &str = "daybook-pictures";
const SIGNED_OUT: &str = "signed-out";

/// When the worker was asked for the document of this page, in milliseconds since 1970; `None` where it was not: one that
/// was loaded past it may have been claimed since.
pub(crate) fn fetched_this_document_at() -> Option<f64> {
    let performance = web_sys::window()?.performance()?;
    let entry = performance.get_entries_by_type("navigation").get(0);
    let begun = js_sys::Reflect::get(&entry, &"workerStart".into()).ok()?.as_f64().filter(|begun| *begun > 0.0)?;
    Some(performance.time_origin() + begun)
}

/// Written where the worker looks before it fetches, by the page itself: a page may have no worker that it could tell.
pub(crate) async fn remember_sign_out() {
    if let Some(opening) = caches().map(|caches| caches.open(SIGNED_OUT)) {
        let _ = JsFuture::from(opening).await;
    }
}

pub(crate) async fn forget_sign_out() {
    delete(SIGNED_OUT).await;
}

/// They are a shop's, and somebody else may be here next.
pub(crate) async fn forget_pictures() {
    delete(PICTURES).await;
}

async fn delete(name: &str) {
    if let Some(deleting) = caches().map(|caches| caches.delete(name)) {
        let _ = JsFuture::from(deleting).await;
    }
}

/// None on insecure origins.
fn caches() -> Option<CacheStorage> {
    web_sys::window()?.caches().ok().filter(|caches| caches.is_object())
}

impl Worker {
    /// The version that waits takes over, and the page is loaded anew with it. What is saved here stays.
    pub fn take_over(&self) {
        let waiting = self.0.registration.borrow().as_ref().and_then(ServiceWorkerRegistration::waiting);
        if let Some(waiting) = waiting {
            self.0.taking.set(true);
            let _ = waiting.post_message(&"take-over".into());
        } else {
            reload();
        }
    }

    /// Asks the server for a newer version, ahead of time.
    pub fn look(&self) {
        let registration = self.0.registration.borrow().clone();
        if let Some(Ok(update)) = registration.map(|registration| registration.update()) {
            spawn_local(async move {
                let _ = JsFuture::from(update).await;
            });
        }
    }

    async fn start(self) {
        // The answer to this is heard also by a page that was opened before there was a worker: that is no reason
        // to load it anew.
        let taken = {
            let state = Rc::downgrade(&self.0);
            move |_| {
                if state.upgrade().is_some_and(|state| state.taking.get()) {
                    reload();
                }
            }
        };
        self.listen(&self.0.container, "controllerchange", taken);
        let state = Rc::downgrade(&self.0);
        drop(self);
        let mut pause = TRY_AGAIN;
        while let Some(worker) = state.upgrade().map(Self) {
            let registration = worker.register().await;
            drop(worker);
            if let Some(registration) = registration.filter(|registration| registration.active().is_some()) {
                sleep(LOOK_AGAIN).await;
                if let Ok(update) = registration.update() {
                    let _ = JsFuture::from(update).await;
                }
            } else {
                sleep(pause).await;
                pause = (2 * pause).min(LOOK_AGAIN);
            }
        }
    }

    /// What is registered for this origin, which is nothing new where something is.
    async fn register(&self) -> Option<ServiceWorkerRegistration> {
        let options = RegistrationOptions::new();
        // A worker script from the HTTP cache would hide a new release for a day.
        options.set_update_via_cache(ServiceWorkerUpdateViaCache::None);
        let registering = self.0.container.register_with_options(SCRIPT, &options);
        let registration: ServiceWorkerRegistration = JsFuture::from(registering).await.ok()?.dyn_into().ok()?;
        if self.0.registration.replace(Some(registration.clone())).as_ref() != Some(&registration) {
            self.follow(&registration);
        }
        Some(registration)
    }

    fn follow(&self, registration: &ServiceWorkerRegistration) {
        // A worker claims the pages that are there when it takes up its work. One whose document was still on its way
        // then is not among them, nor is one that was loaded past the worker (a hard reload).
        if let Some(active) = registration.active().filter(|_| self.0.container.controller().is_none()) {
            let _ = active.post_message(&"claim".into());
        }
        self.tell_if_waiting();
        let found = {
            let state = Rc::downgrade(&self.0);
            move |_| {
                if let Some(state) = state.upgrade() {
                    Self(state).follow_installing();
                }
            }
        };
        self.listen(registration, "updatefound", found);
        self.follow_installing();
    }

    fn follow_installing(&self) {
        let installing = self.0.registration.borrow().as_ref().and_then(ServiceWorkerRegistration::installing);
        let Some(installing) = installing else { return };
        let (state, watched) = (Rc::downgrade(&self.0), installing.clone());
        self.listen(&installing, "statechange", move |_| {
            if let Some(state) = state.upgrade().filter(|_| watched.state() == ServiceWorkerState::Installed) {
                Self(state).tell_if_waiting();
            }
        });
    }

    /// The very first worker waits for nobody: only one that follows another is news.
    fn tell_if_waiting(&self) {
        let registration = self.0.registration.borrow().clone();
        let both = |registration: &ServiceWorkerRegistration| -> Option<(ServiceWorker, ServiceWorker)> {
            registration.waiting().zip(registration.active())
        };
        if registration.as_ref().and_then(both).is_some() {
            (self.0.waiting)();
        }
    }

    fn listen(&self, target: &web_sys::EventTarget, event: &'static str, heard: impl FnMut(web_sys::Event) + 'static) {
        self.0.listeners.borrow_mut().push(Listener::on(target, event, heard));
    }
}

/// Loads the page anew.
pub fn reload() {
    if let Some(window) = web_sys::window() {
        let _ = window.location().reload();
    }
}
