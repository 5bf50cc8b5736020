//! What somebody asked for, in words.

mod money;
mod orders;

use domain::{
    Command,
    books::Books,
    change, comment,
    event::AskedCommand,
    picture, product,
    sale::{self, Payment},
    shop, stock,
    values::Sku,
};

use crate::format::{change as signed, money as amount, number, short_day};

/// What products are called where the sentence is said.
type Names<'a> = &'a dyn Fn(&Sku) -> String;

/// A command in the list of what is not in the book yet.
#[must_use]
pub fn command(command: &Command, books: &Books) -> String {
    asked(command, &|sku| {
        let known = books.aggregates.products.get(sku).map(|product| product.name.clone());
        known.filter(|name| !name.is_empty()).map_or_else(|| sku.to_string(), |name| name.to_string())
    })
}

/// What somebody asked for, also where this version cannot read it.
#[must_use]
pub fn asked_for(asked: &AskedCommand, books: &Books) -> String {
    asked.parse().map_or_else(|| of_kind(&asked.command_type), |asked| command(&asked, books))
}

/// All that is known of a command that this version cannot read.
#[must_use]
pub fn of_kind(command_type: &str) -> String {
    format!("A change of the kind {command_type}")
}

/// What somebody asked for.
#[must_use]
pub fn asked(command: &Command, name: Names<'_>) -> String {
    match command {
        Command::Product(product::Command::Add(add)) => format!("Add product {} ({})", add.name, add.sku),
        Command::Product(product::Command::Change(change)) => format!("Change product {}", name(&change.sku)),
        Command::Product(product::Command::Archive { sku }) => format!("Archive product {}", name(sku)),
        Command::Product(product::Command::Unarchive { sku }) => format!("Sell product {} again", name(sku)),
        Command::Product(product::Command::Register { sku }) => format!("Note the goods {sku}"),
        Command::Stock(command) => stock_command(command, name),
        Command::Order(command) => orders::order(command, name),
        Command::Account(command) => money::account(command),
        Command::Transfer(command) => money::transfer(command),
        Command::Picture(picture::Command::Add(add)) => {
            let about = add.about.as_ref().map(|subject| format!(" of {}", super::pictures::subject(subject, name)));
            format!("Add picture {}{}", add.picture_id, about.unwrap_or_default())
        }
        Command::Comment(command) => comment_command(command),
        Command::Sale(sale::Command::PutBack(back)) => format!("Put back sale {}", back.sale_id),
        Command::Shop(shop::Command::SetCurrency { currency }) => format!("Count money in {currency}"),
        Command::Change(change::Command::Decline(decline)) => match decline.command.parse() {
            Some(command) => format!("Give up: {}", asked(&command, name)),
            None => format!("Give up: {}", decline.command.command_type),
        },
        Command::Sale(sale::Command::Record(record)) => {
            let lines: Vec<_> = record
                .lines
                .iter()
                .map(|line| format!("{} × {}", number(line.qty.signed()), name(&line.sku)))
                .collect();
            format!("Sell {}: receipt {}", lines.join(", "), record.sale_id)
        }
    }
}

fn comment_command(command: &comment::Command) -> String {
    match command {
        comment::Command::Add { picture_id, text, .. } => format!("Comment on picture {picture_id}: “{text}”"),
        comment::Command::Edit(edit) => format!("Change a comment to “{}”", edit.text),
        comment::Command::Delete { .. } => "Remove a comment".to_owned(),
        comment::Command::PutBack { text, .. } => format!("Put back the comment “{text}”"),
    }
}

fn stock_command(command: &stock::Command, name: Names<'_>) -> String {
    match command {
        stock::Command::Receive(receive) => {
            let (qty, what) = (number(receive.qty.signed()), name(&receive.sku));
            match receive.eta {
                Some(eta) => format!("Expect {qty} × {what} as batch {} on {}", receive.batchref, short_day(eta)),
                None => format!("Receive {qty} × {what} as batch {}", receive.batchref),
            }
        }
        stock::Command::ChangeQuantity { batchref, qty } => {
            format!("Set batch {batchref} to {}", number(i64::from(qty.get())))
        }
        stock::Command::Count(count) => {
            format!("Count {}: {}", name(&count.sku), number(i64::from(count.counted.get())))
        }
        stock::Command::Damage { batchref, qty, reason } => {
            format!("Take out {} damaged from batch {batchref} ({reason})", number(qty.signed()))
        }
        stock::Command::Adjust { changes, .. } => {
            let changes: Vec<_> = changes
                .iter()
                .map(|change| format!("batch {} by {}", change.batchref, signed(change.by.get())))
                .collect();
            format!("Correct {}", changes.join(", "))
        }
        stock::Command::Allocate { order_id, sku, qty, short } => {
            let rest = short.map(|short| format!(", {} short", number(short.signed()))).unwrap_or_default();
            format!("Reserve {} × {} for order {order_id}{rest}", number(qty.signed()), name(sku))
        }
        stock::Command::TakeBack { sku, qty, sale_id } => {
            format!("Take back {} × {} of {sale_id}", number(qty.signed()), name(sku))
        }
        stock::Command::Release { order_id, sku } => format!("Free {} from order {order_id}", name(sku)),
        stock::Command::Free { order_id, sku } => format!("Free {} from order {order_id}", name(sku)),
        stock::Command::Sell { sku, qty, sale_id } => {
            format!("Hand over {} × {} with {sale_id}", number(qty.signed()), name(sku))
        }
        stock::Command::HandOver { sku, qty, order_id } => {
            format!("Hand over {} × {} of order {order_id}", number(qty.signed()), name(sku))
        }
        stock::Command::Reserve { order_id, sku, qty, .. } | stock::Command::Fill { order_id, sku, qty } => {
            format!("Reserve {} × {} for order {order_id}", number(qty.signed()), name(sku))
        }
        stock::Command::Reallocate { order_id, sku, qty } => {
            format!("Look for {} × {} for order {order_id}", number(qty.signed()), name(sku))
        }
    }
}

/// Said after a command was saved on this device.
#[must_use]
pub fn saved(command: &Command) -> String {
    match command {
        Command::Product(product::Command::Add(add)) => format!("Saved here: product {}.", add.name),
        Command::Product(product::Command::Archive { sku }) => format!("Saved here: product {sku} archived."),
        Command::Product(product::Command::Unarchive { sku }) => format!("Saved here: product {sku} is sold again."),
        Command::Product(product) => format!("Saved here: product {}.", product.sku()),
        Command::Stock(stock::Command::Receive(receive)) => {
            format!("Saved here: {} received as batch {}.", number(receive.qty.signed()), receive.batchref)
        }
        Command::Stock(stock::Command::Allocate { order_id, sku, qty, .. }) => {
            format!("Saved here: {} × {sku} reserved for order {order_id}.", number(qty.signed()))
        }
        Command::Stock(stock::Command::Free { order_id, sku }) => {
            format!("Saved here: {sku} freed from order {order_id}.")
        }
        Command::Stock(_) | Command::Change(_) | Command::Shop(_) => "Saved here.".to_owned(),
        Command::Order(command) => orders::saved(command),
        Command::Account(command) => money::saved_account(command),
        Command::Transfer(command) => format!("Saved here: transfer {}.", command.transfer_id()),
        Command::Picture(_) => "Saved here: a picture.".to_owned(),
        Command::Comment(comment::Command::Add { .. }) => "Saved here: a comment.".to_owned(),
        Command::Comment(comment::Command::Delete { .. }) => "Saved here: comment removed.".to_owned(),
        Command::Comment(_) => "Saved here: comment changed.".to_owned(),
        Command::Sale(sale::Command::PutBack(back)) => format!("Saved here: sale {} put back.", back.sale_id),
        Command::Sale(sale::Command::Record(record)) => {
            let total = record.lines.iter().fold(0_i64, |sum, line| sum.saturating_add(line.price.times(line.qty)));
            let paid = match record.payment {
                Payment::Cash => "cash",
                Payment::Card => "card",
                Payment::Account => "on account",
            };
            format!("Saved here: sale {}, {} {paid}.", record.sale_id, amount(total))
        }
    }
}
