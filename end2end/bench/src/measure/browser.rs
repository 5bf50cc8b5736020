//! The app in real Chromium: each measurement is a program for Node that prints its lines, beside a server with a shop
//! of its own.

use serde_json::Value;
use tokio::process::Command;

use super::{
    Folder, log,
    processes::Daybook,
    table::{Goal, Table},
};

/// What Node runs, and how many events the shop's log has before.
const PROGRAMS: [(&str, usize); 7] = [
    ("saved", 0),
    ("painted", 0),
    ("unsent", 0),
    ("follow", 0),
    ("across", 0),
    ("start", 100_000),
    ("start", 1_000_000),
];

/// Runs all programs, or those that are named.
pub async fn run(table: &mut Table, chosen: &[String]) -> Result<(), String> {
    let is_named = |name: &str| chosen.iter().any(|word| word == name);
    let all = !PROGRAMS.iter().any(|(name, _)| is_named(name));
    for (name, events) in PROGRAMS.iter().filter(|(name, _)| all || is_named(name)) {
        let lines = in_shop(name, *events, &Folder::new("browser")?).await?;
        for line in lines.lines() {
            add(table, line)?;
        }
    }
    Ok(())
}

async fn in_shop(name: &str, events: usize, folder: &Folder) -> Result<String, String> {
    let url = folder.sqlite();
    log::fill(&url, events).await?;
    let daybook = Daybook::start(&url, folder).await?;
    // A log that no server has run is looked through once; no page waits for that.
    daybook.shop_page().await?;
    let program = format!("end2end/bench/browser/{name}.mjs");
    let origin = format!("http://{}", daybook.address);
    let mut node = Command::new("node");
    let output = node.args([&program, &origin, &events.to_string()]).output().await;
    let output = output.map_err(|error| format!("node: {error}"))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(format!("{program}: {}", String::from_utf8_lossy(&output.stderr)))
    }
}

fn add(table: &mut Table, line: &str) -> Result<(), String> {
    let row: Value = serde_json::from_str(line).map_err(|error| format!("{error}: {line}"))?;
    let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
    let goal = match (row["at_most"].as_f64(), row["at_least"].as_f64()) {
        (Some(most), _) => Goal::AtMost(most),
        (_, Some(least)) => Goal::AtLeast(least),
        _ => Goal::None,
    };
    let value = row["value"].as_f64().ok_or_else(|| format!("no value: {line}"))?;
    table.row(&text("what"), text("ours"), text("reference"), value, goal);
    Ok(())
}
