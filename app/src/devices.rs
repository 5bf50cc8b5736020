//! Devices of a shop, and what came from those that were shut out, as pages show them.

use domain::{Command, values::Millis};
use serde::{Deserialize, Serialize};

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Devices {
    /// The one that was heard of last in front, those that were revoked at the end.
    pub devices: Vec<DeviceRow>,
    /// In the order in which they were written.
    pub waiting: Vec<WaitingRow>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct DeviceRow {
    /// Its code, with which its receipts begin.
    pub id: String,
    pub name: String,
    /// The login of whoever used it last, if they still belong to the shop.
    pub person: Option<String>,
    pub enrolled_at: Millis,
    pub seen_at: Option<Millis>,
    /// The last entry that it wrote.
    pub last_entry: Option<u64>,
    /// What it still had to send, as it said last.
    pub unsent: Option<u32>,
    pub revoked_at: Option<Millis>,
    /// On which this is looked at.
    pub is_this: bool,
}

/// A command that came after its author, or its device, was shut out.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct WaitingRow {
    pub id: String,
    pub person: String,
    pub device: String,
    pub issued_at: Millis,
    pub command: Command,
}
