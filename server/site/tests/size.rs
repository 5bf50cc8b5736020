//! What a first visit downloads, against the record in `size.json`: `cargo test -p site --release --test size -- --nocapture`.
//! After a growth that is wanted, `DAYBOOK_SIZE=record` in front of that command writes the new record.

use std::{env, error::Error, fs};

const RECORD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/size.json");
const GOAL: usize = 400_000;

#[test]
fn size_stays_near_the_record() -> Result<(), Box<dyn Error>> {
    let site::Entry { js, wasm, css } = site::entry();
    let mut sum = 0;
    for path in [wasm, js, css] {
        // Files read from disk are not packed: there is nothing to measure outside a release build.
        let Some(packed) = site::find(path).and_then(|asset| asset.brotli) else { return Ok(()) };
        println!("{:>9} {path}", packed.len());
        sum += packed.len();
    }
    if env::var("DAYBOOK_SIZE").is_ok_and(|value| value == "record") {
        fs::write(RECORD, format!("{{ \"brotli\": {sum} }}\n"))?;
    }
    let record: usize = fs::read_to_string(RECORD)?.chars().filter(char::is_ascii_digit).collect::<String>().parse()?;
    println!("{sum:>9} bytes with brotli; record {record}, goal {GOAL}");
    assert!(sum <= record + record / 20, "{sum} bytes is more than 5 % over the record of {record}");
    Ok(())
}
