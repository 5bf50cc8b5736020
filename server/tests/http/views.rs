//! Read models in tables, as other programs meet them.

use std::sync::Arc;

use app::status::{Kind, Status};
use domain::{Event, ShopSlug, Verdict, processes::PROCESSES, stock, values::Quantity};
use serde_json::json;
use store::{
    EventStore,
    contract::Fixture,
    views::{Allocation, AllocationsView, follow::difference},
};

use crate::support::{Daybook, SHOP, on_every_store, until};

on_every_store!(
    p_3_the_status_names_checkpoints_lag_and_drift,
    c_36_r_10_r_23_a_new_view_starts_with_the_first_entry_and_then_follows,
    c_33_d_32_a_view_goes_on_where_it_was_when_the_server_stopped,
    c_34_a_view_that_stands_still_holds_up_nobody,
    r_45_d_32_the_lag_of_a_view_is_a_figure,
);

fn shop() -> ShopSlug {
    ShopSlug::parse(SHOP).unwrap()
}

fn names(store: &Arc<dyn EventStore>) -> Vec<String> {
    store.views().iter().map(|view| view.name().to_owned()).collect()
}

async fn following(store: &Arc<dyn EventStore>) -> Daybook {
    let views = names(store);
    Daybook::configured(store, |config| config.views = views).await
}

async fn allocate(daybook: &Daybook, order: &str, qty: u32) -> u64 {
    daybook.accepted("order.allocate", json!({"order_id": order, "sku": "A", "qty": qty})).await
}

/// Once the view has come to a position.
async fn at(view: &dyn AllocationsView, position: u64) {
    until(async || {
        let reached = view.reached(&shop()).await.unwrap();
        reached.is_some_and(|reached| reached.position >= position).then_some(())
    })
    .await;
}

fn of(order: &str, qty: u32) -> Vec<Allocation> {
    vec![Allocation { order_id: order.to_owned(), sku: "A".to_owned(), batchref: "B".to_owned(), qty }]
}

async fn c_36_r_10_r_23_a_new_view_starts_with_the_first_entry_and_then_follows(fixture: Fixture) {
    let before = Daybook::on(&fixture.store).await;
    before.receive("B", "A", 900).await;
    for number in 0..30 {
        allocate(&before, &format!("O-{number}"), 2).await;
    }
    for view in fixture.store.views() {
        assert_eq!(view.reached(&shop()).await.unwrap(), None, "nobody asked for it");
    }
    before.stop().await;
    let daybook = following(&fixture.store).await;
    let head = daybook.head().await;
    for view in fixture.store.views() {
        at(&*view, head).await;
        assert_eq!(view.of_order(&shop(), "O-29").await.unwrap(), of("O-29", 2), "{}", view.name());
    }
    let head = allocate(&daybook, "O-30", 7).await;
    for view in fixture.store.views() {
        at(&*view, head).await;
        assert_eq!(view.of_order(&shop(), "O-30").await.unwrap(), of("O-30", 7), "{}", view.name());
        assert_eq!(difference(&*fixture.store, &*view, &shop()).await.unwrap(), None);
    }
}

async fn c_33_d_32_a_view_goes_on_where_it_was_when_the_server_stopped(fixture: Fixture) {
    let daybook = following(&fixture.store).await;
    daybook.receive("B", "A", 900).await;
    let mut daybook = daybook;
    for round in 0..4 {
        for number in 0..5 {
            allocate(&daybook, &format!("O-{round}-{number}"), 1).await;
        }
        // Wherever the followers are just now.
        daybook.stop().await;
        daybook = following(&fixture.store).await;
    }
    let head = daybook.head().await;
    for view in fixture.store.views() {
        at(&*view, head).await;
        assert_eq!(view.all(&shop()).await.unwrap().len(), 20, "{}", view.name());
        assert_eq!(difference(&*fixture.store, &*view, &shop()).await.unwrap(), None, "{}", view.name());
    }
}

/// Deciding never reads a view: with none of them kept up, the rules hold all the same.
async fn c_34_a_view_that_stands_still_holds_up_nobody(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    daybook.receive("B", "A", 3).await;
    allocate(&daybook, "O-1", 2).await;
    let refused = daybook.command("order.allocate", json!({"order_id": "O-2", "sku": "A", "qty": 2})).await;
    assert_eq!(refused.status(), 422);
    let ids: Vec<_> = fixture.store.read(&shop(), 0, 10).await.unwrap().iter().map(|one| one.command_id).collect();
    let verdicts = fixture.store.verdicts(&shop(), &ids).await.unwrap();
    assert!(verdicts.iter().any(|one| matches!(one.verdict, Verdict::Refused { .. })));
    for view in fixture.store.views() {
        assert_eq!(view.all(&shop()).await.unwrap(), []);
    }
}

async fn r_45_d_32_the_lag_of_a_view_is_a_figure(fixture: Fixture) {
    let daybook = following(&fixture.store).await;
    let head = daybook.receive("B", "A", 3).await;
    for view in fixture.store.views() {
        at(&*view, head).await;
        for figure in ["events", "seconds"] {
            let line = format!("daybook_view_lag_{figure}{{view=\"{}\",shop=\"{SHOP}\"}} 0\n", view.name());
            until(async || {
                let metrics = daybook.client.get(format!("{}/metrics", daybook.origin)).send().await.unwrap();
                metrics.text().await.unwrap().contains(&line).then_some(())
            })
            .await;
        }
    }
}

async fn p_3_the_status_names_checkpoints_lag_and_drift(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    daybook.receive("B", "A", 90).await;
    let seen = allocate(&daybook, "O-1", 2).await;
    let store = &fixture.store;
    let epoch = store.head(&shop()).await.unwrap().unwrap().epoch;
    let records = store.read(&shop(), 0, 100).await.unwrap();
    let mut entries: Vec<_> = records.iter().map(|record| record.decode().unwrap()).collect();
    let views = store.views();
    let (last, others) = views.split_last().unwrap();
    for view in others {
        view.take(&shop(), epoch, 0, &entries).await.unwrap();
    }
    // This one has been told something else.
    let Some(Event::Stock(stock::Event::LineAllocated(line))) = entries.last_mut().map(|entry| &mut entry.event) else {
        panic!("{entries:?}");
    };
    line.qty = Quantity::new(3).unwrap();
    last.take(&shop(), epoch, 0, &entries).await.unwrap();
    let head = allocate(&daybook, "O-2", 1).await;

    let status = async |check: bool| {
        let request = daybook.client.post(format!("{}/api/shop_status", daybook.origin));
        let response = request.json(&json!({"shop": SHOP, "check": check})).send().await.unwrap();
        let status: Status = response.error_for_status().unwrap().json().await.unwrap();
        status
    };
    for check in [false, true] {
        let Status { head: last, followers } = status(check).await;
        assert_eq!(last, head);
        let tables: Vec<_> = followers.iter().filter(|one| one.kind == Kind::View).collect();
        assert_eq!(tables.iter().map(|one| &*one.name).collect::<Vec<_>>(), names(store));
        for (at, one) in tables.iter().enumerate() {
            assert_eq!(one.agrees, check.then_some(at < others.len()), "drift of {}", one.name);
        }
        assert!(tables.iter().all(|one| one.position == Some(seen)), "checkpoint");
        assert!(tables.iter().all(|one| one.behind_ms.is_some_and(|ms| ms >= 0)), "lag");
        let there: Vec<_> = followers.iter().filter(|one| one.position == Some(head)).collect();
        assert!(there.iter().all(|one| one.behind_ms.is_none()));
        let books = there.iter().find(|one| one.kind == Kind::Books).unwrap();
        assert_eq!(books.agrees, Some(true));
        assert_eq!(there.iter().filter(|one| one.kind == Kind::Process).count(), PROCESSES.len());
    }
}
