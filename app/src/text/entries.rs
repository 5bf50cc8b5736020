//! What happened, in words: the sentences of the day book and of timelines.

mod money;
mod orders;

pub use orders::step;

use domain::{
    Event, Refusal, ShopSlug,
    books::Role,
    comment,
    event::AskedCommand,
    picture,
    picture::Subject,
    product,
    projections::day_book::BookEntry,
    sale::{self, Payment},
    shop,
    stock::{self, FreedBecause},
    values::{AccountId, BatchRef, OrderId, PictureId, Reason, Sku},
};

use crate::{
    format::{money as amount, number, short_day},
    ui::{frame::at, sentence::Sentence},
};

struct Writer<'a> {
    shop: &'a ShopSlug,
    entry: &'a BookEntry,
    /// Of whoever reads it.
    reader: Role,
}

impl Writer<'_> {
    fn product(&self, sentence: Sentence, sku: &Sku) -> Sentence {
        let name = self.entry.names.get(sku).map_or_else(|| sku.to_string(), ToString::to_string);
        sentence.link(name, at(self.shop, &format!("/products/{sku}")))
    }

    fn order(&self, sentence: Sentence, order_id: &OrderId) -> Sentence {
        sentence.link(format!("order {order_id}"), at(self.shop, &format!("/orders/{order_id}")))
    }

    fn batch(&self, sentence: Sentence, batchref: &BatchRef) -> Sentence {
        sentence.link(format!("batch {batchref}"), at(self.shop, &format!("/batches/{batchref}")))
    }

    fn account(&self, sentence: Sentence, account: &AccountId) -> Sentence {
        let title = self.entry.titles.get(account).map(|title| format!("account {title}"));
        let title = title.unwrap_or_else(|| format!("account {account}"));
        sentence.link(title, at(self.shop, &format!("/accounts/{account}")))
    }

    fn picture(&self, sentence: Sentence, picture_id: &PictureId) -> Sentence {
        sentence.link("a picture", at(self.shop, &format!("/pictures/{picture_id}")))
    }

    /// What a picture is about.
    fn subject(&self, sentence: Sentence, subject: &Subject) -> Sentence {
        match subject {
            Subject::Product(sku) => self.product(sentence, sku),
            Subject::Batch(batchref) => self.batch(sentence, batchref),
            Subject::Order(order_id) => self.order(sentence, order_id),
            Subject::Account(account_id) => self.account(sentence, account_id),
        }
    }

    /// A sum and what joins it to the sentence; nothing for whoever sees no money.
    fn sum(&self, joint: &str, minor: i64) -> String {
        if self.reader.sees_money() { format!("{joint}{}", amount(minor)) } else { String::new() }
    }

    fn why_not(&self, refusal: &Refusal) -> String {
        super::why_not_for(refusal, self.reader)
    }

    /// What was asked for and not done.
    fn asked(&self, asked: &AskedCommand) -> String {
        let name = |sku: &Sku| self.entry.names.get(sku).map_or_else(|| sku.to_string(), ToString::to_string);
        match asked.parse() {
            Some(command) => super::commands::asked(&command, &name),
            None => super::commands::of_kind(&asked.command_type),
        }
    }

    fn lines<'l>(&self, mut sentence: Sentence, lines: impl Iterator<Item = (&'l Sku, i64)>) -> Sentence {
        for (index, (sku, qty)) in lines.enumerate() {
            let comma = if index > 0 { ", " } else { "" };
            sentence = self.product(sentence.then(format!("{comma}{} × ", number(qty))), sku);
        }
        sentence
    }
}

/// One entry of the book as a sentence, as far as it is for a reader of this role.
#[must_use]
pub fn entry(shop: &ShopSlug, entry: &BookEntry, reader: Role) -> Sentence {
    let write = Writer { shop, entry, reader };
    let start = Sentence::default();
    if !reader.may_read(&entry.event) {
        return start.then(super::ABOUT_MONEY);
    }
    match &entry.event {
        Event::Product(product::Event::ProductAdded(event)) if event.name.is_empty() => {
            write.product(start.then("Goods without a name were noted: "), &event.sku)
        }
        Event::Product(product::Event::ProductAdded(event)) => {
            write.product(start.then("Product added: "), &event.sku).then(write.sum(", ", event.price.minor()))
        }
        Event::Product(product::Event::ProductChanged(event)) => {
            let parts = [
                event.name.as_ref().map(|name| format!("name {name}")),
                event.price.map(|price| format!("price{}", write.sum(" ", price.minor()))),
                event.category.as_ref().map(|category| format!("category {category}")),
                event.description.as_ref().map(|_| "description".to_owned()),
            ];
            let parts: Vec<_> = parts.into_iter().flatten().collect();
            write.product(start.then("Product changed: "), &event.sku).then(format!(", {}", parts.join(", ")))
        }
        Event::Product(product::Event::ProductArchived(event)) => {
            write.product(start.then("Product archived: "), &event.sku)
        }
        Event::Product(product::Event::ProductUnarchived(event)) => {
            write.product(start.then("Product sold again: "), &event.sku)
        }
        Event::Stock(event) => stock_entry(&write, event),
        Event::Order(event) => orders::entry(&write, event),
        Event::Account(event) => money::account(&write, event),
        Event::Transfer(event) => money::transfer(&write, event),
        Event::Sale(sale::Event::SalePutBack(event)) => {
            let sentence =
                write.lines(start.then("Put back "), event.lines.iter().map(|line| (&line.sku, line.qty.signed())));
            sentence.then(format!(" · {}", event.sale_id))
        }
        Event::Sale(sale::Event::SaleRecorded(event)) => {
            let sentence =
                write.lines(start.then("Sold "), event.lines.iter().map(|line| (&line.sku, line.qty.signed())));
            let paid = match event.payment {
                Payment::Cash => "cash",
                Payment::Card => "card",
                Payment::Account => "on account",
            };
            sentence.then(format!(" · {} · {paid}", event.sale_id))
        }
        Event::Picture(picture::Event::PictureAdded(event)) => {
            let sentence = write.picture(start.then("Added "), &event.picture_id);
            match &event.about {
                Some(Subject::Account(_)) if !reader.sees_money() => sentence,
                Some(subject) => write.subject(sentence.then(" of "), subject),
                None => sentence,
            }
        }
        Event::Comment(event) => comment_entry(&write, event),
        Event::Refused(event) => {
            start.then(format!("{}. Not accepted: {}.", write.asked(&event.command), write.why_not(&event.refusal)))
        }
        Event::Shop(shop::Event::CurrencySet(event)) => {
            start.then(format!("Money is counted in {} from here on", event.currency))
        }
        Event::Declined(event) => {
            let why = event.note.as_ref().map_or_else(|| super::because(event.because), Reason::as_str);
            start.then(format!("Gave up: {}. {}", write.asked(&event.command), super::sentence_of(why)))
        }
    }
}

fn comment_entry(write: &Writer<'_>, event: &comment::Event) -> Sentence {
    let start = Sentence::default();
    match event {
        comment::Event::CommentAdded(event) => {
            write.picture(start.then("Commented on "), &event.picture_id).then(format!(": “{}”", event.text))
        }
        comment::Event::CommentEdited(event) => write
            .picture(start.then("Changed a comment on "), &event.picture_id)
            .then(format!(": “{}” → “{}”", event.was, event.text)),
        comment::Event::CommentDeleted(event) => {
            write.picture(start.then("Removed a comment on "), &event.picture_id).then(format!(": “{}”", event.was))
        }
        comment::Event::CommentPutBack(event) => {
            write.picture(start.then("Put back a comment on "), &event.picture_id).then(format!(": “{}”", event.text))
        }
    }
}

fn stock_entry(write: &Writer<'_>, event: &stock::Event) -> Sentence {
    let start = Sentence::default();
    match event {
        stock::Event::BatchReceived(event) => {
            let verb = if event.eta.is_some() { "Expecting" } else { "Received" };
            let sentence = write.product(start.then(format!("{verb} {} × ", number(event.qty.signed()))), &event.sku);
            let sentence = write.batch(sentence.then(" as "), &event.batchref);
            match event.eta {
                Some(eta) => sentence.then(format!(" on {}", short_day(eta))),
                None => sentence,
            }
        }
        stock::Event::BatchArrived(event) => {
            let sentence = write.product(start.then(format!("Arrived: {} × ", number(event.qty.signed()))), &event.sku);
            write.batch(sentence.then(" as "), &event.batchref)
        }
        stock::Event::BatchQuantityChanged(event) => {
            let (was, now) = (number(i64::from(event.was)), number(i64::from(event.qty.get())));
            write.batch(start.then("Changed the quantity of "), &event.batchref).then(format!(": {was} → {now}"))
        }
        stock::Event::StockCounted(event) => {
            let sentence = write.product(start.then("Counted "), &event.sku);
            let (counted, expected) = (i64::from(event.counted.get()), event.expected);
            sentence.then(if counted == expected {
                format!(": {}, as expected", number(counted))
            } else {
                format!(": {}, expected {}", number(counted), number(expected))
            })
        }
        stock::Event::StockDamaged(event) => {
            let sentence = write.product(start.then(format!("Took out {} × ", number(event.qty.signed()))), &event.sku);
            write.batch(sentence.then(" from "), &event.batchref).then(format!(": {}", event.reason))
        }
        stock::Event::StockSold(event) => {
            let start = start.then(format!("Handed over {} × ", number(event.qty.signed())));
            let sentence = write.product(start, &event.sku).then(format!(" with {}", event.sale_id));
            match event.below {
                0 => sentence,
                below => sentence.then(format!(", {} more than the book had", number(i64::from(below)))),
            }
        }
        stock::Event::StockPutBack(event) => {
            let start = start.then(format!("Taken back: {} × ", number(event.qty.signed())));
            write.product(start, &event.sku).then(format!(" of {}", event.sale_id))
        }
        stock::Event::StockHandedOver(event) => {
            let start = start.then(format!("Handed over {} × ", number(event.qty.signed())));
            let sentence = write.order(write.product(start, &event.sku).then(" of "), &event.order_id);
            match event.below {
                0 => sentence,
                below => sentence.then(format!(", {} more than the book had", number(i64::from(below)))),
            }
        }
        stock::Event::LineAllocated(event) => {
            let sentence = write.product(start.then(format!("Reserved {} × ", number(event.qty.signed()))), &event.sku);
            let sentence = write.order(sentence.then(" for "), &event.order_id);
            write.batch(sentence.then(" from "), &event.batchref)
        }
        stock::Event::LineFreed(event) => {
            let sentence = write.product(start.then(format!("Freed {} × ", number(event.qty.signed()))), &event.sku);
            let sentence = write.order(sentence.then(" from "), &event.order_id);
            match event.because {
                FreedBecause::Asked => sentence,
                FreedBecause::Moved => sentence.then(": it gets another quantity"),
                FreedBecause::Shortage => write.batch(sentence.then(": not enough left in "), &event.batchref),
            }
        }
        stock::Event::LineShort(event) => {
            let sentence = write.order(start.then("Short: "), &event.order_id);
            write.product(sentence.then(format!(" lacks {} × ", number(event.qty.signed()))), &event.sku)
        }
    }
}
