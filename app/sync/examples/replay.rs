//! Opens a bundle that a device has saved and says what its replica makes of it:
//! `cargo run -p sync --example replay -- bundle.json`.

use std::{env, error::Error, fs};

use sync::bundle::Bundle;

fn main() -> Result<(), Box<dyn Error>> {
    let path = env::args().nth(1).ok_or("usage: replay BUNDLE.json")?;
    let bundle = Bundle::read(&fs::read_to_string(path)?)?;
    println!("{} of {}, written by {} at {}", bundle.device, bundle.shop, bundle.build, bundle.at.0);
    for report in &bundle.reports {
        println!("report: {report}");
    }
    for record in &bundle.unreadable {
        println!("{} cannot be read: {}: {}", record.id, record.problem, record.text);
    }
    let (replica, outputs) = bundle.open();
    let confirmed = replica.confirmed();
    println!("confirmed at {} with digest {}", confirmed.position, confirmed.digest());
    for pending in replica.pending() {
        println!("{} {} {}", pending.id, pending.state.word(), pending.command.to_json().0);
        if let Some(refusal) = pending.refusal() {
            println!("    {}: {refusal:?}", refusal.code());
        }
    }
    for lost in replica.lost() {
        println!("lost: entry {} of {}", lost.position, lost.entry.device);
    }
    println!("asks for {} things, first {:?}", outputs.len(), outputs.first());
    Ok(())
}
