//! Files of releases that have been here.

use domain::values::Millis;

use super::Fixture;
use crate::{
    Release, ReleaseFile,
    release::{KEPT_FOR, LEAST_KEPT, MOST_KEPT},
};

fn file(path: &str) -> ReleaseFile {
    let bytes = [path.as_bytes(), &[0, 255, 10]].concat();
    ReleaseFile { path: path.to_owned(), content_type: "application/wasm".to_owned(), gzip: true, bytes }
}

/// A release with a file of its own, and one that all have.
fn release(number: u32) -> Release {
    let files = vec![file(&format!("/pkg/{number}.wasm")), file("/pkg/shared.css")];
    Release { id: format!("release-{number}").into(), files }
}

async fn kept(fixture: &Fixture, numbers: impl Iterator<Item = u32>) -> Vec<u32> {
    let mut kept = Vec::new();
    for number in numbers {
        if fixture.store.release_file(&format!("/pkg/{number}.wasm")).await.unwrap().is_some() {
            kept.push(number);
        }
    }
    kept
}

pub async fn p8_a_file_of_a_release_comes_back_as_it_was(fixture: Fixture) {
    let plain = ReleaseFile { gzip: false, content_type: "text/css; charset=utf-8".to_owned(), ..file("/pkg/a.css") };
    let files = vec![plain.clone(), file("/pkg/b.wasm")];
    fixture.store.keep_release(Release { id: "first".into(), files }, Millis(1)).await.unwrap();
    let fixture = fixture.restarted().await;
    assert_eq!(fixture.store.release_file("/pkg/a.css").await.unwrap(), Some(plain));
    assert_eq!(fixture.store.release_file("/pkg/b.wasm").await.unwrap(), Some(file("/pkg/b.wasm")));
    assert_eq!(fixture.store.release_file("/pkg/c.wasm").await.unwrap(), None);
    fixture.store.keep_release(Release { id: "empty".into(), files: Vec::new() }, Millis(2)).await.unwrap();
}

pub async fn p8_the_newest_releases_stay_whatever_their_age(fixture: Fixture) {
    let year = 365 * 24 * 60 * 60 * 1_000;
    let last = LEAST_KEPT + 2;
    for number in 1..=last {
        fixture.store.keep_release(release(number), Millis(year * i64::from(number))).await.unwrap();
    }
    assert_eq!(kept(&fixture, 1..=last).await, (3..=last).collect::<Vec<_>>());
    assert!(fixture.store.release_file("/pkg/shared.css").await.unwrap().is_some(), "the newest has it too");
    // One that is started again is new again.
    let now = Millis(year * i64::from(last + 1));
    fixture.store.keep_release(release(3), now).await.unwrap();
    fixture.store.keep_release(release(last + 1), Millis(now.0 + 1)).await.unwrap();
    let mut expected: Vec<u32> = vec![3];
    expected.extend(5..=last + 1);
    assert_eq!(kept(&fixture, 1..=last + 1).await, expected);
}

pub async fn p8_young_releases_stay_up_to_a_number(fixture: Fixture) {
    for number in 1..=LEAST_KEPT + 3 {
        fixture.store.keep_release(release(number), Millis(i64::from(number))).await.unwrap();
    }
    assert_eq!(kept(&fixture, 1..=LEAST_KEPT + 3).await.len(), 8);
    let last = MOST_KEPT + 10;
    for number in LEAST_KEPT + 4..=last {
        fixture.store.keep_release(release(number), Millis(i64::from(number))).await.unwrap();
    }
    assert_eq!(kept(&fixture, 1..=last).await, (11..=last).collect::<Vec<_>>());
    let later = Millis(KEPT_FOR + i64::from(last) - 1);
    fixture.store.keep_release(release(last + 1), later).await.unwrap();
    let left = kept(&fixture, 1..=last + 1).await;
    assert_eq!(left, (last - 3..=last + 1).collect::<Vec<_>>(), "the others are old by now");
}
