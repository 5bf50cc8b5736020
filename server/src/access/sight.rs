//! What the API's routes show, and to which roles.
//!
//! Money is not for everybody. The whole log has it too, so whoever may not see it does not read the log: what is of
//! goods alone has routes of its own.

use domain::books::Role;

use super::Denied;

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
pub fn may_see(role: Role, route: &str, aggregate: Option<&str>) -> Result<(), Denied> {
    if role.sees_money() || !shows_money(route, aggregate) {
        return Ok(());
    }
    Err(Denied::NotForRole { has: role, needs: Role::Reader })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_listed_shows_money() {
        let history = |aggregate| shows_money("/history/{aggregate}", Some(aggregate));
        assert!(!history("product-OAT-1") && !history("stock-account-1"));
        assert!(history("account-1") && history("sale-T1-1") && history("transfer-7") && history("unheard-of"));
        assert!(shows_money("/accounts", None) && shows_money("/unheard-of", None));
        assert!(!shows_money("/products", None));
        for role in Role::ALL {
            assert_eq!(may_see(role, "/accounts", None).is_ok(), role != Role::StockHand, "{role}");
            assert!(may_see(role, "/orders", None).is_ok());
        }
    }
}
