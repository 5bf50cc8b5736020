//! A picture: something that was seen in the shop, and what it is about. Its bytes are not in the book; the book names
//! them by their hash, which the device knows before it has sent them.

use serde::{Deserialize, Serialize};

use crate::{
    event::events,
    fields::{FieldError, Fields},
    refusal::{Refusal, Thing},
    values::{AccountId, BatchRef, BlobHash, Caption, OrderId, PictureId, Pixels, Sku, ValueError},
};

/// Comments that a picture carries at a time: the thread is in memory on every device.
pub const MOST_COMMENTS: u32 = 1_000;

#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(tag = "type", content = "data")]
pub enum Command {
    #[serde(rename = "picture.add")]
    Add(Add),
}

#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Add {
    pub picture_id: PictureId,
    pub blob: BlobHash,
    pub media_type: MediaType,
    pub width: Pixels,
    pub height: Pixels,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about: Option<Subject>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caption: Option<Caption>,
    /// Set by the server alone, never read from a message: nobody has sent the bytes of this name to this shop.
    #[serde(skip)]
    pub is_missing: bool,
}

/// What a picture can be.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum MediaType {
    #[serde(rename = "image/png")]
    Png,
    #[serde(rename = "image/jpeg")]
    Jpeg,
    #[serde(rename = "image/webp")]
    Webp,
}

impl MediaType {
    /// # Errors
    /// [`ValueError::Choice`] for any other text.
    pub fn parse(text: &str) -> Result<Self, ValueError> {
        match text {
            "image/png" => Ok(Self::Png),
            "image/jpeg" => Ok(Self::Jpeg),
            "image/webp" => Ok(Self::Webp),
            _ => Err(ValueError::Choice("image/png, image/jpeg, image/webp")),
        }
    }

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Webp => "image/webp",
        }
    }
}

/// What a picture is about.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    Product(Sku),
    Batch(BatchRef),
    Order(OrderId),
    Account(AccountId),
}

impl Subject {
    fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        let product = fields.optional_text("product", Sku::parse).map(Self::Product);
        let batch = fields.optional_text("batch", BatchRef::parse).map(Self::Batch);
        let order = fields.optional_text("order", OrderId::parse).map(Self::Order);
        let account = fields.optional_text("account", AccountId::parse).map(Self::Account);
        let mut named = [product, batch, order, account].into_iter().flatten();
        match (named.next(), named.next()) {
            (Some(subject), None) => Some(subject),
            _ => fields.wrong_as_whole("must name one of product, batch, order, account"),
        }
    }

    /// What it is not, where the shop has no such thing.
    #[must_use]
    pub fn unknown(&self) -> Refusal {
        let (what, id) = match self {
            Self::Product(sku) => (Thing::Product, sku.to_string()),
            Self::Batch(batchref) => (Thing::Batch, batchref.to_string()),
            Self::Order(order_id) => (Thing::Order, order_id.to_string()),
            Self::Account(account_id) => (Thing::Account, account_id.to_string()),
        };
        Refusal::NotFound { what, id }
    }
}

impl Command {
    pub(crate) const TYPES: &'static [&'static str] = &["picture.add"];

    pub(crate) fn parse(mut fields: Fields<'_>) -> Result<Self, Vec<FieldError>> {
        let picture_id = fields.text("picture_id", PictureId::parse);
        let blob = fields.text("blob", BlobHash::parse);
        let media_type = fields.text("media_type", MediaType::parse);
        let (width, height) = (fields.number("width", Pixels::new), fields.number("height", Pixels::new));
        let about = fields.optional_object("about", Subject::parse);
        let caption = fields.optional_text("caption", Caption::parse);
        let named = picture_id.zip(blob).zip(media_type).zip(width.zip(height));
        fields.finish(named.map(|(((picture_id, blob), media_type), (width, height))| {
            Self::Add(Add { picture_id, blob, media_type, width, height, about, caption, is_missing: false })
        }))
    }

    #[must_use]
    pub fn picture_id(&self) -> &PictureId {
        match self {
            Self::Add(add) => &add.picture_id,
        }
    }
}

events!(
    /// What happened to a picture.
    PictureAdded,
);

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct PictureAdded {
    pub picture_id: PictureId,
    pub blob: BlobHash,
    pub media_type: MediaType,
    pub width: Pixels,
    pub height: Pixels,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<Subject>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caption: Option<Caption>,
}

impl Event {
    /// The picture that this happened to.
    #[must_use]
    pub fn picture_id(&self) -> &PictureId {
        match self {
            Self::PictureAdded(added) => &added.picture_id,
        }
    }
}

/// A picture as its events, and those of its comments, leave it.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Picture {
    /// Comments that are there.
    pub comments: u32,
    /// Of its last entry that was not a refusal.
    pub version: u32,
}

/// `knows` says whether the shop has what the picture is about.
///
/// # Errors
/// `already_exists` for an id that is taken, `not_found` for a picture of nothing that the shop knows, `unknown_blob`
/// where its bytes were not sent.
pub fn decide(
    picture: Option<&Picture>,
    command: &Command,
    knows: impl FnOnce(&Subject) -> bool,
) -> Result<Vec<Event>, Refusal> {
    let Command::Add(add) = command;
    if picture.is_some() {
        return Err(Refusal::AlreadyExists { what: Thing::Picture, id: add.picture_id.to_string() });
    }
    if let Some(subject) = &add.about
        && !knows(subject)
    {
        return Err(subject.unknown());
    }
    if add.is_missing {
        return Err(Refusal::UnknownBlob { blob: add.blob.to_string() });
    }
    let added = PictureAdded {
        picture_id: add.picture_id.clone(),
        blob: add.blob.clone(),
        media_type: add.media_type,
        width: add.width,
        height: add.height,
        about: add.about.clone(),
        caption: add.caption.clone(),
    };
    Ok(vec![added.into()])
}

#[must_use]
pub fn evolve(picture: Picture, event: &Event) -> Picture {
    match event {
        Event::PictureAdded(_) => picture,
    }
}
