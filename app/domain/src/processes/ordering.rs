//! An order that was placed: goods for one line after another, then its money where an account is named, then it is
//! accepted. What is refused on the way ends it as not accepted; the process `cancellation` undoes what was done.

use super::cancellation;
use crate::{
    account::{self, Charge},
    books::{self, Aggregates, Reads},
    command::Command,
    event::{Event, Refused},
    order::{self, Order, State},
    record::Entry,
    refusal::Refusal,
    stock::{self, FreedBecause, Stock},
    values::{Amount, OrderId, Quantity, Sku},
};

pub fn react(entry: &Entry, aggregates: &Aggregates, reads: &mut Reads) -> Vec<Command> {
    let (order_id, step) = match &entry.event {
        Event::Order(order::Event::OrderPlaced(placed)) => (placed.order_id.clone(), None),
        Event::Stock(event) => match event.order_id() {
            Some(order_id) => (order_id.clone(), Some(event)),
            None => return vec![],
        },
        Event::Account(event) => match event.order_id() {
            Some(order_id) => (order_id.clone(), None),
            None => return vec![],
        },
        Event::Refused(refused) => return give_up(refused, aggregates, reads).into_iter().collect(),
        _ => return vec![],
    };
    let Some(order) = placed(&order_id, aggregates, reads) else { return vec![] };
    let command = match step {
        // Its goods went elsewhere before it was accepted, and none were found in their place.
        Some(stock::Event::LineShort(line)) if !order.back_order => {
            let round = order.round;
            let reason = out_of_stock(&line.sku, order, aggregates);
            Some(order::Command::Reject { order_id, round, reason }.into())
        }
        Some(event) if !goes_on(event, aggregates) => None,
        _ => Some(next(&order_id, order, aggregates)),
    };
    command.into_iter().collect()
}

/// The order, while goods and money are being found for it.
fn placed<'a>(order_id: &OrderId, aggregates: &'a Aggregates, reads: &mut Reads) -> Option<&'a Order> {
    reads.insert(books::order_id(order_id));
    let order = aggregates.orders.get(order_id).filter(|order| order.state == State::Placed)?;
    reads.extend(order.lines.iter().map(|line| books::stock_id(&line.sku)));
    reads.extend(order.account.iter().map(books::account_id));
    Some(order)
}

/// Of several entries that one command writes about a line, the last one is answered.
fn goes_on(event: &stock::Event, aggregates: &Aggregates) -> bool {
    let short = |sku: &Sku, order_id: &OrderId| {
        aggregates.stocks.get(sku).is_some_and(|stock| stock.short.contains_key(order_id))
    };
    match event {
        stock::Event::LineAllocated(line) => !short(&line.sku, &line.order_id),
        // Goods that were freed for others to be found are the business of the process that does.
        stock::Event::LineFreed(line) => line.because == FreedBecause::Asked,
        stock::Event::LineShort(_) => true,
        _ => false,
    }
}

/// The one thing to do next.
fn next(order_id: &OrderId, order: &Order, aggregates: &Aggregates) -> Command {
    let (round, back_order) = (order.round, order.back_order);
    let serves = |stock: &Stock, qty| stock.serves(order_id, qty, back_order);
    let missing =
        |line: &&order::PlacedLine| !aggregates.stocks.get(&line.sku).is_some_and(|stock| serves(stock, line.qty));
    let order_id = order_id.clone();
    if let Some(line) = order.lines.iter().find(missing) {
        let (sku, qty) = (line.sku.clone(), line.qty);
        return stock::Command::Reserve { order_id, sku, qty, back_order, round }.into();
    }
    let owed = order.account.as_ref().zip(Amount::new(order.total).ok());
    match (owed, aggregates.charges.get(&order_id)) {
        (Some((account_id, amount)), None) => {
            account::Command::Charge(Charge { account_id: account_id.clone(), order_id, amount, round }).into()
        }
        // It was placed anew before what it had been charged then was given back.
        (_, Some(_)) if overcharged(&order_id, aggregates) => {
            let refund = cancellation::refund(&order_id, aggregates);
            refund.unwrap_or_else(|| order::Command::Accept { order_id, round }.into())
        }
        _ => order::Command::Accept { order_id, round }.into(),
    }
}

/// It was charged what it does not owe.
pub(super) fn overcharged(order_id: &OrderId, aggregates: &Aggregates) -> bool {
    let Some(charged) = aggregates.charges.get(order_id) else { return false };
    aggregates.orders.get(order_id).is_none_or(|order| {
        order.account.as_ref() != Some(&charged.account_id) || order.total != charged.amount.minor()
    })
}

fn out_of_stock(sku: &Sku, order: &Order, aggregates: &Aggregates) -> Refusal {
    let stock = aggregates.stocks.get(sku);
    Refusal::OutOfStock {
        sku: sku.clone(),
        asked: order.line(sku).map_or(0, |line| line.qty.get()),
        left: stock.map_or(0, Stock::left),
        available: stock.map_or(0, Stock::available),
    }
}

/// A step was refused: the entry says which, and why.
fn give_up(refused: &Refused, aggregates: &Aggregates, reads: &mut Reads) -> Option<Command> {
    let command = &refused.command;
    if !matches!(command.command_type.as_str(), "stock.reserve" | "account.charge") {
        return None;
    }
    let order_id = OrderId::parse(command.text("order_id")?).ok()?;
    let of_round = command.data.get("round")?.as_u64()?;
    let order = placed(&order_id, aggregates, reads)?;
    let reason = refused.refusal.clone();
    let is_of_now = u64::from(order.round) == of_round;
    is_of_now.then(|| order::Command::Reject { order_id, round: order.round, reason }.into())
}

pub(super) fn line_is_due(order_id: &OrderId, sku: &Sku, qty: Quantity, round: u32, aggregates: &Aggregates) -> bool {
    let order = aggregates.orders.get(order_id).filter(|order| order.state == State::Placed && order.round == round);
    order.and_then(|order| order.line(sku)).is_some_and(|line| line.qty == qty)
}

pub(super) fn charge_is_due(charge: &Charge, aggregates: &Aggregates) -> bool {
    let order = aggregates.orders.get(&charge.order_id);
    let waits = order.is_some_and(|order| order.state == State::Placed && order.round == charge.round);
    waits && !aggregates.charges.contains_key(&charge.order_id)
}
