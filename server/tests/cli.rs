//! The program as an operator runs it.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "these are tests")]

use std::process::{Command, Output};

use store::testing::SqliteFile;

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
