//! A change that was not accepted, and that a person has given up: written down, so that nothing that somebody wanted
//! disappears without a name to it. It has no effect on any state.

use serde::{Deserialize, Serialize};

use crate::{
    event::AskedCommand,
    fields::{FieldError, Fields},
    ids::CommandId,
    values::{Reason, ValueError},
};

#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(tag = "type", content = "data")]
pub enum Command {
    /// A fact: somebody gave it up, whatever it was.
    #[serde(rename = "change.decline")]
    Decline(Decline),
}

#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Decline {
    /// Of the command that was given up.
    pub command_id: CommandId,
    #[serde(flatten)]
    pub command: AskedCommand,
    /// The words for a [`Because`], or somebody's own. One text, as pages of all builds send it to servers of all builds.
    pub reason: Reason,
}

/// Given up, by whom the entry says.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Declined {
    pub command_id: CommandId,
    pub command: AskedCommand,
    pub because: Because,
    /// Why, in somebody's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Reason>,
}

impl Declined {
    /// Why, as the command said it.
    #[must_use]
    pub fn why(&self) -> String {
        self.note.as_ref().map_or_else(|| self.because.words().to_owned(), ToString::to_string)
    }
}

/// Why somebody gave a change up.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Because {
    Mistake,
    CustomerLeft,
    DoneAnotherWay,
    /// Somebody else has changed the text meanwhile, and theirs is kept.
    OtherTextStays,
    /// What it was to make is there already.
    ThereAlready,
    /// As the note says.
    Other,
}

impl Because {
    /// All that have words of their own, each with them. They are no text for people, though they look like it: commands
    /// and entries of the first schema say why by them, on devices and in logs that are older than this build.
    const TOLD: [(Self, &str); 5] = [
        (Self::Mistake, "Mistake"),
        (Self::CustomerLeft, "Customer left"),
        (Self::DoneAnotherWay, "Done another way"),
        (Self::OtherTextStays, "The other text stays"),
        (Self::ThereAlready, "There is one already"),
    ];

    /// What a command's `reason` says for it; nothing for [`Because::Other`].
    #[must_use]
    pub fn words(self) -> &'static str {
        Self::TOLD.iter().find(|(because, _)| *because == self).map_or("", |(_, words)| words)
    }

    /// What a `reason` means. Words that nobody but a person has written become the note.
    #[must_use]
    pub fn told(reason: &Reason) -> (Self, Option<Reason>) {
        match Self::TOLD.iter().find(|(_, words)| *words == reason.as_str()) {
            Some((because, _)) => (*because, None),
            None => (Self::Other, Some(reason.clone())),
        }
    }
}

impl Command {
    pub(crate) const TYPES: &'static [&'static str] = &["change.decline"];

    pub(crate) fn parse(mut fields: Fields<'_>) -> Result<Self, Vec<FieldError>> {
        let command_id = fields.text("command_id", CommandId::parse);
        let (command_type, data) = (fields.text("type", type_name), fields.object("data"));
        let reason = fields.text("reason", Reason::parse);
        let decline = command_id.zip(command_type).zip(data).zip(reason);
        fields.finish(decline.map(|(((command_id, command_type), data), reason)| {
            Self::Decline(Decline { command_id, command: AskedCommand::new(command_type, data), reason })
        }))
    }

    /// Giving up `command`.
    #[must_use]
    pub fn decline(command_id: CommandId, command: &crate::Command, reason: Reason) -> Self {
        let (command_type, data) = command.to_json();
        Self::Decline(Decline { command_id, command: AskedCommand::new(command_type, data), reason })
    }
}

/// A type that this version does not know is a type all the same: what is given up may be of another version.
fn type_name(text: &str) -> Result<String, ValueError> {
    let fits = (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase() || b"._".contains(&b));
    if fits { Ok(text.to_owned()) } else { Err(ValueError::Shape("the type of a command")) }
}

/// The id under which giving `id` up is written down: whoever does it twice, or in two tabs, does it once.
#[must_use]
pub fn decline_id(id: CommandId) -> CommandId {
    CommandId::derived(id.0, "decline", 0, 0)
}

#[must_use]
pub fn decide(command: &Command) -> Declined {
    let Command::Decline(Decline { command_id, command, reason }) = command;
    let (because, note) = Because::told(reason);
    Declined { command_id: *command_id, command: command.clone(), because, note }
}
