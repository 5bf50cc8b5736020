//! Several tabs of one shop in one browser.
//!
//! One of them leads: it holds the feed and sends the outbox, which leaves the six connections that HTTP/1.1 allows
//! a host to the others. Who leads is decided by a Web Lock, which the browser gives to the next tab when this one
//! closes. A tab that is about to be frozen lets go of it; one that did not get to it may keep the lock without doing
//! its work, so a leader also has to be heard of: a visible tab that hears nothing takes the lock away.
//!
//! All of this is an economy. Two leaders at once only cost a second connection: the server answers a command id
//! alike whoever sends it. Where tabs of different versions of the app do not understand each other, each version has
//! a leader of its own, and they meet in storage.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use domain::{CommandId, ShopSlug};
use js_sys::{Function, Object, Promise, Reflect};
use serde::{Deserialize, Serialize};
use sync::{OutboxRecord, connection::DataState, protocol::PushAnswer};
use wasm_bindgen::{JsCast, JsValue, closure::Closure, prelude::wasm_bindgen};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{BroadcastChannel, MessageEvent};

use crate::{
    clock,
    events::{AbortController, Listener, sleep},
};

#[wasm_bindgen]
extern "C" {
    /// `web-sys` has Web Locks only behind `web_sys_unstable_apis`.
    #[wasm_bindgen(js_namespace = ["navigator", "locks"], js_name = request, catch)]
    fn request_lock(name: &str, options: &Object, granted: &Function) -> Result<Promise, JsValue>;
}

/// Goes up when a note changes its meaning; added kinds and fields that have a default do not count. Tabs of
/// different numbers do not hear each other and do not stand in the same line.
const NOTES: u16 = 1;
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
    /// The leader is there, and its connection stands like this.
    Alive {
        /// Leaders of earlier builds only said that they were there.
        #[serde(default = "live")]
        state: DataState,
    },
    /// A tab has come.
    Hello,
    /// A person asks to try at once, in whichever tab.
    TryNow,
    /// A session was begun or renewed in one of the tabs.
    SignedIn,
}

fn live() -> DataState {
    DataState::Live
}

impl Note {
    /// `None` for one that this build cannot read: what matters is in storage and on the server.
    fn read(text: &str) -> Option<Self> {
        domain::json::read(text).ok()
    }

    /// Whether only a leader says so.
    fn is_of_leader(&self) -> bool {
        matches!(self, Self::Alive { .. } | Self::Frame { .. } | Self::Answer { .. })
    }
}

/// Tabs that were opened by different people keep apart: each sends the commands of its own.
fn name_of(shop: &ShopSlug, person: Option<&str>, notes: u16) -> String {
    let person = person.map(|person| format!(":{person}")).unwrap_or_default();
    format!("daybook:{shop}:v{notes}{person}")
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
    /// Whether this tab stands in line for the lock, and how to leave the line.
    queued: RefCell<Option<AbortController>>,
    /// The browser has stopped this tab, or is about to.
    resting: Cell<bool>,
    /// What this tab has said of its connection.
    said: Cell<DataState>,
    /// When a leader was last heard of.
    heard: Cell<i64>,
    /// Resolving it gives the lock back.
    release: Cell<Option<Function>>,
    ended: Cell<bool>,
    changed: Box<dyn Fn(Part)>,
}

impl Tabs {
    /// Joins the tabs of a shop and a person. `noted` hears what others tell; `changed` hears which part this tab has, at once
    /// and whenever it changes.
    pub fn join(
        shop: &ShopSlug,
        person: Option<&str>,
        noted: impl Fn(Note) + 'static,
        changed: impl Fn(Part) + 'static,
    ) -> Self {
        let name = name_of(shop, person, NOTES);
        let channel = BroadcastChannel::new(&name).ok();
        let claim = Rc::new(Claim {
            lock: name,
            part: Cell::new(Part::Follows),
            queued: RefCell::default(),
            resting: Cell::new(false),
            said: Cell::new(DataState::NotConnected),
            heard: Cell::new(clock::now().0),
            release: Cell::new(None),
            ended: Cell::new(false),
            changed: Box::new(changed),
        });
        let listener = channel.as_ref().map(|channel| {
            let claim = claim.clone();
            Listener::on(channel, "message", move |event| {
                let text = event.dyn_ref::<MessageEvent>().and_then(|event| event.data().as_string());
                let Some(note) = text.and_then(|text| Note::read(&text)) else { return };
                if note.is_of_leader() {
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

    /// The leader's connection stands like this: said when it changes, and now and then.
    pub fn say(&self, state: DataState) {
        if self.claim.said.replace(state) != state {
            self.tell(&Note::Alive { state });
        }
    }

    /// This tab is about to be frozen, and could neither send nor hear: another one leads.
    pub fn rest(&self) {
        self.claim.resting.set(true);
        self.claim.part.set(Part::Follows);
        self.claim.leave();
    }

    /// It goes on.
    pub fn wake(&self) {
        self.claim.heard.set(clock::now().0);
        if self.claim.resting.replace(false) && self.channel.is_some() {
            self.claim.clone().ask(false);
        }
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
        self.claim.leave();
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

    /// Out of the line first: the lock that is given back would be this tab's again.
    fn leave(&self) {
        if let Some(queued) = self.queued.take() {
            queued.abort();
        }
        if let Some(release) = self.release.take() {
            let _ = release.call0(&JsValue::UNDEFINED);
        }
    }

    /// Stands in line for the lock, or takes it away from whoever has it.
    fn ask(self: Rc<Self>, steal: bool) {
        let options = Object::new();
        let set = |name: &str, value: JsValue| Reflect::set(&options, &name.into(), &value).is_ok();
        set("steal", steal.into());
        if !steal {
            if self.queued.borrow().is_some() {
                return;
            }
            // Browsers allow no way out of taking a lock away, which is done at once.
            let way_out = AbortController::new();
            set("signal", way_out.signal());
            self.queued.replace(Some(way_out));
        }
        spawn_local(async move {
            let claim = self.clone();
            // Lives as long as the request: the browser calls it when this tab's turn comes.
            let granted = Closure::<dyn FnMut() -> JsValue>::new(move || {
                if !steal {
                    claim.queued.take();
                }
                if claim.ended.get() || claim.resting.get() {
                    return JsValue::UNDEFINED;
                }
                // The lock is ours until this promise resolves.
                let held = Promise::new(&mut |resolve, _| claim.release.set(Some(resolve)));
                claim.take(Part::Leads);
                held.into()
            });
            match request_lock(&self.lock, &options, granted.as_ref().unchecked_ref()) {
                Ok(request) => {
                    let taken_away = JsFuture::from(request).await.is_err();
                    if taken_away && !self.ended.get() && !self.resting.get() {
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
                    tell(channel, &Note::Alive { state: claim.said.get() });
                }
            }
            Part::Follows => {
                let silent = clock::now().0 - claim.heard.get() > LEASE;
                if silent && is_visible() && !claim.ended.get() && !claim.resting.get() {
                    claim.heard.set(clock::now().0);
                    claim.clone().ask(true);
                }
            }
        }
    }
}

pub(crate) fn is_visible() -> bool {
    let document = web_sys::window().and_then(|window| window.document());
    document.is_some_and(|document| !document.hidden())
}

#[cfg(test)]
mod tests {
    use std::{fs, path::PathBuf};

    use serde_json::json;

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
            Note::Alive { state: DataState::Live },
            Note::Hello,
        ]);
        fs::write(folder.join("notes.json"), serde_json::to_string(&notes).unwrap() + "\n").unwrap();
    }

    #[test]
    fn us_30_tabs_that_would_misunderstand_each_other_do_not_hear_each_other() {
        let shop = ShopSlug::parse("corner").unwrap();
        assert_eq!(name_of(&shop, None, 1), "daybook:corner:v1");
        assert_ne!(name_of(&shop, None, NOTES), name_of(&shop, None, NOTES + 1));
        assert_ne!(name_of(&shop, Some("asha"), NOTES), name_of(&shop, Some("marek"), NOTES));
    }

    #[test]
    fn us_30_a_note_of_a_newer_build_is_read_as_far_as_it_is_understood() {
        let read = |note: serde_json::Value| Note::read(&note.to_string());
        let known = read(json!({"kind": "alive", "state": "sign-in", "since": 7}));
        assert!(matches!(known, Some(Note::Alive { state: DataState::SignIn })), "{known:?}");
        assert!(matches!(read(json!({"kind": "try_now", "who": "asha"})), Some(Note::TryNow)));
        for unknown in [json!({"kind": "sing", "song": 3}), json!({"kind": "removed"}), json!(["removed"]), json!(null)]
        {
            assert!(read(unknown.clone()).is_none(), "{unknown}");
        }
        assert!(Note::read("{").is_none());
    }

    #[test]
    fn us_30_only_what_a_leader_says_is_a_sign_of_one() {
        assert!(Note::Alive { state: DataState::Live }.is_of_leader());
        assert!(!Note::Hello.is_of_leader() && !Note::TryNow.is_of_leader() && !Note::SignedIn.is_of_leader());
    }
}
