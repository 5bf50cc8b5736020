//! Pictures beside the log.

use domain::{ShopSlug, picture::MediaType, values::BlobHash};

use super::Fixture;
use crate::{Blob, StoreError};

const ROOM: u64 = 1_000_000;

fn blob(sent: &[u8], bytes: &[u8]) -> Blob {
    Blob { name: BlobHash::of(sent), media_type: MediaType::Webp, width: 40, height: 30, bytes: bytes.to_vec() }
}

pub async fn a_picture_comes_back_as_it_was_kept_after_a_restart(fixture: Fixture) {
    let shop = fixture.shop("here").await.shop;
    let kept = blob(b"sent", &[0, 255, 10]);
    assert!(fixture.store.keep_blob(&shop, kept.clone(), ROOM).await.unwrap());
    let fixture = fixture.restarted().await;
    assert_eq!(fixture.store.blob(&shop, &kept.name).await.unwrap(), Some(kept.clone()));
    let unknown = BlobHash::of(b"never sent");
    assert_eq!(fixture.store.blob(&shop, &unknown).await.unwrap(), None);
    assert_eq!(fixture.store.blobs_there(&shop, &[unknown, kept.name.clone()]).await.unwrap(), [kept.name]);
}

pub async fn p2_the_same_picture_twice_is_kept_once(fixture: Fixture) {
    let shop = fixture.shop("here").await.shop;
    let (first, again) = (blob(b"sent", b"first"), blob(b"sent", b"other"));
    for one in [&first, &again] {
        assert!(fixture.store.keep_blob(&shop, one.clone(), 9).await.unwrap(), "it takes no room the second time");
    }
    assert_eq!(fixture.store.blob(&shop, &first.name).await.unwrap(), Some(first));
}

pub async fn a_shop_that_is_full_keeps_no_more_pictures(fixture: Fixture) {
    let shop = fixture.shop("here").await.shop;
    assert!(fixture.store.keep_blob(&shop, blob(b"1", b"four"), 8).await.unwrap());
    assert!(!fixture.store.keep_blob(&shop, blob(b"2", b"fives"), 8).await.unwrap());
    assert_eq!(fixture.store.blob(&shop, &BlobHash::of(b"2")).await.unwrap(), None);
    assert!(fixture.store.keep_blob(&shop, blob(b"3", b"four"), 8).await.unwrap());
    // What another shop has does not count.
    let other = fixture.shop("there").await.shop;
    assert!(fixture.store.keep_blob(&other, blob(b"2", b"fives"), 8).await.unwrap());
}

pub async fn p9_a_picture_is_seen_in_its_own_shop_alone(fixture: Fixture) {
    let (here, there) = (fixture.shop("here").await.shop, fixture.shop("there").await.shop);
    let kept = blob(b"sent", b"bytes");
    fixture.store.keep_blob(&here, kept.clone(), ROOM).await.unwrap();
    assert_eq!(fixture.store.blob(&there, &kept.name).await.unwrap(), None);
    assert!(fixture.store.blobs_there(&there, std::slice::from_ref(&kept.name)).await.unwrap().is_empty());
    let nowhere = ShopSlug::parse("nowhere").unwrap();
    let unknown = fixture.store.keep_blob(&nowhere, kept, ROOM).await;
    assert!(matches!(unknown, Err(StoreError::UnknownShop { .. })), "{unknown:?}");
}
