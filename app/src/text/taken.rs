//! Who took what somebody else wanted: the end of the sentence about a refusal.

use domain::{Event, Refusal, books::Books, projections::day_book::BookEntry, stock, values::Sku};

use crate::format::{clock, number};

/// The last entry before `before` (before now where none is said) that left less of what the refusal is about.
#[must_use]
pub fn taken(refusal: &Refusal, books: &Books, before: Option<u64>) -> Option<String> {
    match refusal {
        Refusal::OutOfStock { sku, .. } => took(books, sku, before),
        Refusal::AlreadyExists { id, .. } => made(books, id, before),
        _ => None,
    }
}

fn newest_first(books: &Books, before: Option<u64>) -> impl Iterator<Item = (u64, &BookEntry)> {
    let entries = books.projections.day_book.entries.iter().rev().map(|(position, entry)| (*position, entry));
    entries.filter(move |(position, _)| before.is_none_or(|before| *position < before))
}

fn took(books: &Books, sku: &Sku, before: Option<u64>) -> Option<String> {
    newest_first(books, before).find_map(|(position, entry)| {
        let Event::Stock(event) = &entry.event else { return None };
        let words = (event.sku() == sku).then(|| took_words(event)).flatten()?;
        // What followed from somebody's doing is theirs.
        let (position, entry) = match entry.causation {
            Some(cause) => (cause, books.projections.day_book.entries.get(&cause).unwrap_or(entry)),
            None => (position, entry),
        };
        Some(format!("{} {words} at {} (entry #{position}).", entry.device, clock(entry.issued_at)))
    })
}

/// None where it left no less.
fn took_words(event: &stock::Event) -> Option<String> {
    Some(match event {
        stock::Event::LineAllocated(line) => {
            format!("reserved {} for order {}", number(line.qty.signed()), line.order_id)
        }
        stock::Event::StockHandedOver(handed) => {
            format!("handed over {} with order {}", number(handed.qty.signed()), handed.order_id)
        }
        stock::Event::StockSold(sold) => format!("sold {}", number(sold.qty.signed())),
        stock::Event::StockDamaged(damaged) => format!("took out {}", number(damaged.qty.signed())),
        stock::Event::BatchQuantityChanged(changed) if changed.qty.get() < changed.was => {
            format!("lowered batch {} to {}", changed.batchref, number(i64::from(changed.qty.get())))
        }
        stock::Event::StockCounted(counted) if i64::from(counted.counted.get()) < counted.expected => {
            format!("counted {}", number(i64::from(counted.counted.get())))
        }
        _ => return None,
    })
}

/// Whoever used the name first.
fn made(books: &Books, id: &str, before: Option<u64>) -> Option<String> {
    newest_first(books, before).find_map(|(position, entry)| {
        let named = match &entry.event {
            Event::Product(domain::product::Event::ProductAdded(event)) => event.sku.as_str(),
            Event::Stock(stock::Event::BatchReceived(event)) => event.batchref.as_str(),
            Event::Order(domain::order::Event::OrderPlaced(event)) => event.order_id.as_str(),
            Event::Sale(domain::sale::Event::SaleRecorded(event)) => event.sale_id.as_str(),
            Event::Account(domain::account::Event::AccountOpened(event)) => event.account_id.as_str(),
            Event::Transfer(domain::transfer::Event::TransferRequested(event)) => event.transfer_id.as_str(),
            Event::Picture(domain::picture::Event::PictureAdded(event)) => event.picture_id.as_str(),
            Event::Comment(domain::comment::Event::CommentAdded(event)) => event.comment_id.as_str(),
            _ => return None,
        };
        (named == id).then(|| format!("{} wrote it at {} (entry #{position}).", entry.actor, clock(entry.issued_at)))
    })
}
