//! The way back. Nothing is ever taken out of the book: what puts an entry back is a command like any other, decided by
//! the same rules on the books of that moment, whose entries name the command that they put back.
//!
//! Undoing is by difference, never by an earlier state: what others did since stays. Where part of it is gone, the rest
//! can be put back, and the numbers say so.

use crate::{
    Books, Command, CommandId, Refusal,
    account::{self, Account},
    books::{Author, Reads},
    comment,
    event::Event,
    order, product,
    projections::day_book::BookEntry,
    sale,
    stock::{self, Adjustment, FreedBecause, Taken},
    transfer::{self, State},
    values::{AccountTitle, BatchRef, Category, Description, Difference, OwnerName, ProductName, Sku, TransferId},
};

/// How an entry can be put back.
#[derive(Clone, PartialEq, Debug)]
pub struct Undo {
    pub command: Command,
    /// The command whose effect it takes back.
    pub undoes: CommandId,
    pub rest: Rest,
}

/// How much of it is left to put back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rest {
    All,
    /// `left` of `of` units; the others have gone since.
    Units {
        of: u32,
        left: u32,
    },
    /// Only fields that nobody changed again since.
    Fields {
        of: u32,
        left: u32,
    },
}

/// Why an entry cannot be put back.
#[derive(Clone, PartialEq, Debug)]
pub enum Why {
    /// The books do not keep it any more, or never had it.
    Unknown,
    /// It followed from that entry, which may be put back.
    Followed { from: u64 },
    /// There is no way back from such an entry.
    NoWayBack,
    /// All of it has gone, or was changed again, since.
    NothingLeft,
    /// Also: it is somebody else's, or it was put back already.
    Refused(Refusal),
}

/// How `author` can put back what the command `id` did, as far as the day book keeps it.
///
/// # Errors
/// Why not.
pub fn of_command(books: &Books, id: CommandId, author: &Author) -> Result<Undo, Why> {
    let (_, entry) = first_of(books, id).ok_or(Why::Unknown)?;
    of_entry(books, entry, author)
}

/// How `author` can put an entry back.
///
/// # Errors
/// Why not.
pub fn of_entry(books: &Books, entry: &BookEntry, author: &Author) -> Result<Undo, Why> {
    if let Some(from) = entry.causation {
        return Err(Why::Followed { from });
    }
    if let Event::Refused(_) | Event::Declined(_) = entry.event {
        return Err(Why::NoWayBack);
    }
    books.aggregates.deeds.allow(entry.command_id, author).map_err(Why::Refused)?;
    let (command, rest) = inverse(books, entry)?;
    match books.decide(&command, author, &mut Reads::new()) {
        Ok(decision) if decision.events.is_empty() => Err(Why::NothingLeft),
        Ok(_) => Ok(Undo { command, undoes: entry.command_id, rest }),
        Err((_, refusal)) => Err(Why::Refused(refusal)),
    }
}

/// The first entry that the command wrote, if the day book keeps it.
#[must_use]
pub fn first_of(books: &Books, id: CommandId) -> Option<(u64, &BookEntry)> {
    let mut oldest_first = books.projections.day_book.entries.iter();
    oldest_first.find(|(_, entry)| entry.command_id == id).map(|(position, entry)| (*position, entry))
}

/// The entry that put the command back, if the day book keeps it.
#[must_use]
pub fn undone_by(books: &Books, id: CommandId) -> Option<u64> {
    let mut newest_first = books.projections.day_book.entries.iter().rev();
    let undoes =
        |entry: &BookEntry| entry.undoes == Some(id) && !matches!(entry.event, Event::Refused(_) | Event::Declined(_));
    newest_first.find(|(_, entry)| undoes(entry)).map(|(position, _)| *position)
}

fn inverse(books: &Books, entry: &BookEntry) -> Result<(Command, Rest), Why> {
    match &entry.event {
        Event::Product(event) => product_inverse(books, event),
        Event::Stock(event) => stock_inverse(books, event, entry.command_id),
        Event::Sale(sale::Event::SaleRecorded(recorded)) => {
            let units = |lines: &[sale::Line]| lines.iter().map(|line| line.qty.get()).fold(0, u32::saturating_add);
            let sale = books.aggregates.sales.get(&recorded.sale_id).ok_or(Why::Unknown)?;
            let (of, left) = (units(&recorded.lines), sale.out.as_ref().map_or(0, |out| units(&out.lines)));
            let rest = if left < of { Rest::Units { of, left } } else { Rest::All };
            let back = sale::PutBack { sale_id: recorded.sale_id.clone(), lines: None };
            Ok((sale::Command::PutBack(back).into(), rest))
        }
        Event::Order(event) => order_inverse(event).map(|command| (command.into(), Rest::All)),
        Event::Account(event) => account_inverse(books, event),
        Event::Transfer(transfer::Event::TransferRequested(requested)) => transfer_inverse(books, requested),
        Event::Sale(_)
        | Event::Transfer(_)
        | Event::Shop(_)
        | Event::Picture(_)
        | Event::Refused(_)
        | Event::Declined(_) => Err(Why::NoWayBack),
        Event::Comment(event) => comment_inverse(books, event),
    }
}

fn order_inverse(event: &order::Event) -> Result<order::Command, Why> {
    let order_id = event.order_id().clone();
    match event {
        order::Event::ItemAdded(order::ItemAdded { sku, qty, .. }) => {
            Ok(order::Command::RemoveItem { order_id, sku: sku.clone(), qty: Some(*qty) })
        }
        order::Event::ItemRemoved(order::ItemRemoved { sku, qty, .. }) => {
            Ok(order::Command::AddItem(order::Item { order_id, sku: sku.clone(), qty: *qty }))
        }
        order::Event::OrderPlaced(_) => Ok(order::Command::Cancel { order_id }),
        // What was cancelled has given its goods to others; what was handed over is with the customer.
        order::Event::OrderAccepted(_)
        | order::Event::OrderRejected(_)
        | order::Event::OrderCancelled(_)
        | order::Event::OrderHandedOver(_)
        | order::Event::OrderSettled(_) => Err(Why::NoWayBack),
    }
}

fn account_inverse(books: &Books, event: &account::Event) -> Result<(Command, Rest), Why> {
    let account_id = event.account_id().clone();
    let command = match event {
        account::Event::AccountOpened(_) => account::Command::Close { account_id },
        account::Event::AccountCredited(account::AccountCredited { amount, reference, .. }) => {
            let (amount, reference) = (*amount, reference.clone());
            account::Command::Debit(account::Move { account_id, amount, reference })
        }
        account::Event::AccountDebited(account::AccountDebited { amount, reference, .. }) => {
            let (amount, reference) = (*amount, reference.clone());
            account::Command::Credit(account::Move { account_id, amount, reference })
        }
        account::Event::AccountChanged(changed) => {
            let now = books.aggregates.accounts.get(&account_id).ok_or(Why::Unknown)?;
            return account_changed_back(now, changed);
        }
        // A number is used once: whoever comes back gets another account.
        // Nor is it unsaid that somebody agreed, who may have been asked because of it.
        account::Event::AccountClosed(_) | account::Event::SaleApproved(_) => return Err(Why::NoWayBack),
    };
    Ok((command.into(), Rest::All))
}

/// A field that has another value by now was changed again: that one stands.
fn account_changed_back(now: &Account, changed: &account::AccountChanged) -> Result<(Command, Rest), Why> {
    let is_still = |text: Option<&str>, now: &str| text == Some(now);
    let title = changed.was.title.as_deref();
    let title = title.filter(|_| is_still(changed.title.as_ref().map(AccountTitle::as_str), &now.title));
    let owner = changed.was.owner.as_deref();
    let owner = owner.filter(|_| is_still(changed.owner.as_ref().map(OwnerName::as_str), &now.owner));
    let back = account::Change {
        account_id: changed.account_id.clone(),
        title: title.and_then(|title| AccountTitle::parse(title).ok()),
        owner: owner.and_then(|owner| OwnerName::parse(owner).ok()),
        limit: changed.was.limit.filter(|_| changed.limit == Some(now.limit)),
    };
    let fields = |there: [bool; 3]| there.into_iter().map(u32::from).sum();
    let of = fields([changed.title.is_some(), changed.owner.is_some(), changed.limit.is_some()]);
    let left = fields([back.title.is_some(), back.owner.is_some(), back.limit.is_some()]);
    match left {
        0 => Err(Why::NothingLeft),
        _ if left == of => Ok((account::Command::Change(back).into(), Rest::All)),
        _ => Ok((account::Command::Change(back).into(), Rest::Fields { of, left })),
    }
}

/// Money that has arrived goes back by a transfer the other way, whose number says of which.
fn transfer_inverse(books: &Books, requested: &transfer::TransferRequested) -> Result<(Command, Rest), Why> {
    let transfer = books.aggregates.transfers.get(&requested.transfer_id).ok_or(Why::Unknown)?;
    if transfer.state != State::Completed {
        return Err(Why::NothingLeft);
    }
    let mut number = format!("{}-back", requested.transfer_id);
    if number.len() > TransferId::MOST {
        // No room for it behind a number of the greatest length: its end makes way.
        number = format!("{}-back", &number[..TransferId::MOST - "-back".len()]);
    }
    let back = transfer::Request {
        transfer_id: TransferId::parse(&number).map_err(|_| Why::NoWayBack)?,
        from: transfer.to.clone(),
        to: transfer.from.clone(),
        amount: transfer.amount,
        reference: requested.reference.clone(),
    };
    Ok((transfer::Command::Request(back).into(), Rest::All))
}

/// Only while the comment says what the entry left: a text that somebody wrote since stands.
fn comment_inverse(books: &Books, event: &comment::Event) -> Result<(Command, Rest), Why> {
    let comment_id = event.comment_id().clone();
    let now = books.aggregates.comments.get(&comment_id).and_then(|comment| comment.text.as_ref());
    let (left, command) = match event {
        comment::Event::CommentAdded(comment::CommentAdded { text, .. })
        | comment::Event::CommentPutBack(comment::CommentPutBack { text, .. }) => {
            (Some(text), comment::Command::Delete { comment_id })
        }
        comment::Event::CommentEdited(edited) => {
            let (text, was) = (edited.was.clone(), Some(edited.text.clone()));
            (Some(&edited.text), comment::Command::Edit(comment::Edit { comment_id, text, was }))
        }
        comment::Event::CommentDeleted(deleted) => {
            (None, comment::Command::PutBack { comment_id, text: deleted.was.clone() })
        }
    };
    if now == left { Ok((command.into(), Rest::All)) } else { Err(Why::NothingLeft) }
}

fn product_inverse(books: &Books, event: &product::Event) -> Result<(Command, Rest), Why> {
    let sku = event.sku().clone();
    let command = match event {
        product::Event::ProductAdded(_) | product::Event::ProductUnarchived(_) => product::Command::Archive { sku },
        product::Event::ProductArchived(_) => product::Command::Unarchive { sku },
        product::Event::ProductChanged(changed) => {
            let now = books.aggregates.products.get(&sku).ok_or(Why::Unknown)?;
            let was = changed.was.as_ref().ok_or(Why::NoWayBack)?;
            return changed_back(now, changed, was);
        }
    };
    Ok((command.into(), Rest::All))
}

/// A field that has another value by now was changed again: that one stands.
fn changed_back(
    now: &product::Product,
    changed: &product::ProductChanged,
    was: &product::Was,
) -> Result<(Command, Rest), Why> {
    let still = |is_same: Option<bool>| is_same == Some(true);
    let name = was.name.as_deref().filter(|_| still(changed.name.as_ref().map(|name| *name.as_str() == *now.name)));
    let description = was
        .description
        .as_deref()
        .filter(|_| still(changed.description.as_ref().map(|text| text.as_str() == now.description)));
    let category =
        was.category.as_deref().filter(|_| still(changed.category.as_ref().map(|text| text.as_str() == now.category)));
    let back = product::Change {
        sku: changed.sku.clone(),
        // Nothing can be made nameless again.
        name: name.and_then(|name| ProductName::parse(name).ok()),
        description: description.and_then(|text| Description::parse(text).ok()),
        category: category.and_then(|text| Category::parse(text).ok()),
        price: was.price.filter(|_| changed.price == Some(now.price)),
    };
    let fields = |there: [bool; 4]| there.into_iter().map(u32::from).sum();
    let of = fields([
        changed.name.is_some(),
        changed.description.is_some(),
        changed.category.is_some(),
        changed.price.is_some(),
    ]);
    let left = fields([back.name.is_some(), back.description.is_some(), back.category.is_some(), back.price.is_some()]);
    match left {
        0 => Err(Why::NothingLeft),
        _ if left == of => Ok((product::Command::Change(back).into(), Rest::All)),
        _ => Ok((product::Command::Change(back).into(), Rest::Fields { of, left })),
    }
}

/// One command may have changed several batches, each in an entry of its own.
fn quantities_inverse(books: &Books, sku: &Sku, id: CommandId) -> Result<(Command, Rest), Why> {
    let of_command = books.projections.day_book.entries.iter().filter(|(_, entry)| entry.command_id == id);
    let changes: Vec<_> = of_command
        .filter_map(|(_, entry)| match &entry.event {
            Event::Stock(stock::Event::BatchQuantityChanged(changed)) => {
                Some((&changed.batchref, i64::from(changed.was) - i64::from(changed.qty.get())))
            }
            _ => None,
        })
        .collect();
    let units =
        changes.iter().fold(0_u32, |sum, (_, by)| sum.saturating_add(u32::try_from(by.abs()).unwrap_or(u32::MAX)));
    adjusted(books, sku, units, &changes)
}

fn stock_inverse(books: &Books, event: &stock::Event, id: CommandId) -> Result<(Command, Rest), Why> {
    let sku = event.sku();
    match event {
        stock::Event::BatchReceived(received) => {
            adjusted(books, sku, received.qty.get(), &[(&received.batchref, -received.qty.signed())])
        }
        stock::Event::BatchQuantityChanged(_) => quantities_inverse(books, sku, id),
        stock::Event::StockDamaged(damaged) => {
            let there = i64::from(damaged.qty.get().saturating_sub(damaged.below));
            adjusted(books, sku, damaged.qty.get(), &[(&damaged.batchref, there)])
        }
        stock::Event::StockCounted(counted) => {
            let back = |taken: &Taken, sign: i64| sign * i64::from(taken.qty);
            let taken = counted.taken.iter().map(|taken| (&taken.batchref, back(taken, 1)));
            let added = counted.added.iter().map(|added| (&added.batchref, back(added, -1)));
            let units = u32::try_from((i64::from(counted.counted.get()) - counted.expected).abs()).unwrap_or(u32::MAX);
            adjusted(books, sku, units, &taken.chain(added).collect::<Vec<_>>())
        }
        stock::Event::LineAllocated(line) => {
            let now = books.aggregates.stocks.get(sku).and_then(|stock| stock.lines.get(&line.order_id));
            if now.is_none_or(|now| now.qty != line.qty || now.batchref != line.batchref) {
                return Err(Why::NothingLeft);
            }
            let (order_id, sku) = (line.order_id.clone(), line.sku.clone());
            Ok((stock::Command::Free { order_id, sku }.into(), Rest::All))
        }
        stock::Event::LineFreed(line) if line.because == FreedBecause::Asked => {
            let (order_id, sku) = (line.order_id.clone(), line.sku.clone());
            Ok((stock::Command::Allocate { order_id, sku, qty: line.qty, short: None }.into(), Rest::All))
        }
        // What came is there: a wrong number is corrected, a shipment is not sent on its way again.
        stock::Event::BatchArrived(_)
        | stock::Event::StockSold(_)
        | stock::Event::StockPutBack(_)
        | stock::Event::StockHandedOver(_)
        | stock::Event::LineFreed(_)
        | stock::Event::LineShort(_) => Err(Why::NoWayBack),
    }
}

/// Batches by so many units more or fewer, as far as they have them. `of`: units that the entry was about.
fn adjusted(books: &Books, sku: &Sku, of: u32, by: &[(&BatchRef, i64)]) -> Result<(Command, Rest), Why> {
    let stock = books.aggregates.stocks.get(sku).ok_or(Why::Unknown)?;
    let mut left = 0;
    let mut changes = Vec::new();
    for (batchref, by) in by {
        let held = stock.batches.get(*batchref).map_or(0, |batch| i64::from(batch.qty));
        let by = (*by).max(-held);
        if let Ok(by) = Difference::new(by) {
            left += u32::try_from(by.get().abs()).unwrap_or(0);
            changes.push(Adjustment { batchref: (*batchref).clone(), by });
        }
    }
    match left {
        0 => Err(Why::NothingLeft),
        _ if left == of => Ok((stock::Command::Adjust { sku: sku.clone(), changes }.into(), Rest::All)),
        _ => Ok((stock::Command::Adjust { sku: sku.clone(), changes }.into(), Rest::Units { of, left })),
    }
}
