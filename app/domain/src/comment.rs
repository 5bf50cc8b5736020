//! A comment on a picture. Its text is changed and taken out by entries like everything else, so who said what is never
//! lost; but nobody's text is overwritten by somebody who has not read it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{
    event::events,
    fields::{FieldError, Fields},
    picture::{MOST_COMMENTS, Picture},
    refusal::{Changed, Refusal, Texts, Thing},
    values::{CommentId, CommentText, Millis, PictureId},
};

#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(tag = "type", content = "data")]
pub enum Command {
    #[serde(rename = "comment.add")]
    Add { comment_id: CommentId, picture_id: PictureId, text: CommentText },
    #[serde(rename = "comment.edit")]
    Edit(Edit),
    #[serde(rename = "comment.delete")]
    Delete { comment_id: CommentId },
    /// There again with this text: the way back from a deletion.
    #[serde(rename = "comment.put_back")]
    PutBack { comment_id: CommentId, text: CommentText },
}

#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Edit {
    pub comment_id: CommentId,
    pub text: CommentText,
    /// The text that the author had before them. Where it is not the comment's any more, the edit is refused; absent,
    /// the edit stands whatever it replaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub was: Option<CommentText>,
}

impl Command {
    pub(crate) const TYPES: &'static [&'static str] =
        &["comment.add", "comment.edit", "comment.delete", "comment.put_back"];

    pub(crate) fn parse(command_type: &str, mut fields: Fields<'_>) -> Result<Self, Vec<FieldError>> {
        let comment_id = fields.text("comment_id", CommentId::parse);
        if command_type == "comment.delete" {
            return fields.finish(comment_id.map(|comment_id| Self::Delete { comment_id }));
        }
        let picture_id = (command_type == "comment.add").then(|| fields.text("picture_id", PictureId::parse)).flatten();
        let named = comment_id.zip(fields.text("text", CommentText::parse));
        let command = match command_type {
            "comment.add" => {
                named.zip(picture_id).map(|((comment_id, text), picture_id)| Self::Add { comment_id, picture_id, text })
            }
            "comment.edit" => {
                let was = fields.optional_text("was", CommentText::parse);
                named.map(|(comment_id, text)| Self::Edit(Edit { comment_id, text, was }))
            }
            _ => named.map(|(comment_id, text)| Self::PutBack { comment_id, text }),
        };
        fields.finish(command)
    }

    #[must_use]
    pub fn comment_id(&self) -> &CommentId {
        match self {
            Self::Add { comment_id, .. }
            | Self::Edit(Edit { comment_id, .. })
            | Self::Delete { comment_id }
            | Self::PutBack { comment_id, .. } => comment_id,
        }
    }
}

events!(
    /// What happened to a comment.
    CommentAdded,
    CommentEdited,
    CommentDeleted,
    CommentPutBack,
);

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct CommentAdded {
    pub comment_id: CommentId,
    pub picture_id: PictureId,
    pub text: CommentText,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct CommentEdited {
    pub comment_id: CommentId,
    pub picture_id: PictureId,
    pub text: CommentText,
    pub was: CommentText,
}

/// Gone from the thread. Its history stays.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct CommentDeleted {
    pub comment_id: CommentId,
    pub picture_id: PictureId,
    pub was: CommentText,
}

/// There again, in its old place.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct CommentPutBack {
    pub comment_id: CommentId,
    pub picture_id: PictureId,
    pub text: CommentText,
}

impl Event {
    /// The comment that this happened to.
    #[must_use]
    pub fn comment_id(&self) -> &CommentId {
        match self {
            Self::CommentAdded(CommentAdded { comment_id, .. })
            | Self::CommentEdited(CommentEdited { comment_id, .. })
            | Self::CommentDeleted(CommentDeleted { comment_id, .. })
            | Self::CommentPutBack(CommentPutBack { comment_id, .. }) => comment_id,
        }
    }

    /// The picture that the comment is on.
    #[must_use]
    pub fn picture_id(&self) -> &PictureId {
        match self {
            Self::CommentAdded(CommentAdded { picture_id, .. })
            | Self::CommentEdited(CommentEdited { picture_id, .. })
            | Self::CommentDeleted(CommentDeleted { picture_id, .. })
            | Self::CommentPutBack(CommentPutBack { picture_id, .. }) => picture_id,
        }
    }

    /// By how many the thread is longer.
    #[must_use]
    pub fn grows(&self) -> i32 {
        match self {
            Self::CommentAdded(_) | Self::CommentPutBack(_) => 1,
            Self::CommentEdited(_) => 0,
            Self::CommentDeleted(_) => -1,
        }
    }
}

/// Who wrote an entry, and where it stands.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Written {
    pub by: Arc<str>,
    pub position: u64,
    pub issued_at: Millis,
    pub recorded_at: Millis,
}

impl Written {
    #[must_use]
    pub fn of(entry: &crate::Entry) -> Self {
        let crate::Entry { actor, position, issued_at, recorded_at, .. } = entry;
        Self { by: actor.clone(), position: *position, issued_at: *issued_at, recorded_at: *recorded_at }
    }
}

/// A comment as its events leave it.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Comment {
    pub picture_id: Option<PictureId>,
    /// None while it is deleted.
    pub text: Option<CommentText>,
    pub added: Written,
    /// The last change of its text.
    pub edited: Option<Written>,
    /// Of its last entry that was not a refusal.
    pub version: u32,
}

/// What `command` does to the comment, which is `None` when there is none of that id. `picture` looks a picture up.
///
/// # Errors
/// `already_exists` for an id that was used before, `not_found` for an unknown comment or picture, `gone` for the edit
/// of a deleted comment, `changed_meanwhile` with both texts, `too_large` where the thread is full.
pub fn decide<'a>(
    comment: Option<&Comment>,
    command: &Command,
    picture: impl Fn(&PictureId) -> Option<&'a Picture>,
) -> Result<Vec<Event>, Refusal> {
    let id = command.comment_id();
    let (comment_id, what) = (id.clone(), Thing::Comment);
    let Some(comment) = comment else {
        let Command::Add { picture_id, text, .. } = command else {
            return Err(Refusal::NotFound { what, id: id.to_string() });
        };
        room(picture_id, picture)?;
        return Ok(vec![CommentAdded { comment_id, picture_id: picture_id.clone(), text: text.clone() }.into()]);
    };
    let Some(picture_id) = comment.picture_id.clone() else {
        return Err(Refusal::NotFound { what, id: id.to_string() });
    };
    match (command, &comment.text) {
        (Command::Add { .. }, _) => Err(Refusal::AlreadyExists { what, id: id.to_string() }),
        (Command::Edit(_), None) => Err(Refusal::Gone { what, id: id.to_string() }),
        (Command::Edit(Edit { text, .. }) | Command::PutBack { text, .. }, Some(now)) if is_same(text, now) => {
            Ok(vec![])
        }
        (Command::Edit(Edit { text, was, .. }), Some(now)) => {
            if let Some(was) = was.as_ref().filter(|was| !is_same(was, now)) {
                return Err(overwritten(comment, id, now, text, was));
            }
            Ok(vec![CommentEdited { comment_id, picture_id, text: text.clone(), was: now.clone() }.into()])
        }
        (Command::Delete { .. }, None) => Ok(vec![]),
        (Command::Delete { .. }, Some(was)) => {
            Ok(vec![CommentDeleted { comment_id, picture_id, was: was.clone() }.into()])
        }
        (Command::PutBack { .. }, Some(_)) => {
            Err(Refusal::WrongState { what, id: id.to_string(), state: "there".to_owned() })
        }
        (Command::PutBack { text, .. }, None) => {
            room(&picture_id, picture)?;
            Ok(vec![CommentPutBack { comment_id, picture_id, text: text.clone() }.into()])
        }
    }
}

fn room<'a>(picture_id: &PictureId, picture: impl Fn(&PictureId) -> Option<&'a Picture>) -> Result<(), Refusal> {
    let (what, id) = (Thing::Picture, picture_id.to_string());
    match picture(picture_id) {
        None => Err(Refusal::NotFound { what, id }),
        Some(picture) if picture.comments >= MOST_COMMENTS => Err(Refusal::TooLarge { what, id }),
        Some(_) => Ok(()),
    }
}

/// Line by line: a browser posts a form with other ends of lines than the page was made with.
fn is_same(one: &CommentText, other: &CommentText) -> bool {
    one.as_str().lines().eq(other.as_str().lines())
}

fn overwritten(
    comment: &Comment,
    id: &CommentId,
    now: &CommentText,
    yours: &CommentText,
    was: &CommentText,
) -> Refusal {
    let last = comment.edited.as_ref().unwrap_or(&comment.added);
    Refusal::ChangedMeanwhile(Changed::Text(Box::new(Texts {
        id: format!("comment-{id}"),
        was: was.to_string(),
        theirs: now.to_string(),
        yours: yours.to_string(),
        by: last.by.to_string(),
    })))
}

/// `written` says who wrote the event, and where it stands.
#[must_use]
pub fn evolve(comment: Comment, event: &Event, written: &Written) -> Comment {
    match event {
        Event::CommentAdded(added) => Comment {
            picture_id: Some(added.picture_id.clone()),
            text: Some(added.text.clone()),
            added: written.clone(),
            edited: None,
            version: comment.version,
        },
        Event::CommentEdited(edited) => {
            Comment { text: Some(edited.text.clone()), edited: Some(written.clone()), ..comment }
        }
        Event::CommentDeleted(_) => Comment { text: None, ..comment },
        // Whoever puts it back answers for the text.
        Event::CommentPutBack(back) => {
            Comment { text: Some(back.text.clone()), edited: Some(written.clone()), ..comment }
        }
    }
}
