//! Many people comment on one picture at the same moment, beside a database in which the picture's row counts them.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use bench::workload::EPOCH;
use domain::{ShopSlug, picture::MOST_COMMENTS, values::BlobHash};

use super::{
    Folder,
    client::Client,
    log::{self, SHOP},
    processes::{Daybook, Postgres},
    table::{Goal, Latencies, Table, thousands},
};

const PEOPLE: u32 = 32;
const SECONDS: u32 = 5;

/// More than are filled in that time.
const PICTURES: u32 = 100;

/// One pixel.
const DOT: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0\x90wS\xde\0\0\0\x0cIDATx\x9cc\xf8\xc5\xc5\x05\0\x03\x10\x01\x0f\xd7\x90\xe4\xe5\0\0\0\0IEND\xaeB`\x82";

const TABLES: &str = "CREATE TABLE picture (id int PRIMARY KEY, comments int NOT NULL, changed timestamptz NOT NULL); \
    CREATE TABLE comment (id uuid PRIMARY KEY, picture int NOT NULL REFERENCES picture, text text NOT NULL); \
    INSERT INTO picture VALUES (1, 0, now())";

/// As a program with tables does it: the comment, and the picture's row that knows how many there are.
const BASELINE: &str = "BEGIN;\n\
    UPDATE picture SET comments = comments + 1, changed = now() WHERE id = 1;\n\
    INSERT INTO comment VALUES (gen_random_uuid(), 1, 'The corner is torn');\n\
    COMMIT;\n";

pub async fn run(table: &mut Table) -> Result<(), String> {
    let folder = Folder::new("comments")?;
    let postgres = Postgres::start(&folder)?;
    postgres.database("reference")?;
    postgres.ask("reference", TABLES)?;
    let (baseline, baseline_p99) = postgres.pgbench("reference", BASELINE, PEOPLE, SECONDS)?;
    let url = postgres.database("ours")?;
    let store = log::open(&url).await?;
    let shop = ShopSlug::parse(SHOP).map_err(|error| error.to_string())?;
    store.create_shop(&shop, "Bench", EPOCH).await.map_err(|error| error.to_string())?;
    let daybook = Daybook::start(&url, &folder).await?;
    let mut client = Client::connect(daybook.address).await?;
    client.post_with(&format!("/api/v1/shops/{SHOP}/blobs"), "", DOT).await?;
    for number in 0..PICTURES {
        let picture = format!(
            r#"{{"type":"picture.add","data":{{"picture_id":"P-{number}","blob":"{}","media_type":"image/png","width":1,"height":1}}}}"#,
            BlobHash::of(DOT)
        );
        let answer = client.post(&commands(), &picture).await?;
        if answer.status != 200 {
            return Err(format!("picture.add answered {}", answer.status));
        }
    }

    let begin = Instant::now();
    let drawn = Arc::new(AtomicU32::new(0));
    let people: Vec<_> = (0..PEOPLE).map(|_| tokio::spawn(comment(daybook.address, drawn.clone()))).collect();
    let mut latencies = Latencies::default();
    for person in people {
        latencies.extend(person.await.map_err(|error| error.to_string())??);
    }
    let rate = latencies.count() as f64 / begin.elapsed().as_secs_f64();
    table.row(
        &format!("Postgres, {PEOPLE} people comment on one picture, none refused: ÷ updates of its row"),
        format!("{} p99 {:.1} ms", thousands(rate), latencies.percentile(0.99)),
        format!("pgbench {} p99 {baseline_p99:.1} ms", thousands(baseline)),
        rate / baseline,
        Goal::AtLeast(1.0),
    );
    Ok(())
}

/// One comment after another, all on the same picture until it takes no more, then on the next. An answer other than that
/// it was accepted ends the run.
async fn comment(address: std::net::SocketAddr, drawn: Arc<AtomicU32>) -> Result<Latencies, String> {
    let mut client = Client::connect(address).await?;
    let end = Instant::now() + Duration::from_secs(u64::from(SECONDS));
    let mut latencies = Latencies::default();
    while Instant::now() < end {
        let number = drawn.fetch_add(1, Ordering::Relaxed);
        let picture = number / MOST_COMMENTS;
        let body = format!(
            r#"{{"type":"comment.add","data":{{"comment_id":"C-{number}","picture_id":"P-{picture}","text":"The corner is torn"}}}}"#
        );
        let begin = Instant::now();
        let answer = client.post(&commands(), &body).await?;
        if answer.status != 200 {
            return Err(format!("a comment answered {}", answer.status));
        }
        latencies.push(begin.elapsed());
    }
    Ok(latencies)
}

fn commands() -> String {
    format!("/api/v1/shops/{SHOP}/commands")
}
