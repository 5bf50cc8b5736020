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
fn p2_a_browser_whose_code_is_another_ones_takes_another_in_all_its_tabs() {
    let server = Server::start();
    server.cut_off(true);
    server.has_a_twin();
    let profile = Profile::new();
    let browser = profile.open(&server.tab("first", "another-code"));
    server.run_in_page("add('second', 'another-code')");
    for _ in 0..2 {
        assert_eq!(server.report(), "there");
    }
    server.cut_off(false);
    let [one, other] = [read(&server.report()), read(&server.report())];
    assert_eq!(one["codes"], other["codes"], "one of them took it, and the other one took the same");
    let (old, new) = (one["codes"][0].as_str().unwrap(), one["codes"][1].as_str().unwrap());
    // Killed before, it might not have come to say so.
    server.hears(new);
    browser.kill();
    let numbers = |which: usize| [&one, &other].map(|tab| tab["numbers"][which].as_str().unwrap().to_owned());
    for (which, code) in [(0, old), (1, new)] {
        let given = BTreeSet::from(numbers(which));
        assert_eq!(given, BTreeSet::from([format!("{code}-0001"), format!("{code}-0002")]));
    }
    let browser = profile.open(&server.page("receipts"));
    let numbers = read(&server.report());
    assert_eq!(numbers[0], json!(format!("{new}-0003")), "after a restart too");
    browser.kill();
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
    server.go(&server.page("reports"));
    let found = read(&server.report());
    browser.kill();
    let reports = found["reports"].as_array().unwrap();
    assert!(reports.iter().any(|report| report.as_str().unwrap().contains("on purpose")), "{found}");
}

#[test]
fn p1_after_a_crash_at_the_start_the_kept_log_is_set_aside_and_the_outbox_is_not() {
    let server = Server::start();
    let profile = Profile::new();
    let browser = profile.open(&server.page("converge:B-1/1"));
    server.report();
    server.go(&server.page("stored"));
    assert_eq!(server.report(), server.head().to_string());
    server.cut_off(true);
    server.go(&server.page("save:B-2"));
    let saved = server.report();
    server.go(&server.page("panic-at-the-start"));
    assert!(server.report().starts_with("crashed"));
    server.go(&server.page("reports"));
    let found = read(&server.report());
    assert_eq!((&found["position"], ids(&found)), (&json!(0), vec![saved.clone()]), "{found}");
    // Once is enough: what is fetched after it is kept.
    server.cut_off(false);
    server.go(&server.page("converge:/2"));
    server.report();
    server.go(&server.page("stored"));
    server.report();
    server.cut_off(true);
    server.go(&server.page("reports"));
    let found = read(&server.report());
    browser.kill();
    assert_eq!(found["position"], json!(server.head()), "{found}");
}

const WHAT_IS_KEPT_CANNOT_BE_HAD: [&str; 2] = [
    // Another page upgrades the database, and is held up itself. In the end it gives up.
    "const open = version => new Promise(done => { const request = indexedDB.open('daybook:demo', version);
        request.onsuccess = () => done(request.result); });
     const held = await open(1);
     const upgrade = indexedDB.open('daybook:demo', 2);
     upgrade.onupgradeneeded = () => upgrade.transaction.abort();
     upgrade.onerror = event => event.preventDefault();
     window.letGo = () => held.close();",
    "const read = IDBObjectStore.prototype.getAll;
     IDBObjectStore.prototype.getAll = () => { throw new DOMException('the disk', 'UnknownError'); };
     window.letGo = () => { IDBObjectStore.prototype.getAll = read; };",
];

#[test]
fn p1_what_storage_does_not_give_at_the_start_is_said_and_taken_in_when_it_comes() {
    for (trouble, problem) in WHAT_IS_KEPT_CANNOT_BE_HAD.into_iter().zip(["storage_failed", "storage_failed"]) {
        let server = Server::start();
        let profile = Profile::new();
        let browser = profile.open(&server.page("converge:B-0/1"));
        server.report();
        server.go(&server.page("stored"));
        server.report();
        server.cut_off(true);
        server.go(&server.page("save:B-1"));
        let saved = server.report();
        server.go(&server.page_after(trouble, "late"));
        let found = read(&server.report());
        browser.kill();
        let early = json!({"unread": true, "problem": problem, "keeps": false, "pending": 0, "issued": false});
        assert_eq!(found["early"], early, "{trouble}");
        assert_eq!(found["pending"], json!([[saved, "saved-here"]]), "{trouble}");
        assert_eq!((&found["saved"], &found["position"]), (&json!(true), &json!(server.head())), "{trouble}");
    }
}

#[test]
fn f11_what_the_page_still_has_is_written_again_under_another_name_when_storage_is_cleared() {
    let server = Server::start();
    server.cut_off(true);
    let profile = Profile::new();
    let script = "localStorage.clear(); new Promise(done => {
        indexedDB.deleteDatabase('daybook:demo').onsuccess = () => done(); })";
    let browser = profile.open(&server.page(&format!("cleared:{script}")));
    let found = read(&server.report());
    server.go(&server.page("list"));
    let list = read(&server.report());
    browser.kill();
    assert_ne!(found["codes"][0], found["codes"][1], "{found}");
    let number = |at: usize| found["numbers"][at].as_str().unwrap().split_once('-').unwrap();
    assert_eq!(number(0), (found["codes"][0].as_str().unwrap(), "0001"));
    assert_eq!(number(1), (found["codes"][1].as_str().unwrap(), "0001"));
    assert_eq!(ids(&list), [found["id"].as_str().unwrap()], "from storage, at the next start");
}

#[test]
fn records_that_cannot_be_read_are_found_in_every_store_and_stay_there() {
    let server = Server::start();
    server.cut_off(true);
    let profile = Profile::new();
    let browser = profile.open(&server.page("save:B-1"));
    server.report();
    let plant = "localStorage.setItem('daybook:demo:outbox:in-local-storage', 'not JSON');
        await new Promise(done => { const open = indexedDB.open('daybook:demo'); open.onsuccess = () => {
            const tx = open.result.transaction(['outbox', 'device'], 'readwrite');
            tx.objectStore('outbox').put('not bytes', 'in-the-database');
            tx.objectStore('device').put(new TextEncoder().encode('{\"a\":1}'), 'acknowledged/settled');
            tx.oncomplete = () => { open.result.close(); done(); }; }; });";
    server.go(&server.page_after(plant, "unreadable"));
    let first = read(&server.report());
    let all = json!([
        ["in-local-storage", "not JSON"],
        ["in-the-database", "\"not bytes\""],
        ["acknowledged/settled", "{\"a\":1}"]
    ]);
    assert_eq!(first, json!({"unreadable": all, "pending": 1}));
    server.go(&server.page("unreadable"));
    let again = read(&server.report());
    browser.kill();
    assert_eq!(again, first);
}
