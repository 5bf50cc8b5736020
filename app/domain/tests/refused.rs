//! The tray of the whole shop: what was not accepted, until somebody has seen to it.

use crate::support::{STAMP, command, request};
use domain::{
    Command, CommandId, Entry, Submission,
    books::{Author, Books, Reads, Request, Role},
    change,
    projections::refused::KEPT,
    record::{API, WEB, seal},
    values::Reason,
};
use serde_json::json;

/// A shop without goods: whoever promises some is refused.
#[derive(Default)]
struct Shop {
    books: Books,
    given: u64,
}

impl Shop {
    fn gives(&mut self, actor: &str, command: Command, link: impl FnOnce(&mut Submission)) -> CommandId {
        self.given += 1;
        let mut request = request(self.given, command, Role::Manager);
        request.author.actor = actor.into();
        link(&mut request.submission);
        self.books.handle(&request, STAMP, &mut Reads::new());
        request.submission.id
    }

    fn is_refused(&mut self, actor: &str) -> CommandId {
        self.gives(actor, promise(), |_| {})
    }

    fn waiting(&self) -> Vec<(CommandId, String)> {
        let all = self.books.projections.refused.waiting.iter();
        let mut all: Vec<_> = all.map(|(id, one)| (one.position, *id, one.actor.to_string())).collect();
        all.sort();
        all.into_iter().map(|(_, id, actor)| (id, actor)).collect()
    }
}

fn promise() -> Command {
    command("order.allocate", &json!({"order_id": "o1", "sku": "OAT", "qty": 5}))
}

#[test]
fn us_10_what_was_refused_waits_in_the_tray_of_the_shop_until_somebody_gives_it_up() {
    let mut shop = Shop::default();
    let (first, second) = (shop.is_refused("asha"), shop.is_refused("marek"));
    assert_eq!(shop.waiting(), [(first, "asha".to_owned()), (second, "marek".to_owned())]);
    let row = shop.books.projections.refused.waiting.get(&first).unwrap();
    assert_eq!(
        (row.position, row.refusal.code(), row.command.command_type.as_str()),
        (1, "invalid_sku", "order.allocate")
    );

    let give_up = change::Command::decline(first, &promise(), Reason::parse("Mistake").unwrap());
    shop.gives("marek", give_up.into(), |_| {});
    assert_eq!(shop.waiting(), [(second, "marek".to_owned())]);
}

#[test]
fn us_09_what_takes_its_place_takes_it_off_the_tray_of_the_shop_and_waits_there_itself_when_refused() {
    let mut shop = Shop::default();
    let first = shop.is_refused("asha");
    let theirs = shop.gives("marek", promise(), |submission| submission.replaces = Some(first));
    assert_eq!(shop.waiting().len(), 2, "nobody else's command can take its place");
    let again = shop.gives("asha", promise(), |submission| submission.replaces = Some(first));
    assert_eq!(shop.waiting(), [(theirs, "marek".to_owned()), (again, "asha".to_owned())]);
    let other = command("product.add", &json!({"sku": "OAT", "name": "Oats", "price": 100}));
    shop.gives("asha", other, |submission| submission.replaces = Some(again));
    assert_eq!(shop.waiting(), [(theirs, "marek".to_owned())]);
}

#[test]
fn what_no_device_keeps_and_what_a_process_asked_for_waits_nowhere() {
    let mut shop = Shop::default();
    for device in [WEB, API] {
        shop.gives("asha", promise(), |submission| submission.device = device.into());
    }
    let asked = request(9, promise(), Role::Owner);
    let refused = shop.books.clone().handle(&asked, STAMP, &mut Reads::new()).entries.remove(0);
    shop.books.apply(&Entry { causation: Some(1), ..refused }).unwrap();
    assert_eq!((shop.books.position, shop.waiting()), (3, vec![]));
}

#[test]
fn the_tray_of_the_shop_is_bounded_and_forgets_the_oldest() {
    let mut shop = Shop::default();
    let all: Vec<_> = (0..KEPT + 3).map(|_| shop.is_refused("asha")).collect();
    let waiting: Vec<_> = shop.waiting().into_iter().map(|(id, _)| id).collect();
    assert_eq!(waiting, all[3..]);
}

#[test]
fn both_links_of_an_entry_stand_in_its_data_and_come_back() {
    let mut shop = Shop::default();
    let author = Author { actor: "asha".into(), role: Role::Owner };
    let (undoes, replaces) = (Some(CommandId(uuid::Uuid::from_u128(5))), Some(CommandId(uuid::Uuid::from_u128(6))));
    let product = command("product.add", &json!({"sku": "OAT", "name": "\"replaces\":\"x\"", "price": 100}));
    let Request { submission, .. } = request(1, product, Role::Owner);
    let entries = shop.books.handle(&Request { submission, author }, STAMP, &mut Reads::new()).entries;
    for (undoes, replaces) in [(None, None), (undoes, None), (None, replaces), (undoes, replaces)] {
        let linked: Vec<_> = entries.iter().map(|entry| Entry { undoes, replaces, ..entry.clone() }).collect();
        let records = seal(&linked, domain::chain::Hash::ORIGIN).unwrap();
        let read: Vec<_> = records.iter().map(|record| record.decode().unwrap()).collect();
        assert_eq!(read, linked);
    }
}
