//! The browser half in a real browser: storage that outlives a killed browser, the feed, several tabs.
//!
//! The page is `examples/page.rs`, built here and served by a small server that decides with the product's own
//! core. Chromium is taken from `CHROMIUM`, else from where Debian puts it.

#![cfg(not(target_arch = "wasm32"))]

#[path = "in_chromium/chromium.rs"]
mod chromium;
#[path = "in_chromium/page.rs"]
mod page;
#[path = "in_chromium/server.rs"]
mod server;

use std::collections::BTreeSet;

use chromium::Profile;
use serde_json::{Value, json};
use server::Server;

fn read(answer: &str) -> Value {
    serde_json::from_str(answer).unwrap_or_else(|_| panic!("the page said: {answer}"))
}

fn ids(list: &Value) -> Vec<String> {
    let of_pair = |pair: &Value| pair[0].as_str().map(str::to_owned);
    list["pending"].as_array().into_iter().flatten().filter_map(of_pair).collect()
}

#[test]
fn p1_what_was_said_to_be_saved_outlives_a_killed_browser() {
    let server = Server::start();
    server.cut_off(true);
    let profile = Profile::new();
    let mut saved = Vec::new();
    for round in 0..4 {
        let browser = profile.open(&server.page(&format!("save:B-{round}")));
        saved.push(server.report());
        // At this very moment, as a power cut would.
        browser.kill();
    }
    let browser = profile.open(&server.page("list"));
    let list = read(&server.report());
    browser.kill();
    assert_eq!(ids(&list), saved, "in order of issue");
    assert!(list["pending"].as_array().unwrap().iter().all(|pair| pair[1] == "saved-here"), "{list}");
}

#[test]
fn p1_either_half_of_the_outbox_alone_keeps_the_command() {
    for half in ["localStorage.clear()", "indexedDB.deleteDatabase('daybook:demo')"] {
        let server = Server::start();
        server.cut_off(true);
        let profile = Profile::new();
        let browser = profile.open(&server.page("save:B-1"));
        let saved = server.report();
        assert!(saved.len() == 36, "{saved}");
        // The page that keeps the database open goes away first.
        server.go(&server.page_after(&format!("await new Promise(done => setTimeout(done, 50)); {half}; await new Promise(done => setTimeout(done, 200));"), "list"));
        let list = read(&server.report());
        browser.kill();
        assert_eq!(ids(&list), [saved], "without {half}");
    }
}

#[test]
fn p4_browser_and_server_come_to_one_digest_and_the_books_are_there_without_the_network() {
    let server = Server::start();
    let profile = Profile::new();
    let browser = profile.open(&server.page("converge:B-1/1"));
    let answer = read(&server.report());
    assert_eq!((&answer[0], &answer[1]), (&json!(server.head()), &json!(server.digest())), "{answer}");
    server.go(&server.page("stored"));
    assert_eq!(server.report(), server.head().to_string());
    server.cut_off(true);
    server.go(&server.page("list"));
    let list = read(&server.report());
    assert_eq!((&list["position"], &list["pending"]), (&json!(server.head()), &json!([])));
    // Whatever was tampered with is fetched again.
    server.cut_off(false);
    let tamper = "await new Promise(done => { const open = indexedDB.open('daybook:demo'); open.onsuccess = () => {
        const tx = open.result.transaction('book', 'readwrite'); tx.objectStore('book').put(new Uint8Array([123]), 'snapshot/000000');
        tx.oncomplete = () => { open.result.close(); done(); }; }; });";
    server.go(&server.page_after(tamper, "list"));
    let list = read(&server.report());
    assert_eq!((&list["position"], &list["problem"]), (&json!(0), &json!("storage_unreadable")), "{list}");
    server.go(&server.page("converge:B-2/2"));
    assert_eq!(read(&server.report())[1], json!(server.digest()));
    browser.kill();
}

#[test]
fn p2_a_swallowed_answer_is_asked_for_again_and_the_command_counts_once() {
    let server = Server::start();
    server.swallow_answers(1);
    let profile = Profile::new();
    let browser = profile.open(&server.page("converge:B-1/1"));
    let answer = read(&server.report());
    browser.kill();
    assert_eq!(answer[0], json!(server.head()), "{answer}");
    assert_eq!(server.events_of_type("BatchReceived"), 1);
}

#[test]
fn p7_tabs_share_one_feed_and_one_takes_over_when_the_leading_one_goes() {
    let server = Server::start();
    let profile = Profile::new();
    let browser = profile.open(&server.tab("first", "converge:B-1/1"));
    assert_eq!(read(&server.report())[1], json!(server.digest()));
    server.run_in_page("add('second', 'converge:B-2/2')");
    assert_eq!(read(&server.report())[1], json!(server.digest()), "the second tab sends through the first");
    assert_eq!(server.open_feeds(), 1);
    server.run_in_page("remove('first')");
    server.run_in_page("add('third', 'converge:B-3/3')");
    assert_eq!(read(&server.report())[1], json!(server.digest()), "the second tab leads");
    assert_eq!(server.open_feeds(), 1);
    browser.kill();
}

#[test]
fn receipt_numbers_are_given_once_across_tabs_and_restarts() {
    let server = Server::start();
    server.cut_off(true);
    let profile = Profile::new();
    let browser = profile.open(&server.tab("first", "receipts"));
    server.run_in_page("add('second', 'receipts')");
    let mut numbers: Vec<Value> = Vec::new();
    for _ in 0..2 {
        numbers.extend(read(&server.report()).as_array().unwrap().clone());
    }
    browser.kill();
    let browser = profile.open(&server.page("receipts"));
    numbers.extend(read(&server.report()).as_array().unwrap().clone());
    browser.kill();
    let numbers: BTreeSet<String> = numbers.iter().map(|number| number.as_str().unwrap().to_owned()).collect();
    assert_eq!(numbers.len(), 60);
    let codes: BTreeSet<&str> = numbers.iter().map(|number| number.split_once('-').unwrap().0).collect();
    assert_eq!(codes.len(), 1, "one device");
}

#[test]
fn where_nothing_is_kept_nothing_is_called_saved() {
    let server = Server::start();
    let profile = Profile::new();
    let browser = profile.open(&server.page_without_storage("nothing-kept"));
    let answer = read(&server.report());
    browser.kill();
    assert_eq!(answer["keeps"], json!(false), "{answer}");
    assert!(answer["error"].as_str().unwrap().starts_with("not saved"), "{answer}");
}

#[test]
fn a_panic_leaves_a_note_and_a_panel_that_loads_the_page_again() {
    let server = Server::start();
    let profile = Profile::new();
    let browser = profile.open(&server.page("panic"));
    assert_eq!(server.report(), "crashed: This page has stopped / Load again", "from the panel, not from Wasm");
    server.go(&server.page("crash-note"));
    let note = server.report();
    browser.kill();
    assert!(note.contains("on purpose"), "{note}");
}
