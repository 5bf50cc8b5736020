//! What holds for every aggregate, and for deciding as a whole.

use std::{collections::BTreeMap, fmt::Debug};

use crate::support::{STAMP, Shop, any_history, command, given, receive, request, sell};
use domain::{
    Books, Event,
    books::{Reads, Role},
    comment::Written,
    decider::Decider,
    ids::CommandId,
    projections::Projections,
    record::Entry,
};
use proptest::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

/// The entries of one kind of aggregate: where each belongs, and what happened.
type Entries<'a, D> = Vec<(String, &'a <D as Decider>::Event, &'a Entry)>;

/// What the entries of each aggregate alone lead to, whatever others did in between.
fn led_to<D: Decider>(entries: &Entries<'_, D>) -> BTreeMap<String, D> {
    let mut states = BTreeMap::new();
    for (key, event, entry) in entries {
        if let Some(state) = D::evolve(states.remove(key), event, &Written::of(entry)) {
            states.insert(key.clone(), state.with_version(entry.version));
        }
    }
    states
}

/// - The state is a fold of the aggregate's own events, from nothing.
/// - It has the version of its last entry.
/// - Every event can be taken in, whatever was before it: deciding is where things go wrong, and it is over.
fn obeys_the_laws<D: Decider + PartialEq + Debug>(entries: &Entries<'_, D>, states: &BTreeMap<String, D>) {
    assert_eq!(led_to::<D>(entries), *states);
    for (key, state) in states {
        let last = entries.iter().rev().find(|(of, ..)| of == key).unwrap().2;
        assert_eq!(state.version(), last.version, "{key}");
    }
    for (_, event, entry) in entries {
        let written = Written::of(entry);
        let begun = D::evolve(None, event, &written);
        for state in states.values().cloned().chain(begun) {
            assert!(D::evolve(Some(state), event, &written).is_some(), "{event}", event = entry.event.type_name());
        }
    }
}

/// All implementors, by their variants of [`Event`] and their places in the books.
macro_rules! all_obey_the_laws {
    ($shop:expr, $($variant:ident($key:ident) in $rows:ident $(without $theirs:ident)?),+ $(,)?) => {$({
        let entries = $shop.log.iter().filter_map(|entry| match &entry.event {
            Event::$variant(event) => Some((event.$key().to_string(), event, entry)),
            _ => None,
        });
        let states = $shop.books.aggregates.$rows.iter().map(|(key, state)| {
            #[allow(unused_mut, reason = "of most kinds nothing is put aside")]
            let mut state = state.clone();
            // Counted by another aggregate's entries.
            $(state.$theirs = Default::default();)?
            (key.to_string(), state)
        });
        obeys_the_laws(&entries.collect(), &states.collect());
    })+};
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn r_19_r_17_every_aggregate_obeys_the_laws(history in any_history()) {
        let mut shop = given(&[("shop.set_currency", json!({"currency": "JPY"}))]);
        for (kind, data) in history {
            shop.when(kind, data);
        }
        all_obey_the_laws!(
            shop,
            Product(sku) in products,
            Stock(sku) in stocks,
            Order(order_id) in orders,
            Sale(sale_id) in sales,
            Account(account_id) in accounts,
            Transfer(transfer_id) in transfers,
            Picture(picture_id) in pictures without comments,
            Comment(comment_id) in comments,
        );
        // There is one of these.
        let settled = shop.log.iter().filter_map(|entry| match &entry.event {
            Event::Shop(event) => Some((String::new(), event, entry)),
            _ => None,
        });
        let now = BTreeMap::from([(String::new(), shop.books.aggregates.shop.clone())]);
        obeys_the_laws(&settled.collect(), &now);
    }

    /// Taken from a shop whose read models are emptied before each command.
    #[test]
    fn c_12_every_command_is_decided_the_same_without_any_read_model(history in any_history()) {
        let (mut seeing, mut blind) = (Books::default(), Books::default());
        for (number, (kind, data)) in (1..).zip(history) {
            let role = if number % 2 == 0 { Role::Manager } else { Role::Seller };
            let mut request = request(number, command(kind, &data), role);
            request.author.actor = if number % 5 == 0 { "asha" } else { "marek" }.into();
            // Some say that they put an earlier one back, now and then one that was put back before.
            request.submission.undoes = (number % 3 == 0).then(|| CommandId(Uuid::from_u64_pair(2, number / 2)));
            blind.projections = Projections::default();
            let (mut seen, mut unseen) = (Reads::new(), Reads::new());
            prop_assert_eq!(seeing.handle(&request, STAMP, &mut seen), blind.handle(&request, STAMP, &mut unseen));
            prop_assert_eq!(seen, unseen);
        }
    }
}

/// A sale, given by `marek`.
fn sold() -> (Shop, CommandId) {
    let mut shop = given(&[]);
    let (kind, data) = sell("s1", "OAT", 2);
    shop.send(kind, data);
    let id = shop.log.last().unwrap().correlation;
    (shop, id)
}

fn put_back(number: u64, id: CommandId, actor: &str, role: Role) -> domain::books::Request {
    let mut request = request(number, command("sale.put_back", &json!({"sale_id": "s1"})), role);
    request.submission.undoes = Some(id);
    request.author.actor = actor.into();
    request
}

fn code(shop: &mut Shop, request: &domain::books::Request) -> Value {
    let handled = shop.books.handle(request, STAMP, &mut Reads::new());
    serde_json::to_value(&handled.settled[0].verdict).unwrap()["code"].clone()
}

#[test]
fn c_12_who_may_put_back_is_remembered_beside_the_day_book() {
    let (mut shop, id) = sold();
    shop.books.projections = Projections::default();
    assert_eq!(code(&mut shop, &put_back(90, id, "asha", Role::Seller)), "not_allowed");
    assert_eq!(code(&mut shop, &put_back(91, id, "marek", Role::Seller)), Value::Null);
    assert_eq!(code(&mut shop, &put_back(92, id, "asha", Role::Manager)), "wrong_state");
}

#[test]
fn c_12_so_many_commands_are_remembered_and_what_was_put_back_as_long_again() {
    let (mut shop, id) = sold();
    let more = |shop: &mut Shop, from: u64, many: usize| {
        for number in (from..).take(many) {
            let (kind, data) = receive(&format!("c{number}"), "RYE", 1, None);
            let request = request(number, command(kind, &data), Role::Owner);
            shop.books.handle(&request, STAMP, &mut Reads::new());
        }
    };
    more(&mut shop, 1_000, domain::deeds::REMEMBERED - 1);
    let mut forgetting = shop.clone();
    assert_eq!(code(&mut shop, &put_back(90, id, "marek", Role::Seller)), Value::Null, "the last moment");
    more(&mut shop, 3_000, domain::deeds::REMEMBERED - 1);
    assert_eq!(code(&mut shop, &put_back(91, id, "asha", Role::Manager)), "wrong_state");
    more(&mut forgetting, 5_000, 1);
    assert_eq!(code(&mut forgetting, &put_back(92, id, "marek", Role::Seller)), "not_allowed");
}

/// Somebody else puts it back while this command waits: it has to be decided again.
#[test]
fn c_12_a_decision_says_that_it_asked_about_the_command_and_its_being_put_back_touches_that() {
    let (mut shop, id) = sold();
    let mut reads = Reads::new();
    let first = put_back(90, id, "marek", Role::Seller);
    shop.books.clone().handle(&first, STAMP, &mut reads);
    let other = shop.books.handle(&put_back(91, id, "asha", Role::Manager), STAMP, &mut Reads::new());
    let about = format!("deed-{id}");
    assert!(reads.iter().any(|name| name.as_str() == about), "{reads:?}");
    assert!(other.entries[0].touches().iter().any(|name| name.as_str() == about));
}
