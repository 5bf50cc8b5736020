//! Why something was not accepted: words from a code and its numbers.

use domain::{
    Refusal,
    books::Role,
    refusal::{Changed, Thing},
};

use crate::format::{money, number};

/// Begins with what happened, ends with what is true now.
#[must_use]
pub fn refusal(refusal: &Refusal) -> String {
    format!("Not accepted: {}.", why_not(refusal))
}

/// The rule and its numbers, inside a sentence.
#[must_use]
pub fn why_not(refusal: &Refusal) -> String {
    match refusal {
        Refusal::InvalidSku { sku } => format!("there is no product {sku}"),
        Refusal::OutOfStock { left: 0, available, .. } if *available <= 0 => "none left".to_owned(),
        Refusal::OutOfStock { asked, left, available, .. } if *available > i64::from(*left) => format!(
            "{} asked for and one batch can give {}; all together have {}",
            number(i64::from(*asked)),
            number(i64::from(*left)),
            number(*available)
        ),
        Refusal::OutOfStock { asked, left, .. } => {
            format!("{} asked for, {} left", number(i64::from(*asked)), number(i64::from(*left)))
        }
        Refusal::AlreadyAllocated { order_id, allocated, batchref, .. } => format!(
            "order {order_id} already has {} from batch {batchref}; free them first",
            number(i64::from(*allocated))
        ),
        Refusal::AlreadyExists { what, id } => format!("there is already {} {id}", a(*what)),
        Refusal::NotFound { what, id } => format!("there is no {} {id}", word(*what)),
        Refusal::WrongState { what, id, state } => format!("{} {id} is {state}", word(*what)),
        Refusal::NotAllowed { needs, .. } => needs_a(needs),
        Refusal::ChangedMeanwhile(Changed::Version { id, .. }) => {
            format!("{id} was changed by somebody else meanwhile")
        }
        Refusal::ChangedMeanwhile(Changed::Text(texts)) => {
            format!("{} wrote another text meanwhile: “{}”", texts.by, texts.theirs)
        }
        Refusal::TooLarge { what: Thing::Picture, id } => format!("picture {id} has as many comments as it can carry"),
        Refusal::TooLarge { what, id } => format!("{} {id} would be too large a number", word(*what)),
        Refusal::NoSuchLine { order_id, sku } => format!("order {order_id} has no line for {sku}"),
        Refusal::TooMany { what, id, asked, left } => format!(
            "{} asked for, {} left of {} {id}",
            number(i64::from(*asked)),
            number(i64::from(*left)),
            word(*what)
        ),
        Refusal::InsufficientFunds { asked, available, .. } => {
            format!("{} asked for, {} free", money(*asked), money(*available))
        }
        Refusal::NotZero { account_id, balance } => format!("account {account_id} still has {} on it", money(*balance)),
        Refusal::SameAccount { account_id } => format!("from and to are both account {account_id}"),
        Refusal::Gone { what, id } => format!("{} {id} was removed", word(*what)),
        Refusal::UnknownBlob { .. } => "the picture itself has not arrived; take it again".to_owned(),
    }
}

/// The same for a reader of this role: without sums for whoever sees no money.
#[must_use]
pub fn why_not_for(refusal: &Refusal, reader: Role) -> String {
    match refusal {
        Refusal::InsufficientFunds { .. } if !reader.sees_money() => "there is not enough money".to_owned(),
        Refusal::NotZero { .. } if !reader.sees_money() => "the account is not empty".to_owned(),
        other => why_not(other),
    }
}

/// What somebody may do in the shop.
#[must_use]
pub fn role(role: Role) -> String {
    role.word().replace('_', " ")
}

/// The role that it takes, by its word.
fn needs_a(role: &str) -> String {
    let article = if role.starts_with('o') { "an" } else { "a" };
    format!("needs {article} {}", role.replace('_', " "))
}

/// The same before it is sent: nobody has refused it yet.
#[must_use]
pub fn at_risk(refused: &Refusal, may_change: bool) -> String {
    let words = refusal(refused);
    let why = words.strip_prefix("Not accepted: ").unwrap_or(&words).trim_end_matches('.');
    let question = if may_change { " Change it?" } else { "" };
    format!("Probably not accepted: {why} now.{question}")
}

fn word(thing: Thing) -> &'static str {
    match thing {
        Thing::Product => "product",
        Thing::Batch => "batch",
        Thing::Order => "order",
        Thing::Allocation => "allocation",
        Thing::Sale => "sale",
        Thing::Stock => "stock of",
        Thing::Account => "account",
        Thing::Transfer => "transfer",
        Thing::Shop => "shop",
        Thing::Entry => "entry",
        Thing::Picture => "picture",
        Thing::Comment => "comment",
    }
}

fn a(thing: Thing) -> &'static str {
    match thing {
        Thing::Product => "a product",
        Thing::Batch => "a batch",
        Thing::Order => "an order",
        Thing::Allocation => "an allocation",
        Thing::Sale => "a sale",
        Thing::Stock => "stock of",
        Thing::Account => "an account",
        Thing::Transfer => "a transfer",
        Thing::Shop => "a shop",
        Thing::Entry => "an entry",
        Thing::Picture => "a picture",
        Thing::Comment => "a comment",
    }
}

/// `must not be empty` as `Must not be empty.`
#[must_use]
pub fn sentence_of(problem: &str) -> String {
    let mut letters = problem.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    let end = if problem.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}

/// A problem in the summary on top of a form: `Quantity: must not be empty`.
#[must_use]
pub fn field_problem(field: &str, problem: &str) -> String {
    let label = field_label(field.rsplit('.').next().unwrap_or(field));
    let line = field.split_once('[').and_then(|(_, rest)| rest.split_once(']')?.0.parse::<usize>().ok());
    match line {
        Some(line) => format!("{label}, line {}: {problem}", line + 1),
        None => format!("{label}: {problem}"),
    }
}

/// What the field is called on forms.
#[must_use]
pub fn field_label(field: &str) -> &str {
    match field {
        "sku" => "SKU",
        "name" => "Name",
        "description" => "Description",
        "category" => "Category",
        "price" => "Price",
        "batchref" => "Batch",
        "qty" => "Quantity",
        "counted" => "Counted",
        "eta" => "Expected on",
        "reason" => "Reason",
        "order_id" => "Order number",
        "sale_id" => "Receipt number",
        "payment" => "Payment",
        "lines" => "Lines",
        "short" => "Short",
        "account_id" => "Account number",
        "account" => "Account",
        "title" => "Title",
        "owner" => "Owner",
        "initial_balance" => "Opening balance",
        "limit" => "Limit",
        "amount" => "Amount",
        "reference" => "Reference",
        "transfer_id" => "Transfer number",
        "from" => "From account",
        "to" => "To account",
        "text" => "Comment",
        "blob" => "Picture",
        "caption" => "Caption",
        "approver_pin" => "PIN",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use domain::values::Sku;

    use super::*;

    #[test]
    fn a_refusal_names_both_numbers() {
        let sku = Sku::parse("OAT-1").unwrap();
        let out = |left, available| refusal(&Refusal::OutOfStock { sku: sku.clone(), asked: 5, left, available });
        assert_eq!(out(3, 3), "Not accepted: 5 asked for, 3 left.");
        assert_eq!(out(0, 0), "Not accepted: none left.");
        assert_eq!(out(3, 7), "Not accepted: 5 asked for and one batch can give 3; all together have 7.");
    }

    #[test]
    fn an_overdraft_names_the_amount_that_would_fit() {
        let account_id = domain::values::AccountId::parse("101").unwrap();
        let funds = Refusal::InsufficientFunds { account_id, asked: 4_000, available: 1_250 };
        assert_eq!(refusal(&funds), "Not accepted: €40.00 asked for, €12.50 free.");
    }

    #[test]
    fn a_field_problem_names_the_field_as_its_label_does() {
        assert_eq!(field_problem("lines[1].qty", "is missing"), "Quantity, line 2: is missing");
        assert_eq!(sentence_of("must not be empty"), "Must not be empty.");
    }
}
