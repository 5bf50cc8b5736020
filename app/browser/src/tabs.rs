//! Several tabs of one shop in one browser.
//!
//! One of them leads: it holds the feed and sends the outbox, which leaves the six connections that HTTP/1.1 allows
//! a host to the others. Who leads is decided by a Web Lock, which the browser gives to the next tab when this one
//! closes. A leader that is frozen may keep the lock without doing its work, so it also has to be heard of: a
//! visible tab that hears nothing takes the lock away.
//!
//! All of this is an economy. Two leaders at once only cost a second connection: the server answers a command id
//! alike whoever sends it.

use std::{cell::Cell, rc::Rc};

use domain::{CommandId, ShopSlug};
use js_sys::{Function, Object, Promise, Reflect};
use serde::{Deserialize, Serialize};
use sync::{OutboxRecord, protocol::PushAnswer};
use wasm_bindgen::{JsCast, JsValue, closure::Closure, prelude::wasm_bindgen};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{BroadcastChannel, MessageEvent};

use crate::{
    clock,
    events::{Listener, sleep},
};

#[wasm_bindgen]
extern "C" {
    /// `web-sys` has Web Locks only behind `web_sys_unstable_apis`.
    #[wasm_bindgen(js_namespace = ["navigator", "locks"], js_name = request, catch)]
    fn request_lock(name: &str, options: &Object, granted: &Function) -> Result<Promise, JsValue>;
}

/// How often a leader lets itself be heard.
const ALIVE_EVERY: u64 = 10_000;
/// How long a leader may be silent before a visible tab takes over.
const LEASE: i64 = 35_000;

/// What tabs tell each other. Another tab may be of another build: kinds may be added, and fields that have a
/// default; an unknown kind is not read.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Note {
    /// A record was written or changed in storage.
    Written { record: Box<OutboxRecord> },
    /// A record was removed from storage.
    Removed { id: CommandId },
    /// A frame of the feed, as it came.
    Frame { name: String, data: String },
    /// The answer to a push.
    Answer { answer: Box<PushAnswer> },
    /// The leader is there.
    Alive,
    /// A tab has come.
    Hello,
}

/// Which part a tab has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    Leads,
    Follows,
}

/// The way to the other tabs, and the claim to lead them.
pub struct Tabs {
    channel: Option<BroadcastChannel>,
    _listener: Option<Listener>,
    claim: Rc<Claim>,
}

struct Claim {
    lock: String,
    part: Cell<Part>,
    /// Whether this tab stands in line for the lock.
    queued: Cell<bool>,
    /// When a leader was last heard of.
    heard: Cell<i64>,
    /// Resolving it gives the lock back.
    release: Cell<Option<Function>>,
    ended: Cell<bool>,
    changed: Box<dyn Fn(Part)>,
}

impl Tabs {
    /// Joins the tabs of a shop. `noted` hears what others tell; `changed` hears which part this tab has, at once
    /// and whenever it changes.
    pub fn join(shop: &ShopSlug, noted: impl Fn(Note) + 'static, changed: impl Fn(Part) + 'static) -> Self {
        let name = format!("daybook:{shop}:v1");
        let channel = BroadcastChannel::new(&name).ok();
        let claim = Rc::new(Claim {
            lock: name,
            part: Cell::new(Part::Follows),
            queued: Cell::new(false),
            heard: Cell::new(clock::now().0),
            release: Cell::new(None),
            ended: Cell::new(false),
            changed: Box::new(changed),
        });
        let listener = channel.as_ref().map(|channel| {
            let claim = claim.clone();
            Listener::on(channel, "message", move |event| {
                let text = event.dyn_ref::<MessageEvent>().and_then(|event| event.data().as_string());
                let Some(Ok(note)) = text.map(|text| domain::json::read::<Note>(&text)) else { return };
                if matches!(note, Note::Alive | Note::Frame { .. } | Note::Answer { .. }) {
                    claim.heard.set(clock::now().0);
                }
                noted(note);
            })
        });
        (claim.changed)(Part::Follows);
        // Without a channel there is nobody to follow.
        if channel.is_some() {
            claim.clone().ask(false);
            spawn_local(watch(claim.clone(), channel.clone()));
        } else {
            claim.take(Part::Leads);
        }
        Self { channel, _listener: listener, claim }
    }

    #[must_use]
    pub fn part(&self) -> Part {
        self.claim.part.get()
    }

    /// Tells the other tabs. Nobody answers: what matters is in storage and on the server.
    pub fn tell(&self, note: &Note) {
        if let Some(channel) = &self.channel {
            tell(channel, note);
        }
    }
}

impl Drop for Tabs {
    fn drop(&mut self) {
        self.claim.ended.set(true);
        self.claim.give_back();
        if let Some(channel) = &self.channel {
            channel.close();
        }
    }
}

fn tell(channel: &BroadcastChannel, note: &Note) {
    if let Ok(text) = serde_json::to_string(note) {
        let _ = channel.post_message(&JsValue::from_str(&text));
    }
}

impl Claim {
    fn take(&self, part: Part) {
        if self.part.replace(part) != part && !self.ended.get() {
            (self.changed)(part);
        }
    }

    fn give_back(&self) {
        if let Some(release) = self.release.take() {
            let _ = release.call0(&JsValue::UNDEFINED);
        }
    }

    /// Stands in line for the lock, or takes it away from whoever has it.
    fn ask(self: Rc<Self>, steal: bool) {
        if !steal && self.queued.replace(true) {
            return;
        }
        spawn_local(async move {
            let claim = self.clone();
            // Lives as long as the request: the browser calls it when this tab's turn comes.
            let granted = Closure::<dyn FnMut() -> JsValue>::new(move || {
                if !steal {
                    claim.queued.set(false);
                }
                if claim.ended.get() {
                    return JsValue::UNDEFINED;
                }
                // The lock is ours until this promise resolves.
                let held = Promise::new(&mut |resolve, _| claim.release.set(Some(resolve)));
                claim.take(Part::Leads);
                held.into()
            });
            let options = Object::new();
            let _ = Reflect::set(&options, &"steal".into(), &steal.into());
            match request_lock(&self.lock, &options, granted.as_ref().unchecked_ref()) {
                Ok(request) => {
                    let taken_away = JsFuture::from(request).await.is_err();
                    if taken_away && !self.ended.get() {
                        self.release.set(None);
                        self.heard.set(clock::now().0);
                        self.take(Part::Follows);
                        self.clone().ask(false);
                    }
                }
                // No locks here (they need a secure context): every tab leads.
                Err(_) => self.take(Part::Leads),
            }
        });
    }
}

/// A leader lets itself be heard; a follower listens for it.
async fn watch(claim: Rc<Claim>, channel: Option<BroadcastChannel>) {
    while !claim.ended.get() {
        sleep(ALIVE_EVERY).await;
        match claim.part.get() {
            Part::Leads => {
                if let Some(channel) = channel.as_ref().filter(|_| !claim.ended.get()) {
                    tell(channel, &Note::Alive);
                }
            }
            Part::Follows => {
                let silent = clock::now().0 - claim.heard.get() > LEASE;
                if silent && is_visible() && !claim.ended.get() {
                    claim.heard.set(clock::now().0);
                    claim.clone().ask(true);
                }
            }
        }
    }
}

fn is_visible() -> bool {
    let document = web_sys::window().and_then(|window| window.document());
    document.is_some_and(|document| !document.hidden())
}

#[cfg(test)]
mod tests {
    use std::{fs, path::PathBuf};

    use super::*;

    #[test]
    fn p8_a_tab_understands_one_of_an_earlier_build() {
        let fixtures = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../sync/tests/fixtures");
        let builds = fs::read_dir(fixtures).unwrap().map(|build| build.unwrap().path().join("notes.json"));
        let told: Vec<PathBuf> = builds.filter(|file| file.exists()).collect();
        assert!(!told.is_empty());
        for file in told {
            let notes: Vec<serde_json::Value> = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
            for note in notes {
                let read: Note =
                    domain::json::read(&note.to_string()).unwrap_or_else(|error| panic!("{note}: {error}"));
                if let Note::Frame { name, data } = read {
                    assert!(sync::protocol::FeedFrame::parse(&name, &data).unwrap().is_some());
                }
            }
        }
    }

    #[test]
    #[ignore = "writes a file: once for each build that is released, behind the server's recording"]
    fn record_what_this_build_tells_other_tabs() {
        let folder = PathBuf::from(std::env::var("DAYBOOK_RECORD").unwrap());
        let text = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
        let outbox: Vec<OutboxRecord> = serde_json::from_str(&text("outbox.json")).unwrap();
        let answer: PushAnswer = serde_json::from_str(&text("push-answer.json")).unwrap();
        let id = outbox[0].submission.id;
        let mut notes: Vec<Note> =
            outbox.into_iter().map(|record| Note::Written { record: Box::new(record) }).collect();
        let frame = |name: &str| Note::Frame { name: name.to_owned(), data: text(&format!("{name}.json")) };
        notes.extend([
            Note::Removed { id },
            frame("events"),
            frame("heartbeat"),
            Note::Answer { answer: Box::new(answer) },
            Note::Alive,
            Note::Hello,
        ]);
        fs::write(folder.join("notes.json"), serde_json::to_string(&notes).unwrap() + "\n").unwrap();
    }
}
