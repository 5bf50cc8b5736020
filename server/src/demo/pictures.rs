//! The demo shop's pictures: drawn by a few lines, always the same, so that their names are too.

use domain::{picture::MediaType, values::BlobHash};
use image::{ImageFormat, Rgb, RgbImage};
use serde_json::{Value, json};
use store::Blob;

const WIDTH: u32 = 240;
const HEIGHT: u32 = 180;

/// Caption, and what it is about.
pub(super) const PICTURES: [(&str, &str, &str); 12] = [
    ("Oat bread on the top shelf", "product", "OAT-1"),
    ("The new rye loaves", "product", "RYE-1"),
    ("Baguettes, second batch of the day", "product", "BAG-1"),
    ("Glass bottles with the old label", "product", "MILK-1"),
    ("Mountain cheese, cut", "product", "CHE-G"),
    ("Honey jars in the window", "product", "HON-500"),
    ("Torn bag at the bottom of the pallet", "batch", "B-011"),
    ("Two soft pears", "batch", "B-012"),
    ("Potatoes as they came", "batch", "B-014"),
    ("Crushed corner of the coffee box", "batch", "B-033"),
    ("Candles, packed for the order", "order", "O-0028"),
    ("The shop window on Saturday", "", ""),
];

/// Number of the picture, and what somebody says about it.
pub(super) const COMMENTS: [(usize, &str); 20] = [
    (1, "Looks good. Leave the label to the front."),
    (1, "Done."),
    (2, "These are a bit darker than last week."),
    (2, "That is how the baker wants them."),
    (3, "Sold out by ten."),
    (4, "Use these first, the new label comes on Monday."),
    (4, "Twelve left."),
    (5, "200 g each, give or take five."),
    (6, "They fade in the sun. Move them in the afternoon."),
    (6, "Moved."),
    (7, "One bag torn, four apples bruised."),
    (7, "Told the grower."),
    (7, "They take it off the next bill."),
    (8, "Only two, the rest is fine."),
    (9, "Some earth on them. Brush before they go out."),
    (10, "The coffee inside is all right."),
    (10, "Sell that one at the till, not as a gift."),
    (11, "Waiting for the second delivery."),
    (12, "Nice! Who painted the sign?"),
    (12, "Mira did."),
];

pub(super) fn picture_id(number: usize) -> String {
    format!("P-{number:02}")
}

/// The data of `picture.add`. Numbers begin at 1.
pub(super) fn data(number: usize, name: &BlobHash) -> Value {
    let (caption, kind, id) = PICTURES.get(number - 1).copied().unwrap_or_default();
    let mut data = json!({
        "picture_id": picture_id(number), "blob": name, "media_type": MediaType::Png, "width": WIDTH,
        "height": HEIGHT, "caption": caption,
    });
    if !kind.is_empty() {
        data["about"] = json!({ kind: id });
    }
    data
}

/// Every picture, in the order of their numbers.
///
/// # Errors
/// When one cannot be encoded, which none of these can.
pub(super) fn drawn() -> Result<Vec<Blob>, String> {
    (1..=PICTURES.len()).map(|number| blob(&draw(u32::try_from(number).unwrap_or(1)))).collect()
}

fn blob(picture: &RgbImage) -> Result<Blob, String> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Png).map_err(|error| error.to_string())?;
    let bytes = bytes.into_inner();
    Ok(Blob { name: BlobHash::of(&bytes), media_type: MediaType::Png, width: WIDTH, height: HEIGHT, bytes })
}

/// A shelf with so many things on it, in colours of their own.
fn draw(number: u32) -> RgbImage {
    let shade = |base: u32, step: u32| u8::try_from(90 + (base + number * step) % 150).unwrap_or(90);
    let (wall, wood, thing) =
        (Rgb([235, 228, 214]), Rgb([122, 88, 58]), Rgb([shade(40, 37), shade(90, 53), shade(10, 29)]));
    let things = 2 + number % 4;
    let room = WIDTH / things;
    let round = number.is_multiple_of(2);
    RgbImage::from_fn(WIDTH, HEIGHT, |x, y| {
        if (140..152).contains(&y) {
            return wood;
        }
        let (across, down) = (x % room, 140_u32.wrapping_sub(y));
        let half = room / 2;
        let is_thing = match round {
            true => across.abs_diff(half).pow(2) + y.abs_diff(105).pow(2) < 34_u32.pow(2).min((half - 3).pow(2)),
            false => across.abs_diff(half) < room / 3 && down < 60 + 10 * (number % 5),
        };
        if is_thing { thing } else { wall }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_twelve_small_ones_and_always_the_same() {
        let (drawn, again) = (drawn().unwrap(), super::drawn().unwrap());
        assert_eq!(drawn, again);
        assert!(drawn.iter().all(|blob| blob.bytes.len() < 8_000));
        let names: std::collections::BTreeSet<_> = drawn.iter().map(|blob| &blob.name).collect();
        assert_eq!(names.len(), PICTURES.len());
    }
}
