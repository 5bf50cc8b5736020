//! What pages show, from books made by ordinary commands: no browser, no server.

use std::sync::Arc;

use domain::{
    Command, CommandId, Refusal, ShopSlug, Submission, Verdict,
    books::{Author, Books, Reads, Request, Role, Stamp},
    undo::Rest,
    values::Millis,
};
use serde_json::{Value, json};
use sync::{PendingView, Reason, Stage};
use uuid::Uuid;

mod accounts;
mod looking_back;

use super::{
    attention, batch, book, entry, order, orders, picture, pictures, product, products, resend, stock, till, today,
};
use crate::{
    live::PageContext,
    repair,
    replica::{Marks, Picture},
    ui::{mark::SyncState, undo::Way},
};

/// 20 November 2026, 14:03.
const NOW: Millis = Millis(1_795_183_380_000);

struct Shop {
    books: Books,
    slug: ShopSlug,
    marks: Marks,
    commands: u128,
    /// What the next commands put back.
    undoes: Option<CommandId>,
    pending: Vec<PendingView>,
    author: Author,
}

impl Shop {
    fn new() -> Self {
        let slug = ShopSlug::parse("demo").unwrap();
        let author = Author { actor: "asha".into(), role: Role::Owner };
        let (books, marks, pending) = (Books::default(), Marks::default(), vec![]);
        Self { books, slug, marks, commands: 0, undoes: None, pending, author }
    }

    /// Writes a command down; everything in it must be accepted.
    fn with(mut self, command_type: &str, data: Value) -> Self {
        self.commands += 1;
        let submission = Submission {
            id: CommandId(Uuid::from_u128(self.commands)),
            command: Command::parse(command_type, &data).unwrap(),
            if_version: None,
            device: "T1".into(),
            issued_at: NOW,
            undoes: self.undoes,
            replaces: None,
            depends_on: vec![],
        };
        let request = Request { submission, author: Author { actor: "asha".into(), role: Role::Owner } };
        let stamp = Stamp { epoch: Uuid::nil(), recorded_at: NOW };
        let handled = self.books.handle(&request, stamp, &mut Reads::new());
        assert!(matches!(handled.settled[0].verdict, Verdict::Accepted { .. }), "{command_type} {data}");
        self
    }

    /// From here on, what is written is only on this device.
    fn confirmed_so_far(mut self) -> Self {
        self.marks = Marks::all_confirmed(self.books.position);
        self
    }

    fn confirmed(self) -> Self {
        self.confirmed_so_far()
    }

    fn context(&self) -> PageContext<'_> {
        PageContext {
            shop: &self.slug,
            title: "Corner Shop",
            books: &self.books,
            marks: &self.marks,
            pending: &self.pending,
            older: &[],
            since: None,
            as_of: None,
            device: None,
            author: &self.author,
            now: NOW,
        }
    }
}

impl Shop {
    /// A command of this device that is not in the book.
    fn pending(mut self, number: u128, command_type: &str, data: &Value, stage: Stage) -> Self {
        let state = match &stage {
            Stage::Refused { .. } => sync::SyncState::NeedsAttention,
            Stage::Held { .. } => sync::SyncState::Held,
            Stage::Changed { .. } => sync::SyncState::ConfirmedChanged,
            _ => sync::SyncState::SavedHere,
        };
        self.pending.push(PendingView {
            id: CommandId(Uuid::from_u128(number)),
            command: Command::parse(command_type, data).unwrap(),
            state,
            discardable: !matches!(stage, Stage::Changed { .. }),
            unclear: false,
            replaceable: !matches!(stage, Stage::Changed { .. }),
            stage,
            issued_at: NOW,
            sending_since: None,
            at_risk: None,
            positions: vec![],
            entries: vec![],
            depends_on: vec![],
            undoes: None,
            replaces: None,
            touches: vec![],
            of_colleague: None,
            decidable: true,
        });
        self
    }

    fn picture(&self) -> Picture {
        Picture {
            shop: self.slug.clone(),
            title: "Corner Shop".into(),
            books: Arc::new(self.books.clone()),
            marks: Arc::new(self.marks.clone()),
            lost: Arc::default(),
            pending: Arc::new(self.pending.clone()),
            device: "T1".into(),
            author: self.author.clone(),
            now: NOW,
        }
    }
}

fn refused(refusal: Refusal, position: u64) -> Stage {
    Stage::Refused { reason: Reason::Refused { position: Some(position), refusal } }
}

fn stocked() -> Shop {
    Shop::new()
        .with("product.add", json!({ "sku": "OAT-1", "name": "Oat bread", "price": 420 }))
        .with("product.add", json!({ "sku": "TEA-T", "name": "Tea towel", "price": 700 }))
        .with("stock.receive", json!({ "batchref": "B-1", "sku": "OAT-1", "qty": 10 }))
        .with("stock.receive", json!({ "batchref": "B-2", "sku": "OAT-1", "qty": 5, "eta": "2026-11-25" }))
}

fn sale(number: &str, qty: u32) -> Value {
    json!({ "sale_id": number, "payment": "cash", "lines": [
        { "sku": "OAT-1", "qty": qty, "price": 420 },
        { "sku": "TEA-T", "qty": 1, "price": 700 },
    ] })
}

#[test]
fn f16_what_a_restore_has_lost_waits_for_the_owner_and_for_nobody_else() {
    let shop = stocked().confirmed();
    let (position, entry) = shop.books.projections.day_book.entries.iter().next().unwrap();
    let lost = sync::Lost { position: *position, entry: entry.clone() };
    let needed = |role| {
        let author = Author { actor: "asha".into(), role };
        let picture = Picture { lost: Arc::new(vec![lost.clone()]), author, ..shop.picture() };
        attention::needed_here(&picture)
    };
    assert_eq!((needed(Role::Owner), needed(Role::Seller)), (1, 0));
}

#[test]
fn c_8_the_list_and_the_page_say_what_is_there_and_when_more_comes() {
    let shop = stocked().confirmed();
    let list = products::load(&shop.context(), &String::new()).unwrap();
    let row = list.rows.iter().find(|row| row.sku == "OAT-1").unwrap();
    let page = product::load(&shop.context(), &"OAT-1".to_owned()).unwrap();
    assert_eq!((row.available, row.next_eta.as_deref()), (page.available, page.next_eta.as_deref()));
    assert_eq!((row.available, row.next_eta.as_deref()), (15, Some("25 Nov")));
}

#[test]
fn the_list_shows_what_can_be_had_of_each_product() {
    let shop = stocked().confirmed();
    let model = products::load(&shop.context(), &String::new()).unwrap();
    let rows: Vec<_> = model.rows.iter().map(|row| (row.sku.as_str(), row.on_hand, row.available)).collect();
    assert_eq!(rows, [("OAT-1", 10, 15), ("TEA-T", 0, 0)]);
    let found = products::load(&shop.context(), &"towel".to_owned()).unwrap();
    assert_eq!(found.rows.len(), 1);
}

#[test]
fn an_archived_product_leaves_the_list_and_keeps_its_page() {
    let shop = stocked().with("product.archive", json!({ "sku": "TEA-T" })).confirmed();
    assert_eq!(products::load(&shop.context(), &String::new()).unwrap().rows.len(), 1);
    assert!(product::load(&shop.context(), &"TEA-T".to_owned()).unwrap().archived);
}

#[test]
fn a_product_page_has_its_four_numbers_and_its_movements_newest_first() {
    let shop = stocked()
        .with("order.place", json!({ "order_id": "O-1", "lines": [{ "sku": "OAT-1", "qty": 4 }] }))
        .with("order.allocate", json!({ "order_id": "O-1", "sku": "OAT-1", "qty": 4 }))
        .with("sale.record", sale("T1-0001", 2))
        .confirmed();
    let model = product::load(&shop.context(), &"OAT-1".to_owned()).unwrap();
    assert_eq!((model.on_hand, model.allocated, model.arriving, model.available), (8, 4, 5, 9));
    let changes: Vec<_> = model.movements.iter().map(|movement| (movement.change, movement.on_hand)).collect();
    assert_eq!(changes, [(-2, 8), (5, 10), (10, 10)]);
    assert_eq!(product::load(&shop.context(), &"NONE".to_owned()), None);
}

#[test]
fn what_is_only_on_this_device_is_marked_and_has_no_position() {
    let shop = stocked().confirmed_so_far().with("sale.record", sale("T1-0001", 2));
    let model = products::load(&shop.context(), &String::new()).unwrap();
    let mark = model.rows[0].mark;
    assert_eq!((mark.state, mark.confirmed_position()), (SyncState::SavedHere, None));
    let today = today::load(&shop.context(), &()).unwrap();
    assert_eq!((today.takings, today.takings_state), (Some(1_540), SyncState::SavedHere));
    assert_eq!(today.recent[0].mark.state, SyncState::SavedHere);
}

#[test]
fn today_counts_sales_orders_and_what_runs_low() {
    let shop = stocked()
        .with("sale.record", sale("T1-0001", 2))
        .with("order.place", json!({ "order_id": "O-1", "lines": [{ "sku": "OAT-1", "qty": 1 }] }))
        .confirmed();
    let model = today::load(&shop.context(), &()).unwrap();
    assert_eq!((model.takings, model.sales, model.placed, model.short), (Some(1_540), 1, 1, 0));
    assert_eq!(model.low.iter().map(|low| (low.sku.as_str(), low.available)).collect::<Vec<_>>(), [("TEA-T", -1)]);
    assert_eq!(model.arriving[0].day, "25 Nov");
    // What followed from a sale is in the day book, not in the list of what people did.
    assert_eq!(model.recent.len(), 6);
    assert_eq!(model.attention, 1);
}

#[test]
fn one_sentence_says_the_whole_sale() {
    let shop = stocked().with("sale.record", sale("T1-0001", 2)).confirmed();
    let model = book::load(&shop.context(), &book::Page { before: None }).unwrap();
    let sentences: Vec<_> = model.days[0].entries.iter().map(|row| row.sentence.plain()).collect();
    assert!(sentences.contains(&"Sold 2 × Oat bread, 1 × Tea towel · T1-0001 · cash".to_owned()), "{sentences:?}");
    assert_eq!((model.days.len(), model.pending.len()), (1, 0));
}

#[test]
fn the_book_keeps_what_is_saved_here_apart() {
    let shop = stocked().confirmed_so_far().with("sale.record", sale("T1-0001", 2));
    let model = book::load(&shop.context(), &book::Page { before: None }).unwrap();
    let confirmed: usize = model.days.iter().map(|day| day.entries.len()).sum();
    assert_eq!((confirmed, model.pending.len()), (4, 3));
    let older = book::load(&shop.context(), &book::Page { before: Some(3) }).unwrap();
    let positions: Vec<_> = older.days[0].entries.iter().map(|row| row.position).collect();
    assert_eq!((positions, older.older_before), (vec![1, 2], None));
}

#[test]
fn an_entry_says_what_it_followed_from() {
    let shop = stocked().with("sale.record", sale("T1-0001", 2)).confirmed();
    let model = entry::load(&shop.context(), &entry::Place(6)).unwrap();
    assert_eq!(model.entry.unwrap().causation, Some(5));
    assert_eq!(entry::load(&shop.context(), &entry::Place(99)), None);
    assert_eq!(entry::load(&shop.context(), &entry::Place(0)), None);
}

#[test]
fn r_31_an_order_is_found_by_its_number_its_goods_and_its_customers_name() {
    let ada = json!({ "account_id": "AC-1", "title": "Café Mai", "owner": "Ada L.", "initial_balance": 90_000 });
    let lines = json!([{ "sku": "OAT-1", "qty": 1 }]);
    let shop = stocked()
        .with("account.open", ada)
        .with("order.place", json!({ "order_id": "O-1", "lines": lines, "account": "AC-1" }))
        .with("order.place", json!({ "order_id": "O-2", "lines": lines }))
        .confirmed();
    let found = |shop: &Shop, searched: &str| {
        let model = orders::load(&shop.context(), &searched.to_owned()).unwrap();
        let row = |row: &orders::Row| format!("{} {}", row.order_id, row.customer.clone().unwrap_or_default());
        model.rows.iter().map(row).collect::<Vec<_>>()
    };
    assert_eq!(found(&shop, ""), ["O-2 ", "O-1 Ada L."]);
    assert_eq!(found(&shop, "oat"), ["O-2 ", "O-1 Ada L."]);
    assert_eq!(found(&shop, "o-2"), ["O-2 "]);
    assert_eq!(found(&shop, "ADA oat"), ["O-1 Ada L."]);
    assert_eq!(found(&shop, "mai"), ["O-1 Ada L."]);
    assert_eq!(found(&shop, "ben"), [""; 0]);
    let shop = shop.with("account.change", json!({ "account_id": "AC-1", "owner": "Ben" })).confirmed();
    assert_eq!(found(&shop, "ben"), ["O-1 Ben"]);
    assert_eq!(found(&shop, "ada"), [""; 0]);
}

#[test]
fn an_order_shows_where_each_line_comes_from() {
    let shop = stocked()
        .with("order.place", json!({ "order_id": "O-1", "lines": [{ "sku": "OAT-1", "qty": 4 }] }))
        .with("order.allocate", json!({ "order_id": "O-1", "sku": "OAT-1", "qty": 4 }));
    let shop = shop.confirmed();
    let model = order::load(&shop.context(), &"O-1".to_owned()).unwrap();
    let line = &model.lines[0];
    assert_eq!((line.allocated, line.batchref.as_deref(), line.short), (4, Some("B-1"), false));
    assert_eq!(model.standing, orders::Standing::Ready);
    let batch = batch::load(&shop.context(), &"B-1".to_owned()).unwrap();
    assert_eq!((batch.qty, batch.available, batch.allocations.len()), (10, 6, 1));

    let freed = shop.with("order.free", json!({ "order_id": "O-1", "sku": "OAT-1" })).confirmed();
    let model = order::load(&freed.context(), &"O-1".to_owned()).unwrap();
    assert_eq!((model.lines[0].allocated, model.standing), (0, orders::Standing::Short));
    assert_eq!(model.timeline.last().unwrap().kind, "undone");
}

#[test]
fn stock_can_be_looked_at_by_batch_and_by_what_is_wrong() {
    let shop = stocked().with("sale.record", sale("T1-0001", 2)).confirmed();
    let shown = |view: &str, only: &str| {
        stock::load(&shop.context(), &stock::Shown { view: view.to_owned(), only: only.to_owned() }).unwrap()
    };
    assert_eq!(shown("", "below").products.iter().map(|row| row.sku.as_str()).collect::<Vec<_>>(), ["TEA-T"]);
    assert_eq!(shown("", "arriving").products.len(), 1);
    assert_eq!(shown("batches", "").batches.len(), 2);
    assert_eq!(shown("", "").counts.map(|(_, count)| count), [1, 1, 1]);
}

#[test]
fn what_went_below_zero_needs_a_person() {
    let shop = stocked().with("sale.record", sale("T1-0001", 2)).confirmed();
    let model = attention::load(&shop.context(), &()).unwrap();
    assert_eq!(
        model.items[0].sentence.plain(),
        "Tea towel is at \u{2212}1. Count it, or receive the missing delivery."
    );
}

#[test]
fn the_till_sends_what_was_searched_for_and_what_is_in_the_basket() {
    let shop = stocked().with("sale.record", sale("T1-0001", 2)).confirmed();
    let load = |query: &str| till::load(&shop.context(), &till::Asked::of_query(query)).unwrap();
    let skus = |query: &str| load(query).products.into_iter().map(|product| product.sku).collect::<Vec<_>>();
    assert_eq!(skus("q=oat"), ["OAT-1"]);
    assert_eq!(skus("q=oat&basket=TEA-T*1"), ["OAT-1", "TEA-T"]);
    let paper = load("done=sale.record&id=T1-0001").paper.unwrap();
    assert_eq!((paper.total, paper.lines.len(), paper.mark.state), (1_540, 2, SyncState::Confirmed));
    assert_eq!(load("done=product.add&id=T1-0001").paper, None);
}

#[test]
fn us_22_the_till_names_who_may_pay_later_and_what_for() {
    let open = |id: &str, title: &str, balance: i64, limit: i64| {
        let (owner, initial_balance) = ("Asha", balance);
        json!({ "account_id": id, "title": title, "owner": owner, "initial_balance": initial_balance, "limit": limit })
    };
    let on_account = |number: &str| {
        let mut data = sale(number, 2);
        (data["payment"], data["account"]) = ("account".into(), "2".into());
        data
    };
    let shop = stocked()
        .with("account.open", open("1", "School", 0, 900))
        .with("account.open", open("2", "Café", 0, 2_000))
        .with("account.open", open("3", "Gone", 0, 0))
        .with("account.close", json!({ "account_id": "3" }));
    let load = |shop: &Shop, query: &str| till::load(&shop.context(), &till::Asked::of_query(query)).unwrap();
    let room = |shop: &Shop| -> Vec<(String, i64)> {
        load(shop, "").payers.into_iter().map(|payer| (payer.title, payer.room)).collect()
    };
    assert_eq!(room(&shop), [("Café".to_owned(), 2_000), ("School".to_owned(), 900)]);

    // Twice as much as there is room for: written down, said on the paper, and listed for a person.
    let shop = shop.with("sale.record", on_account("T1-0001")).with("sale.record", on_account("T1-0002")).confirmed();
    assert_eq!(room(&shop)[0], ("Café".to_owned(), 2_000 - 2 * 1_540));
    let paper = load(&shop, "done=sale.record&id=T1-0002").paper.unwrap();
    assert_eq!(paper.payment, "On account: Café (2)");
    let needs = attention::load(&shop.context(), &()).unwrap().items;
    assert!(needs.iter().any(|item| item.sentence.plain().contains("Café")), "{needs:?}");
    assert_eq!(load(&shop, "refused=malformed&typed.account=2").payer, "2");
}

/// Ten in hand, of which another order has eight since.
fn race() -> Shop {
    let sku = domain::values::Sku::parse("OAT-1").unwrap();
    let refusal = Refusal::OutOfStock { sku, asked: 6, left: 5, available: 7 };
    stocked()
        .with("order.add_item", json!({ "order_id": "O-1", "sku": "OAT-1", "qty": 6 }))
        .with("order.allocate", json!({ "order_id": "O-2", "sku": "OAT-1", "qty": 8 }))
        .confirmed()
        .pending(90, "order.allocate", &json!({ "order_id": "O-1", "sku": "OAT-1", "qty": 6 }), refused(refusal, 7))
}

#[test]
fn us_08_a_refusal_names_what_was_asked_what_is_left_and_who_took_it() {
    let shop = race();
    let picture = shop.picture();
    assert_eq!(
        repair::reason(&shop.pending[0], &picture).unwrap(),
        "Not accepted: 6 asked for and one batch can give 5; all together have 7. (entry #7) \
         T1 reserved 8 for order O-2 at 14:03 (entry #6)."
    );
    let line = &order::load(&shop.context(), &"O-1".to_owned()).unwrap().lines[0];
    assert_eq!((line.state, line.allocated), (SyncState::NeedsAttention, 0), "its effect is gone, its row stays");
}

#[test]
fn p5_what_was_not_accepted_keeps_its_row() {
    let what = domain::refusal::Thing::Order;
    let taken = Refusal::AlreadyExists { what, id: "O-9".to_owned() };
    let place = json!({ "order_id": "O-9", "lines": [{ "sku": "OAT-1", "qty": 1 }] });
    let add = json!({ "sku": "NEW-1", "name": "New jam", "price": 450 });
    let shop = stocked().confirmed().pending(90, "order.place", &place, refused(taken, 5)).pending(
        91,
        "product.add",
        &add,
        Stage::Held { by: CommandId(Uuid::from_u128(90)) },
    );
    let order = orders::load(&shop.context(), &String::new()).unwrap().rows[0].clone();
    assert_eq!((order.order_id.as_str(), order.mark.state), ("O-9", SyncState::NeedsAttention));
    let row = products::load(&shop.context(), &"jam".to_owned()).unwrap().rows[0].clone();
    assert_eq!((row.sku.as_str(), row.mark.state, row.mark.confirmed_position()), ("NEW-1", SyncState::Held, None));
}

#[test]
fn us_09_what_is_left_is_taken_and_the_rest_is_short() {
    let shop = race();
    let command = repair::take_what_is_left(&shop.pending[0], &shop.picture()).unwrap();
    let (_, data) = command.to_json();
    assert_eq!(data, json!({ "order_id": "O-1", "sku": "OAT-1", "qty": 5, "short": 1 }));
    let taken = shop.with("order.allocate", data);
    let line = &order::load(&taken.context(), &"O-1".to_owned()).unwrap().lines[0];
    assert_eq!((line.qty, line.allocated, line.short), (6, 5, true));

    // Goods came in: there is nothing to share any more, and trying again is enough.
    let more = race().with("stock.receive", json!({ "batchref": "B-9", "sku": "OAT-1", "qty": 20 }));
    assert_eq!(repair::take_what_is_left(&more.pending[0], &more.picture()), None);
}

#[test]
fn us_09_change_and_resend_has_the_form_as_it_was_and_the_reason() {
    let shop = race();
    let id = shop.pending[0].id.to_string();
    let item = resend::load(&shop.context(), &id).unwrap().item.unwrap();
    assert_eq!(
        (item.command_type.as_str(), item.refusal.map(|refusal| refusal.code())),
        ("order.allocate", Some("out_of_stock"))
    );
    assert!(item.fields.contains(&("qty".to_owned(), "6".to_owned())));
    let other = CommandId(Uuid::from_u128(1)).to_string();
    assert_eq!(resend::load(&shop.context(), &other).unwrap().item, None, "settled meanwhile");
    assert_eq!(resend::load(&shop.context(), &"nonsense".to_owned()), None);
}

#[test]
fn us_11_a_held_command_names_what_it_waits_for() {
    let what = domain::refusal::Thing::Product;
    let taken = Refusal::AlreadyExists { what, id: "OAT-1".to_owned() };
    let shop = stocked()
        .confirmed()
        .pending(90, "product.add", &json!({ "sku": "OAT-1", "name": "Other bread", "price": 1 }), refused(taken, 5))
        .pending(
            91,
            "product.change",
            &json!({ "sku": "OAT-1", "price": 2 }),
            Stage::Held { by: CommandId(Uuid::from_u128(90)) },
        );
    let picture = shop.picture();
    assert_eq!(repair::reason(&shop.pending[1], &picture).unwrap(), "Waiting for: Add product Other bread (OAT-1)");
    assert_eq!(repair::waiting_for(shop.pending[0].id, &shop.pending), 1);
    assert_eq!(repair::existing(&shop.pending[0]).as_deref(), Some("/products/OAT-1"));
    assert!(repair::reason(&shop.pending[0], &picture).unwrap().ends_with("asha wrote it at 14:03 (entry #1)."));
}

#[test]
fn us_12_what_is_at_risk_says_so_with_the_number_of_now() {
    let mut shop = race();
    let refusal = shop.pending[0].refusal().cloned();
    shop.pending[0].stage = Stage::Saved;
    shop.pending[0].state = sync::SyncState::AtRisk;
    shop.pending[0].at_risk = refusal;
    let words = repair::reason(&shop.pending[0], &shop.picture()).unwrap();
    assert!(words.starts_with("Probably not accepted: 6 asked for and one batch can give 5;"), "{words}");
    assert!(words.contains("Change it? T1 reserved 8"), "{words}");
}

#[test]
fn us_15_an_entry_offers_its_way_back_and_names_the_entry_that_took_it() {
    let sold = stocked().with("sale.record", sale("T1-0001", 2)).confirmed();
    let entry_of =
        |shop: &Shop, position| entry::load(&shop.context(), &entry::Place(position)).unwrap().entry.unwrap();
    let entry::Undo::Form { command_type, label, question, .. } = entry_of(&sold, 5).undo else { panic!() };
    assert_eq!((command_type.as_str(), label.as_str(), question), ("sale.put_back", "Undo", None));
    let entry::Undo::No { why } = entry_of(&sold, 6).undo else { panic!() };
    assert_eq!(why.as_deref(), Some("It followed from entry #5: undo that one."));

    let before = today::load(&sold.context(), &()).unwrap().takings;
    let mut sold = sold;
    sold.undoes = Some(CommandId(Uuid::from_u128(sold.commands)));
    let back = sold.with("sale.put_back", json!({ "sale_id": "T1-0001" })).confirmed();
    let today = today::load(&back.context(), &()).unwrap();
    assert_eq!((before, today.takings, today.sales, today.put_back), (Some(1_540), Some(0), 1, 1));
    assert_eq!((today.recent[0].undoes, today.recent[1].undone_by), (Some(5), Some(8)));
    assert_eq!((entry_of(&back, 8).undoes, entry_of(&back, 5).undone_by), (Some(5), Some(8)));
    assert_eq!(entry_of(&back, 5).undo, entry::Undo::No { why: None });
}

#[test]
fn us_15_a_seller_sees_no_undo_on_another_persons_entry_and_a_manager_does() {
    let mut shop = stocked().with("sale.record", sale("T1-0001", 2)).confirmed();
    let id = CommandId(Uuid::from_u128(shop.commands));
    let offered = |shop: &Shop| Way::of(&shop.picture(), id).is_some();
    for (actor, role, expected) in
        [("asha", Role::Seller, true), ("marek", Role::Seller, false), ("marek", Role::Manager, true)]
    {
        shop.author = Author { actor: actor.into(), role };
        assert_eq!(offered(&shop), expected, "{actor} {role:?}");
    }
    shop.author.role = Role::Seller;
    let entry::Undo::No { why } = entry::load(&shop.context(), &entry::Place(5)).unwrap().entry.unwrap().undo else {
        panic!()
    };
    assert_eq!(why.as_deref(), Some("Only a manager puts back what somebody else wrote."));
}

#[test]
fn us_15_what_has_not_been_sent_is_taken_out_and_a_part_is_asked_about() {
    let shop = stocked().with("stock.damage", json!({ "batchref": "B-1", "qty": 8, "reason": "wet" })).confirmed();
    let received = CommandId(Uuid::from_u128(3));
    let Some(Way::PutBack(undo)) = Way::of(&shop.picture(), received) else { panic!() };
    assert_eq!(undo.rest, Rest::Units { of: 10, left: 2 });
    let shop = shop.pending(3, "stock.receive", &json!({ "batchref": "B-1", "sku": "OAT-1", "qty": 10 }), Stage::Saved);
    assert_eq!(Way::of(&shop.picture(), received), Some(Way::TakeOut));
}

#[test]
fn us_10_the_book_says_who_gave_what_up_and_why() {
    let asked = json!({ "order_id": "O-1", "sku": "OAT-1", "qty": 6 });
    let declined = json!({ "command_id": Uuid::from_u128(90), "type": "order.allocate", "data": asked, "reason": "Customer left" });
    let shop = stocked().with("change.decline", declined).confirmed();
    let row =
        book::load(&shop.context(), &book::Page { before: None }).unwrap().days[0].entries.last().unwrap().clone();
    assert_eq!(row.sentence.plain(), "Gave up: Reserve 6 × Oat bread for order O-1. Customer left.");
    assert!(row.note.starts_with("asha"));
}

#[test]
fn us_10_whoever_leads_sees_what_was_refused_to_others_and_nobody_else_does() {
    let mut shop = stocked();
    for (number, actor, device) in [(90, "marek", "T2"), (91, "asha", "T3"), (92, "marek", domain::record::WEB)] {
        let asked = json!({ "order_id": "O-1", "sku": "OAT-1", "qty": 60 });
        let submission = Submission {
            id: CommandId(Uuid::from_u128(number)),
            command: Command::parse("order.allocate", &asked).unwrap(),
            if_version: None,
            device: device.into(),
            issued_at: NOW,
            undoes: None,
            replaces: None,
            depends_on: vec![],
        };
        let request = Request { submission, author: Author { actor: actor.into(), role: Role::Seller } };
        shop.books.handle(&request, Stamp { epoch: Uuid::nil(), recorded_at: NOW }, &mut Reads::new());
    }
    let shop = shop.confirmed();
    let seen = |actor: &str, role: Role| {
        let author = Author { actor: actor.into(), role };
        let context = PageContext { author: &author, ..shop.context() };
        let rows = attention::load(&context, &()).unwrap().of_others;
        assert_eq!(today::load(&context, &()).unwrap().attention, rows.len());
        rows.into_iter().map(|row| (row.position, row.what, row.why)).collect::<Vec<_>>()
    };
    let position = shop.books.position - 2;
    let what = "Reserve 60 × Oat bread for order O-1".to_owned();
    for role in [Role::Manager, Role::Owner] {
        let rows = seen("asha", role);
        assert_eq!(rows.len(), 1, "{rows:?}");
        assert_eq!((rows[0].0, &rows[0].1), (position, &what));
        assert!(rows[0].2.starts_with("Not accepted: "), "{rows:?}");
        assert_eq!(seen("ingrid", role).len(), 2, "of both");
    }
    for role in [Role::Seller, Role::StockHand, Role::Reader] {
        assert_eq!(seen("asha", role), []);
    }
}

fn photographed() -> Shop {
    let blob = domain::values::BlobHash::of(b"bytes");
    let data = json!({
        "picture_id": "P-1", "blob": blob, "media_type": "image/png", "width": 4, "height": 3,
        "about": {"batch": "B-1"}, "caption": "Torn sack",
    });
    stocked()
        .with("picture.add", data)
        .with("comment.add", json!({"comment_id": "C-1", "picture_id": "P-1", "text": "Two are torn."}))
}

#[test]
fn us_23_a_picture_is_on_the_page_of_what_it_is_about_and_has_its_thread() {
    let shop = photographed().confirmed().with("comment.edit", json!({"comment_id": "C-1", "text": "Three are torn."}));
    let batch = batch::load(&shop.context(), &"B-1".to_owned()).unwrap();
    let small = &batch.pictures[0];
    assert_eq!((small.href.as_str(), small.comments), ("/s/demo/pictures/P-1", 1));
    assert_eq!(small.seen.alternative, "Torn sack");
    let page = picture::load(&shop.context(), &"P-1".to_owned()).unwrap();
    assert_eq!(page.about, Some(("batch B-1".to_owned(), "/s/demo/batches/B-1".to_owned())));
    let comment = &page.comments[0];
    assert_eq!((comment.text.as_str(), comment.mark.state), ("Three are torn.", SyncState::SavedHere));
    assert!(comment.signed.contains("changed by asha"), "{}", comment.signed);
    assert_eq!(picture::load(&shop.context(), &"P-9".to_owned()), None);
    assert_eq!(pictures::load(&shop.context(), &()).unwrap().pictures.len(), 1);
}

#[test]
fn us_23_p_13_a_removed_comment_is_in_the_book_and_not_in_the_thread() {
    let shop = photographed().with("comment.delete", json!({"comment_id": "C-1"})).confirmed();
    assert!(picture::load(&shop.context(), &"P-1".to_owned()).unwrap().comments.is_empty());
    let entry = entry::load(&shop.context(), &entry::Place(shop.books.position)).unwrap().entry.unwrap();
    let sentence: String = entry.sentence.0.iter().map(|piece| piece.text.as_str()).collect();
    assert_eq!(sentence, "Removed a comment on a picture: “Two are torn.”");
    assert_eq!(entry.actor, "asha");
    let entry::Undo::Form { command_type, fields, .. } = entry.undo else { panic!("{:?}", entry.undo) };
    assert_eq!(command_type, "comment.put_back");
    assert!(fields.contains(&("text".to_owned(), "Two are torn.".to_owned())));
}

#[test]
fn us_23_an_edit_that_met_a_newer_text_is_kept_replaced_or_merged() {
    let texts = domain::refusal::Texts {
        id: "comment-C-1".to_owned(),
        was: "Two are torn.".to_owned(),
        theirs: "Three are torn.".to_owned(),
        yours: "All are torn.".to_owned(),
        by: "marek".to_owned(),
    };
    let met = Refusal::ChangedMeanwhile(domain::refusal::Changed::Text(Box::new(texts)));
    let edit = json!({"comment_id": "C-1", "text": "All are torn.", "was": "Two are torn."});
    let shop = photographed().confirmed().pending(90, "comment.edit", &edit, refused(met, 7));
    let view = &shop.pending[0];
    let why = repair::reason(view, &shop.picture()).unwrap();
    assert!(why.contains("marek wrote another text meanwhile: “Three are torn.”"), "{why}");
    let command = |text: &str| {
        let data = json!({"comment_id": "C-1", "text": text, "was": "Three are torn."});
        Command::parse("comment.edit", &data).unwrap()
    };
    assert_eq!(repair::replace_theirs(view), Some(command("All are torn.")));
    assert_eq!(repair::merge(view), Some(command("Three are torn.\n\nAll are torn.")));
    let form = resend::load(&shop.context(), &view.id.to_string()).unwrap().item.unwrap();
    assert!(form.fields.contains(&("was".to_owned(), "Three are torn.".to_owned())));
    // Another reason has other buttons.
    let gone = Refusal::Gone { what: domain::refusal::Thing::Comment, id: "C-1".to_owned() };
    let shop = photographed().confirmed().pending(91, "comment.edit", &edit, refused(gone, 8));
    assert_eq!((repair::replace_theirs(&shop.pending[0]), repair::texts(&shop.pending[0])), (None, None));
}

/// Everything that people write reaches a page as text: no component takes markup from a string.
#[test]
fn what_people_write_is_never_markup() {
    fn sources(folder: &std::path::Path, found: &mut Vec<std::path::PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => sources(&path, found),
                false => found.push(path),
            }
        }
    }
    let mut found = Vec::new();
    let app = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    ["src", "browser/src"].iter().for_each(|folder| sources(&app.join(folder), &mut found));
    assert!(found.len() > 100, "{}", found.len());
    // In two parts, or it would be found here.
    for markup in [concat!("inner", "_html"), concat!("set_inner", "_html"), concat!("insert_adjacent", "_html")] {
        for file in &found {
            let text = std::fs::read_to_string(file).unwrap();
            assert!(!text.contains(markup), "{markup} in {}", file.display());
        }
    }
}
