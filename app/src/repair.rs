//! What a person can do about a command that was not accepted, or would not be. Pure: from the command, why, and the
//! books as this device has them, also after a restart.

use domain::{
    Command, CommandId, Refusal,
    books::{Books, Reads},
    comment,
    refusal::{Changed, Texts, Thing},
    stock,
    values::{CommentText, Quantity},
};
use sync::{PendingView, Reason, Stage, SyncState};

use crate::{replica::Picture, text};

/// Why it needs a person, in words.
#[must_use]
pub fn reason(view: &PendingView, picture: &Picture) -> Option<String> {
    match &view.stage {
        Stage::Refused { reason: Reason::Refused { refusal: refusal @ Refusal::NotAllowed { .. }, .. } } => {
            Some(text::no_longer(&view.command, refusal))
        }
        Stage::Refused { reason: Reason::Refused { refusal, position } } => {
            let place = position.map(|position| format!(" (entry #{position})")).unwrap_or_default();
            Some(followed(format!("{}{place}", text::refusal(refusal)), refusal, picture, *position))
        }
        Stage::Refused { reason: Reason::Malformed { errors } } => Some(
            errors
                .iter()
                .map(|error| text::sentence_of(&text::field_problem(&error.field, &error.problem)))
                .collect::<Vec<_>>()
                .join(" "),
        ),
        Stage::Refused { reason: Reason::IdReused } => {
            Some("Not accepted: its number was used for another change.".to_owned())
        }
        Stage::Refused { reason: Reason::Quarantined } => Some(text::QUARANTINED.to_owned()),
        Stage::Refused { reason: Reason::TooLate } => Some(text::TOO_LATE.to_owned()),
        Stage::Held { by } => Some(match picture.pending.iter().find(|other| other.id == *by) {
            Some(other) => format!("Waiting for: {}", text::command(&other.command, &picture.books)),
            None => "Waiting for another change.".to_owned(),
        }),
        Stage::Unsaved => Some("This device could not keep it.".to_owned()),
        Stage::Changed { shown, actual, .. } => Some(text::came_out(shown, actual)),
        Stage::Discarded { reason, at, by } => {
            let by = by.as_ref().map(|by| format!("by {by} ")).unwrap_or_default();
            Some(format!("Discarded {by}{}: {reason}", crate::format::moment(*at)))
        }
        _ => view
            .at_risk
            .as_ref()
            .map(|refusal| followed(text::at_risk(refusal, view.replaceable), refusal, picture, None)),
    }
}

/// With who took it, where the books still know.
fn followed(words: String, refusal: &Refusal, picture: &Picture, before: Option<u64>) -> String {
    match text::taken(refusal, &picture.books, before) {
        Some(who) => format!("{words} {who}"),
        None => words,
    }
}

/// The commands that wait for this one.
#[must_use]
pub fn waiting_for(id: CommandId, pending: &[PendingView]) -> usize {
    pending.iter().filter(|view| view.stage == (Stage::Held { by: id })).count()
}

/// Two commands in one, where some of what was asked for is left: so many now, the others short.
#[must_use]
pub fn take_what_is_left(view: &PendingView, picture: &Picture) -> Option<Command> {
    let Command::Stock(stock::Command::Allocate { order_id, sku, qty, short }) = &view.command else { return None };
    let refused = matches!(view.refusal(), Some(Refusal::OutOfStock { .. }));
    if !refused || !view.replaceable {
        return None;
    }
    let left = i64::from(left(&view.command, &picture.books, picture)?);
    let rest = qty.signed() - left + short.map_or(0, Quantity::signed);
    let (qty, short) = (Quantity::new(left).ok()?, Quantity::new(rest).ok()?);
    Some(stock::Command::Allocate { order_id: order_id.clone(), sku: sku.clone(), qty, short: Some(short) }.into())
}

/// The most that one batch can give now, where that is less than was asked for.
fn left(command: &Command, books: &Books, picture: &Picture) -> Option<u32> {
    match books.decide(command, &picture.author, &mut Reads::new()) {
        Err((_, Refusal::OutOfStock { left, .. })) if left > 0 => Some(left),
        _ => None,
    }
}

/// The texts of a comment that two people have changed, where that is the reason.
#[must_use]
pub fn texts(view: &PendingView) -> Option<&Texts> {
    match view.refusal()? {
        Refusal::ChangedMeanwhile(Changed::Text(texts)) => Some(texts),
        _ => None,
    }
}

/// The same edit by somebody who has read the other text. Should there be a newer one by now, they hear of that one.
#[must_use]
pub fn replace_theirs(view: &PendingView) -> Option<Command> {
    let (Command::Comment(comment::Command::Edit(edit)), Some(texts)) = (&view.command, texts(view)) else {
        return None;
    };
    let was = Some(CommentText::parse(&texts.theirs).ok()?);
    Some(comment::Command::Edit(comment::Edit { was, ..edit.clone() }).into()).filter(|_| view.replaceable)
}

/// The same edit with both texts, to be put right by hand.
#[must_use]
pub fn merge(view: &PendingView) -> Option<Command> {
    let (Command::Comment(comment::Command::Edit(edit)), Some(texts)) = (replace_theirs(view)?, texts(view)) else {
        return None;
    };
    let text = CommentText::parse(&text::pictures::merged(&texts.theirs, &texts.yours)).ok()?;
    Some(comment::Command::Edit(comment::Edit { text, ..edit }).into())
}

/// The page of the record that is there already, where that is the reason.
#[must_use]
pub fn existing(view: &PendingView) -> Option<String> {
    match view.refusal()? {
        Refusal::AlreadyExists { what: Thing::Product, id } => Some(format!("/products/{id}")),
        Refusal::AlreadyExists { what: Thing::Batch, id } => Some(format!("/batches/{id}")),
        Refusal::AlreadyExists { what: Thing::Order, id } => Some(format!("/orders/{id}")),
        Refusal::AlreadyExists { what: Thing::Account, id } => Some(format!("/accounts/{id}")),
        Refusal::AlreadyExists { what: Thing::Picture, id } => Some(format!("/pictures/{id}")),
        _ => None,
    }
}

/// Who decides about it, where whoever is here does not.
#[must_use]
pub fn who_decides(view: &PendingView) -> Option<String> {
    let colleague = view.of_colleague.as_deref().filter(|_| !view.decidable)?;
    let needs_decision = needs_person(view) || matches!(view.stage, Stage::Changed { .. } | Stage::Discarded { .. });
    needs_decision.then(|| text::decides(colleague))
}

/// Whether a person has to decide about it.
#[must_use]
pub fn needs_person(view: &PendingView) -> bool {
    matches!(view.state, SyncState::NeedsAttention | SyncState::AtRisk | SyncState::Held)
        || view.stage == Stage::Unsaved
}
