//! Several servers on one store: the head row decides between them.

use serde_json::json;
use store::contract::Fixture;
use uuid::Uuid;

use crate::support::{Daybook, Feed, answer, on_every_store};

on_every_store!(
    p2_p3_two_instances_write_one_log,
    p_18_what_one_instance_writes_the_other_one_shows,
    p4_both_instances_have_one_digest,
);

async fn p2_p3_two_instances_write_one_log(fixture: Fixture) {
    let (one, other) = (Daybook::on(&fixture.store).await, Daybook::on(&fixture.reopened().await).await);
    one.receive("B", "A", 60).await;
    let writing = (0..60).map(|number| {
        let daybook = if number % 2 == 0 { &one } else { &other };
        // Each command goes to both: one verdict.
        let body = json!({"id": Uuid::from_u128(number + 1), "type": "order.allocate",
            "data": {"order_id": format!("O-{number}"), "sku": "A", "qty": 2}});
        let repeat = if number % 2 == 0 { &other } else { &one };
        async move {
            let first = answer(daybook.post(&body).send().await.unwrap()).await;
            let again = answer(repeat.post(&body).send().await.unwrap()).await;
            assert_eq!(
                (first.0, &first.1["positions"], &first.1["code"]),
                (again.0, &again.1["positions"], &again.1["code"])
            );
            first.1
        }
    });
    let answers = futures::future::join_all(writing).await;
    let accepted = answers.iter().filter(|answer| answer["status"] == "accepted").count();
    let refused = answers.iter().filter(|answer| answer["code"] == "out_of_stock").count();
    assert_eq!((accepted, refused), (30, 30));
    let head = one.head().await.max(other.head().await);
    // The batch, the product, and one entry a command.
    assert_eq!(head, 62);
    let verified = fixture.store.verify(&domain::ShopSlug::parse("test").unwrap()).await.unwrap().unwrap();
    assert_eq!((verified.good, verified.first_bad), (head, None));
}

async fn p_18_what_one_instance_writes_the_other_one_shows(fixture: Fixture) {
    let (one, other) = (Daybook::on(&fixture.store).await, Daybook::on(&fixture.reopened().await).await);
    let mut feed = Feed::open(other.get("/feed?after=0")).await;
    let head = one.receive("B", "A", 4).await;
    assert_eq!(feed.next_named("events").await.positions(), (1..=head).collect::<Vec<_>>());
    let head = one.receive("C", "A", 4).await;
    assert_eq!(other.json(&format!("/products/A?min_position={head}")).await["on_hand"], 8);
    // A reader that comes from one instance is not ahead for the other.
    let head = one.receive("D", "A", 4).await;
    let id = format!("{}:{head}", one.json("/digest").await["epoch"].as_str().unwrap());
    let mut resumed = Feed::open(other.get("/feed").header("last-event-id", id)).await;
    assert_eq!(resumed.next().await.unwrap().event, "heartbeat");
}

async fn p4_both_instances_have_one_digest(fixture: Fixture) {
    let (one, other) = (Daybook::on(&fixture.store).await, Daybook::on(&fixture.reopened().await).await);
    for number in 0..10 {
        let daybook = if number % 2 == 0 { &one } else { &other };
        daybook.receive(&format!("B-{number}"), "A", 4).await;
    }
    let head = one.head().await.max(other.head().await);
    let path = format!("/digest?min_position={head}");
    assert_eq!(one.json(&path).await, other.json(&path).await);
}
