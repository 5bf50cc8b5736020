//! Products, categories and stock, each one row or one range of a read model.

use app::backend::View;
use axum::response::Response;
use domain::{
    books::Role,
    projections::{
        catalogue::ProductRow,
        stock::{Allocation, BatchRow},
    },
    values::{BatchRef, Sku},
};
use serde::Serialize;
use serde_json::{Value, json};

use super::{goods::shown_to, paging, problem::Problem, reading::Door};

#[derive(Serialize)]
struct Product<'a> {
    sku: &'a Sku,
    #[serde(flatten)]
    row: &'a ProductRow,
}

/// A product as this reader may see it.
fn show(reader: Role, sku: &Sku, row: &ProductRow) -> Value {
    shown_to(reader, json!(Product { sku, row }))
}

#[derive(Serialize)]
struct Batch<'a> {
    batchref: &'a BatchRef,
    #[serde(flatten)]
    row: &'a BatchRow,
}

impl Batch<'_> {
    /// Each of its lines names the SKU too, so that it can be read by itself.
    fn document(&self) -> Value {
        let line = |line: &Allocation| json!({"order_id": line.order_id, "sku": self.row.sku, "qty": line.qty});
        let mut document = json!(self);
        document["allocations"] = self.row.allocations.iter().map(line).collect();
        document
    }
}

/// `GET /products`, of one category with `?category=`.
///
/// # Errors
/// [`Problem`].
pub async fn list(door: Door) -> Result<Response, Problem> {
    let page = paging::Page::of(&door.query, |text| Sku::parse(text).ok())?;
    let (category, reader) = (door.query.get("category").map(ToOwned::to_owned), door.author.role);
    door.read(|view| {
        let products = &view.books.projections.catalogue.products;
        let wanted = |row: &ProductRow| category.as_ref().is_none_or(|category| row.category == *category);
        let rows = products.range(page.range()).filter(|(_, row)| wanted(row));
        Ok(page.answer(rows, Sku::as_str, |sku, row| show(reader, sku, row)))
    })
    .await
}

/// `GET /products/{sku}`
///
/// # Errors
/// 404 for goods that the shop does not know.
pub async fn one(door: Door) -> Result<Response, Problem> {
    door.read(|view| {
        let (sku, row) = product(view, door.segment("sku"))?;
        Ok(show(door.author.role, &sku, row))
    })
    .await
}

fn product<'a>(view: &'a View, sku: &str) -> Result<(Sku, &'a ProductRow), Problem> {
    let unknown = || Problem::not_found("product of this SKU");
    let sku = Sku::parse(sku).map_err(|_| unknown())?;
    let row = view.books.projections.catalogue.products.get(&sku).ok_or_else(unknown)?;
    Ok((sku, row))
}

/// `GET /categories/{category}`: the category with its products, one document.
///
/// # Errors
/// 404 for a category that no product has.
pub async fn category(door: Door) -> Result<Response, Problem> {
    door.read(|view| {
        let category = door.segment("category");
        let rows = view.books.projections.catalogue.category(category);
        let rows = rows.ok_or_else(|| Problem::not_found("product of this category"))?;
        let products: Vec<_> = rows.map(|(sku, row)| show(door.author.role, sku, row)).collect();
        Ok(json!({"category": category, "products": products}))
    })
    .await
}

/// `GET /batches/{ref}`
///
/// # Errors
/// 404 for a batch that the shop does not know.
pub async fn batch(door: Door) -> Result<Response, Problem> {
    door.read(|view| {
        let unknown = || Problem::not_found("batch of this reference");
        let batchref = BatchRef::parse(door.segment("batchref")).map_err(|_| unknown())?;
        let row = view.books.projections.stock.batches.get(&batchref).ok_or_else(unknown)?;
        Ok(Batch { batchref: &batchref, row }.document())
    })
    .await
}

/// `GET /stock/{sku}`: what there is of a SKU, by batch, and its last movements.
///
/// # Errors
/// 404 for goods that the shop does not know.
pub async fn stock(door: Door) -> Result<Response, Problem> {
    door.read(|view| {
        let (sku, row) = product(view, door.segment("sku"))?;
        let stock = view.books.aggregates.stocks.get(&sku);
        let book = &view.books.projections.stock;
        let batches: Vec<_> = stock
            .into_iter()
            .flat_map(|stock| stock.batches.keys())
            .filter_map(|batchref| Some(Batch { batchref, row: book.batches.get(batchref)? }.document()))
            .collect();
        let movements: Vec<Value> = book
            .movements_of(&sku)
            .map(|(position, movement)| {
                let mut movement = json!(movement);
                movement["position"] = position.into();
                movement
            })
            .collect();
        Ok(json!({
            "sku": sku, "on_hand": row.on_hand, "allocated": row.allocated, "arriving": row.arriving,
            "available": row.available, "next_eta": row.next_eta, "batches": batches, "movements": movements,
        }))
    })
    .await
}
