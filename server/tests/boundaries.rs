//! Who may know whom. The arrows are those of `docs/ARCHITECTURE.md`; they are read off the manifests and the text of
//! the sources, so that one that turns round is noticed where it is drawn.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "these are tests")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// The crates of the workspace with their folders, and what each may depend on. The benchmarks stand above everything.
const ARROWS: [(&str, &str, &[&str]); 7] = [
    ("domain", "app/domain", &[]),
    ("sync", "app/sync", &["domain"]),
    ("browser", "app/browser", &["domain", "sync"]),
    ("app", "app", &["browser", "domain", "sync"]),
    ("store", "server/store", &["domain"]),
    ("site", "server/site", &[]),
    ("server", "server", &["app", "domain", "site", "store", "sync"]),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// What a manifest names outside of its dependencies for tests.
fn dependencies(manifest: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut inside = false;
    for line in manifest.lines() {
        if let Some(section) = line.strip_prefix('[') {
            let section = section.trim_end_matches(']');
            inside = section.ends_with("dependencies") && !section.ends_with("dev-dependencies");
            found.extend(section.strip_prefix("dependencies.").map(ToOwned::to_owned));
        } else if inside && let Some((name, _)) = line.split_once(['.', ' ', '=']) {
            found.insert(name.to_owned());
        }
    }
    found
}

/// Sources below a folder of this repository, without their comments and without what is compiled for tests only.
fn sources(folder: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let name = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
                let whole = fs::read_to_string(&path).unwrap();
                let code = whole.split("#[cfg(test)]").next().unwrap_or_default();
                let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
                found.push((name, lines.collect::<Vec<_>>().join("\n")));
            }
        }
    }
    assert!(!found.is_empty(), "{folder}");
    found
}

/// The files that have any of these words.
fn having(sources: &[(String, String)], words: &[&str]) -> BTreeSet<String> {
    let has = |code: &str| words.iter().any(|word| code.contains(word));
    sources.iter().filter(|(_, code)| has(code)).map(|(name, _)| name.clone()).collect()
}

fn named(files: &[&str]) -> BTreeSet<String> {
    files.iter().map(|file| (*file).to_owned()).collect()
}

/// The browser and the server fold by the same crate, and nobody else says what follows from an event.
#[test]
fn c_29_r_44_crates_know_only_those_below_them_and_share_one_fold() {
    let crates: BTreeSet<&str> = ARROWS.iter().map(|(name, ..)| *name).collect();
    for (name, folder, allowed) in ARROWS {
        let manifest = text(&format!("{folder}/Cargo.toml"));
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{folder}");
        let known: Vec<_> = dependencies(&manifest).into_iter().filter(|one| crates.contains(one.as_str())).collect();
        assert_eq!(known, allowed, "{name}");
    }
    let folders = ARROWS.map(|(_, folder, _)| format!("\"{folder}\"")).into_iter();
    let members: BTreeSet<String> = folders.chain(["\"end2end/bench\"".to_owned()]).collect();
    let manifest = text("Cargo.toml");
    let listed = manifest.split_once("\nmembers = [").unwrap().1.split_once(']').unwrap().0;
    assert_eq!(listed.split(", ").map(ToOwned::to_owned).collect::<BTreeSet<_>>(), members);

    for folder in ["app/src", "app/browser/src", "app/sync/src", "server/src", "server/store/src"] {
        assert_eq!(having(&sources(folder), &["fn evolve("]), named(&[]), "{folder}");
    }
}

#[test]
fn c_29_only_the_store_speaks_sql() {
    for (name, folder, _) in ARROWS {
        let known = dependencies(&text(&format!("{folder}/Cargo.toml")));
        for database in ["sqlx", "redis"] {
            assert_eq!(known.contains(database), name == "store", "{name}: {database}");
        }
    }
    for folder in ["app/src", "app/domain/src", "app/sync/src", "app/browser/src", "server/src", "end2end/bench/src"] {
        assert_eq!(having(&sources(folder), &["sqlx"]), named(&[]), "{folder}");
    }
}

/// Read models, in memory and in tables, have no way to the log; of the doors, those of commands alone take them in, and the
/// one by which an owner lets in what had to wait.
#[test]
fn c_1_d_1_what_shows_cannot_append() {
    let domain = sources("app/domain/src");
    let (views, rest): (Vec<_>, Vec<_>) =
        domain.into_iter().partition(|(name, _)| name.starts_with("app/domain/src/projections"));
    assert_eq!(having(&views, &["decide(", "handle(", "store::"]), named(&[]));
    let aggregates = having(&rest, &["pub fn decide(", "pub fn react("]);
    assert!(aggregates.len() > 10, "{aggregates:?}");
    // The books hold both. What an aggregate or a process manager decides on is none of the read models.
    let seeing: Vec<_> = having(&rest, &["projections"]).intersection(&aggregates).cloned().collect();
    assert_eq!(seeing, ["app/domain/src/books.rs"]);

    let mut views = sources("server/store/src/views");
    views.push(("server/src/shop/views.rs".to_owned(), text("server/src/shop/views.rs")));
    assert_eq!(having(&views, &[".append("]), named(&[]));

    let server = sources("server/src");
    let appending = having(&server, &["store.append("]);
    let writers = ["archive/import.rs", "shop/appender.rs", "shop/appender/lagging.rs"];
    assert_eq!(appending, writers.iter().map(|file| format!("server/src/{file}")).collect());
    let doors: Vec<_> = server.into_iter().filter(|(name, _)| name.starts_with("server/src/http/")).collect();
    let taking = having(&doors, &[".decide(", "intake.put("]);
    let ways_in = ["server/src/http/commands.rs", "server/src/http/devices.rs", "server/src/http/forms.rs"];
    assert_eq!(taking, named(&ways_in));
    let routes = text("server/src/http/mod.rs");
    // What is put at the door for pictures is bytes: in the log it is only once a command names it.
    // And whoever signs in is in no log.
    let taking_in = [
        "commands::post",
        "forms::post",
        "forms::post_picture",
        "blobs::post",
        "sign_in::post",
        "sign_in::end",
        "pin::set",
        "pin::switch",
        "oneself::end_elsewhere",
        "oneself::password",
        "oneself::reset",
        "people::join",
        "people::post",
        // A new shop is founded with what it counts in, and whoever leaves one is in no log either.
        "start::post",
        "start::leave",
        // A shop of a visitor is filled by the commands of the demo.
        "demo::post",
        // What waits for an owner is a command like any other once they let it in.
        "devices::post",
    ];
    for route in routes.split(".route(").skip(1) {
        let (_, door) = route.split_once(',').unwrap();
        let route = door.trim();
        let writes = taking_in.iter().any(|door| route.starts_with(&format!("write(post({door}))")));
        assert!(writes || route.starts_with("read(get(") || route.starts_with("any(unknown)"), "{route}");
    }
}

/// Whoever decides and appends neither reads nor writes a view. Followers bring the tables along, or the store itself where
/// it is asked to (`--inline-view`); a door searches in what they brought.
#[test]
fn p_19_whoever_decides_does_not_touch_a_read_store() {
    let words = ["AllocationsView", "store::views", "store.views()", "store.search()"];
    let touching = having(&sources("server/src"), &words);
    let expected = [
        "server/src/cli.rs",
        "server/src/cli/operations.rs",
        "server/src/cli/rebuild.rs",
        "server/src/http/search.rs",
        "server/src/running.rs",
        "server/src/shop/status.rs",
        "server/src/shop/views.rs",
    ];
    assert_eq!(touching, named(&expected));
}

/// One module takes queued commands, gives them out and settles them, and it is short enough to be read at once.
#[test]
fn d_23_r_7_one_module_owns_the_queue() {
    let intake = having(&sources("server/src"), &["store.enqueue"]);
    assert_eq!(intake, named(&["server/src/shop/queue/intake.rs"]));
    let words = ["store.claim(", "store.release(", "store.retry_later(", "store.park(", "store.dequeue("];
    for word in words {
        assert_eq!(having(&sources("server/src"), &[word]), named(&["server/src/shop/queue.rs"]), "{word}");
    }
    for (file, most) in [
        ("server/src/shop/queue.rs", 350),
        ("server/src/shop/queue/intake.rs", 200),
        ("server/store/src/queue.rs", 150),
    ] {
        assert!(text(file).lines().count() <= most, "{file}");
    }
}

/// The same events give the same books on every machine: nothing in between can differ.
#[test]
fn r_15_deciding_and_folding_have_no_clock_no_chance_and_no_input() {
    let words = [
        "std::time",
        "SystemTime",
        "Instant::",
        "std::fs",
        "std::net",
        "std::env",
        "std::thread",
        "std::process",
        "tokio",
        "async fn",
        "HashMap",
        "HashSet",
        "now_v7",
        "new_v4",
        "rand::",
        "println!",
        "web_sys",
        "js_sys",
    ];
    for folder in ["app/domain/src", "app/sync/src"] {
        assert_eq!(having(&sources(folder), &words), named(&[]), "{folder}");
    }
    for (name, folder, _) in ARROWS.into_iter().filter(|(name, ..)| ["domain", "sync"].contains(name)) {
        let outside = ["tokio", "rand", "getrandom", "web-sys", "js-sys", "sqlx", "reqwest", "leptos", "axum"];
        let known = dependencies(&text(&format!("{folder}/Cargo.toml")));
        assert!(outside.iter().all(|one| !known.contains(*one)), "{name}: {known:?}");
    }
}
