//! What several pages share, one file each.

pub mod aged;
pub mod announce;
pub mod chip;
pub mod command_form;
pub mod confirmed;
pub mod entry;
pub mod erased;
pub mod field;
pub mod frame;
pub mod head;
pub mod icon;
pub mod lost;
pub mod mark;
pub mod pictures;
pub mod proposals;
pub mod ready;
pub mod rows;
pub mod search;
pub mod sentence;
pub mod toast;
pub mod undo;
pub mod unreadable;
pub mod unsent;
pub mod update;
