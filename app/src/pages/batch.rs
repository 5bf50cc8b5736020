//! One delivery: what is left of it, and to whom it is promised. Issues `stock.change_quantity`, `stock.damage`, and
//! `stock.receive` for a shipment that came in.

use domain::{picture::Subject, values::BatchRef};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::path_param;
use crate::{
    format,
    live::{PageContext, page_of_numbers},
    ui::{
        command_form::CommandForm,
        erased::{IntoPart, Parts, follow},
        field::{Field, Kind},
        frame::here,
        head::PageHead,
        mark::{Mark, SyncMark},
        past::Figure,
        pictures::{PicturesOf, Small},
        rows::rows,
    },
    viewer::Offered,
};

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Model {
    pub shop: String,
    pub batchref: String,
    pub sku: String,
    pub product: String,
    pub product_href: String,
    pub qty: u32,
    pub available: u32,
    pub eta: Option<String>,
    pub allocations: Vec<Allocation>,
    pub mark: Mark,
    pub pictures: Vec<Small>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Allocation {
    pub order_id: String,
    pub href: String,
    pub qty: i64,
}

#[must_use]
pub fn load(context: &PageContext<'_>, batchref: &String) -> Option<Model> {
    let batchref = BatchRef::parse(batchref).ok()?;
    let batch = context.books.projections.stock.batches.get(&batchref)?;
    let allocations = batch.allocations.iter().map(|allocation| Allocation {
        order_id: allocation.order_id.to_string(),
        href: context.at(&format!("/orders/{}", allocation.order_id)),
        qty: allocation.qty.signed(),
    });
    Some(Model {
        shop: context.title.to_owned(),
        batchref: batchref.to_string(),
        sku: batch.sku.to_string(),
        product: super::name_of(context.books, &batch.sku),
        product_href: context.at(&format!("/products/{}", batch.sku)),
        qty: batch.qty,
        available: batch.available,
        eta: batch.eta.map(format::day),
        allocations: allocations.collect(),
        pictures: Small::about(context, &Subject::Batch(batchref.clone())),
        mark: Mark::new(context.marks.of(&["stock"], batch.sku.as_str(), batch.position), batch.position),
    })
}

fn figures(model: &Model) -> Vec<Figure> {
    vec![Figure::pieces("Quantity", i64::from(model.qty)), Figure::pieces("Available", i64::from(model.available))]
}

#[component]
pub fn BatchPage() -> impl IntoView {
    page_of_numbers(path_param("batchref"), load, show, figures)
}

fn show(model: Memo<Model>) -> impl IntoView {
    let title = model.part(|model| format!("Batch {}", model.batchref));
    let batchref = model.with_untracked(|model| model.batchref.clone());
    let shop = model.part(|model| model.shop.clone());
    let mark = model.part(|model| model.mark);
    let state = mark.part(|mark| mark.state);
    view! {
        <PageHead title shop crumbs=vec![("Stock".to_owned(), here("/stock?view=batches"))]>
            <a class="button quiet" href=here(&format!("/history/batch-{batchref}"))>"History"</a>
        </PageHead>
        <section class="section record" aria-label="Batch" data-sync=follow(move || state.get().name()) data-position=mark.show(|mark| mark.confirmed_position())>
            <dl class="facts">
                <div>
                    <dt>"Product"</dt>
                    <dd><a href=model.with_untracked(|model| model.product_href.clone())>{model.show(|model| model.product.clone())}</a></dd>
                </div>
                <div><dt>"Quantity"</dt><dd>{model.show(|model| format::number(i64::from(model.qty)))}</dd></div>
                <div><dt>"Available"</dt><dd>{model.show(|model| format::number(i64::from(model.available)))}</dd></div>
                <div>
                    <dt>"Where"</dt>
                    <dd>{model.show(|model| model.eta.as_ref().map_or_else(|| "In hand".to_owned(), |day| format!("Expected on {day}")))}</dd>
                </div>
            </dl>
            <p><SyncMark state/></p>
        </section>
        <Allocations model/>
        <PicturesOf list=model.part(|model| model.pictures.clone()) about=("batch", model.with_untracked(|model| model.batchref.clone()))/>
        <Changes model/>
    }
}

#[component]
fn Allocations(model: Memo<Model>) -> impl IntoView {
    let list = model.part(|model| model.allocations.clone());
    let none = model.part(|model| model.allocations.is_empty());
    view! {
        <section class="section">
            <h2>"Reserved for"</h2>
            {follow(move || if none.get() {
                view! { <p class="quiet-text">"Nothing of it is reserved."</p> }.into_part()
            } else {
                view! {
                    <table class="ledger">
                        <caption class="visually-hidden">"Orders with goods from this batch"</caption>
                        <thead><tr><th scope="col">"Order"</th><th scope="col" class="num">"Quantity"</th></tr></thead>
                        <tbody>{rows(list, |row| row.order_id.clone(), |row: Memo<Allocation>| view! {
                            <tr>
                                <th scope="row"><a href=row.with_untracked(|row| row.href.clone())>{row.with_untracked(|row| row.order_id.clone())}</a></th>
                                <td class="num" data-label="Quantity">{row.show(|row| format::number(row.qty))}</td>
                            </tr>
                        })}</tbody>
                    </table>
                }.into_part()
            })}
        </section>
    }
}

#[component]
fn Changes(model: Memo<Model>) -> impl IntoView {
    let now = model.get_untracked();
    let (changed, damaged) = (now.batchref.clone(), now.batchref.clone());
    let expected = model.part(|model| model.eta.is_some());
    view! {
        {follow(move || expected.get().then(|| view! { <Arrive now=model.get_untracked()/> }))}
        <Offered command="stock.change_quantity">
            <section class="section">
                <h2>"Correct the quantity"</h2>
                <CommandForm command="stock.change_quantity" id="change" label="Correct the quantity".to_owned()>
                    <input type="hidden" name="batchref" value=changed/>
                    <Field name="qty" label="Quantity" kind=Kind::Units value=now.qty.to_string() required=true hint="Reserved goods that no longer fit are freed, the newest first."/>
                    <div class="actions"><button type="submit">"Save"</button></div>
                </CommandForm>
            </section>
        </Offered>
        <Offered command="stock.damage">
            <section class="section">
                <h2>"Take out damaged goods"</h2>
                <CommandForm command="stock.damage" id="damage" label="Take out damaged goods".to_owned()>
                    <input type="hidden" name="batchref" value=damaged/>
                    <div class="field-row">
                        <Field name="qty" label="Take out" kind=Kind::Units required=true/>
                        <Field name="reason" label="Reason" required=true/>
                    </div>
                    <div class="actions"><button type="submit">"Take out"</button></div>
                </CommandForm>
            </section>
        </Offered>
    }
}

#[component]
fn Arrive(now: Model) -> impl IntoView {
    view! {
        <Offered command="stock.receive">
            <section class="section">
                <h2>"It came"</h2>
                <CommandForm command="stock.receive" id="arrive" label="It came".to_owned()>
                    <input type="hidden" name="batchref" value=now.batchref/>
                    <input type="hidden" name="sku" value=now.sku/>
                    <Field name="qty" label="Quantity that came" kind=Kind::Units value=now.qty.to_string() required=true/>
                    <div class="actions"><button type="submit" class="primary">"Write it down"</button></div>
                </CommandForm>
            </section>
        </Offered>
    }
}
