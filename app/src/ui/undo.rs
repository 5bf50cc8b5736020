//! Undo: what has not been sent is taken out again; what has is put back by a new entry that names it. The button stands
//! wherever the command is shown, for as long as the rules allow it.

use std::rc::Rc;

use domain::{
    CommandId,
    undo::{self, Rest, Undo},
};
use leptos::{prelude::*, task::spawn_local};
use sync::Dependants;

use crate::{
    replica::{Device, NotDone, Picture, Replica, Wish},
    text,
    ui::{
        announce::Announcer,
        erased::{follow, handle, memo},
        past,
        toast::Toasts,
    },
};

/// How a command can be undone on this device now.
#[derive(Clone, PartialEq, Debug)]
pub enum Way {
    /// It never left this device.
    TakeOut,
    PutBack(Undo),
}

impl Way {
    #[must_use]
    pub fn of(picture: &Picture, id: CommandId) -> Option<Self> {
        match picture.pending.iter().find(|view| view.id == id) {
            // What was not accepted is given up, not undone.
            Some(view) if !is_shown(view) || view.unclear => None,
            Some(view) if view.discardable => Some(Self::TakeOut),
            _ => undo::of_command(&picture.books, id, &picture.author).ok().map(Self::PutBack),
        }
    }

    fn rest(&self) -> Rest {
        match self {
            Self::TakeOut => Rest::All,
            Self::PutBack(undo) => undo.rest,
        }
    }
}

fn is_shown(view: &sync::PendingView) -> bool {
    use sync::SyncState::{AtRisk, ConfirmedChanged, SavedHere, Saving, Sending};
    matches!(view.state, Saving | SavedHere | Sending | AtRisk | ConfirmedChanged)
}

/// Undoes the command `id`, where that is possible; where only a part can be put back, it asks first.
#[component]
pub fn UndoButton(id: CommandId, #[prop(optional)] on_done: Option<Callback<()>>) -> impl IntoView {
    let (replica, announcer, toasts) = (Replica::of_context(), Announcer::of_context(), Toasts::of_context());
    let rest = memo(move |_| replica.picture().and_then(|picture| Way::of(&picture, id)).map(|way| way.rest()));
    let asking = RwSignal::new(false);
    let said = move |words: String, undo: Option<CommandId>| {
        announcer.say(words.clone());
        toasts.show(words, undo);
    };
    let go = move |device: Rc<dyn Device>, way: Option<Way>| {
        match way {
            None => said(text::UNDO_TOO_LATE.to_owned(), None),
            Some(Way::TakeOut) => {
                let undone = device.discard(id, text::UNDONE_REASON, Dependants::Wait).is_ok();
                said(if undone { text::UNDONE } else { text::UNDO_TOO_LATE }.to_owned(), None);
            }
            Some(Way::PutBack(undo)) => spawn_local(async move {
                let words = text::saved(&undo.command);
                let wish = Wish { undoes: Some(undo.undoes), ..Wish::from(undo.command) };
                match device.issue(wish).await {
                    Ok(id) => said(words, Some(id)),
                    Err(NotDone::Refused(refusal)) => said(text::refusal(&refusal), None),
                    Err(NotDone::NotSaved(problem)) => said(text::not_saved(&problem), None),
                    Err(NotDone::NotNow) => said(text::UNDO_TOO_LATE.to_owned(), None),
                }
            }),
        }
        if let Some(on_done) = on_done {
            on_done.run(());
        }
    };
    let pressed = move |_| {
        let Some((device, picture)) = replica.keeping_device() else { return };
        let way = Way::of(&picture, id);
        match way.as_ref().and_then(|way| text::undo_question(way.rest())) {
            Some(question) if !asking.get_untracked() => {
                announcer.say(question);
                asking.set(true);
            }
            _ => {
                asking.set(false);
                go(device, way);
            }
        }
    };
    let question = move || rest.get().filter(|_| asking.get()).and_then(text::undo_question);
    let label = move || match rest.get() {
        Some(rest) if asking.get() => text::undo_label(rest),
        _ => text::UNDO.to_owned(),
    };
    let not_now = past::not_now().map(|(reason, _)| reason);
    view! {
        <Show when=move || rest.get().is_some()>
            <span class="undo">
                {follow(move || question().map(|question| view! { <span>{question}</span>" " }))}
                <button type="button" class="quiet" disabled=not_now.is_some() aria-describedby=not_now on:click=handle(pressed)>{follow(label)}</button>
            </span>
        </Show>
    }
}
