//! Who may send what: the table of roles, and that nobody gets round it.

use std::collections::{BTreeMap, BTreeSet};

use crate::support::{STAMP, Shop, any_history, command, request};
use domain::{
    Command, Refusal, Verdict,
    books::{Reads, Role},
    event::Event,
};
use proptest::prelude::*;
use serde_json::{Value, json};

/// The columns are owner, manager, seller, stock hand, reader: `x` may send it.
const TABLE: &[(&str, &str)] = &[
    ("product.add", "xx..."),
    ("product.change", "xx..."),
    ("product.archive", "xx..."),
    ("product.unarchive", "xx..."),
    ("stock.receive", "xx.x."),
    ("stock.change_quantity", "xx.x."),
    ("stock.adjust", "xx.x."),
    ("stock.count", "xx.x."),
    ("stock.damage", "xx.x."),
    ("order.allocate", "xxxx."),
    ("order.free", "xxxx."),
    ("order.add_item", "xxx.."),
    ("order.remove_item", "xxx.."),
    ("order.place", "xxx.."),
    ("order.take_what_is_left", "xxxx."),
    ("order.back_order", "xxxx."),
    ("order.cancel", "xxx.."),
    ("order.hand_over", "xxx.."),
    ("order.settle", "xxx.."),
    ("sale.record", "xxx.."),
    ("sale.put_back", "xxx.."),
    ("account.open", "xx..."),
    ("account.change", "xx..."),
    ("account.credit", "xxx.."),
    ("account.debit", "xxx.."),
    ("account.close", "xx..."),
    ("account.approve", "xx..."),
    ("transfer.request", "xx..."),
    ("shop.set_currency", "x...."),
    ("picture.add", "xxxx."),
    ("comment.add", "xxxx."),
    ("comment.edit", "xxxx."),
    ("comment.delete", "xxxx."),
    ("comment.put_back", "xxxx."),
    ("change.decline", "xxxx."),
];

/// Whether the rules of the shop allow it does not matter here: whose it is comes first.
fn data_of(kind: &str) -> Value {
    let (text, sku) = ("x", "S1");
    match kind {
        "product.add" => json!({"sku": sku, "name": text, "price": 100}),
        "product.change" => json!({"sku": sku, "price": 100}),
        "product.archive" | "product.unarchive" => json!({"sku": sku}),
        "stock.receive" => json!({"batchref": "b", "sku": sku, "qty": 1}),
        "stock.change_quantity" => json!({"batchref": "b", "qty": 1}),
        "stock.adjust" => json!({"sku": sku, "changes": [{"batchref": "b", "by": 1}]}),
        "stock.count" => json!({"sku": sku, "counted": 1}),
        "stock.damage" => json!({"batchref": "b", "qty": 1, "reason": text}),
        "order.allocate" | "order.add_item" => json!({"order_id": "o", "sku": sku, "qty": 1}),
        "order.free" | "order.remove_item" => json!({"order_id": "o", "sku": sku}),
        "order.place" => json!({"order_id": "o", "lines": [{"sku": sku, "qty": 1}]}),
        order if order.starts_with("order.") => json!({"order_id": "o"}),
        "sale.record" => {
            json!({"sale_id": "s", "lines": [{"sku": sku, "qty": 1, "price": 100}], "payment": "cash"})
        }
        "sale.put_back" => json!({"sale_id": "s"}),
        "account.open" => json!({"account_id": "1", "title": text, "owner": text, "initial_balance": 0}),
        "account.change" => json!({"account_id": "1", "limit": 100}),
        "account.credit" | "account.debit" => json!({"account_id": "1", "amount": 100}),
        "account.close" => json!({"account_id": "1"}),
        "account.approve" => json!({"account_id": "1", "sale_id": "s", "amount": 100}),
        "transfer.request" => json!({"transfer_id": "t", "from": "1", "to": "2", "amount": 100}),
        "shop.set_currency" => json!({"currency": "EUR"}),
        "picture.add" => crate::support::picture("p", Value::Null).1,
        "comment.add" => json!({"comment_id": "c", "picture_id": "p", "text": text}),
        "comment.delete" => json!({"comment_id": "c"}),
        "comment.edit" | "comment.put_back" => json!({"comment_id": "c", "text": text}),
        _ => json!({"command_id": "00000000-0000-0000-0000-000000000009", "type": "product.add", "data": {},
                    "reason": text}),
    }
}

fn refusal_of(verdict: &Verdict) -> Option<&Refusal> {
    match verdict {
        Verdict::Refused { refusal, .. } => Some(refusal),
        Verdict::Accepted { .. } => None,
    }
}

fn may(role: Role, kind: &str) -> bool {
    let column = Role::ALL.iter().position(|one| *one == role).unwrap();
    let (_, row) = TABLE.iter().find(|(one, _)| *one == kind).unwrap();
    row.as_bytes()[column] == b'x'
}

#[test]
fn every_role_may_send_what_the_table_says_and_nothing_else() {
    let rows: BTreeSet<&str> = TABLE.iter().map(|(kind, _)| *kind).collect();
    assert_eq!(rows, Command::types().collect(), "a command without a row, or a row without a command");
    for (kind, row) in TABLE {
        for role in Role::ALL {
            let request = request(1, command(kind, &data_of(kind)), role);
            let handled = Shop::default().books.handle(&request, STAMP, &mut Reads::new());
            let refusal = refusal_of(&handled.settled[0].verdict);
            assert_eq!(role.may_send_type(kind).is_ok(), may(role, kind), "{kind} offered to {role}");
            match refusal.filter(|refusal| refusal.code() == "not_allowed") {
                None => assert!(may(role, kind), "{kind} by {role}"),
                Some(refusal) => {
                    assert!(!may(role, kind), "{kind} by {role}");
                    let Refusal::NotAllowed { has, needs } = refusal else { panic!("{refusal:?}") };
                    let needed = Role::of_word(needs).unwrap();
                    assert_eq!(*has, Some(role), "{kind}");
                    assert!(may(needed, kind), "{kind} names {needed}, who may not either");
                    assert!(row.contains('x'), "{kind}: somebody has to");
                }
            }
        }
    }
}

#[test]
fn what_a_role_may_not_do_is_written_down_with_both_sides_and_changes_nothing() {
    let mut shop = crate::support::given(&[crate::support::product("S1")]);
    let before = shop.books.digest();
    let price = request(9, command("product.change", &json!({"sku": "S1", "price": 1})), Role::Seller);
    let handled = shop.books.handle(&price, STAMP, &mut Reads::new());
    let refused = refusal_of(&handled.settled[0].verdict).unwrap();
    assert_eq!(refused.to_string(), "Not allowed: needs manager, has seller");
    let detail = serde_json::to_value(refused).unwrap()["detail"].take();
    assert_eq!(detail, json!({"needs": "manager", "has": "seller"}));
    assert!(matches!(handled.entries.as_slice(), [entry] if matches!(entry.event, Event::Refused(_))));
    assert_eq!(shop.product("S1").price.minor(), 250);
    let without_the_refusal = before;
    assert_ne!(shop.books.digest(), without_the_refusal, "it is in the day book all the same");
}

#[test]
fn p8_a_refusal_of_an_earlier_version_is_read_without_the_senders_role() {
    let old = json!({"code": "not_allowed", "detail": {"needs": "seller"}});
    let refusal: Refusal = serde_json::from_value(old.clone()).unwrap();
    assert_eq!(refusal, Refusal::NotAllowed { needs: "seller".to_owned(), has: None });
    assert_eq!(serde_json::to_value(refusal).unwrap(), old);
}

#[test]
fn a_role_is_found_by_its_word() {
    for role in Role::ALL {
        assert_eq!(Role::of_word(role.word()), Some(role));
        assert_eq!(serde_json::to_value(role).unwrap(), json!(role.word()));
    }
    assert_eq!(Role::of_word("Owner"), None);
}

fn any_role() -> impl Strategy<Value = Role> {
    prop::sample::select(Role::ALL.to_vec())
}

proptest! {
    /// Whatever is sent by whomever: in the book there is nothing of a command that its sender may not send, but the
    /// refusal; and processes go on as ever.
    #[test]
    fn p6_no_entry_is_of_a_command_that_its_sender_may_not_send(
        history in any_history(),
        roles in prop::collection::vec(any_role(), 40),
    ) {
        let mut shop = Shop::default();
        let mut senders = BTreeMap::new();
        for (number, (kind, data)) in (1..).zip(&history) {
            let role = roles[usize::try_from(number).unwrap() % roles.len()];
            let request = request(number, command(kind, data), role);
            senders.insert(request.submission.id, (*kind, role));
            shop.log.extend(shop.books.handle(&request, STAMP, &mut Reads::new()).entries);
        }
        for entry in &shop.log {
            let Some((kind, role)) = senders.get(&entry.command_id) else {
                prop_assert!(entry.causation.is_some());
                continue;
            };
            let not_allowed = matches!(&entry.event, Event::Refused(refused) if refused.refusal.code() == "not_allowed");
            prop_assert_eq!(may(*role, kind), !not_allowed, "{} by {}", kind, role);
        }
    }
}

#[test]
fn us_10_everybody_gives_up_what_is_theirs_and_managers_what_is_anybodys() {
    let mut shop = Shop::default();
    let of = |number: u64, kind: &str, data: &Value, actor: &str, role: Role| {
        let mut request = request(number, command(kind, data), role);
        request.author.actor = actor.into();
        request
    };
    // Nobody has opened the account: it is refused, and the book knows who asked.
    let debit = data_of("account.debit");
    let refused = of(1, "account.debit", &debit, "asha", Role::Seller);
    let handled = shop.books.handle(&refused, STAMP, &mut Reads::new());
    assert_eq!(refusal_of(&handled.settled[0].verdict).map(Refusal::code), Some("not_found"));
    let give_up = |asked: u64, actor: &str, role: Role, number: u64| {
        let id = request(asked, refused.submission.command.clone(), role).submission.id;
        let data = json!({"command_id": id, "type": "account.debit", "data": debit, "reason": "Mistake"});
        let request = of(number, "change.decline", &data, actor, role);
        let handled = shop.books.clone().handle(&request, STAMP, &mut Reads::new());
        refusal_of(&handled.settled[0].verdict).map(|refusal| refusal.code().to_owned())
    };
    assert_eq!(give_up(1, "asha", Role::Seller, 10), None, "their own");
    assert_eq!(give_up(1, "asha", Role::StockHand, 11), None, "their own, whatever they are now");
    assert_eq!(give_up(1, "marek", Role::Seller, 12).as_deref(), Some("not_allowed"));
    assert_eq!(give_up(1, "marek", Role::Manager, 13), None);
    assert_eq!(give_up(1, "asha", Role::Reader, 14).as_deref(), Some("not_allowed"), "readers change nothing");
    assert_eq!(give_up(77, "marek", Role::Seller, 15), None, "what the book never heard of waits on their own device");
}
