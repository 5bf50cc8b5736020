//! What is rung up: SKUs with quantities, in the order they were taken.

use serde::{Deserialize, Serialize};

use super::Product;

#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Basket(Vec<(String, u32)>);

/// A line of the basket with the product's name and price.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    pub sku: String,
    pub name: String,
    pub qty: u32,
    pub price: i64,
}

impl Line {
    #[must_use]
    pub fn amount(&self) -> i64 {
        self.price.saturating_mul(i64::from(self.qty))
    }
}

const MOST: u32 = 1_000_000;

/// What was rung up in a form that came back unpaid.
fn typed(pairs: &[(String, String)]) -> impl Iterator<Item = (&str, u32)> {
    let value = |name: &str| pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let line = move |name: &String| name.strip_prefix("typed.lines[")?.strip_suffix("].sku").map(ToOwned::to_owned);
    pairs.iter().filter_map(move |(name, sku)| {
        let qty = value(&format!("typed.lines[{}].qty", line(name)?))?;
        Some((sku.as_str(), qty.parse().ok()?))
    })
}

impl Basket {
    /// From an address: the basket as it was, then what was typed, then the button that was pressed.
    #[must_use]
    pub fn of_pairs(pairs: &[(String, String)]) -> Self {
        let mut basket = Self::default();
        for (name, value) in pairs.iter().filter(|(name, _)| name == "basket") {
            debug_assert_eq!(name, "basket");
            for line in value.split(',') {
                if let Some((sku, qty)) = line.split_once('*')
                    && let Ok(qty) = qty.parse()
                {
                    basket.set(sku, qty);
                }
            }
        }
        for (sku, qty) in typed(pairs) {
            basket.set(sku, qty);
        }
        for (name, value) in pairs {
            match (name.strip_prefix("set."), name.as_str()) {
                (Some(sku), _) => {
                    if let Ok(qty) = value.trim().parse() {
                        basket.set(sku, qty);
                    }
                }
                (None, "add") => basket.add(value),
                (None, "less") => basket.change(value, -1),
                (None, "remove") => basket.set(value, 0),
                _ => {}
            }
        }
        basket
    }

    /// As it stands in an address. A SKU has neither `*` nor `,`.
    #[must_use]
    pub fn written(&self) -> String {
        self.0.iter().map(|(sku, qty)| format!("{sku}*{qty}")).collect::<Vec<_>>().join(",")
    }

    #[must_use]
    pub fn has(&self, sku: &str) -> bool {
        self.qty(sku) > 0
    }

    #[must_use]
    pub fn qty(&self, sku: &str) -> u32 {
        self.0.iter().find(|(known, _)| known == sku).map_or(0, |(_, qty)| *qty)
    }

    pub fn add(&mut self, sku: &str) {
        self.change(sku, 1);
    }

    pub fn change(&mut self, sku: &str, by: i64) {
        let qty = i64::from(self.qty(sku)).saturating_add(by).clamp(0, i64::from(MOST));
        self.set(sku, u32::try_from(qty).unwrap_or(MOST));
    }

    /// Nought takes the line away.
    pub fn set(&mut self, sku: &str, qty: u32) {
        let qty = qty.min(MOST);
        match self.0.iter_mut().find(|(known, _)| known == sku) {
            _ if qty == 0 => self.0.retain(|(known, _)| known != sku),
            Some((_, known)) => *known = qty,
            None => self.0.push((sku.to_owned(), qty)),
        }
    }

    /// Lines of known products.
    #[must_use]
    pub fn lines(&self, products: &[Product]) -> Vec<Line> {
        let line = |(sku, qty): &(String, u32)| {
            let product = products.iter().find(|product| product.sku == *sku)?;
            Some(Line { sku: sku.clone(), name: product.name.clone(), qty: *qty, price: product.price })
        };
        self.0.iter().filter_map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_query(query: &str) -> Basket {
        Basket::of_pairs(&form_urlencoded::parse(query.as_bytes()).into_owned().collect::<Vec<_>>())
    }

    #[test]
    fn every_button_works_from_the_address_alone() {
        assert_eq!(of_query("basket=A*2,B*1&add=A").written(), "A*3,B*1");
        assert_eq!(of_query("basket=A*2,B*1&add=C").written(), "A*2,B*1,C*1");
        assert_eq!(of_query("basket=A*2,B*1&less=B").written(), "A*2");
        assert_eq!(of_query("basket=A*2,B*1&remove=A").written(), "B*1");
        assert_eq!(of_query("basket=A*2&set.A=7&add=A").written(), "A*8");
    }

    #[test]
    fn us_22_a_form_that_came_back_has_its_lines() {
        let came_back = "refused=malformed&field=account&typed.lines[0].sku=A&typed.lines[0].qty=2&typed.lines[0].price=1.00\
                         &typed.lines[1].sku=B&typed.lines[1].qty=1&typed.lines[2].sku=C&typed.account=";
        assert_eq!(of_query(came_back).written(), "A*2,B*1");
        assert_eq!(of_query(&format!("{came_back}&less=B")).written(), "A*2");
    }

    #[test]
    fn nonsense_in_the_address_is_no_basket() {
        assert_eq!(of_query("basket=,*,A*,A*-1,*x&less=Z&set.A=many").written(), "");
    }

    #[test]
    fn what_is_written_is_read_again() {
        let mut basket = Basket::default();
        basket.set("OAT-1", 2);
        basket.set("a:b+c.d_e", 1);
        let query = form_urlencoded::Serializer::new(String::new()).append_pair("basket", &basket.written()).finish();
        assert_eq!(of_query(&query), basket);
    }
}
