use image::{ExtendedColorType, GenericImageView, Rgb, RgbImage};

use super::*;

/// Left half red, right half blue.
fn two_halves(width: u32, height: u32) -> DynamicImage {
    let half = |x, _| if x < width / 2 { Rgb([250, 10, 10]) } else { Rgb([10, 10, 250]) };
    RgbImage::from_fn(width, height, half).into()
}

fn file(format: MediaType) -> Vec<u8> {
    encoded(&two_halves(8, 4), format).unwrap()
}

/// The same JPEG with an Exif segment: the way up, and words that nobody should read.
fn with_exif(jpeg: &[u8], way_up: u8) -> Vec<u8> {
    let mut exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    exif.extend([way_up, 0, 0, 0, 0, 0, 0]);
    exif.extend(b"GPS 52.5200 N 13.4050 E");
    let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
    [&jpeg[..2], &[0xff, 0xe1], &length, &exif, &jpeg[2..]].concat()
}

/// A PNG of a few bytes that says it is as large as this. Its checksum is right.
fn bomb(width: u32, height: u32) -> Vec<u8> {
    let mut header = b"IHDR".to_vec();
    header.extend([width.to_be_bytes(), height.to_be_bytes()].concat());
    header.extend([8, 2, 0, 0, 0]);
    let mut crc = flate2::Crc::new();
    crc.update(&header);
    let mut file = b"\x89PNG\r\n\x1a\n\0\0\0\x0d".to_vec();
    file.extend(&header);
    file.extend(crc.sum().to_be_bytes());
    // An empty IDAT and the end, with their known checksums.
    file.extend(b"\0\0\0\0IDAT\x35\xaf\x06\x1e\0\0\0\0IEND\xae\x42\x60\x82");
    file
}

#[test]
fn each_kind_is_told_by_its_content_and_encoded_anew() {
    for media_type in [MediaType::Png, MediaType::Jpeg, MediaType::Webp] {
        let sent = file(media_type);
        let kept = made_clean(&sent).unwrap();
        assert_eq!((kept.media_type, kept.width, kept.height), (media_type, 8, 4));
        assert_eq!(kept.name, BlobHash::of(&sent));
        let seen = image::load_from_memory(&kept.bytes).unwrap();
        assert!(seen.get_pixel(0, 0)[0] > 200 && seen.get_pixel(7, 3)[2] > 200, "{media_type:?}");
    }
}

#[test]
fn what_was_written_beside_the_picture_does_not_stay_and_the_way_up_does() {
    let sent = with_exif(&file(MediaType::Jpeg), 3);
    assert!(sent.windows(3).any(|bytes| bytes == b"GPS"));
    let kept = made_clean(&sent).unwrap();
    assert!(!kept.bytes.windows(3).any(|bytes| bytes == b"GPS" || bytes == b"Exi"));
    // Turned by half a circle: blue is on the left.
    let seen = image::load_from_memory(&kept.bytes).unwrap();
    assert!(seen.get_pixel(0, 0)[2] > 200 && seen.get_pixel(7, 0)[0] > 200);
}

#[test]
fn a_bomb_is_refused_by_its_header() {
    assert_eq!(made_clean(&bomb(60_000, 60_000)), Err(Unfit::TooManyPixels { width: 60_000, height: 60_000 }));
    assert_eq!(made_clean(&bomb(10_001, 1)), Err(Unfit::TooManyPixels { width: 10_001, height: 1 }));
    assert_eq!(made_clean(&bomb(9_000, 9_000)), Err(Unfit::TooManyPixels { width: 9_000, height: 9_000 }));
    // Small enough to be looked at, and then there is nothing in it.
    assert_eq!(made_clean(&bomb(10, 10)), Err(Unfit::Damaged));
}

#[test]
fn what_is_no_picture_and_what_is_more_than_one_is_refused() {
    for other in [
        &b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>"[..],
        b"<?xml version=\"1.0\"?><svg/>",
        b"GIF89a/*\x01\0*/=1;alert(1)",
        b"%PDF-1.7",
        b"PK\x03\x04",
        b"",
    ] {
        assert_eq!(made_clean(other), Err(Unfit::Type));
    }
    for media_type in [MediaType::Png, MediaType::Jpeg, MediaType::Webp] {
        let behind = [&file(media_type)[..], b"<script>alert(1)</script>"].concat();
        if media_type != MediaType::Jpeg {
            assert_eq!(made_clean(&behind), Err(Unfit::MoreThanAPicture), "{media_type:?}");
        }
        let before = [b"<script>alert(1)</script>", &file(media_type)[..]].concat();
        assert_eq!(made_clean(&before), Err(Unfit::Type), "{media_type:?}");
        let mut cut = file(media_type);
        cut.truncate(cut.len() - 9);
        assert_eq!(made_clean(&cut), Err(Unfit::Damaged), "{media_type:?}");
    }
}

/// As cameras write them that put a film or a second picture behind the first.
#[test]
fn what_stands_behind_a_jpeg_never_stays() {
    let alone = file(MediaType::Jpeg);
    let kept = made_clean(&alone).unwrap();
    let film = [b"\0\0\0\x18ftypmp42", &[0xff, 0xd9, 0x00][..], b"<script>alert(1)</script>"].concat();
    let more = with_exif(&alone, 1);
    for behind in [&film[..], &more, &[0], b"<?php system($_GET['c']);"] {
        let sent = [&alone[..], behind].concat();
        let taken = made_clean(&sent).unwrap();
        assert_eq!(taken.bytes, kept.bytes, "as if it had been sent alone");
        assert_eq!(taken.name, BlobHash::of(&sent), "and still named by all that was sent");
    }
}

#[test]
fn a_large_picture_is_kept_smaller() {
    let sent = encoded(&two_halves(LONGEST_SIDE * 2, 10), MediaType::Png).unwrap();
    let kept = made_clean(&sent).unwrap();
    assert_eq!((kept.width, kept.height), (LONGEST_SIDE, 5));
}

#[test]
fn a_grey_picture_of_sixteen_bits_is_kept_in_eight() {
    let mut sent = Vec::new();
    let pixels = [0x12, 0x34, 0xff, 0xff];
    PngEncoder::new(&mut sent).write_image(&pixels, 2, 1, ExtendedColorType::L16).unwrap();
    let kept = made_clean(&sent).unwrap();
    assert_eq!(image::load_from_memory(&kept.bytes).unwrap().color(), image::ColorType::Rgb8);
}
