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
