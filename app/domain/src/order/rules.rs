//! The rules: which state allows what.

use imbl::OrdMap;

use super::{
    commands::{Asked, Command, Item, Place},
    events::{
        Event, HandedLine, ItemAdded, ItemRemoved, OrderAccepted, OrderCancelled, OrderHandedOver, OrderPlaced,
        OrderRejected, OrderSettled, PlacedLine,
    },
    state::{Order, State, total},
};
use crate::{
    account::{self, Account},
    product::Product,
    refusal::{Refusal, Thing},
    sale::MOST_LINES,
    stock::Stock,
    values::{AccountId, Amount, OrderId, Quantity, Sku},
};

/// What a decision on an order looks at besides the order.
#[derive(Clone, Copy)]
pub struct Around<'a> {
    pub products: &'a OrdMap<Sku, Product>,
    pub stocks: &'a OrdMap<Sku, Stock>,
    pub accounts: &'a OrdMap<AccountId, Account>,
}

/// That goods or money are missing refuses no order here: it is placed, and the process `ordering` finds out.
///
/// # Errors
/// `already_exists` for a number that is taken, `not_found`, `wrong_state`, `invalid_sku` for goods the shop does not
/// know, `no_such_line`, `too_many`, `too_large`, `out_of_stock` where nothing is left to take. Handing over runs into an
/// unknown order alone.
pub fn decide(order: Option<&Order>, command: &Command, around: Around<'_>) -> Result<Vec<Event>, Refusal> {
    let id = command.order_id();
    let known = || order.ok_or_else(|| Refusal::NotFound { what: Thing::Order, id: id.to_string() });
    match command {
        Command::AddItem(item) => add(order, item, around).map(|added| vec![added.into()]),
        Command::RemoveItem { sku, qty, .. } => remove(known()?, id, sku, *qty).map(|removed| vec![removed.into()]),
        Command::Place(place) => self::place(order, place, around).map(|placed| vec![placed.into()]),
        Command::TakeWhatIsLeft { .. } => take_what_is_left(known()?, id, around).map(|placed| vec![placed.into()]),
        Command::BackOrder { .. } => back_order(known()?, id, around).map(|placed| vec![placed.into()]),
        Command::Cancel { .. } => cancel(known()?, id),
        Command::HandOver { .. } => Ok(hand_over(known()?, id)),
        Command::Settle { .. } => {
            let settled = OrderSettled { order_id: id.clone() };
            Ok(known()?.unsettled.then(|| settled.into()).into_iter().collect())
        }
        // Steps of the process: due only while this placing of the order waits for them.
        Command::Accept { round, .. } => {
            let accepted = OrderAccepted { order_id: id.clone() };
            Ok(waits(order, *round).then(|| accepted.into()).into_iter().collect())
        }
        Command::Reject { round, reason, .. } => {
            let rejected = OrderRejected { order_id: id.clone(), reason: reason.clone(), skus: skus(order) };
            Ok(waits(order, *round).then(|| rejected.into()).into_iter().collect())
        }
    }
}

fn waits(order: Option<&Order>, round: u32) -> bool {
    order.is_some_and(|order| order.state == State::Placed && order.round == round)
}

fn skus(order: Option<&Order>) -> Vec<Sku> {
    order.into_iter().flat_map(|order| &order.lines).map(|line| line.sku.clone()).collect()
}

fn wrong(id: &OrderId, state: &str) -> Refusal {
    Refusal::WrongState { what: Thing::Order, id: id.to_string(), state: state.to_owned() }
}

fn too_large(id: &OrderId) -> Refusal {
    Refusal::TooLarge { what: Thing::Order, id: id.to_string() }
}

/// Only what is not placed, or was not accepted, can be changed.
fn changeable(order: &Order, id: &OrderId) -> Result<(), Refusal> {
    if order.state.may_change() { Ok(()) } else { Err(wrong(id, order.state.word())) }
}

fn line(sku: &Sku, qty: Quantity, around: Around<'_>) -> Result<PlacedLine, Refusal> {
    let known = around.products.get(sku).ok_or_else(|| Refusal::InvalidSku { sku: sku.clone() })?;
    Ok(PlacedLine { sku: sku.clone(), name: known.name.to_string(), qty, price: known.price })
}

fn add(order: Option<&Order>, item: &Item, around: Around<'_>) -> Result<ItemAdded, Refusal> {
    let Item { order_id, sku, qty } = item;
    order.map_or(Ok(()), |order| changeable(order, order_id))?;
    let PlacedLine { sku, name, qty, price } = line(sku, *qty, around)?;
    let lines = order.map_or(&[][..], |order| &order.lines);
    let there = lines.iter().find(|line| line.sku == sku);
    let sum = there.map_or(qty.signed(), |line| line.qty.signed() + qty.signed());
    let has_room = Quantity::new(sum).is_ok() && (there.is_some() || lines.len() < MOST_LINES);
    if has_room {
        Ok(ItemAdded { order_id: order_id.clone(), sku, name, qty, price })
    } else {
        Err(too_large(order_id))
    }
}

fn remove(order: &Order, id: &OrderId, sku: &Sku, qty: Option<Quantity>) -> Result<ItemRemoved, Refusal> {
    changeable(order, id)?;
    let no_such_line = || Refusal::NoSuchLine { order_id: id.to_string(), sku: sku.to_string() };
    let line = order.line(sku).ok_or_else(no_such_line)?;
    let qty = qty.unwrap_or(line.qty);
    if qty > line.qty {
        return Err(Refusal::TooMany {
            what: Thing::Order,
            id: id.to_string(),
            asked: qty.get(),
            left: line.qty.get(),
        });
    }
    Ok(ItemRemoved { order_id: id.clone(), sku: sku.clone(), name: line.name.clone(), qty })
}

fn place(order: Option<&Order>, place: &Place, around: Around<'_>) -> Result<OrderPlaced, Refusal> {
    let Place { order_id: id, lines, account } = place;
    if order.is_some_and(|order| changeable(order, id).is_err()) {
        return Err(Refusal::AlreadyExists { what: Thing::Order, id: id.to_string() });
    }
    let lines = match (lines, order) {
        (Some(asked), _) => merged(id, asked, around)?,
        (None, Some(order)) => order.lines.clone(),
        (None, None) => return Err(Refusal::NotFound { what: Thing::Order, id: id.to_string() }),
    };
    placed(id, lines, account.clone(), false, around)
}

/// Asked for twice is one line of the sum: a line is allocated whole, from one batch.
fn merged(id: &OrderId, asked: &[Asked], around: Around<'_>) -> Result<Vec<PlacedLine>, Refusal> {
    let mut lines: Vec<PlacedLine> = Vec::with_capacity(asked.len());
    for Asked { sku, qty } in asked {
        let new = line(sku, *qty, around)?;
        match lines.iter_mut().find(|line| line.sku == *sku) {
            Some(line) => {
                line.qty = Quantity::new(line.qty.signed() + qty.signed()).map_err(|_| too_large(id))?;
            }
            None => lines.push(new),
        }
    }
    Ok(lines)
}

fn placed(
    id: &OrderId,
    lines: Vec<PlacedLine>,
    account: Option<AccountId>,
    back_order: bool,
    around: Around<'_>,
) -> Result<OrderPlaced, Refusal> {
    if lines.is_empty() {
        return Err(wrong(id, "empty"));
    }
    let total = total(&lines).filter(|total| account.is_none() || *total <= Amount::MOST);
    let total = total.ok_or_else(|| too_large(id))?;
    if let Some(account_id) = &account {
        let unknown = || Refusal::NotFound { what: Thing::Account, id: account_id.to_string() };
        account::open(around.accounts.get(account_id).ok_or_else(unknown)?, account_id)?;
    }
    Ok(OrderPlaced { order_id: id.clone(), lines, total, account, back_order })
}

fn take_what_is_left(order: &Order, id: &OrderId, around: Around<'_>) -> Result<OrderPlaced, Refusal> {
    changeable(order, id)?;
    let left = |sku: &Sku| around.stocks.get(sku).map_or(0, Stock::left);
    let lines: Vec<_> = order
        .lines
        .iter()
        .filter_map(|line| {
            let qty = Quantity::new(i64::from(left(&line.sku).min(line.qty.get()))).ok()?;
            Some(PlacedLine { qty, ..line.clone() })
        })
        .collect();
    match order.lines.first() {
        Some(first) if lines.is_empty() => Err(Refusal::OutOfStock {
            sku: first.sku.clone(),
            asked: first.qty.get(),
            left: 0,
            available: around.stocks.get(&first.sku).map_or(0, Stock::available),
        }),
        _ => placed(id, lines, order.account.clone(), false, around),
    }
}

fn back_order(order: &Order, id: &OrderId, around: Around<'_>) -> Result<OrderPlaced, Refusal> {
    changeable(order, id)?;
    placed(id, order.lines.clone(), order.account.clone(), true, around)
}

fn cancel(order: &Order, id: &OrderId) -> Result<Vec<Event>, Refusal> {
    match order.state {
        State::Cancelled => Ok(vec![]),
        State::HandedOver => Err(wrong(id, order.state.word())),
        _ => Ok(vec![OrderCancelled { order_id: id.clone(), skus: skus(Some(order)) }.into()]),
    }
}

/// All of it: that is what the fact says. What was not there takes the stock below nought.
fn hand_over(order: &Order, id: &OrderId) -> Vec<Event> {
    if order.state == State::HandedOver {
        return vec![];
    }
    let lines = order.lines.iter().map(|line| HandedLine { sku: line.sku.clone(), qty: line.qty });
    vec![OrderHandedOver { order_id: id.clone(), lines: lines.collect(), was: order.state }.into()]
}
