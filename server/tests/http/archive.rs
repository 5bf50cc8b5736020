//! A log that is carried to another store as a file.

use std::{
    io::Cursor,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::SeqCst},
    },
};

use domain::{EventRecord, ShopSlug, chain::Hash, chain::link, picture::MediaType, values::BlobHash};
use reqwest::StatusCode;
use serde_json::{Value, json};
use server::archive::{
    export::export,
    import::{ImportError, Imported, import},
};
use store::{Append, AppendError, Blob, EventStore, contract::Fixture, testing::Interposed};

use crate::support::{Daybook, SHOP, answer, memory, on_every_store};

on_every_store!(
    r_22_r_10_a_log_carried_away_and_back_is_the_same_to_the_byte,
    p2_an_imported_command_sent_again_gets_its_first_verdict,
    r_22_pictures_go_with_the_log_that_names_them,
    r_20_what_is_not_as_it_was_written_is_refused_whole_and_named,
    r_20_a_shop_with_another_log_is_not_imported_into,
    an_import_goes_on_where_it_was_interrupted,
    an_import_goes_into_another_name_and_an_empty_shop,
);

fn shop() -> ShopSlug {
    ShopSlug::parse(SHOP).unwrap()
}

async fn exported(store: &dyn EventStore) -> String {
    let mut file = Vec::new();
    export(store, &shop(), &mut file, &mut |_, _| {}).await.unwrap();
    String::from_utf8(file).unwrap()
}

async fn imported(store: &dyn EventStore, file: &str) -> Result<Imported, ImportError> {
    import(store, || Ok(Cursor::new(file.to_owned())), None, &mut |_, _| {}).await
}

/// An accepted command with what follows from it, a refused one, and one that changes nothing; each with what it was
/// answered.
async fn three_verdicts(daybook: &Daybook) -> Vec<(Value, StatusCode, Value)> {
    daybook.receive("B", "A", 4).await;
    let mut sent = Vec::new();
    for (number, qty) in [(1, 3), (2, 9), (3, 3)] {
        let order = if number == 2 { "P" } else { "O" };
        let id = uuid::Uuid::from_u128(number);
        let body = json!({"id": id, "type": "order.allocate", "data": {"order_id": order, "sku": "A", "qty": qty}});
        let (status, said) = answer(daybook.post(&body).send().await.unwrap()).await;
        sent.push((body, status, said));
    }
    let statuses: Vec<_> = sent.iter().map(|(_, status, said)| (status.as_u16(), said["positions"].clone())).collect();
    assert_eq!(statuses, [(200, json!([3])), (422, json!([4])), (200, json!([]))]);
    sent
}

async fn r_22_r_10_a_log_carried_away_and_back_is_the_same_to_the_byte(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    three_verdicts(&daybook).await;
    daybook.accepted("sale.record", sale("S")).await;
    let digest = daybook.json("/digest").await;
    let file = exported(&*fixture.store).await;
    let elsewhere = memory().await.unwrap();
    let done = imported(&*elsewhere.store, &file).await.unwrap();
    assert_eq!((done.before, done.head), (0, daybook.head().await));
    assert_eq!(exported(&*elsewhere.store).await, file);
    let there = Daybook::on(&elsewhere.store).await;
    assert_eq!(there.json("/digest").await, digest, "position, digest and epoch");

    // And back, into a store of the first kind that has never seen it.
    let again = imported(&*fixture.store, &file).await.unwrap();
    assert!(again.changed_nothing(), "{again:?}");
    assert_eq!(exported(&*fixture.store).await, file);
    // What goes on after the import goes on from its end, and a file of the past is still its beginning.
    there.receive("C", "A", 1).await;
    let further = exported(&*elsewhere.store).await;
    assert!(imported(&*elsewhere.store, &file).await.unwrap().changed_nothing());
    let caught_up = imported(&*fixture.store, &further).await.unwrap();
    assert_eq!((caught_up.before, caught_up.head), (done.head, done.head + 1));
    assert_eq!(daybook.get(&format!("/digest?min_position={}", caught_up.head)).send().await.unwrap().status(), 200);
}

fn sale(id: &str) -> Value {
    json!({"sale_id": id, "lines": [{"sku": "A", "qty": 1, "price": 100}], "payment": "cash"})
}

async fn p2_an_imported_command_sent_again_gets_its_first_verdict(fixture: Fixture) {
    let origin = memory().await.unwrap();
    let daybook = Daybook::on(&origin.store).await;
    let sent = three_verdicts(&daybook).await;
    imported(&*fixture.store, &exported(&*origin.store).await).await.unwrap();
    let there = Daybook::on(&fixture.store).await;
    for (body, status, said) in &sent {
        let (again, mut repeated) = answer(there.post(body).send().await.unwrap()).await;
        repeated["head"] = said["head"].clone();
        assert_eq!((again, &repeated), (*status, said));
        let mut other = body.clone();
        other["data"]["qty"] = json!(2);
        let (status, said) = answer(there.post(&other).send().await.unwrap()).await;
        assert_eq!((status, &said["code"]), (StatusCode::CONFLICT, &json!("id_reused")));
    }
    assert_eq!(there.head().await, daybook.head().await);
}

/// A shop with two pictures of the same bytes; other bytes were sent and never named.
async fn shop_with_pictures(fixture: &Fixture) -> (Daybook, Blob) {
    let daybook = Daybook::on(&fixture.store).await;
    let blob = |sent: &[u8], bytes: &[u8]| {
        let (name, media_type) = (BlobHash::of(sent), MediaType::Webp);
        Blob { name, media_type, width: 4, height: 3, bytes: bytes.to_vec() }
    };
    let named = blob(b"named", &[0, 255, 10, 13]);
    for blob in [named.clone(), blob(b"unnamed", b"other")] {
        assert!(fixture.store.keep_blob(&shop(), blob, 100).await.unwrap());
    }
    for id in ["P-1", "P-2"] {
        let data = json!({"picture_id": id, "blob": named.name, "media_type": "image/webp", "width": 4, "height": 3});
        daybook.accepted("picture.add", data).await;
    }
    (daybook, named)
}

async fn r_22_pictures_go_with_the_log_that_names_them(fixture: Fixture) {
    let (_daybook, named) = shop_with_pictures(&fixture).await;
    let file = exported(&*fixture.store).await;
    let lines: Vec<Value> = file.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let places: Vec<_> = (1..).zip(&lines).filter(|(_, line)| line.get("blob").is_some()).map(|(at, _)| at).collect();
    assert_eq!(places, [2], "once, before the event that names it first: {file}");

    let elsewhere = memory().await.unwrap();
    let done = imported(&*elsewhere.store, &file).await.unwrap();
    assert_eq!((done.head, done.pictures), (2, 1));
    assert_eq!(elsewhere.store.blob(&shop(), &named.name).await.unwrap(), Some(named));
    assert_eq!(exported(&*elsewhere.store).await, file);
    assert!(imported(&*elsewhere.store, &file).await.unwrap().changed_nothing());

    // Events alone came earlier: the pictures come after them.
    let events_alone = memory().await.unwrap();
    let page = fixture.store.read(&shop(), 0, 10).await.unwrap();
    let head = fixture.store.head(&shop()).await.unwrap().unwrap();
    events_alone.store.create_shop(&shop(), "Test", head.epoch).await.unwrap();
    let append = Append { epoch: head.epoch, after: 0, records: page, ..Append::default() };
    events_alone.store.append(&shop(), append).await.unwrap();
    let done = imported(&*events_alone.store, &file).await.unwrap();
    assert_eq!((done.before, done.head, done.pictures), (2, 2, 1));

    // Another picture in its place is noticed before anything is written.
    let changed = with_line(&file, 2, |line| Some(line.replace("AP8KDQ==", "AP8KDg==")));
    assert_ne!(changed, file);
    let untouched = memory().await.unwrap();
    let error = imported(&*untouched.store, &changed).await.unwrap_err().to_string();
    assert!(error.contains("line 5"), "{error}");
    assert_eq!(untouched.store.head(&shop()).await.unwrap(), None);
}

/// The lines of a file with one changed.
fn with_line(file: &str, number: usize, change: impl Fn(&str) -> Option<String>) -> String {
    let lines = file
        .lines()
        .enumerate()
        .filter_map(|(index, line)| if index + 1 == number { change(line) } else { Some(line.to_owned()) });
    lines.map(|line| line + "\n").collect()
}

/// The same file with its chain linked anew: what is wrong now was written so.
fn linked_anew(file: &str) -> String {
    let mut hash = Hash::ORIGIN;
    let relink = |line: &str| {
        let Ok(mut record) = serde_json::from_str::<EventRecord>(line) else { return line.to_owned() + "\n" };
        hash = link(hash, &record);
        record.hash = hash;
        serde_json::to_string(&record).unwrap() + "\n"
    };
    file.lines().map(relink).collect()
}

async fn r_20_what_is_not_as_it_was_written_is_refused_whole_and_named(fixture: Fixture) {
    let origin = memory().await.unwrap();
    let daybook = Daybook::on(&origin.store).await;
    three_verdicts(&daybook).await;
    let file = exported(&*origin.store).await;
    let replaced = |number, from: &'static str, to: &'static str| {
        with_line(&file, number, |line| {
            assert!(line.contains(from), "{line}");
            Some(line.replace(from, to))
        })
    };
    let unknown = linked_anew(&replaced(4, r#""type":"LineAllocated""#, r#""type":"LineLent""#));
    let foreign = linked_anew(&replaced(4, r#""version":2"#, r#""version":7"#));
    for (what, file, place) in [
        ("a changed amount", replaced(4, r#""qty":3"#, r#""qty":2"#), "position 3 (line 4)"),
        ("a hole", with_line(&file, 4, |_| None), "position 3 (line 4)"),
        ("half a line", with_line(&file, 5, |line| Some(line[..40].to_owned())), "position 4 (line 5)"),
        ("an event of another version", unknown, "position 3 (line 4)"),
        ("a version that does not follow", foreign, "position 3 (line 4)"),
        ("no end", file.lines().take(3).map(|line| format!("{line}\n")).collect(), "position 3 (line 4)"),
        ("no last line", file.lines().take(6).map(|line| format!("{line}\n")).collect(), "line 7"),
        ("a lost verdict", with_line(&file, 6, |_| None), "line 6"),
        ("another answer", replaced(6, "accepted", "Accepted"), "line 6"),
        ("another fingerprint", replaced(4, r#""fingerprint":""#, r#""fingerprint":"1"#), "position 3 (line 4)"),
        ("not an archive", "{}\n".to_owned(), "line 1"),
        ("a newer form", replaced(1, r#""format":1"#, r#""format":2"#), "form 2"),
    ] {
        let error = imported(&*fixture.store, &file).await.expect_err(what).to_string();
        assert!(error.contains(place), "{what}: {error}");
        assert_eq!(fixture.store.head(&shop()).await.unwrap(), None, "{what}: nothing was written");
    }
    imported(&*fixture.store, &file).await.unwrap();
}

async fn r_20_a_shop_with_another_log_is_not_imported_into(fixture: Fixture) {
    let origin = memory().await.unwrap();
    let daybook = Daybook::on(&origin.store).await;
    daybook.receive("B", "A", 4).await;
    daybook.receive("C", "A", 4).await;
    let file = exported(&*origin.store).await;

    let other = Daybook::on(&fixture.store).await;
    other.receive("B", "A", 4).await;
    let before = exported(&*fixture.store).await;
    let error = imported(&*fixture.store, &file).await.unwrap_err();
    assert!(matches!(error, ImportError::ForeignEpoch { .. }), "{error}");
    assert_eq!(exported(&*fixture.store).await, before);

    // The same epoch, and yet another way: a copy that was written to.
    let copy = memory().await.unwrap();
    imported(&*copy.store, &file).await.unwrap();
    let copy = Daybook::on(&copy.store).await;
    copy.receive("D", "A", 1).await;
    daybook.receive("E", "A", 1).await;
    let error = imported(&*copy.store, &exported(&*origin.store).await).await.unwrap_err();
    assert!(matches!(error, ImportError::Parted { position: 4, .. }), "{error}");
}

async fn an_import_goes_on_where_it_was_interrupted(fixture: Fixture) {
    let origin = memory().await.unwrap();
    let daybook = Daybook::on(&origin.store).await;
    for hundred in 0..6 {
        let receive = |one| {
            json!({"type": "stock.receive",
            "data": {"batchref": format!("B-{hundred}-{one}"), "sku": format!("A-{one}"), "qty": 1}})
        };
        let body = Value::Array((0..500).map(receive).collect());
        assert_eq!(daybook.post(&body).send().await.unwrap().status(), StatusCode::OK);
    }
    let file = exported(&*origin.store).await;
    let appends = AtomicU32::new(0);
    let broken = Interposed::new(fixture.store.clone()).before(move |_| {
        let fails = appends.fetch_add(1, SeqCst) == 1;
        async move { if fails { Err(AppendError::Unavailable { reason: "gone".to_owned() }) } else { Ok(()) } }
    });
    let broken: Arc<dyn EventStore> = Arc::new(broken);
    let error = imported(&*broken, &file).await.unwrap_err();
    assert!(matches!(error, ImportError::Stopped { position: 1000, .. }), "{error}");
    assert_eq!(fixture.store.head(&shop()).await.unwrap().unwrap().position, 1000);
    let done = imported(&*broken, &file).await.unwrap();
    assert_eq!((done.before, done.head), (1000, 3500));
    assert_eq!(exported(&*fixture.store).await, file);
}

async fn an_import_goes_into_another_name_and_an_empty_shop(fixture: Fixture) {
    let origin = memory().await.unwrap();
    let daybook = Daybook::on(&origin.store).await;
    daybook.receive("B", "A", 4).await;
    let file = exported(&*origin.store).await;
    let other = ShopSlug::parse("other").unwrap();
    let empty = fixture.store.create_shop(&other, "Other", uuid::Uuid::new_v4()).await.unwrap();
    let open = || Ok(Cursor::new(file.clone()));
    let done = import(&*fixture.store, open, Some(other.clone()), &mut |_, _| {}).await.unwrap();
    let (head, origin) = (fixture.store.head(&other).await.unwrap(), origin.store.head(&shop()).await.unwrap());
    let (head, origin) = (head.unwrap(), origin.unwrap());
    assert_eq!((head.position, head.epoch, head.hash), (2, origin.epoch, origin.hash));
    assert_eq!(done.epoch, head.epoch);
    assert_ne!(head.epoch, empty.epoch);
    assert_eq!(&*head.title, "Other", "its own name stays");
}
