//! The program as an operator runs it.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "these are tests")]

#[path = "cli/log.rs"]
mod log;

use std::{
    io::Write,
    process::{Command, Output, Stdio},
};

use store::testing::{SqliteFile, as_role, postgres_url};

fn daybook(file: &SqliteFile, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_daybook"))
        .args(arguments)
        .env("DATABASE_URL", file.url())
        .output()
        .expect("the program starts")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Shop and epoch, as `shop list` prints them.
fn epochs(file: &SqliteFile) -> Vec<(String, String)> {
    let listed = said(&daybook(file, &["shop", "list"]));
    let epoch = |line: &str| Some((line.split('\t').next()?.to_owned(), line.split_once("epoch ")?.1.to_owned()));
    listed.lines().filter_map(epoch).collect()
}

#[test]
fn restore_gives_a_shop_a_new_epoch_and_says_so() {
    let file = SqliteFile::new();
    for shop in ["corner", "market"] {
        assert!(daybook(&file, &["shop", "create", shop]).status.success());
    }
    let before = epochs(&file);
    let output = daybook(&file, &["restore", "--shop", "corner"]);
    let after = epochs(&file);
    assert!(output.status.success(), "{output:?}");
    assert_ne!(before[0], after[0]);
    assert_eq!(before[1], after[1], "the other shop is as it was");
    let line = format!("corner\trestored\tposition 0\tepoch {} was {}\n", after[0].1, before[0].1);
    assert!(said(&output).starts_with(&line), "{output:?}");

    assert!(daybook(&file, &["restore", "--all"]).status.success());
    let all = epochs(&file);
    assert!(all.iter().zip(&after).all(|(now, then)| now.0 == then.0 && now.1 != then.1), "{all:?}");
}

#[test]
fn a_clock_that_is_none_is_said_to_be_wrong() {
    let file = SqliteFile::new();
    let output = daybook(&file, &["serve", "--clock", "yesterday"]);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("--clock"), "{output:?}");
}

#[test]
fn restore_asks_which_shop_and_knows_them() {
    let file = SqliteFile::new();
    assert!(daybook(&file, &["shop", "create", "corner"]).status.success());
    let before = epochs(&file);
    for wrong in [&["restore"][..], &["restore", "--shop", "elsewhere"], &["restore", "--all", "--shop", "corner"]] {
        assert!(!daybook(&file, wrong).status.success(), "{wrong:?}");
    }
    assert_eq!(epochs(&file), before);
}

#[test]
fn r_20_a_log_is_exported_and_imported_on_the_command_line() {
    let (from, into) = (SqliteFile::new(), SqliteFile::new());
    assert!(daybook(&from, &["demo"]).status.success());
    let output = daybook(&from, &["export", "--shop", "demo"]);
    assert!(output.status.success(), "{output:?}");
    let folder = from.url().trim_start_matches("sqlite:").trim_end_matches("daybook.db").to_owned();
    let file = format!("{folder}demo.ndjson");
    assert!(daybook(&from, &["export", "--shop", "demo", "--file", &file]).status.success());
    assert_eq!(std::fs::read(&file).unwrap(), output.stdout, "to a file as to standard output");
    assert!(!std::path::Path::new(&format!("{file}.unfinished")).exists());

    let import = |file: &str| daybook(&into, &["import", "--file", file]);
    let broken = format!("{folder}broken.ndjson");
    std::fs::write(&broken, said(&output).replacen("\"version\":1", "\"version\":2", 1)).unwrap();
    let refused = import(&broken);
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("position 1 (line 2)"), "{refused:?}");
    assert_eq!(epochs(&into), []);

    let first = import(&file);
    assert!(first.status.success() && said(&first).contains("\timported\t"), "{first:?}");
    let second = import(&file);
    assert!(second.status.success() && said(&second).contains("\tnothing to import\t"), "{second:?}");
    assert_eq!(epochs(&into), epochs(&from));
    let verified = said(&daybook(&into, &["verify"]));
    assert_eq!(verified, said(&daybook(&from, &["verify"])), "position and digest");
    assert!(verified.starts_with("demo\tok\t"), "{verified}");
    assert_eq!(daybook(&into, &["export", "--shop", "demo"]).stdout, output.stdout);
    assert!(!daybook(&from, &["export", "--shop", "elsewhere"]).status.success());
}

/// An archive that an earlier build has written: people gave things up in it, with one text for why.
#[test]
fn r_27_a_log_of_earlier_schemas_is_imported_verified_and_carried_away_as_it_was_written() {
    let archive = concat!(env!("CARGO_MANIFEST_DIR"), "/../app/sync/tests/fixtures/protocol-2-fold-3/archive.ndjson");
    let written = std::fs::read_to_string(archive).unwrap();
    let earlier = written.lines().filter(|line| line.contains(r#""type":"Declined","schema":1"#));
    assert!(earlier.filter(|line| line.contains(r#""reason":"Customer left""#)).count() > 0);
    let file = SqliteFile::new();
    let imported = daybook(&file, &["import", "--file", archive, "--shop", "old"]);
    assert!(imported.status.success() && said(&imported).contains("\timported\t"), "{imported:?}");
    let verified = daybook(&file, &["verify"]);
    assert!(verified.status.success() && said(&verified).starts_with("old\tok\t"), "{verified:?}");
    // No entry was written anew: only what the file says of itself is of this build.
    let exported = said(&daybook(&file, &["export", "--shop", "old"]));
    let entries = |text: &str| -> Vec<String> {
        let of_itself = |line: &str| line.contains(r#""format":"#) || line.contains(r#""end":"#);
        text.lines().filter(|line| !of_itself(line)).map(ToOwned::to_owned).collect()
    };
    assert_eq!(entries(&exported), entries(&written));
}

fn lines(output: &Output) -> Vec<Vec<String>> {
    said(output).lines().map(|line| line.split('\t').map(ToOwned::to_owned).collect()).collect()
}

#[test]
fn d_29_d_30_queued_commands_are_listed_replayed_and_offsets_set_on_the_command_line() {
    let file = SqliteFile::new();
    assert!(daybook(&file, &["shop", "create", "corner"]).status.success());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let (store, shop) = (store::open(&file.url()).await.unwrap(), domain::ShopSlug::parse("corner").unwrap());
        let body = |number: u128| {
            let body = serde_json::json!({"submission": {"id": uuid::Uuid::from_u128(number), "type": "stock.receive",
                "data": {"batchref": format!("B-{number}"), "sku": "A", "qty": 4}, "device": "api",
                "issued_at": "2026-05-03T13:40:00.000Z"}, "actor": "demo", "role": "owner"});
            store::Queued {
                id: domain::CommandId(uuid::Uuid::from_u128(number)),
                key: "stock-A".into(),
                body: body.to_string().into_bytes(),
                fingerprint: 1,
                enqueued_at: domain::values::Millis(1),
            }
        };
        store.enqueue(&shop, (1..=3).map(body).collect()).await.unwrap();
        store.dequeue(&shop, &[body(1).id]).await.unwrap();
        store.park(&shop, body(2).id, "command_poisoned").await.unwrap();
    });
    let states = |arguments: &[&str]| -> Vec<(String, String)> {
        let listed = lines(&daybook(&file, arguments));
        listed.into_iter().map(|line| (line[0].clone(), line[3].clone())).collect()
    };
    let all = states(&["commands", "list"]);
    let words: Vec<&str> = all.iter().map(|(_, state)| state.as_str()).collect();
    assert_eq!(words, ["settled", "parked", "queued"]);
    assert_eq!(states(&["commands", "list", "--state", "parked", "--shop", "corner"]), all[1..2]);
    let listed = said(&daybook(&file, &["commands", "list", "--state", "parked"]));
    assert!(listed.ends_with("\tparked\tstock.receive\tcommand_poisoned\n"), "{listed}");

    let id = uuid::Uuid::from_u128(2).to_string();
    let group = ["commands", "replay", "--group", "debug"];
    let dry = daybook(&file, &[&group[..], &["--dry-run"]].concat());
    assert!(
        said(&dry).contains("would be accepted at [1, 2]") || said(&dry).contains("would be accepted at [1]"),
        "{dry:?}"
    );
    let offsets = || lines(&daybook(&file, &["commands", "offset", "show"]));
    assert_eq!(offsets(), [["handlers", &all[1].0]], "a dry run moves nothing");
    assert!(daybook(&file, &group).status.success());
    assert_eq!(offsets()[1..], [["debug", &all[2].0]]);
    assert!(said(&daybook(&file, &group)).starts_with("0 read by debug"));
    assert!(daybook(&file, &["commands", "offset", "set", "0", "--group", "debug"]).status.success());
    assert!(said(&daybook(&file, &group)).contains("3 read by debug"));

    // The handlers: a parked one gets another try, and nothing is left out.
    assert!(daybook(&file, &["commands", "replay", &id, "--dry-run"]).status.success());
    assert_eq!(states(&["commands", "list"]), all);
    assert!(daybook(&file, &["commands", "replay", &id]).status.success());
    assert_eq!(states(&["commands", "list"])[1].1, "queued");
    assert!(!daybook(&file, &["commands", "offset", "set", &all[2].0]).status.success(), "two wait before it");
    assert!(daybook(&file, &["commands", "offset", "set", "0"]).status.success());
    assert!(states(&["commands", "list"]).iter().all(|(_, state)| state == "queued"));
    assert!(!daybook(&file, &["commands", "replay", &uuid::Uuid::nil().to_string()]).status.success());
    assert!(!daybook(&file, &["commands", "replay"]).status.success(), "which ones?");
}

#[test]
fn c_33_c_35_a_view_that_drifted_is_named_and_made_again() {
    let file = SqliteFile::new();
    assert!(daybook(&file, &["demo"]).status.success());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let shop = domain::ShopSlug::parse("demo").unwrap();
    let head = runtime.block_on(async {
        let store = store::open(&file.url()).await.unwrap();
        let head = store.head(&shop).await.unwrap().unwrap();
        let view = &store.views()[0];
        // A follower with a defect: it counts one too many.
        let mut entries = Vec::new();
        for record in store.read(&shop, 0, 100_000).await.unwrap() {
            let mut entry = record.decode().unwrap();
            if let domain::Event::Stock(domain::stock::Event::LineAllocated(line)) = &mut entry.event {
                line.qty = domain::values::Quantity::new(line.qty.signed() + 1).unwrap();
            }
            entries.push(entry);
        }
        view.take(&shop, head.epoch, 0, &entries).await.unwrap();
        head
    });
    let found = daybook(&file, &["verify"]);
    assert!(!found.status.success());
    assert!(said(&found).contains("\tview allocations\tDIFFERS at position "), "{found:?}");
    let rebuilt = said(&daybook(&file, &["rebuild"]));
    assert!(rebuilt.contains(&format!("demo\tview allocations\trebuilt\tposition {}\n", head.position)), "{rebuilt}");
    let verified = daybook(&file, &["verify"]);
    assert!(verified.status.success(), "{verified:?}");
    assert!(said(&daybook(&file, &["rebuild"])).contains("\tview allocations\tas it should be"));
}

#[test]
fn a_token_is_printed_once_and_kept_as_a_hash() {
    let file = SqliteFile::new();
    assert!(daybook(&file, &["shop", "create", "corner"]).status.success());
    let make = |more: &[&str]| daybook(&file, &[&["token", "create", "--shop", "corner"][..], more].concat());
    let made = make(&["--role", "seller", "--name", "Front till", "--expires", "30d"]);
    assert!(made.status.success(), "{made:?}");
    let token = said(&made);
    let token = token.strip_suffix('\n').unwrap();
    assert!(token.starts_with("daybook_") && !token.contains(char::is_whitespace), "{token}");
    let told = String::from_utf8_lossy(&made.stderr).into_owned();
    assert!(told.contains("seller of shop corner, until ") && told.contains("token:Front till"), "{told}");

    let listed = |shop: &str| lines(&daybook(&file, &["token", "list", "--shop", shop]));
    let rows = listed("corner");
    assert_eq!(rows[0][1..4], ["Front till", "seller", "full"]);
    assert_eq!(rows[0][5], "live");
    let whole = std::fs::read(file.url().trim_start_matches("sqlite:")).unwrap();
    let secret = token.as_bytes();
    assert!(!whole.windows(secret.len()).any(|bytes| bytes == secret), "the database has the hash alone");

    assert!(make(&["--role", "stock-hand", "--read-only", "--expires", "never"]).status.success());
    assert!(make(&["--role", "manager", "--expires", "2020-01-01", "--name", "old"]).status.success());
    let rows = listed("corner");
    assert!(rows[1][1].starts_with("stock_hand-"), "{rows:?}");
    assert_eq!(rows[1][2..], ["stock_hand", "read", "does not expire", "live"]);
    assert_eq!(rows[2][5], "expired");

    let revoke = |token: &str| daybook(&file, &["token", "revoke", token, "--shop", "corner"]);
    assert!(said(&revoke("Front till")).ends_with("\trevoked\n"));
    assert!(said(&revoke(&rows[0][0])).ends_with("\twas revoked before\n"));
    assert_eq!(listed("corner")[0][5], "revoked");

    for wrong in [
        &["--role", "seller", "--name", "Front till"][..],
        &["--role", "boss"],
        &["--role", "seller", "--expires", "soon"],
        &["--role", "seller", "--name", ""],
        &[],
    ] {
        assert!(!make(wrong).status.success(), "{wrong:?}");
    }
    assert!(!daybook(&file, &["token", "create", "--shop", "elsewhere", "--role", "seller"]).status.success());
    assert!(!daybook(&file, &["token", "list", "--shop", "elsewhere"]).status.success());
    assert!(!revoke("nothing").status.success());
    assert_eq!(listed("corner").len(), 3);
}

fn with_input(file: &SqliteFile, arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_daybook"))
        .args(arguments)
        .env("DATABASE_URL", file.url())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that fails before it reads has closed its end.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

#[test]
fn people_are_added_join_shops_and_get_a_password_that_is_kept_as_argon2id() {
    let file = SqliteFile::new();
    for shop in ["corner", "market"] {
        assert!(daybook(&file, &["shop", "create", shop]).status.success());
    }
    let added = daybook(
        &file,
        &["person", "add", "Asha@corner.example", "--name", "Asha", "--shop", "corner", "--role", "owner"],
    );
    assert!(added.status.success(), "{added:?}");
    assert!(String::from_utf8_lossy(&added.stderr).contains("From now on shop corner asks"), "{added:?}");
    assert!(daybook(&file, &["person", "add", "marek"]).status.success());
    let joined = daybook(&file, &["person", "join", "asha@corner.example", "--shop", "market", "--role", "reader"]);
    assert!(joined.status.success());
    let list = |more: &[&str]| said(&daybook(&file, &[&["person", "list"][..], more].concat()));
    assert_eq!(
        list(&[]),
        "asha@corner.example\tAsha\tno password\tcorner: owner, market: reader\nmarek\tmarek\tno password\t\n"
    );

    let password = |login: &str, input: &str| with_input(&file, &["person", "password", login], input);
    for (login, input) in [("marek", "short\n"), ("marek", "marek123\n"), ("nobody", "correct horse battery\n")] {
        assert!(!password(login, input).status.success(), "{login} {input}");
    }
    let set = password("asha@corner.example", "correct horse battery\n");
    assert!(set.status.success(), "{set:?}");
    assert!(list(&["--shop", "corner"]).starts_with("asha@corner.example\tAsha\tpassword\tcorner: owner"));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let kept = runtime.block_on(async {
        let access = store::open(&file.url()).await.unwrap().access();
        access.people().await.unwrap()[0].password.clone().unwrap()
    });
    assert!(kept.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", kept.0);

    let leave = || daybook(&file, &["person", "leave", "asha@corner.example", "--shop", "corner"]);
    assert!(leave().status.success());
    assert!(!leave().status.success(), "once");
    assert_eq!(list(&["--shop", "corner"]), "");
    for wrong in [
        &["person", "add", "ASHA@corner.example"][..],
        &["person", "add", "a b"],
        &["person", "add", "bo", "--shop", "corner"],
        &["person", "add", "bo", "--shop", "elsewhere", "--role", "seller"],
        &["person", "join", "bo", "--shop", "corner", "--role", "seller"],
        &["person", "join", "marek", "--shop", "corner", "--role", "boss"],
    ] {
        assert!(!daybook(&file, wrong).status.success(), "{wrong:?}");
    }
}

#[test]
fn with_another_password_or_the_end_of_an_owner_end_the_ways_in_that_were_made_before() {
    let file = SqliteFile::new();
    assert!(daybook(&file, &["shop", "create", "corner"]).status.success());
    for (login, role) in [("asha", "owner"), ("ben", "owner"), ("cleo", "owner"), ("marek", "seller")] {
        assert!(daybook(&file, &["person", "add", login, "--shop", "corner", "--role", role]).status.success());
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let access = async || server::access::Access::new(store::open(&file.url()).await.unwrap().access(), false);
    let shop = domain::ShopSlug::parse("corner").unwrap();
    // A link to another password for Marek, and an invite of an owner.
    let make = || {
        runtime.block_on(async {
            let access = access().await;
            let reset = access.begin_reset(&shop, "marek").await.unwrap();
            (reset.text(), access.invite(&shop, domain::books::Role::Owner).await.unwrap().text())
        })
    };
    let open = |(reset, invite): &(String, String)| {
        runtime.block_on(async {
            let access = access().await;
            let invite = access.open_invite(invite).await.unwrap();
            (access.open_reset(reset).await.unwrap().is_some(), invite.is_some())
        })
    };
    let made = make();
    assert_eq!(open(&made), (true, true));
    assert!(with_input(&file, &["person", "password", "marek"], "correct horse battery\n").status.success());
    assert_eq!(open(&made), (false, true));
    for end in [
        &["person", "leave", "ben", "--shop", "corner"][..],
        &["person", "join", "cleo", "--shop", "corner", "--role", "reader"],
    ] {
        let made = make();
        assert!(daybook(&file, end).status.success());
        assert_eq!(open(&made), (false, false), "{end:?}");
    }
    let made = make();
    assert!(daybook(&file, &["person", "join", "ben", "--shop", "corner", "--role", "seller"]).status.success());
    assert!(daybook(&file, &["person", "leave", "ben", "--shop", "corner"]).status.success());
    assert_eq!(open(&made), (true, true), "no owner left");
}

#[test]
fn an_invite_is_an_address_of_the_public_name_that_is_good_once() {
    let file = SqliteFile::new();
    let created = daybook(&file, &["shop", "create", "corner"]);
    assert!(String::from_utf8_lossy(&created.stderr).contains("person invite --shop corner"), "{created:?}");
    let invite = |more: &[&str]| daybook(&file, &[&["person", "invite", "--shop", "corner"][..], more].concat());
    let made = invite(&["--role", "owner", "--origin", "https://Books.example/"]);
    let code = said(&made).trim().strip_prefix("https://books.example/join/").unwrap().to_owned();
    assert!(said(&invite(&["--role", "seller"])).starts_with("http://127.0.0.1:3000/join/daybook_"));
    for wrong in [&["--role", "boss"][..], &[], &["--role", "owner", "--origin", "http://books.example"]] {
        assert!(!invite(wrong).status.success(), "{wrong:?}");
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let access = server::access::Access::new(store::open(&file.url()).await.unwrap().access(), false);
        assert_eq!(access.open_invite(&code).await.unwrap().unwrap().role, domain::books::Role::Owner);
        let newcomer = || server::access::people::Newcomer {
            login: "asha".to_owned(),
            name: String::new(),
            password: "correct horse battery".to_owned(),
        };
        assert_eq!(access.join_as_new(&code, newcomer()).await.unwrap().1.as_str(), "corner");
        assert!(access.open_invite(&code).await.unwrap().is_none());
    });
}

#[test]
fn a_server_that_can_be_reached_from_outside_says_how_and_has_no_secret_that_everybody_knows() {
    let file = SqliteFile::new();
    let serve = |more: &[&str], key: &str| {
        let arguments = [&["serve"][..], more].concat();
        let mut command = Command::new(env!("CARGO_BIN_EXE_daybook"));
        let output = command.args(arguments).env("DATABASE_URL", file.url()).env("DAYBOOK_METRICS_KEY", key).output();
        let output = output.unwrap();
        assert!(!output.status.success());
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let key = "seven wrens".replace(' ', "-") + "-sing";
    let (origin, proxy) = (["--origin", "https://books.example"], ["--proxy", "127.0.0.1"]);
    for (arguments, key, word) in [
        (&["--listen", "0.0.0.0:0"][..], key.as_str(), "--origin"),
        (&origin, &key, "--proxy"),
        (&["--origin", "http://books.example", "--proxy", "127.0.0.1"], &key, "https://"),
        (&[&origin[..], &proxy[..], &["--demo"]].concat(), &key, "--public-demo"),
        (&["--listen", "127.0.0.1:0"], "changemechangeme", "--metrics-key"),
        (&["--database-url", "postgres://postgres:postgres@127.0.0.1:1/x"], &key, "DATABASE_URL"),
    ] {
        let told = serve(arguments, key);
        assert!(told.contains(word), "{arguments:?}: {told}");
        assert!(!told.contains("postgres:postgres"), "{told}");
    }
}

/// With PostgreSQL: one operator's whole way to two roles.
#[tokio::test(flavor = "multi_thread")]
async fn p_2_migrate_gives_roles_the_rights_of_what_they_are_for() {
    let Some(owner) = postgres_url().await else { return };
    let run = |url: String, arguments: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_daybook")).args(arguments).env("DATABASE_URL", url).output().unwrap()
    };
    let (serving, reading) = ("daybook_test_serving", "daybook_test_reading");
    let roles = ["--serving-role", serving, "--reading-role", reading];
    let migrate: Vec<&str> = ["migrate", "--owner-url", &owner].into_iter().chain(roles).collect();
    let migrated = run(as_role(&owner, serving), &migrate);
    assert!(migrated.status.success(), "{migrated:?}");
    assert_eq!(said(&migrated), format!("The tables are up to date.\n{serving}\tserves\n{reading}\treads\n"));

    assert!(run(as_role(&owner, serving), &["shop", "create", "corner"]).status.success());
    assert!(run(as_role(&owner, serving), &["verify"]).status.success());
    assert!(said(&run(as_role(&owner, reading), &["shop", "list"])).starts_with("corner\t"));
    let denied = run(as_role(&owner, reading), &["shop", "create", "market"]);
    assert!(!denied.status.success() && String::from_utf8_lossy(&denied.stderr).contains("42501"), "{denied:?}");
    let by_another = run(as_role(&owner, serving), &["migrate", "--reading-role", reading]);
    assert!(!by_another.status.success(), "only the owner gives rights");
    let serve = run(as_role(&owner, reading), &["serve", "--listen", "127.0.0.1:0"]);
    assert!(String::from_utf8_lossy(&serve.stderr).contains("--read-only"), "{serve:?}");

    let file = SqliteFile::new();
    let none = daybook(&file, &["migrate", "--serving-role", serving]);
    assert!(String::from_utf8_lossy(&none.stderr).contains("only PostgreSQL has roles"), "{none:?}");
}
