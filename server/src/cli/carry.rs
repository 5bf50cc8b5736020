//! `daybook export` and `daybook import`: a shop's log to a file and back.

use std::{
    fs::File,
    io::{self, BufReader, BufWriter},
    path::Path,
    process::ExitCode,
};

use store::EventStore;

use super::{
    Failure,
    operations::{open, slug},
    progress::Progress,
};
use crate::archive::{export, import};

pub async fn export(database_url: &str, shop: &str, file: Option<&Path>) -> Result<ExitCode, Failure> {
    let store = open(database_url).await?;
    let shop = slug(shop)?;
    let mut progress = Progress::new("exporting");
    let mut at = |position, of| progress.at(position, of);
    let head = match file {
        None => export::export(&*store, &shop, &mut BufWriter::new(io::stdout().lock()), &mut at).await?,
        Some(file) => {
            // Under another name until it is whole: a file that is there can be relied on.
            let unfinished = file.with_added_extension("unfinished");
            let written = to_file(&*store, &shop, &unfinished, &mut at).await;
            let head = written.inspect_err(|_| drop(std::fs::remove_file(&unfinished)))?;
            std::fs::rename(&unfinished, file).map_err(export::ExportError::from)?;
            head
        }
    };
    drop(progress);
    eprintln!("{}\texported\tposition {}\tepoch {}", head.shop, head.position, head.epoch);
    Ok(ExitCode::SUCCESS)
}

async fn to_file(
    store: &dyn EventStore,
    shop: &domain::ShopSlug,
    file: &Path,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<store::ShopHead, export::ExportError> {
    let mut lines = BufWriter::new(File::create(file)?);
    let head = export::export(store, shop, &mut lines, progress).await?;
    lines.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
    Ok(head)
}

pub async fn import(database_url: &str, file: &Path, shop: Option<&str>) -> Result<ExitCode, Failure> {
    let store = open(database_url).await?;
    let shop = shop.map(slug).transpose()?;
    let mut progress = Progress::new("importing");
    let mut at = |position, of| progress.at(position, of);
    let open = || File::open(file).map(BufReader::new);
    let done = import::import(&*store, open, shop, &mut at).await?;
    drop(progress);
    let import::Imported { shop, epoch, before, head, .. } = &done;
    if done.changed_nothing() {
        println!("{shop}\tnothing to import\tposition {head}\tepoch {epoch}");
    } else {
        println!("{shop}\timported\tposition {head} was {before}\tepoch {epoch}");
    }
    Ok(ExitCode::SUCCESS)
}
