//! Orders, and which batches their goods come from.

use app::backend::View;
use axum::response::Response;
use domain::{
    books::Role,
    matcher::Matcher,
    projections::orders::{OrderLine, OrderRow},
    values::OrderId,
};
use serde_json::{Value, json};

use super::{paging::Page, problem::Problem, reading::Door};

/// An order as this reader may see it.
fn show(reader: Role, order_id: &OrderId, row: &OrderRow) -> Value {
    if reader.sees_money() { whole(order_id, row) } else { goods(order_id, row) }
}

/// What is to be fetched from where, and nothing of who pays how much.
fn goods(order_id: &OrderId, row: &OrderRow) -> Value {
    let line = |line: &OrderLine| {
        json!({
            "sku": line.sku, "name": line.name, "qty": line.qty, "allocated": line.allocated, "short": line.short,
            "batchref": line.batchref,
        })
    };
    let lines: Vec<Value> = row.lines.iter().map(line).collect();
    json!({"order_id": order_id, "state": row.state, "lines": lines, "position": row.position})
}

/// The account is shown by its number, with the names of its row beside it.
fn whole(order_id: &OrderId, row: &OrderRow) -> Value {
    let account = row.account.as_ref();
    json!({
        "order_id": order_id, "state": row.state, "account": account.map(|account| &account.account_id),
        "account_title": account.map(|account| &account.title), "account_owner": account.map(|account| &account.owner),
        "reason": row.reason, "total": row.total, "lines": row.lines, "timeline": row.timeline, "position": row.position,
    })
}

/// By what this reader may see: a name that is not shown is not to be found out by asking for it.
fn is_found(reader: Role, order_id: &OrderId, row: &OrderRow, searched: &Matcher) -> bool {
    if reader.sees_money() || row.account.is_none() {
        return row.is_found_by(order_id, searched);
    }
    OrderRow { account: None, ..row.clone() }.is_found_by(order_id, searched)
}

/// `GET /orders`, those that `?q=` finds
///
/// # Errors
/// [`Problem`].
pub async fn list(door: Door) -> Result<Response, Problem> {
    let page = Page::of(&door.query, |text| OrderId::parse(text).ok())?;
    let (searched, reader) = (Matcher::new(door.query.get("q").unwrap_or("")), door.author.role);
    door.read(|view| {
        let rows = view.books.projections.orders.orders.range(page.range());
        let rows = rows.filter(|(order_id, row)| is_found(reader, order_id, row, &searched));
        Ok(page.answer(rows, OrderId::as_str, |order_id, row| show(reader, order_id, row)))
    })
    .await
}

/// `GET /orders/{id}`
///
/// # Errors
/// 404 for an order that the shop does not know.
pub async fn one(door: Door) -> Result<Response, Problem> {
    door.read(|view| {
        let (order_id, row) = order(view, door.segment("id"))?;
        Ok(show(door.author.role, &order_id, row))
    })
    .await
}

fn order<'a>(view: &'a View, order_id: &str) -> Result<(OrderId, &'a OrderRow), Problem> {
    let unknown = || Problem::not_found("order of this number");
    let order_id = OrderId::parse(order_id).map_err(|_| unknown())?;
    let row = view.books.projections.orders.orders.get(&order_id).ok_or_else(unknown)?;
    Ok((order_id, row))
}

/// `GET /orders/{id}/allocations`: by order, over SKUs, in the order of its lines.
///
/// # Errors
/// 404 where nothing is allocated.
pub async fn allocations(door: Door) -> Result<Response, Problem> {
    door.read(|view| {
        let (_, row) = order(view, door.segment("id"))?;
        let allocated = row
            .lines
            .iter()
            .filter_map(|line| line.batchref.as_ref().map(|batchref| json!({"sku": line.sku, "batchref": batchref})));
        let allocated: Vec<_> = allocated.collect();
        if allocated.is_empty() { Err(Problem::not_found("allocation of this order")) } else { Ok(allocated) }
    })
    .await
}

/// `GET /orders/{id}/allocations/{sku}`: of a single order line.
///
/// # Errors
/// 404 where it is not allocated.
pub async fn allocation(door: Door) -> Result<Response, Problem> {
    door.read(|view| {
        let (_, row) = order(view, door.segment("id"))?;
        let line = row.lines.iter().find(|line| line.sku.as_str() == door.segment("sku"));
        let found = line.and_then(|line| line.batchref.as_ref().map(|batchref| (&line.sku, batchref)));
        let (sku, batchref) = found.ok_or_else(|| Problem::not_found("allocation of this order line"))?;
        Ok(json!({"sku": sku, "batchref": batchref}))
    })
    .await
}
