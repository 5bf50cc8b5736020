//! The pure core: natively here, and as Wasm in Node beside `JSON.parse` of the same bytes.

use std::{fs, process::Command, time::Instant};

use bench::{
    fold,
    rebase::{self, Touches},
    workload,
};

use super::table::{Goal, Table, median, thousands};

/// Folds 100 000 and 1 000 000 entries, natively and in Node.
pub fn fold(table: &mut Table) -> Result<(), String> {
    for events in [100_000_usize, 1_000_000] {
        let (_, mut entries) = workload::history(events);
        entries.truncate(events);
        let bytes = workload::to_json(&entries)?;
        let rates = (0..3).map(|_| {
            let begin = Instant::now();
            fold::fold(&entries).map(|_| events as f64 / begin.elapsed().as_secs_f64())
        });
        let native = median(rates.collect::<Result<_, _>>()?);
        let digest = fold::fold(&entries)?.0 as u64;
        let begin = Instant::now();
        let records = workload::records_from_json(&bytes)?;
        fold::decode(&records)?;
        let decoding = events as f64 / begin.elapsed().as_secs_f64();
        drop((entries, records));

        let file = std::env::temp_dir().join(format!("daybook-bench-{events}.json"));
        fs::write(&file, &bytes).map_err(|error| error.to_string())?;
        let node = node(&["fold", &file.to_string_lossy()])?;
        let _ = fs::remove_file(&file);
        let [parse, decode, wasm, wasm_digest] = node.as_slice() else { return Err(format!("node said {node:?}")) };
        if wasm_digest.parse() != Ok(digest) {
            return Err(format!("the digest in Wasm is {wasm_digest}, natively {digest}"));
        }
        let number = |text: &String| text.parse::<f64>().map_err(|error| error.to_string());
        let (parse, decode, wasm) = (number(parse)?, number(decode)?, number(wasm)?);
        let name = if events == 100_000 { "100 000" } else { "1 000 000" };
        let json = format!("JSON.parse {}", thousands(parse));
        table.row(
            &format!("fold of {name} events, native, M/s"),
            thousands(native),
            json.clone(),
            native / 1e6,
            Goal::AtLeast(3.0),
        );
        table.row(
            &format!("fold of {name} events, Wasm ÷ native"),
            thousands(wasm),
            json.clone(),
            wasm / native,
            Goal::AtLeast(0.5),
        );
        table.row(
            &format!("decode of {name} events, native ÷ JSON.parse"),
            thousands(decoding),
            json.clone(),
            decoding / parse,
            Goal::None,
        );
        table.row(
            &format!("decode of {name} events, Wasm ÷ JSON.parse"),
            thousands(decode),
            json,
            decode / parse,
            Goal::None,
        );
    }
    Ok(())
}

/// Rebases 1 000 pending commands on a batch that touches none of them, and on one that touches all.
pub fn rebase(table: &mut Table) -> Result<(), String> {
    for (touches, name, goal) in [(Touches::None, "none", 16.0), (Touches::All, "all", 50.0)] {
        let mut times = Vec::new();
        for _ in 0..5 {
            let mut prepared = rebase::prepare(1_000, touches, rebase::HISTORY)?;
            let begin = Instant::now();
            let (kept, again) = prepared.run();
            times.push(begin.elapsed().as_secs_f64() * 1_000.0);
            let expected = if touches == Touches::None { (1_000, 0) } else { (0, 1_000) };
            if (kept, again) != expected {
                return Err(format!("{kept} kept and {again} decided again, where {expected:?} was meant"));
            }
        }
        let native = median(times);
        let node = node(&["rebase", if touches == Touches::None { "0" } else { "1" }])?;
        let wasm =
            node.first().and_then(|text| text.parse::<f64>().ok()).ok_or_else(|| format!("node said {node:?}"))?;
        let what = format!("rebase of 1 000 pending, {name} touched, Wasm ms");
        table.row(&what, format!("{wasm:.1} ms"), format!("native {native:.1} ms"), wasm, Goal::AtMost(goal));
    }
    Ok(())
}

/// Runs `core.mjs` with the Wasm that `DAYBOOK_BENCH_WASM` names; answers the words it prints.
fn node(arguments: &[&str]) -> Result<Vec<String>, String> {
    let wasm = std::env::var("DAYBOOK_BENCH_WASM").map_err(|_| "DAYBOOK_BENCH_WASM names no file".to_owned())?;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/core.mjs");
    let output = Command::new("node")
        .args(["--max-old-space-size=8192", script, &wasm])
        .args(arguments)
        .output()
        .map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    Ok(String::from_utf8_lossy(&output.stdout).split_whitespace().map(str::to_owned).collect())
}
