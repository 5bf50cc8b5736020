//! Who may send which command: one table, by which the browser answers at once and the server for good.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    account,
    command::Command,
    event::{AskedCommand, Event},
    order, product,
    refusal::Refusal,
    sale, stock, transfer,
};

/// What a person may do in a shop.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Runs the shop: everything.
    Owner,
    /// Leads a shift: everything in the book but what is settled for the whole shop.
    Manager,
    /// Stands at the till.
    Seller,
    /// Works on the floor: goods, and no money.
    StockHand,
    /// Keeps the accounts: sees, and changes nothing.
    Reader,
}

use Role::{Manager, Owner, Reader, Seller, StockHand};

/// The columns of the table: who may send a command. The first is the one to name when somebody else tries.
const EVERYBODY: &[Role] = &[Seller, StockHand, Manager, Owner];
const FLOOR: &[Role] = &[StockHand, Manager, Owner];
const TILL: &[Role] = &[Seller, Manager, Owner];
const OFFICE: &[Role] = &[Manager, Owner];
const OWNER: &[Role] = &[Owner];
/// Steps of processes: nobody can send them, and processes act as the owner.
const STEP: &[Role] = OWNER;

/// The rows. A command without one does not compile.
fn senders(command: &Command) -> &'static [Role] {
    match command {
        Command::Shop(_) => OWNER,
        Command::Product(command) => match command {
            product::Command::Add(_)
            | product::Command::Change(_)
            | product::Command::Archive { .. }
            | product::Command::Unarchive { .. } => OFFICE,
            product::Command::Register { .. } => STEP,
        },
        Command::Transfer(command) => match command {
            transfer::Command::Request(_) => OFFICE,
            transfer::Command::RecordDebit { .. }
            | transfer::Command::RecordCredit { .. }
            | transfer::Command::Complete { .. }
            | transfer::Command::Fail { .. } => STEP,
        },
        Command::Account(command) => match command {
            account::Command::Open(_)
            | account::Command::Change(_)
            | account::Command::Close { .. }
            | account::Command::Approve(_) => OFFICE,
            account::Command::Credit(_) | account::Command::Debit(_) => TILL,
            account::Command::Take(_)
            | account::Command::Bring(_)
            | account::Command::Return { .. }
            | account::Command::Charge(_)
            | account::Command::Refund { .. }
            | account::Command::PutOn(_)
            | account::Command::TakeOff(_) => STEP,
        },
        Command::Sale(sale::Command::Record(_) | sale::Command::PutBack(_)) => TILL,
        Command::Order(command) => match command {
            order::Command::AddItem(_)
            | order::Command::RemoveItem { .. }
            | order::Command::Place(_)
            | order::Command::Cancel { .. }
            | order::Command::HandOver { .. }
            | order::Command::Settle { .. } => TILL,
            // Which goods an order gets is seen at the shelf.
            order::Command::TakeWhatIsLeft { .. } | order::Command::BackOrder { .. } => EVERYBODY,
            order::Command::Accept { .. } | order::Command::Reject { .. } => STEP,
        },
        Command::Stock(command) => match command {
            stock::Command::Allocate { .. } | stock::Command::Free { .. } => EVERYBODY,
            stock::Command::Receive(_)
            | stock::Command::ChangeQuantity { .. }
            | stock::Command::Count(_)
            | stock::Command::Damage { .. }
            | stock::Command::Adjust { .. } => FLOOR,
            stock::Command::Sell { .. }
            | stock::Command::TakeBack { .. }
            | stock::Command::Release { .. }
            | stock::Command::Reserve { .. }
            | stock::Command::Fill { .. }
            | stock::Command::HandOver { .. }
            | stock::Command::Reallocate { .. } => STEP,
        },
        Command::Picture(_) | Command::Comment(_) | Command::Change(_) => EVERYBODY,
    }
}

/// The same by the word of a type, for whoever offers a command before there is one. A test holds the two together.
fn senders_of(command_type: &str) -> &'static [Role] {
    match command_type {
        "product.add" | "product.change" | "product.archive" | "product.unarchive" | "transfer.request"
        | "account.open" | "account.change" | "account.close" | "account.approve" => OFFICE,
        "account.credit" | "account.debit" | "sale.record" | "sale.put_back" | "order.add_item"
        | "order.remove_item" | "order.place" | "order.cancel" | "order.hand_over" | "order.settle" => TILL,
        "stock.receive" | "stock.change_quantity" | "stock.count" | "stock.damage" | "stock.adjust" => FLOOR,
        "order.take_what_is_left"
        | "order.back_order"
        | "order.allocate"
        | "order.free"
        | "picture.add"
        | "comment.add"
        | "comment.edit"
        | "comment.delete"
        | "comment.put_back"
        | "change.decline" => EVERYBODY,
        // The shop's own settings, and what no form sends.
        _ => OWNER,
    }
}

impl Role {
    /// From the one that may do most.
    pub const ALL: [Self; 5] = [Owner, Manager, Seller, StockHand, Reader];

    /// The stable word that programs compare.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Owner => "owner",
            Manager => "manager",
            Seller => "seller",
            StockHand => "stock_hand",
            Reader => "reader",
        }
    }

    /// The role of this word.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.word() == word)
    }

    /// Whether balances, sums and what was paid are for this role to see.
    #[must_use]
    pub fn sees_money(self) -> bool {
        self != StockHand
    }

    /// Whether somebody of this role may put back what others did.
    #[must_use]
    pub fn answers_for_others(self) -> bool {
        OFFICE.contains(&self)
    }

    /// # Errors
    /// [`Refusal::NotAllowed`] where somebody of this role may not send `command`.
    pub fn may_send(self, command: &Command) -> Result<(), Refusal> {
        self.is_among(senders(command))
    }

    /// Whether somebody of this role is offered commands of a type, by its word.
    ///
    /// # Errors
    /// As [`Self::may_send`].
    pub fn may_send_type(self, command_type: &str) -> Result<(), Refusal> {
        self.is_among(senders_of(command_type))
    }

    fn is_among(self, senders: &[Self]) -> Result<(), Refusal> {
        match senders.first() {
            Some(needed) if !senders.contains(&self) => Err(self.lacks(*needed)),
            _ => Ok(()),
        }
    }

    /// Whether the words of an entry are for this role: what tells of money and nothing else is not, for one that sees
    /// none. Where goods have a price, the sentence goes without it.
    #[must_use]
    pub fn may_read(self, event: &Event) -> bool {
        let of_money = |asked: &AskedCommand| {
            let (kind, _) = asked.command_type.split_once('.').unwrap_or_default();
            ["account", "transfer"].contains(&kind)
        };
        self.sees_money()
            || match event {
                Event::Account(_) | Event::Transfer(_) => false,
                Event::Refused(refused) => !of_money(&refused.command),
                Event::Declined(declined) => !of_money(&declined.command),
                _ => true,
            }
    }

    /// The refusal with both sides: this role, and the one that it takes.
    pub(crate) fn lacks(self, needed: Self) -> Refusal {
        Refusal::NotAllowed { has: Some(self), needs: needed.word().to_owned() }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
