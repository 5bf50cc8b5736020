//! What the API's routes show, and to which roles.
//!
//! Money is not for everybody. The whole log has it too, so a program that may not see it does not read the log: what is
//! of goods alone has routes of its own. A person's device gets the log, since it could do nothing without a network
//! otherwise.

use domain::books::Role;

use super::{Denied, Kind, Visitor};

/// Below a shop. A route that is not in this list shows money, for all that anybody knows.
const WITHOUT_MONEY: &[&str] = &[
    "/commands",
    "/commands/{id}",
    "/digest",
    "/products",
    "/products/{sku}",
    "/categories/{category}",
    "/batches/{batchref}",
    "/stock/{sku}",
    "/orders",
    "/orders/{id}",
    "/orders/{id}/allocations",
    "/orders/{id}/allocations/{sku}",
    "/blobs",
    "/blobs/{name}",
    "/pictures",
    "/pictures/{id}",
    "/pictures/{id}/comments",
    "/comments/{id}",
    "/openapi.json",
    "/schemas/{file}",
];

/// What a device follows.
const LOG: &[&str] = &["/events", "/feed", "/snapshot"];

/// Aggregates whose history has none.
const RECORDS: &[&str] = &["product", "stock", "batch", "order", "picture", "comment", "shop"];

/// Whether a route shows balances or what was paid. `aggregate` is the one whose history is asked for.
#[must_use]
pub fn shows_money(route: &str, aggregate: Option<&str>) -> bool {
    match aggregate.map(|name| name.split_once('-').map_or(name, |(kind, _)| kind)) {
        Some(kind) => !RECORDS.contains(&kind),
        None => !WITHOUT_MONEY.contains(&route),
    }
}

/// # Errors
/// [`Denied::NotForRole`].
pub fn may_see(visitor: &Visitor, route: &str, aggregate: Option<&str>) -> Result<(), Denied> {
    let role = visitor.author.role;
    // A person's device could do nothing without a network otherwise.
    let is_for_device = visitor.kind != Kind::Program && LOG.contains(&route);
    if role.sees_money() || is_for_device || !shows_money(route, aggregate) {
        return Ok(());
    }
    Err(Denied::NotForRole { has: role, needs: Role::Reader })
}

#[cfg(test)]
mod tests {
    use domain::books::Author;
    use store::access::Scope;

    use super::*;

    #[test]
    fn what_is_not_listed_shows_money() {
        let history = |aggregate| shows_money("/history/{aggregate}", Some(aggregate));
        assert!(!history("product-OAT-1") && !history("stock-account-1"));
        assert!(history("account-1") && history("sale-T1-1") && history("transfer-7") && history("unheard-of"));
        assert!(shows_money("/accounts", None) && shows_money("/unheard-of", None));
        assert!(!shows_money("/products", None));
        for role in Role::ALL {
            let visitor = |kind| {
                let author = Author { actor: "x".into(), role };
                Visitor { author, scope: Scope::Full, kind }
            };
            let (program, person) = (visitor(Kind::Program), visitor(Kind::Person));
            let sees = role != Role::StockHand;
            assert_eq!(may_see(&program, "/accounts", None).is_ok(), sees, "{role}");
            assert_eq!(may_see(&person, "/accounts", None).is_ok(), sees, "{role}");
            assert_eq!(may_see(&program, "/feed", None).is_ok(), sees, "{role}");
            assert!(may_see(&person, "/feed", None).is_ok());
            assert!(may_see(&program, "/orders", None).is_ok());
        }
    }
}
