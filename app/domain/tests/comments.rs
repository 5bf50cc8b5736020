//! Pictures and comments, each rule under the row that it proves.

use crate::support::{
    STAMP, Shop, any_comment, any_history, command, comment, given, picture, product, receive, request, typed,
};
use domain::{
    Books, Command, Entry, Refusal,
    books::{Author, Reads, Role},
    change::{Because, Declined},
    event::{AskedCommand, Event},
    picture::{MOST_COMMENTS, Subject},
    projections::pictures::CommentRow,
    undo::{self, Why},
    values::{BlobHash, CommentId, Millis, PictureId},
};
use proptest::prelude::*;
use serde_json::{Value, json};

fn shop() -> Shop {
    given(&[picture("p0", Value::Null)])
}

fn thread(books: &Books) -> Vec<CommentRow> {
    books.projections.pictures.thread(&PictureId::parse("p0").unwrap()).cloned().collect()
}

fn texts(books: &Books) -> Vec<String> {
    thread(books).iter().map(|row| row.text.to_string()).collect()
}

fn edit(id: &str, text: &str, was: Option<&str>) -> Value {
    json!({"comment_id": id, "text": text, "was": was})
}

#[test]
fn p_6_a_comment_is_added_edited_and_deleted() {
    let mut shop = shop();
    shop.when("comment.add", comment("c1", "p0", "Torn.").1)
        .then(&[("CommentAdded", json!({"comment_id": "c1", "picture_id": "p0", "text": "Torn."}))]);
    shop.when("comment.edit", edit("c1", "Wet.", Some("Torn.")))
        .then(&[("CommentEdited", json!({"text": "Wet.", "was": "Torn."}))]);
    assert_eq!(texts(&shop.books), ["Wet."]);
    shop.when("comment.delete", json!({"comment_id": "c1"})).then(&[("CommentDeleted", json!({"was": "Wet."}))]);
    assert!(texts(&shop.books).is_empty());
    shop.when("comment.delete", json!({"comment_id": "c1"})).then_nothing();
    shop.when("comment.edit", edit("c1", "Dry.", None)).then_refused("gone", json!({"what": "comment", "id": "c1"}));
}

#[test]
fn p_9_a_comment_is_a_picture_and_a_text() {
    let data = json!({"comment_id": "c1", "picture_id": "p0", "text": "Torn."});
    assert!(Command::parse("comment.add", &data).is_ok());
    for wrong in
        [json!({"comment_id": "c1", "picture_id": "p0", "text": " \n "}), json!({"comment_id": "c1", "text": "x"})]
    {
        assert!(Command::parse("comment.add", &wrong).is_err(), "{wrong}");
    }
}

#[test]
fn p_10_the_log_has_exactly_the_three_events() {
    let mut shop = shop();
    shop.send("comment.add", comment("c1", "p0", "Torn.").1);
    shop.send("comment.edit", edit("c1", "Wet.", None));
    shop.send("comment.edit", edit("c1", "Wet.", None));
    shop.send("comment.delete", json!({"comment_id": "c1"}));
    let of_comment = shop.log.iter().filter(|entry| entry.aggregate.as_str() == "comment-c1");
    let types: Vec<_> = of_comment.map(|entry| (entry.version, typed(&entry.event).0)).collect();
    assert_eq!(types, [(1, "CommentAdded".into()), (2, "CommentEdited".into()), (3, "CommentDeleted".into())]);
}

#[test]
fn p5_an_edit_of_a_text_that_was_replaced_meanwhile_is_refused_with_both_texts() {
    let mut shop = shop();
    shop.send("comment.add", comment("c1", "p0", "Two torn.").1);
    shop.send("comment.edit", edit("c1", "Three torn.", Some("Two torn.")));
    let refused = shop.when("comment.edit", edit("c1", "All torn.", Some("Two torn.")));
    let both = json!({
        "id": "comment-c1", "was": "Two torn.", "theirs": "Three torn.", "yours": "All torn.", "by": "marek",
    });
    refused.then_refused("changed_meanwhile", both);
    assert_eq!(texts(&shop.books), ["Three torn."]);
    // The same words twice are no disagreement, and whoever has read the newer text may replace it.
    shop.when("comment.edit", edit("c1", "Three torn.", Some("Two torn."))).then_nothing();
    shop.send("comment.edit", edit("c1", "All torn.", Some("Three torn.")));
    // Ends of lines are no text: a form posts others than it was given.
    shop.send("comment.edit", edit("c1", "All torn.\nAnd wet.", None));
    shop.when("comment.edit", edit("c1", "All torn.\r\nAnd wet.", None)).then_nothing();
    shop.send("comment.edit", edit("c1", "Some.", Some("All torn.\r\nAnd wet.")));
}

#[test]
fn a_comment_needs_a_picture_and_a_picture_what_it_is_about() {
    let mut shop = shop();
    shop.when("comment.add", comment("c1", "p9", "x").1)
        .then_refused("not_found", json!({"what": "picture", "id": "p9"}));
    shop.when("comment.delete", json!({"comment_id": "c9"}))
        .then_refused("not_found", json!({"what": "comment", "id": "c9"}));
    shop.when("picture.add", picture("p0", Value::Null).1)
        .then_refused("already_exists", json!({"what": "picture", "id": "p0"}));
    for (about, what, id) in [
        (json!({"product": "S"}), "product", "S"),
        (json!({"batch": "B"}), "batch", "B"),
        (json!({"order": "O"}), "order", "O"),
    ] {
        shop.when("picture.add", picture("p1", about).1).then_refused("not_found", json!({"what": what, "id": id}));
    }
    for about in [json!({}), json!({"product": "S", "batch": "B"}), json!({"shelf": "S"}), json!("S")] {
        let (kind, data) = picture("p1", about);
        assert!(Command::parse(kind, &data).is_err(), "{data}");
    }
}

#[test]
fn pictures_are_found_by_what_they_are_about() {
    let shop = given(&[
        product("S"),
        receive("B", "S", 1, None),
        picture("p2", json!({"batch": "B"})),
        picture("p1", json!({"batch": "B"})),
        picture("p3", json!({"product": "S"})),
    ]);
    let batch = Subject::Batch(domain::values::BatchRef::parse("B").unwrap());
    let found: Vec<_> = shop.books.projections.pictures.about(&batch).map(|(id, _)| id.to_string()).collect();
    assert_eq!(found, ["p2", "p1"]);
}

#[test]
fn a_picture_whose_bytes_were_not_sent_is_refused_and_no_message_can_say_so() {
    let mut shop = Shop::default();
    let (kind, data) = picture("p0", Value::Null);
    let mut add = command(kind, &data);
    let same = add.fingerprint();
    let Command::Picture(domain::picture::Command::Add(missing)) = &mut add else { panic!() };
    missing.is_missing = true;
    assert_eq!(add.fingerprint(), same);
    let handled = shop.send_command(add);
    let blob = BlobHash::of(b"bytes").to_string();
    let Event::Refused(refused) = &handled.entries[0].event else { panic!("{handled:?}") };
    assert_eq!(refused.refusal, Refusal::UnknownBlob { blob });
    let mut claimed = data;
    claimed["is_missing"] = json!(true);
    assert!(Command::parse(kind, &claimed).is_err());
}

#[test]
fn a_thread_is_bounded_by_what_is_there_not_by_what_was() {
    let mut shop = shop();
    for number in 0..MOST_COMMENTS {
        shop.send("comment.add", comment(&format!("c{number}"), "p0", "x").1);
    }
    let full = json!({"what": "picture", "id": "p0"});
    shop.when("comment.add", comment("more", "p0", "x").1).then_refused("too_large", full);
    shop.send("comment.delete", json!({"comment_id": "c0"}));
    shop.send("comment.add", comment("more", "p0", "x").1);
}

#[test]
fn us_15_a_deleted_comment_is_put_back_in_its_place_and_a_newer_text_stands() {
    let mut shop = shop();
    shop.send("comment.add", comment("c1", "p0", "one").1);
    shop.send("comment.add", comment("c2", "p0", "two").1);
    let author = Author { actor: "marek".into(), role: Role::Seller };
    let last = |shop: &Shop| {
        let id =
            request(shop.sent, command("comment.delete", &json!({"comment_id": "c1"})), Role::Seller).submission.id;
        undo::of_command(&shop.books, id, &author)
    };
    shop.send("comment.delete", json!({"comment_id": "c1"}));
    let back = last(&shop).unwrap().command;
    shop.send_command(back);
    assert_eq!(texts(&shop.books), ["one", "two"]);
    shop.send("comment.edit", edit("c1", "three", None));
    let was = last(&shop).unwrap().command;
    let mut other = shop.clone();
    shop.send_command(was);
    assert_eq!(texts(&shop.books), ["one", "two"]);
    let edited =
        request(other.sent, command("comment.delete", &json!({"comment_id": "c1"})), Role::Seller).submission.id;
    other.send("comment.edit", edit("c1", "four", None));
    assert_eq!(undo::of_command(&other.books, edited, &author), Err(Why::NothingLeft));
}

#[test]
fn p_14_nobody_who_comments_is_in_anybodys_way() {
    let mut shop = shop();
    let before = shop.books.clone();
    // Each decided on the same books, and then all of them in one order: none is refused, none has to be repeated.
    for number in 0..200 {
        let (kind, data) = comment(&format!("c{number}"), "p0", "x");
        let author = Author { actor: format!("person {number}").into(), role: Role::Seller };
        assert!(before.decide(&command(kind, &data), &author, &mut Reads::new()).is_ok());
        shop.send(kind, data);
    }
    assert_eq!(thread(&shop.books).len(), 200);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn p_11_a_history_that_ends_in_deletion_leaves_the_digest_of_one_without_the_comment(
        history in any_history(), comments in prop::collection::vec(any_comment(), 0..30), gone in 0..4_u32,
    ) {
        let mut shop = shop();
        for (kind, data) in history.iter().chain(&comments) {
            shop.send_command(command(kind, data));
        }
        let gone = format!("c{gone}");
        shop.send_command(command("comment.delete", &json!({"comment_id": gone})));
        let never = fold(shop.log.iter().map(|entry| if is_of(entry, &gone) { blank(entry) } else { entry.clone() }));
        prop_assert_eq!(&never.projections.pictures, &shop.books.projections.pictures);
        prop_assert_eq!(never.projections.pictures.digest(), shop.books.projections.pictures.digest());
        let counted = shop.books.aggregates.pictures.iter();
        for (id, picture) in counted {
            let there = shop.books.projections.pictures.thread(id).count();
            prop_assert_eq!(picture.comments as usize, there);
        }
    }

    #[test]
    fn p_15_the_order_is_that_of_the_log_whatever_the_clocks_say(
        clocks in prop::collection::vec(-4_000_000_000_i64..4_000_000_000, 2..30),
    ) {
        let mut shop = shop();
        for (number, clock) in (0..).zip(&clocks) {
            let (kind, data) = comment(&format!("c{number}"), "p0", &format!("t{number}"));
            let mut request = request(100 + number, command(kind, &data), Role::Seller);
            request.submission.issued_at = Millis(1_790_000_000_000 + clock);
            shop.log.extend(shop.books.handle(&request, STAMP, &mut Reads::new()).entries);
        }
        let expected: Vec<_> = (0..clocks.len()).map(|number| format!("t{number}")).collect();
        prop_assert_eq!(texts(&shop.books), expected.clone());
        let elsewhere = fold(shop.log.iter().cloned());
        prop_assert_eq!(texts(&elsewhere), expected);
        let kept: Vec<_> = thread(&elsewhere).iter().map(|row| row.added.issued_at.0 - 1_790_000_000_000).collect();
        prop_assert_eq!(kept, clocks);
    }
}

fn fold(entries: impl Iterator<Item = Entry>) -> Books {
    let mut books = Books::default();
    entries.for_each(|entry| books.apply(&entry).unwrap());
    books
}

fn is_of(entry: &Entry, comment: &str) -> bool {
    matches!(&entry.event, Event::Comment(event) if event.comment_id() == &CommentId::parse(comment).unwrap())
}

/// An entry in the same place that changes nothing.
fn blank(entry: &Entry) -> Entry {
    let event = Event::Declined(Declined {
        command_id: entry.command_id,
        command: AskedCommand::new("comment.add".to_owned(), json!({})),
        because: Because::Mistake,
        note: None,
    });
    Entry { event, ..entry.clone() }
}
