//! Pictures and comments as programs meet them.

use domain::{ShopSlug, books::Role, values::BlobHash};
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use store::contract::Fixture;

use crate::{
    people::{location, person, session},
    support::{Daybook, SHOP, answer, on_every_store},
};

on_every_store!(
    p_6_comments_are_created_read_edited_and_deleted,
    p_7_each_task_of_a_comment_is_a_command_waited_for_or_not,
    p_13_the_history_of_a_comment_stays_after_its_deletion,
    a_picture_is_sent_then_named_then_seen,
    p_10_p9_the_bytes_of_one_shop_are_in_no_other,
    whoever_only_reads_keeps_no_picture_by_any_door,
);

/// A red dot, one pixel wide.
pub const DOT: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0\x90wS\xde\0\0\0\x0cIDATx\x9cc\xf8\xc5\xc5\x05\0\x03\x10\x01\x0f\xd7\x90\xe4\xe5\0\0\0\0IEND\xaeB`\x82";

async fn send(daybook: &Daybook, bytes: &[u8]) -> Response {
    daybook.client.post(daybook.url("/blobs")).body(bytes.to_vec()).send().await.unwrap()
}

/// A shop with the picture `P-1`.
async fn shop_with_a_picture(fixture: &Fixture) -> Daybook {
    let daybook = Daybook::on(&fixture.store).await;
    let (status, kept) = answer(send(&daybook, DOT).await).await;
    assert_eq!(status, StatusCode::CREATED, "{kept}");
    daybook.accepted("picture.add", picture("P-1", &kept)).await;
    daybook
}

fn picture(id: &str, kept: &Value) -> Value {
    json!({
        "picture_id": id, "blob": kept["blob"], "media_type": kept["media_type"],
        "width": kept["width"], "height": kept["height"],
    })
}

async fn a_picture_is_sent_then_named_then_seen(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    let name = BlobHash::of(DOT).to_string();
    let unsent = json!({"picture_id": "P-1", "blob": name, "media_type": "image/png", "width": 1, "height": 1});
    let (status, refused) = answer(daybook.command("picture.add", unsent).await).await;
    assert_eq!((status, &refused["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("unknown_blob")));
    let (status, kept) = answer(send(&daybook, DOT).await).await;
    assert_eq!((status, &kept["blob"]), (StatusCode::CREATED, &json!(name)));
    assert_eq!(send(&daybook, DOT).await.status(), StatusCode::OK);
    daybook.accepted("picture.add", picture("P-1", &kept)).await;
    let shown = daybook.json("/pictures/P-1").await;
    assert_eq!((&shown["blob"], &shown["width"], &shown["comments"]), (&json!(name), &json!(1), &json!(0)));
    assert_eq!(daybook.json("/pictures").await["items"][0]["picture_id"], "P-1");
    let seen = daybook.get(&format!("/blobs/{name}")).send().await.unwrap();
    let header = |name: &str| seen.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "image/png");
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert_eq!(header("content-security-policy"), "default-src 'none'; sandbox");
    assert!(header("cache-control").contains("immutable") && header("cache-control").contains("private"));
    let etag = header("etag");
    assert!(seen.bytes().await.unwrap().starts_with(b"\x89PNG"));
    let again = daybook.get(&format!("/blobs/{name}")).header("if-none-match", etag).send().await.unwrap();
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    for unknown in ["/pictures/P-9", "/pictures/P-9/comments", "/blobs/no", &format!("/blobs/{}", "0".repeat(64))] {
        assert_eq!(daybook.get(unknown).send().await.unwrap().status(), StatusCode::NOT_FOUND, "{unknown}");
    }
}

async fn p_6_comments_are_created_read_edited_and_deleted(fixture: Fixture) {
    let daybook = shop_with_a_picture(&fixture).await;
    let text = |text: &str| json!({"comment_id": "C-1", "text": text});
    daybook.accepted("comment.add", json!({"comment_id": "C-1", "picture_id": "P-1", "text": "Torn."})).await;
    let thread = daybook.json("/pictures/P-1/comments").await;
    let first = &thread["items"][0];
    assert_eq!(
        (&first["comment_id"], &first["picture_id"], &first["text"]),
        (&json!("C-1"), &json!("P-1"), &json!("Torn."))
    );
    assert!(first["author"].is_string() && first["position"].is_u64());
    daybook.accepted("comment.edit", text("Wet.")).await;
    assert_eq!(daybook.json("/comments/C-1").await["text"], "Wet.");
    let stale = json!({"comment_id": "C-1", "text": "Gone.", "was": "Torn."});
    let (status, refused) = answer(daybook.command("comment.edit", stale).await).await;
    assert_eq!((status, &refused["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("changed_meanwhile")));
    assert_eq!((&refused["detail"]["theirs"], &refused["detail"]["yours"]), (&json!("Wet."), &json!("Gone.")));
    daybook.accepted("comment.delete", json!({"comment_id": "C-1"})).await;
    assert_eq!(daybook.json("/pictures/P-1/comments").await["items"], json!([]));
    assert_eq!(daybook.get("/comments/C-1").send().await.unwrap().status(), StatusCode::NOT_FOUND);
    let (status, refused) = answer(daybook.command("comment.edit", text("Dry.")).await).await;
    assert_eq!((status, &refused["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("gone")));
}

/// A command says what somebody wants done, and is the same whether its sender waits for the outcome or asks for it later.
async fn p_7_each_task_of_a_comment_is_a_command_waited_for_or_not(fixture: Fixture) {
    let daybook = shop_with_a_picture(&fixture).await;
    let tasks = [
        ("comment.add", json!({"picture_id": "P-1", "text": "Torn."}), "CommentAdded"),
        ("comment.edit", json!({"text": "Wet."}), "CommentEdited"),
        ("comment.delete", json!({}), "CommentDeleted"),
    ];
    let mut told = Vec::new();
    for (is_async, comment) in [(false, "C-1"), (true, "C-2")] {
        for (command, data, event) in &tasks {
            let mut data = data.clone();
            data["comment_id"] = json!(comment);
            let body = json!({"type": command, "data": data});
            let outcome = match is_async {
                true => daybook.settled(&daybook.queue(&body).await).await,
                false => answer(daybook.post(&body).send().await.unwrap()).await.1,
            };
            assert_eq!(outcome["status"], "accepted", "{outcome}");
            let position = outcome["positions"][0].as_u64().unwrap();
            assert_eq!(daybook.types_after(position - 1).await, [*event]);
        }
        let history = daybook.json(&format!("/history/comment-{comment}")).await;
        let changes: Vec<_> =
            history["entries"].as_array().unwrap().iter().map(|entry| entry["changes"].clone()).collect();
        told.push(changes);
    }
    assert_eq!(told[0], told[1]);
}

async fn p_13_the_history_of_a_comment_stays_after_its_deletion(fixture: Fixture) {
    let daybook = shop_with_a_picture(&fixture).await;
    daybook.accepted("comment.add", json!({"comment_id": "C-1", "picture_id": "P-1", "text": "Torn."})).await;
    daybook.accepted("comment.edit", json!({"comment_id": "C-1", "text": "Wet."})).await;
    daybook.accepted("comment.delete", json!({"comment_id": "C-1"})).await;
    let history = daybook.json("/history/comment-C-1").await;
    let entries = history["entries"].as_array().unwrap();
    let types: Vec<_> = entries.iter().map(|entry| entry["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["CommentAdded", "CommentEdited", "CommentDeleted"]);
    assert_eq!(entries[1]["changes"], json!([{"field": "text", "was": "Torn.", "now": "Wet."}]));
    assert_eq!(entries[2]["changes"], json!([{"field": "text", "was": "Wet.", "now": null}]));
    for entry in entries {
        assert!(entry["actor"].is_string() && entry["device"].is_string() && entry["recorded_at"].is_string());
    }
}

async fn p_10_p9_the_bytes_of_one_shop_are_in_no_other(fixture: Fixture) {
    let daybook = shop_with_a_picture(&fixture).await;
    let other = domain::ShopSlug::parse("other").unwrap();
    daybook.store.create_shop(&other, "Other shop", uuid::Uuid::new_v4()).await.unwrap();
    let name = BlobHash::of(DOT);
    let elsewhere = format!("{}/api/v1/shops/other/blobs/{name}", daybook.origin);
    assert_eq!(daybook.client.get(elsewhere).send().await.unwrap().status(), StatusCode::NOT_FOUND);
    let command = json!({"type": "picture.add", "data": {
        "picture_id": "P-1", "blob": name, "media_type": "image/png", "width": 1, "height": 1,
    }});
    let there = daybook.client.post(format!("{}/api/v1/shops/other/commands", daybook.origin)).json(&command);
    let (status, refused) = answer(there.send().await.unwrap()).await;
    assert_eq!((status, &refused["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("unknown_blob")));
}

/// A form with a picture in it, as a browser posts it where no script runs.
#[tokio::test(flavor = "multi_thread")]
async fn us_23_a_form_without_a_script_carries_the_picture_itself() {
    let fixture = crate::support::memory().await.unwrap();
    let daybook = Daybook::on(&fixture.store).await;
    daybook.accepted("product.add", json!({"sku": "OAT-1", "name": "Oat bread", "price": 420})).await;
    let post = async |file: &[u8]| {
        let mut body = Vec::new();
        let fields = [
            ("type", "picture.add"),
            ("form", "picture"),
            ("about.product", "OAT-1"),
            ("blob", ""),
            ("width", ""),
            ("caption", "On the shelf"),
            ("next", "/s/test/products/OAT-1"),
            ("return_to", "/s/test/products/OAT-1"),
        ];
        for (name, value) in fields {
            let part = format!("--edge\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
            body.extend(part.as_bytes());
        }
        body.extend(b"--edge\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.png\"\r\n\r\n");
        body.extend(file);
        body.extend(b"\r\n--edge--\r\n");
        let to = format!("{}/s/{}/commands/picture", daybook.origin, crate::support::SHOP);
        let posted = daybook.client.post(to).header("content-type", "multipart/form-data; boundary=edge").body(body);
        let answer = posted.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        answer.headers()["location"].to_str().unwrap().to_owned()
    };
    assert!(post(b"<svg/>").await.contains("field=blob"));
    assert!(post(b"").await.contains("field=blob"));
    assert!(post(DOT).await.contains("done=picture.add"));
    let shown = &daybook.json("/pictures").await["items"][0];
    assert_eq!((&shown["caption"], &shown["about"]), (&json!("On the shelf"), &json!({"product": "OAT-1"})));
    let page = daybook.client.get(format!("{}/s/test/products/OAT-1", daybook.origin)).send().await.unwrap();
    let page = page.text().await.unwrap();
    assert!(page.contains(&format!("/api/v1/shops/test/blobs/{}", BlobHash::of(DOT))), "{page}");
    assert!(page.contains("alt=\"On the shelf\""));
    let thread = format!("{}/s/test/pictures/{}", daybook.origin, shown["picture_id"].as_str().unwrap());
    let thread = daybook.client.get(thread).send().await.unwrap();
    assert_eq!(thread.status(), StatusCode::OK);
    assert!(thread.text().await.unwrap().contains("Nobody has said anything yet."));
}

/// What is looked for in the file itself is proven beside `pictures::made_clean`; here is what the door says to it.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_picture_is_refused_at_the_door() {
    let fixture = crate::support::memory().await.unwrap();
    let daybook = Daybook::with(&fixture.store, |limits| {
        limits.picture = 4_000;
        limits.pictures = 20;
    })
    .await;
    let mut bomb = DOT.to_vec();
    // The width in the header; a wrong checksum does not make it any better.
    bomb[16..20].copy_from_slice(&60_000_u32.to_be_bytes());
    for (bytes, status, code) in [
        (
            b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec(),
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
        ),
        ([DOT, b"<script>alert(1)</script>"].concat(), StatusCode::UNSUPPORTED_MEDIA_TYPE, "more_than_a_picture"),
        (vec![0; 4_001], StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
        (DOT[..DOT.len() - 20].to_vec(), StatusCode::UNPROCESSABLE_ENTITY, "not_a_picture"),
        (DOT.to_vec(), StatusCode::PAYLOAD_TOO_LARGE, "shop_full"),
    ] {
        let (found, problem) = answer(send(&daybook, &bytes).await).await;
        assert_eq!((found, &problem["code"]), (status, &json!(code)), "{problem}");
    }
    assert!(send(&daybook, &bomb).await.status().is_client_error());
}

async fn whoever_only_reads_keeps_no_picture_by_any_door(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    daybook.accepted("product.add", json!({"sku": "OAT-1", "name": "Oat bread", "price": 420})).await;
    person(&*fixture.store, "asha", SHOP, Role::Reader).await;
    let cookie = session(&daybook, "asha").await;
    let blobs = daybook.client.post(daybook.url("/blobs")).header("cookie", &cookie).body(DOT.to_vec());
    assert_eq!(blobs.send().await.unwrap().status(), StatusCode::FORBIDDEN);
    let field = |name: &str, value: &[u8]| {
        let head = format!("--edge\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n");
        [head.as_bytes(), value, b"\r\n"].concat()
    };
    let fields = [("type", "picture.add"), ("form", "picture"), ("about.product", "OAT-1"), ("return_to", "/s/test")];
    let mut body: Vec<u8> = fields.iter().flat_map(|(name, value)| field(name, value.as_bytes())).collect();
    body.extend([&field("file", DOT)[..], b"--edge--\r\n"].concat());
    let form = daybook.client.post(format!("{}/s/{SHOP}/commands/picture", daybook.origin)).header("cookie", &cookie);
    let form = form.header("content-type", "multipart/form-data; boundary=edge").body(body).send().await.unwrap();
    let back = location(&form);
    assert!(back.starts_with("/s/test?") && !back.contains("done="), "{back}");
    let kept = fixture.store.blob(&ShopSlug::parse(SHOP).unwrap(), &BlobHash::of(DOT)).await.unwrap();
    assert_eq!(kept, None);
    assert!(back.contains("field=blob"), "{back}");
}
