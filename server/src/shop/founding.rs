//! A new shop by its name: a free address for it, and what its sums are counted in, which is its first entry.

use std::sync::Arc;

use domain::{
    CommandId, ShopSlug, Submission, Verdict,
    books::{Author, Request},
    demo,
    record::WEB,
    shop::Command,
    values::Currency,
};
use store::StoreError;
use sync::protocol::Outcome;
use uuid::Uuid;

use super::{ShopError, Shops};
use crate::clock;

/// Addresses that are tried in turn for shops of one name.
const MOST_OF_A_NAME: u32 = 50;
/// Letters of an address that come from the name.
const LONGEST_NAME: usize = 30;

/// Why there is no new shop, or it is not counted in what was asked for.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
pub enum FoundingError {
    #[error("{MOST_OF_A_NAME} shops are called {name}")]
    Taken { name: String },
    #[error("the shop {shop} does not count in {currency}: {outcome:?}")]
    Currency { shop: ShopSlug, currency: Currency, outcome: Option<Outcome> },
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Shop(#[from] ShopError),
}

/// The part of an address that a name makes: `Corner shop` is `corner-shop`.
fn address_of(title: &str) -> String {
    let letter = |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { ' ' };
    let words: String = title.chars().map(letter).collect();
    let joined = words.split_whitespace().collect::<Vec<_>>().join("-");
    let short: String = joined.chars().take(LONGEST_NAME).collect();
    let short = short.trim_end_matches('-');
    if short.is_empty() { "shop".to_owned() } else { short.to_owned() }
}

/// Makes a shop under the first address of its name that is free.
///
/// # Errors
/// [`FoundingError::Taken`], [`FoundingError::Store`].
pub async fn make(shops: &Shops, title: &str) -> Result<ShopSlug, FoundingError> {
    let name = address_of(title);
    for number in 1..=MOST_OF_A_NAME {
        let address = if number == 1 { name.clone() } else { format!("{name}-{number}") };
        let Some(shop) = ShopSlug::parse(&address).ok().filter(|shop| !demo::is_demo(shop)) else { continue };
        // A shop that is there keeps its epoch.
        let epoch = Uuid::new_v4();
        if shops.store.create_shop(&shop, title, epoch).await?.epoch == epoch {
            return Ok(shop);
        }
    }
    Err(FoundingError::Taken { name })
}

/// Writes down what a new shop's sums are counted in.
///
/// # Errors
/// [`FoundingError::Shop`], [`FoundingError::Currency`].
pub async fn count_in(
    shops: &Arc<Shops>,
    shop: &ShopSlug,
    owner: Author,
    currency: Currency,
) -> Result<(), FoundingError> {
    let submission = Submission {
        id: CommandId(Uuid::now_v7()),
        command: Command::SetCurrency { currency: currency.clone() }.into(),
        if_version: None,
        device: WEB.into(),
        issued_at: clock::now(),
        undoes: None,
        replaces: None,
        depends_on: Vec::new(),
    };
    let outcome = shops.open(shop).await?.decide(vec![Request { submission, author: owner }]).await?.outcomes.pop();
    match outcome {
        Some(Outcome::Settled { verdict: Verdict::Accepted { .. }, .. }) => Ok(()),
        outcome => Err(FoundingError::Currency { shop: shop.clone(), currency, outcome }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_a_shop_comes_from_its_name() {
        for (title, address) in [
            ("Corner shop", "corner-shop"),
            ("  Bäckerei & Café 24 ", "b-ckerei-caf-24"),
            ("日本の店", "shop"),
            ("--", "shop"),
            ("a very long name that goes on and on", "a-very-long-name-that-goes-on"),
        ] {
            assert_eq!(address_of(title), address);
            assert!(ShopSlug::parse(&address_of(title)).is_ok());
        }
    }
}
