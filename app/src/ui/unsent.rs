//! This device's commands that are not in the book: what, why, since when, and what can be done about it.

use domain::{Command, CommandId, change::Because, values::Millis};
use leptos::{prelude::*, task::spawn_local, wasm_bindgen::JsCast, web_sys::HtmlElement};
use sync::{Dependants, PendingView, Reason, Stage, SyncState as Word};

use crate::{
    format, repair,
    replica::{Keeping, NotDone, Picture, Replica, Wish},
    text,
    ui::{
        announce::Announcer,
        erased::{IntoPart, Part, Parts, follow, handle, memo},
        frame::here,
        mark::{Shape, SyncState},
        reasons::Reasons,
        rows::rows,
        toast::Toasts,
        undo::UndoButton,
    },
};

#[derive(Clone, PartialEq, Debug)]
struct Item {
    id: CommandId,
    what: String,
    state: SyncState,
    reason: Option<String>,
    /// Of a colleague's that waits for a person: who decides about it.
    decides: Option<String>,
    since: Millis,
    offers: Offers,
}

/// What can be done about it, best first.
#[derive(Clone, PartialEq, Debug)]
struct Offers {
    /// With the word for it.
    retry: Option<&'static str>,
    change: bool,
    /// A part now, the rest short.
    take: Option<Command>,
    /// Somebody else has changed the text: what this one says instead, where it may still take the place.
    replace: Option<Command>,
    /// The page of the record that is there already.
    existing: Option<String>,
    /// Done with, but not seen yet.
    acknowledge: bool,
    /// Not sent, and nothing wrong with it.
    undo: bool,
    /// With how many wait for it.
    discard: Option<usize>,
}

impl Item {
    fn of(view: &PendingView, picture: &Picture) -> Self {
        Self {
            id: view.id,
            what: text::command(&view.command, &picture.books),
            state: SyncState::from(view.state),
            reason: repair::reason(view, picture),
            decides: repair::who_decides(view),
            since: view.issued_at,
            offers: Offers::of(view, picture),
        }
    }
}

impl Offers {
    fn of(view: &PendingView, picture: &Picture) -> Self {
        let is_fine = matches!(view.state, Word::SavedHere | Word::Saving | Word::Sending);
        let is_change = matches!(view.command, Command::Change(_));
        Self {
            retry: match &view.stage {
                // The same again would meet the same text.
                Stage::Refused { .. } if repair::texts(view).is_some() => None,
                // It may still come into the book.
                Stage::Refused { reason: Reason::Quarantined } => None,
                Stage::Unsaved => Some("Try again"),
                _ if !view.decidable => None,
                Stage::Refused { .. } => Some("Try again"),
                Stage::Held { .. } => Some("Send it anyway"),
                _ => None,
            },
            change: view.replaceable && !is_fine && !is_change && repair::texts(view).is_none(),
            take: repair::take_what_is_left(view, picture),
            replace: repair::replace_theirs(view),
            existing: repair::existing(view).filter(|_| view.discardable && !is_fine),
            acknowledge: view.decidable && matches!(view.stage, Stage::Changed { .. } | Stage::Discarded { .. }),
            undo: (is_fine || matches!(view.stage, Stage::Changed { .. })) && !is_change,
            discard: (view.discardable && !is_fine).then(|| repair::waiting_for(view.id, &picture.pending)),
        }
    }
}

/// The items that `which` picks, in order of issue.
#[component]
pub fn Unsent(which: fn(&PendingView) -> bool, empty: &'static str) -> impl IntoView {
    let replica = Replica::of_context();
    let unread = memo(move |_| replica.line().is_some_and(|line| line.storage.keeping == Keeping::Unread));
    let items = memo(move |_| {
        let picture = replica.held();
        picture.map_or_else(Vec::new, |picture| {
            picture.pending.iter().filter(|view| which(view)).map(|view| Item::of(view, &picture)).collect()
        })
    });
    let none = items.part(Vec::is_empty);
    view! {
        {follow(move || none.get().then(|| {
            let words = if unread.get() { text::WAITS_UNREAD } else { empty };
            view! { <p class="quiet-text">{words}</p> }
        }))}
        <ul class="needs">{rows(items, |item| item.id, item_row)}</ul>
    }
}

fn item_row(item: Memo<Item>) -> impl IntoView {
    let id = item.with_untracked(|item| item.id);
    let state = item.part(|item| item.state);
    let offers = item.part(|item| item.offers.clone());
    view! {
        <li data-sync=state.show(|state| state.name()) data-command=id.to_string()>
            <h3>{item.show(|item| item.what.clone())}</h3>
            <p class="reason">
                <span class="mark">{follow(move || view! { <Shape state=state.get()/> })}</span>
                " "
                {item.show(|item| item.reason.clone().unwrap_or_else(|| item.state.words().to_owned()))}
            </p>
            <p class="note">{item.show(|item| format!("Written {}", format::moment(item.since)))}</p>
            {item.show(|item| item.decides.clone().map(|words| view! { <p class="note">{words}</p> }))}
            {follow(move || actions(id, offers.get()))}
        </li>
    }
}

/// What the buttons of an item do.
#[derive(Clone, Copy)]
struct Hand {
    id: CommandId,
    replica: Replica,
    announcer: Announcer,
    toasts: Toasts,
}

impl Hand {
    fn say(self, words: &str) {
        say_and_go_on(self.announcer, self.toasts, words);
    }

    fn did(self, done: bool, words: &str) {
        self.say(if done { words } else { "That is not possible just now." });
    }

    fn retry(self) {
        self.did(self.replica.device().is_some_and(|device| device.retry(self.id).is_ok()), "Trying it again.");
    }

    fn acknowledge(self) {
        let done = self.replica.device().is_some_and(|device| device.acknowledge(self.id).is_ok());
        self.did(done, "Taken off the list.");
    }

    fn discard(self, because: Because, dependants: Dependants, words: &str) {
        let device = self.replica.device();
        let done = device.is_some_and(|device| device.discard(self.id, because.words(), dependants).is_ok());
        self.did(done, words);
    }

    /// Puts another command in its place.
    fn replace(self, command: Command) {
        let Some(device) = self.replica.device() else { return };
        spawn_local(async move {
            let words = text::saved(&command);
            match device.issue(Wish { replaces: Some(self.id), ..Wish::from(command) }).await {
                Ok(_) => self.say(&words),
                Err(NotDone::Refused(refusal)) => self.say(&text::refusal(&refusal)),
                Err(NotDone::NotSaved(problem)) => self.say(&text::not_saved(&problem)),
                Err(NotDone::NotNow) => self.say(text::SETTLED_MEANWHILE),
            }
        });
    }
}

fn actions(id: CommandId, offers: Offers) -> Part {
    let (announcer, toasts) = (Announcer::of_context(), Toasts::of_context());
    let hand = Hand { id, replica: Replica::of_context(), announcer, toasts };
    let Offers { retry, change, take, replace, existing, acknowledge, undo, discard } = offers;
    let retry =
        retry.map(|word| view! { <button type="button" on:click=handle(move |_| hand.retry())>{word}</button> });
    let change =
        change.then(|| view! { <a class="button" href=here(&format!("/attention/{id}"))>"Change and resend"</a> });
    let take = take.map(|command| {
        let take = move |_| hand.replace(command.clone());
        view! { <button type="button" on:click=handle(take)>"Take what is left"</button> }
    });
    let replace = replace.map(|command| {
        let keep = move |_| hand.discard(Because::OtherTextStays, Dependants::GoOn, "The other text stays.");
        let replace = move |_| hand.replace(command.clone());
        view! {
            <button type="button" on:click=handle(keep)>"Keep theirs"</button>
            <button type="button" on:click=handle(replace)>"Replace with mine"</button>
            <a class="button" href=here(&format!("/attention/{id}"))>"Write both into one"</a>
        }
    });
    let existing = existing.map(|path| {
        let take = move |_| hand.discard(Because::ThereAlready, Dependants::GoOn, "Using the one that is there.");
        view! {
            <button type="button" on:click=handle(take)>"Use the existing one"</button>
            <a class="button quiet" href=here(&path)>"Look at it"</a>
        }
    });
    let acknowledge = acknowledge
        .then(|| view! { <button type="button" on:click=handle(move |_| hand.acknowledge())>"Seen"</button> });
    view! {
        <div class="actions">
            {retry}
            {change}
            {take}
            {replace}
            {existing}
            {acknowledge}
            {undo.then(|| view! { <UndoButton id/> })}
            {discard.map(|waiting| view! { <Discard hand waiting/> })}
        </div>
    }
    .into_part()
}

/// Asks why, and what becomes of what waits for it.
#[component]
fn Discard(hand: Hand, waiting: usize) -> impl IntoView {
    let dependants = RwSignal::new(Dependants::Wait);
    let chosen = move |event: leptos::ev::Event| {
        dependants.set(match event_target_value(&event).as_str() {
            "go-on" => Dependants::GoOn,
            "give-up" => Dependants::GiveUp,
            _ => Dependants::Wait,
        });
    };
    let field = format!("waiting-{}", hand.id);
    let question = (waiting > 0).then(|| {
        let words = format!("And {}?", text::counted(waiting, "change that waits for it", "changes that wait for it"));
        view! {
            <div class="field">
                <label for=field.clone()>{words}</label>
                <select id=field on:change=handle(chosen)>
                    <option value="wait">"Keep them waiting"</option>
                    <option value="go-on">"Send them without it"</option>
                    <option value="give-up">"Discard them too"</option>
                </select>
            </div>
        }
    });
    let discard = move |because: Because| hand.discard(because, dependants.get_untracked(), "Discarded.");
    view! { <Reasons label="Discard" give=discard question=question.map(IntoPart::into_part)/> }
}

/// Something was decided: says what came of it, and leads on to the next thing to decide.
pub fn say_and_go_on(announcer: Announcer, toasts: Toasts, words: &str) {
    announcer.say(words);
    toasts.show(words, None);
    focus_next();
}

/// To the next thing to decide, or to the page's heading where nothing is left.
fn focus_next() {
    request_animation_frame(|| {
        let next = document().query_selector(".needs button, .needs a.button").ok().flatten();
        let next = next.or_else(|| document().query_selector("main h1").ok().flatten());
        if let Some(element) = next.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
            let _ = element.focus();
        }
    });
}
