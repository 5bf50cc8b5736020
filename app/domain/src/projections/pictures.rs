//! Pictures, by what they are about, each with its thread of comments. A comment that is deleted leaves nothing here:
//! these rows are those of a shop in which it never was.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{
    books::Seen,
    comment::{Comment, Event as CommentEvent, Written},
    digest::Digest,
    event::Event,
    picture::{Event as PictureEvent, MediaType, Subject},
    record::Entry,
    table::{Row, Table},
    values::{BlobHash, Caption, CommentId, CommentText, PictureId, Pixels},
};

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct PictureRow {
    pub blob: BlobHash,
    pub media_type: MediaType,
    pub width: Pixels,
    pub height: Pixels,
    pub about: Option<Subject>,
    pub caption: Option<Caption>,
    pub device: Arc<str>,
    pub added: Written,
}

impl Row for PictureRow {
    const TABLE: &'static str = "pictures";
    type Key = PictureId;
}

/// Where a picture stands among those about one thing.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct About(pub PictureId);

impl Row for About {
    const TABLE: &'static str = "pictures about";
    type Key = (Subject, u64);
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct CommentRow {
    pub comment_id: CommentId,
    pub text: CommentText,
    pub added: Written,
    /// The last change of its text, if there was one.
    pub edited: Option<Written>,
}

/// By picture, in the order in which they were added: the log's, whatever any clock says.
impl Row for CommentRow {
    const TABLE: &'static str = "comments";
    type Key = (PictureId, u64);
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Pictures {
    pub pictures: Table<PictureRow>,
    pub about: Table<About>,
    pub comments: Table<CommentRow>,
}

impl Pictures {
    /// The pictures about one thing, oldest first.
    pub fn about<'a>(
        &'a self,
        subject: &Subject,
    ) -> impl DoubleEndedIterator<Item = (&'a PictureId, &'a PictureRow)> + use<'a> {
        let rows = self.about.range((subject.clone(), 0)..=(subject.clone(), u64::MAX));
        rows.filter_map(|(_, About(id))| Some((id, self.pictures.get(id)?)))
    }

    /// A picture's comments, oldest first.
    pub fn thread(&self, id: &PictureId) -> impl DoubleEndedIterator<Item = &CommentRow> + use<'_> {
        self.comments.range((id.clone(), 0)..=(id.clone(), u64::MAX)).map(|(_, row)| row)
    }

    pub(super) fn apply(&mut self, entry: &Entry, seen: &Seen<'_>) {
        match &entry.event {
            Event::Picture(PictureEvent::PictureAdded(added)) => {
                if let Some(subject) = &added.about {
                    self.about.insert((subject.clone(), entry.position), About(added.picture_id.clone()));
                }
                let row = PictureRow {
                    blob: added.blob.clone(),
                    media_type: added.media_type,
                    width: added.width,
                    height: added.height,
                    about: added.about.clone(),
                    caption: added.caption.clone(),
                    device: entry.device.clone(),
                    added: Written::of(entry),
                };
                self.pictures.insert(added.picture_id.clone(), row);
            }
            Event::Comment(event) => self.comment(event, seen.comment),
            _ => {}
        }
    }

    fn comment(&mut self, event: &CommentEvent, comment: Option<&Comment>) {
        let Some(Comment { text, added, edited, .. }) = comment else { return };
        let key = (event.picture_id().clone(), added.position);
        match text {
            None => self.comments.remove(&key),
            Some(text) => {
                let (comment_id, text) = (event.comment_id().clone(), text.clone());
                self.comments
                    .insert(key, CommentRow { comment_id, text, added: added.clone(), edited: edited.clone() });
            }
        }
    }

    /// Over everything here. Any history in which a comment ends deleted has the digest of one where it never was.
    #[must_use]
    pub fn digest(&self) -> Digest {
        [self.pictures.digest(), self.about.digest(), self.comments.digest()].into_iter().sum()
    }
}
