//! The screens, one file each, and the addresses they stand at.
#![expect(clippy::ptr_arg, reason = "a page takes by reference what its address was read into, and that is a String")]

pub mod account;
pub mod account_new;
pub mod accounts;
pub mod attention;
pub mod batch;
pub mod book;
pub mod device;
pub mod devices;
pub mod entry;
pub mod history;
pub mod inspector;
pub mod join;
pub mod more;
pub mod not_found;
pub mod order;
pub mod order_new;
pub mod orders;
pub mod password;
pub mod people;
pub mod picture;
pub mod pictures;
pub mod print;
pub mod product;
pub mod product_new;
pub mod products;
pub mod receive;
pub mod reports;
pub mod resend;
pub mod reset;
pub mod shops;
pub mod sign_in;
pub mod start;
pub mod stock;
pub mod switch;
#[cfg(test)]
mod tests;
pub mod till;
pub mod today;
pub mod transfer;
pub mod transfer_new;
pub mod welcome;
pub mod why;

use domain::{books::Books, values::Sku};
use leptos::prelude::*;
use leptos_meta::provide_meta_context;
use leptos_router::{
    SsrMode,
    components::{ParentRoute, Route, Router, Routes},
    hooks::{use_params_map, use_query_map},
    path,
};

use crate::ui::{erased::IntoPart, frame::ShopFrame, update::Updates};

/// Every route waits for its data before the first byte: pages must be whole where no script runs.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    let updates = Updates::default();
    provide_context(updates);
    #[cfg(feature = "hydrate")]
    crate::wire::keep_for_offline(updates);
    view! {
        <Router>
            <Routes fallback=not_found::NotFound>
                <Route path=path!("/") view=welcome::Welcome ssr=SsrMode::Async/>
                <Route path=path!("/sign-in") view=sign_in::SignIn ssr=SsrMode::Async/>
                <Route path=path!("/join/:code") view=join::Join ssr=SsrMode::Async/>
                <Route path=path!("/reset/:code") view=reset::Reset ssr=SsrMode::Async/>
                <Route path=path!("/password") view=password::ChangePassword ssr=SsrMode::Async/>
                <Route path=path!("/start") view=start::Start ssr=SsrMode::Async/>
                <Route path=path!("/shops") view=shops::Shops ssr=SsrMode::Async/>
                <Route path=path!("/sign-out") view=sign_in::SignOut ssr=SsrMode::Async/>
                <ParentRoute path=path!("/s/:shop") view=ShopFrame ssr=SsrMode::Async>
                    <Route path=path!("") view=today::Today ssr=SsrMode::Async/>
                    <Route path=path!("/till") view=till::Till ssr=SsrMode::Async/>
                    <Route path=path!("/products") view=products::Products ssr=SsrMode::Async/>
                    <Route path=path!("/products/new") view=product_new::NewProduct ssr=SsrMode::Async/>
                    <Route path=path!("/products/:sku") view=product::ProductPage ssr=SsrMode::Async/>
                    <Route path=path!("/stock") view=stock::Stock ssr=SsrMode::Async/>
                    <Route path=path!("/stock/receive") view=receive::Receive ssr=SsrMode::Async/>
                    <Route path=path!("/batches/:batchref") view=batch::BatchPage ssr=SsrMode::Async/>
                    <Route path=path!("/orders") view=orders::Orders ssr=SsrMode::Async/>
                    <Route path=path!("/orders/new") view=order_new::NewOrder ssr=SsrMode::Async/>
                    <Route path=path!("/orders/:order_id") view=order::OrderPage ssr=SsrMode::Async/>
                    <Route path=path!("/pictures") view=pictures::Pictures ssr=SsrMode::Async/>
                    <Route path=path!("/pictures/:picture_id") view=picture::PicturePage ssr=SsrMode::Async/>
                    <Route path=path!("/orders/:order_id/print") view=print::PrintOrder ssr=SsrMode::Async/>
                    <Route path=path!("/accounts") view=accounts::Accounts ssr=SsrMode::Async/>
                    <Route path=path!("/accounts/new") view=account_new::NewAccount ssr=SsrMode::Async/>
                    <Route path=path!("/accounts/transfer") view=transfer_new::NewTransfer ssr=SsrMode::Async/>
                    <Route path=path!("/accounts/:account_id") view=account::AccountPage ssr=SsrMode::Async/>
                    <Route path=path!("/accounts/:account_id/print") view=print::PrintStatement ssr=SsrMode::Async/>
                    <Route path=path!("/transfers/:transfer_id") view=transfer::TransferPage ssr=SsrMode::Async/>
                    <Route path=path!("/sales/:number/print") view=print::PrintReceipt ssr=SsrMode::Async/>
                    <Route path=path!("/history/:aggregate") view=history::HistoryPage ssr=SsrMode::Async/>
                    <Route path=path!("/why/:what") view=why::WhyPage ssr=SsrMode::Async/>
                    <Route path=path!("/reports/:name") view=reports::Reports ssr=SsrMode::Async/>
                    <Route path=path!("/book") view=book::DayBookPage ssr=SsrMode::Async/>
                    <Route path=path!("/book/:position") view=entry::EntryPage ssr=SsrMode::Async/>
                    <Route path=path!("/attention") view=attention::AttentionPage ssr=SsrMode::Async/>
                    <Route path=path!("/attention/:command") view=resend::Resend ssr=SsrMode::Async/>
                    <Route path=path!("/device") view=device::DevicePage ssr=SsrMode::Async/>
                    <Route path=path!("/switch") view=switch::SwitchPage ssr=SsrMode::Async/>
                    <Route path=path!("/people") view=people::PeoplePage ssr=SsrMode::Async/>
                    <Route path=path!("/devices") view=devices::DevicesPage ssr=SsrMode::Async/>
                    <Route path=path!("/inspector") view=inspector::InspectorPage ssr=SsrMode::Async/>
                    <Route path=path!("/more") view=more::More ssr=SsrMode::Async/>
                    <Route path=path!("/*any") view=not_found::NoSuchPage ssr=SsrMode::Async/>
                </ParentRoute>
            </Routes>
        </Router>
    }
    .into_part()
}

/// What people call a product; its SKU where nobody has named it.
pub(crate) fn name_of(books: &Books, sku: &Sku) -> String {
    let known = books.aggregates.products.get(sku).map(|product| product.name.clone());
    known.filter(|name| !name.is_empty()).map_or_else(|| sku.to_string(), |name| name.to_string())
}

/// Follows a part of the address' path.
fn path_param(name: &'static str) -> impl Fn() -> String + Copy + Send + Sync + 'static {
    let params = use_params_map();
    move || params.with(|params| params.get(name).unwrap_or_default())
}

/// Follows a part of the address' query; empty where it is absent.
pub(crate) fn query_param(name: &'static str) -> impl Fn() -> String + Copy + Send + Sync + 'static {
    let query = use_query_map();
    move || query.with(|query| query.get(name).unwrap_or_default())
}
