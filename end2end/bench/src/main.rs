//! Prints a table of ratios, each measured in one run beside its reference.
//!
//! `end2end/bench.sh [append] [fold] [rebase] [feed] [page] [size] [doors] [books] [growth] [browser]`; without a word,
//! the first six. `doors` is what a crowd at the door costs. `books` is what the books are measured by: `loads`, `rebuild`, `reads`, `queue`, `comments`, `bytes` and
//! `views`, which can be named alone. `growth` and `browser` take long, and not all of `browser` comes to its end yet, so they have to be named. `browser`
//! alone runs all that is measured in Chromium, `browser saved follow` those two.

#[cfg(not(target_arch = "wasm32"))]
mod measure;

#[cfg(not(target_arch = "wasm32"))]
#[tokio::main]
async fn main() -> Result<(), String> {
    let chosen: Vec<String> = std::env::args().skip(1).collect();
    let named = |name: &str| chosen.iter().any(|word| word == name);
    let wanted = |name: &str| chosen.is_empty() || named(name);
    let mut table = measure::table::Table::default();
    if wanted("fold") {
        measure::core::fold(&mut table)?;
    }
    if wanted("rebase") {
        measure::core::rebase(&mut table)?;
    }
    if wanted("append") {
        measure::append::run(&mut table).await?;
    }
    if wanted("feed") {
        measure::feed::run(&mut table).await?;
    }
    if wanted("page") {
        measure::page::run(&mut table).await?;
    }
    if wanted("size") {
        measure::page::size(&mut table);
    }
    if named("doors") {
        measure::doors::run(&mut table).await?;
    }
    if named("books") || named("loads") {
        measure::loads::run(&mut table).await?;
    }
    if named("books") || named("rebuild") {
        measure::rebuild::run(&mut table).await?;
    }
    if named("books") || named("reads") {
        measure::reads::run(&mut table).await?;
    }
    if named("books") || named("queue") {
        measure::queue::run(&mut table).await?;
    }
    if named("books") || named("comments") {
        measure::comments::run(&mut table).await?;
    }
    if named("books") || named("bytes") {
        measure::bytes::run(&mut table).await?;
    }
    if named("books") || named("views") {
        measure::views::run(&mut table).await?;
    }
    if named("growth") {
        measure::growth::run(&mut table).await?;
    }
    if named("browser") {
        measure::browser::run(&mut table, &chosen).await?;
    }
    table.print();
    Ok(())
}

#[cfg(target_arch = "wasm32")]
fn main() {}
