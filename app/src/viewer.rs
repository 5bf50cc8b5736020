//! Who looks at a page: which pages their role opens, and what it is offered there. This is courtesy, and no lock: what
//! may be done is decided by `domain::roles`, here beforehand and by the server for good; which routes show money to
//! whom is the server's to say.

use std::borrow::Cow;

use domain::{Refusal, books::Role};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    replica::Problem,
    text,
    ui::{
        erased::{Inside, IntoPart, Part},
        frame::here,
    },
};

/// What it takes to open a page.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Takes {
    /// It is about money.
    Money,
    /// It is there to give this command.
    Command(Cow<'static, str>),
    /// It is the owner's.
    Owner,
}

const fn command(command_type: &'static str) -> Takes {
    Takes::Command(Cow::Borrowed(command_type))
}

/// Pages that not everybody opens, by where their address in the shop begins; the first row that fits holds.
const PAGES: &[(&str, Takes)] = &[
    ("/till", command("sale.record")),
    ("/products/new", command("product.add")),
    ("/stock/receive", command("stock.receive")),
    ("/orders/new", command("order.place")),
    ("/accounts/new", command("account.open")),
    ("/accounts/transfer", command("transfer.request")),
    ("/accounts", Takes::Money),
    ("/transfers", Takes::Money),
    ("/sales", Takes::Money),
    ("/reports/sales", Takes::Money),
    ("/reports/balance", Takes::Money),
    ("/history/account-", Takes::Money),
    ("/history/transfer-", Takes::Money),
    ("/history/sale-", Takes::Money),
    ("/why/balance-", Takes::Money),
    ("/why/takings-", Takes::Money),
    ("/why/total-", Takes::Money),
    ("/people", Takes::Owner),
    ("/devices", Takes::Owner),
];

/// A row is for its own address and for those below it; one that ends in a dash for all that go on from there.
fn is_for(row: &str, place: &str) -> bool {
    let rest = place.strip_prefix(row);
    rest.is_some_and(|rest| row.ends_with('-') || rest.is_empty() || rest.starts_with(['/', '?']))
}

/// The part of an address that is below the shop's: `/s/demo/till` is `/till`.
#[must_use]
pub fn place_of(path: &str) -> &str {
    let below = path.strip_prefix("/s/").and_then(|rest| rest.find('/').map(|slash| &rest[slash..]));
    below.unwrap_or_default()
}

/// # Errors
/// [`Problem::NotForRole`].
pub fn may_open(role: Role, place: &str) -> Result<(), Problem> {
    let Some((_, takes)) = PAGES.iter().find(|(row, _)| is_for(row, place)) else { return Ok(()) };
    let may = match takes {
        Takes::Money => role.sees_money(),
        Takes::Command(command) => role.may_send_type(command).is_ok(),
        Takes::Owner => role == Role::Owner,
    };
    if may { Ok(()) } else { Err(Problem::NotForRole(takes.clone())) }
}

/// Whoever looks at a page. In the context of each: when the role changes, the page is made anew.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Viewer {
    pub role: Role,
}

/// In a shop that asks nobody, everybody is its owner.
impl Default for Viewer {
    fn default() -> Self {
        Self { role: Role::Owner }
    }
}

impl Viewer {
    #[must_use]
    pub fn of_context() -> Self {
        use_context().unwrap_or_default()
    }

    /// Whether commands of a type are offered.
    ///
    /// # Errors
    /// The refusal that giving one would end in.
    pub fn may(self, command_type: &str) -> Result<(), Refusal> {
        self.role.may_send_type(command_type)
    }

    #[must_use]
    pub fn sees_money(self) -> bool {
        self.role.sees_money()
    }

    #[must_use]
    pub fn opens(self, place: &str) -> bool {
        may_open(self.role, place).is_ok()
    }
}

/// A link to a page of the shop, for those whom it opens to.
#[component]
pub fn Way(
    /// As `/products/new`.
    #[prop(into)]
    to: String,
    #[prop(default = "button")] class: &'static str,
    words: &'static str,
) -> impl IntoView {
    Viewer::of_context().opens(&to).then(|| view! { <a class=class href=here(&to)>{words}</a> })
}

/// A section with forms of `command`, for those who may give it. To others it says who can, where `says_who`: where they
/// would look for it in vain.
#[component]
pub fn Offered(command: &'static str, #[prop(optional)] says_who: bool, children: Inside) -> impl IntoView {
    match Viewer::of_context().may(command) {
        Ok(()) => children.show(),
        Err(refusal) => only(command, &refusal, says_who),
    }
}

fn only(command: &str, refusal: &Refusal, says_who: bool) -> Part {
    says_who.then(|| view! { <p class="quiet-text" data-testid="only">{text::only(command, refusal)}</p> }).into_part()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_about_money_opens_to_whoever_sees_money_and_one_that_writes_to_whoever_may() {
        let opens = |place: &str| -> String {
            let roles = Role::ALL.into_iter();
            roles.map(|role| if may_open(role, place).is_ok() { 'x' } else { '.' }).collect()
        };
        // Owner, manager, seller, stock hand, reader.
        for (place, expected) in [
            ("", "xxxxx"),
            ("/products", "xxxxx"),
            ("/products/newt", "xxxxx"),
            ("/products/new", "xx..."),
            ("/till", "xxx.."),
            ("/stock/receive?sku=A", "xx.x."),
            ("/orders/new", "xxx.."),
            ("/accounts", "xxx.x"),
            ("/accounts/1/print", "xxx.x"),
            ("/accounts/new", "xx..."),
            ("/accounts/transfer?from=1", "xx..."),
            ("/transfers/T", "xxx.x"),
            ("/sales/T1-1/print", "xxx.x"),
            ("/reports/sales", "xxx.x"),
            ("/reports/stock", "xxxxx"),
            ("/history/account-1", "xxx.x"),
            ("/history/order-O", "xxxxx"),
            ("/why/total-O", "xxx.x"),
            ("/why/on-hand-A", "xxxxx"),
            ("/people", "x...."),
            ("/devices", "x...."),
            ("/device", "xxxxx"),
        ] {
            assert_eq!(opens(place), expected, "{place}");
        }
    }

    #[test]
    fn the_place_of_a_page_is_what_follows_the_shop() {
        assert_eq!(place_of("/s/demo/till"), "/till");
        assert_eq!(place_of("/s/demo/orders/O/print"), "/orders/O/print");
        assert_eq!((place_of("/s/demo"), place_of("/sign-in")), ("", ""));
    }
}
