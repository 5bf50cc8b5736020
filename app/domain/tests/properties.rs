//! What holds after any sequence of commands.

use std::collections::BTreeMap;

use crate::support::{STAMP, Shop, any_command, any_history, command, request};
use domain::{
    Books, Command, Entry, EventRecord, Refusal, Verdict,
    books::{Reads, Role},
    chain::{Hash, link},
    command::Kind,
    event::Event,
    record::seal,
    stock,
};
use proptest::prelude::*;
use serde_json::{Value, json};

fn run(history: &[(&'static str, Value)]) -> Shop {
    let mut shop = Shop::default();
    for (kind, data) in history {
        shop.send_command(command(kind, data));
    }
    shop
}

fn fold(entries: &[Entry]) -> Books {
    let mut books = Books::default();
    entries.iter().for_each(|entry| books.apply(entry).unwrap());
    books
}

/// Units by which an event changes what is on hand and on its way.
fn units(event: &stock::Event, before: &Books) -> i64 {
    match event {
        stock::Event::BatchReceived(event) => event.qty.signed(),
        stock::Event::BatchArrived(event) => {
            let announced = &before.aggregates.stocks[&event.sku].batches[&event.batchref];
            event.qty.signed() - i64::from(announced.qty)
        }
        stock::Event::BatchQuantityChanged(event) => i64::from(event.qty.get()) - i64::from(event.was),
        stock::Event::StockCounted(event) => i64::from(event.counted.get()) - event.expected,
        stock::Event::StockDamaged(event) => -event.qty.signed(),
        stock::Event::StockSold(event) => -event.qty.signed(),
        stock::Event::StockPutBack(event) => event.qty.signed(),
        stock::Event::StockHandedOver(event) => -event.qty.signed(),
        stock::Event::LineAllocated(_) | stock::Event::LineFreed(_) | stock::Event::LineShort(_) => 0,
    }
}

fn check_stocks(books: &Books) -> Result<(), TestCaseError> {
    for (sku, stock) in &books.aggregates.stocks {
        let (mut in_hand, mut arriving, mut allocated) = (0, 0, 0);
        let mut promised: BTreeMap<_, u32> = BTreeMap::new();
        for line in stock.lines.values() {
            *promised.entry(&line.batchref).or_default() += line.qty.get();
        }
        for (batchref, batch) in &stock.batches {
            prop_assert!(batch.allocated <= batch.qty, "{sku} {batchref} promises more than it holds: {batch:?}");
            prop_assert_eq!(promised.remove(batchref).unwrap_or(0), batch.allocated);
            prop_assert_eq!(books.aggregates.batches.get(batchref), Some(sku));
            *if batch.eta.is_none() { &mut in_hand } else { &mut arriving } += i64::from(batch.qty);
            allocated += i64::from(batch.allocated);
            let row = books.projections.stock.batches.get(batchref).unwrap();
            prop_assert_eq!((row.qty, row.available, row.eta), (batch.qty, batch.available(), batch.eta));
            let mut lines: Vec<_> = stock.lines.iter().filter(|(_, line)| line.batchref == *batchref).collect();
            lines.sort_by_key(|(_, line)| line.sequence);
            let shown: Vec<_> = row.allocations.iter().map(|shown| (&shown.order_id, shown.qty)).collect();
            prop_assert_eq!(shown, lines.into_iter().map(|(order, line)| (order, line.qty)).collect::<Vec<_>>());
        }
        prop_assert!(promised.is_empty(), "a line in no batch");
        let row = books.projections.catalogue.products.get(sku).unwrap();
        prop_assert_eq!((row.on_hand, row.arriving), (in_hand - i64::from(stock.below), arriving));
        prop_assert_eq!((row.allocated, row.available), (allocated, row.on_hand + row.arriving - allocated));
        let eta = stock.batches.values().filter(|batch| batch.qty > 0).filter_map(|batch| batch.eta).min();
        prop_assert_eq!(row.next_eta, eta);
        let flagged = books.projections.attention.items.iter().any(
            |(item, _)| matches!(item, domain::projections::attention::Item::BelowZero(flagged) if flagged == sku),
        );
        prop_assert_eq!(flagged, row.on_hand < 0);
        // What a line lacks, and what it has, are two parts of what it is for.
        prop_assert!(stock.short.values().all(|short| short.qty.get() > 0));
    }
    let mut promised = BTreeMap::new();
    for (sku, stock) in &books.aggregates.stocks {
        for (order, line) in &stock.lines {
            promised.insert((order.clone(), sku.clone()), (line.qty.get(), Some(line.batchref.clone())));
        }
    }
    let mut shown = BTreeMap::new();
    for (order, row) in books.projections.orders.orders.iter() {
        for line in row.lines.iter().filter(|line| line.allocated > 0) {
            shown.insert((order.clone(), line.sku.clone()), (line.allocated, line.batchref.clone()));
        }
    }
    prop_assert_eq!(shown, promised);
    Ok(())
}

/// A fact may only run into a name that is taken, or a batch that nobody knows.
fn check_verdict(command: &Command, verdict: &Verdict) -> Result<(), TestCaseError> {
    if let (Kind::Fact, Verdict::Refused { refusal, .. }) = (command.kind(), verdict) {
        let name = matches!(refusal, Refusal::AlreadyExists { .. } | Refusal::NotFound { .. });
        prop_assert!(name, "{command:?} was refused: {refusal}");
        prop_assert!(!matches!(command, Command::Stock(stock::Command::Count(_))), "a count is never refused");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn d_19_a_category_looked_up_by_its_name_has_what_a_search_through_all_products_finds(
        changes in prop::collection::vec((0..4_u8, 0..3_usize), 1..40),
    ) {
        let mut shop = Shop::default();
        for (sku, category) in changes {
            let (sku, category) = (format!("S{sku}"), ["", "bread", "tea"][category]);
            shop.when("product.add", json!({"sku": sku, "name": "n", "price": 1, "category": category}));
            shop.when("product.change", json!({"sku": sku, "category": category}));
        }
        let reread = serde_json::from_str::<Books>(&serde_json::to_string(&shop.books).unwrap()).unwrap();
        for catalogue in [&shop.books.projections.catalogue, &reread.projections.catalogue] {
            for name in ["bread", "tea", "none"] {
                let searched: Vec<_> = catalogue.products.iter().filter(|(_, row)| row.category == name).collect();
                let looked_up = catalogue.category(name).map(Iterator::collect::<Vec<_>>);
                prop_assert_eq!(looked_up, (!searched.is_empty()).then_some(searched));
            }
        }
    }

    #[test]
    fn c_5_what_a_command_appends_belongs_to_one_aggregate(history in any_history()) {
        let mut shop = Shop::default();
        for (kind, data) in &history {
            let handled = shop.send_command(command(kind, data));
            let mut of = BTreeMap::new();
            for entry in &handled.entries {
                let first = of.entry(entry.command_id).or_insert(&entry.aggregate);
                prop_assert_eq!(*first, &entry.aggregate, "{:?}", &entry.event);
            }
        }
    }

    #[test]
    fn p6_c_2_c_3_the_rules_hold_after_every_command_and_units_are_conserved(history in any_history()) {
        let mut shop = Shop::default();
        let mut replica = Books::default();
        for (kind, data) in &history {
            let command = command(kind, data);
            let handled = shop.send_command(command.clone());
            check_verdict(&command, &handled.settled[0].verdict)?;
            for entry in &handled.entries {
                if let Event::Stock(event) = &entry.event {
                    let total = |books: &Books| {
                        books.aggregates.stocks.get(event.sku()).map_or(0, |stock| stock.on_hand() + stock.arriving())
                    };
                    let expected = total(&replica) + units(event, &replica);
                    if let stock::Event::LineAllocated(line) = event {
                        let stock = &replica.aggregates.stocks[&line.sku];
                        prop_assert!(i64::from(line.qty.get()) <= stock.available());
                    }
                    replica.apply(entry).unwrap();
                    prop_assert_eq!(total(&replica), expected, "{:?}", event);
                } else {
                    replica.apply(entry).unwrap();
                }
            }
            check_stocks(&shop.books)?;
        }
    }

    #[test]
    fn p3_positions_and_versions_have_no_holes(history in any_history()) {
        let shop = run(&history);
        let mut versions: BTreeMap<_, u32> = BTreeMap::new();
        for (position, entry) in (1..).zip(&shop.log) {
            let version = versions.entry(entry.aggregate.clone()).or_default();
            *version += 1;
            prop_assert_eq!((entry.position, entry.version), (position, *version));
            prop_assert!(entry.causation.is_none_or(|cause| cause < position));
        }
    }

    #[test]
    fn p4_p_17_r_11_same_fold_from_the_log_and_from_snapshot_and_tail(
        history in any_history(), cut in any::<prop::sample::Index>(), asked in prop::collection::vec(any::<bool>(), 8),
    ) {
        let shop = run(&history);
        let records = seal(&shop.log, Hash::ORIGIN).unwrap();
        let mut previous = Hash::ORIGIN;
        let mut books = Books::default();
        let cut = cut.index(shop.log.len() + 1);
        for (index, record) in records.iter().enumerate() {
            prop_assert_eq!(link(previous, record), record.hash);
            previous = record.hash;
            if index == cut {
                let snapshot = serde_json::to_string(&books).unwrap();
                let copy: Books = serde_json::from_str(&snapshot).unwrap();
                prop_assert_eq!((&copy, copy.digest()), (&books, fold(&shop.log[..cut]).digest()));
                books = copy;
            }
            let wire = serde_json::to_string(record).unwrap();
            let entry = serde_json::from_str::<EventRecord>(&wire).unwrap().decode().unwrap();
            prop_assert_eq!(&entry, &shop.log[index]);
            books.apply(&entry).unwrap();
            if asked[index % asked.len()] {
                let _ = books.digest();
            }
        }
        prop_assert_eq!((&books, books.digest()), (&shop.books, shop.books.digest()));
        prop_assert_eq!(fold(&shop.log).digest(), shop.books.digest());
    }

    #[test]
    fn p2_c_3_sending_allocations_again_changes_nothing(history in any_history()) {
        let mut shop = run(&history);
        let lines: Vec<_> = shop.books.aggregates.stocks.iter().flat_map(|(sku, stock)| {
            stock.lines.iter().map(move |(order, line)| json!({"order_id": order, "sku": sku, "qty": line.qty}))
        }).collect();
        let digest = shop.books.digest();
        for line in lines {
            shop.when("order.allocate", line).then_nothing();
        }
        prop_assert_eq!(shop.books.digest(), digest);
    }

    #[test]
    fn deciding_again_gives_the_same_while_nothing_read_was_touched(
        history in any_history(), probe in any_command(), other in any_command(),
    ) {
        let mut shop = run(&history);
        let probe = request(900, command(probe.0, &probe.1), Role::Owner);
        let mut reads = Reads::new();
        let before: Vec<_> = events(shop.books.clone().handle(&probe, STAMP, &mut reads).entries);
        let handled = shop.send_command(command(other.0, &other.1));
        if handled.entries.iter().flat_map(Entry::touches).all(|name| !reads.contains(&name)) {
            prop_assert_eq!(events(shop.books.handle(&probe, STAMP, &mut Reads::new()).entries), before);
        }
    }

    #[test]
    fn no_input_makes_parsing_or_deciding_panic(kind in prop::sample::select(Command::types().collect::<Vec<_>>()), text in "\\PC{0,12}", number in any::<i64>()) {
        let data = json!({
            "sku": text, "name": text, "price": number, "batchref": text, "qty": number, "counted": number,
            "reason": text, "order_id": text, "sale_id": text, "payment": text, "eta": text,
            "lines": [{"sku": text, "qty": number, "price": number}], "account_id": text, "account": text, "title": text,
            "owner": text, "initial_balance": number, "limit": number, "amount": number, "reference": text,
            "transfer_id": text, "from": text, "to": text,
        });
        for data in [data.clone(), data["lines"].clone(), json!(text), json!(number), Value::Null] {
            let _ = Command::parse(kind, &data);
            let _ = Event::decode(&text, 1, &data.to_string());
            for name in Event::types() {
                let _ = Event::decode(name, 1, &data.to_string());
            }
        }
    }
}

fn events(entries: Vec<Entry>) -> Vec<Event> {
    entries.into_iter().map(|entry| entry.event).collect()
}
