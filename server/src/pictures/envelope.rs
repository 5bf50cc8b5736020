//! What kind of file it is, by its content alone, and where the picture in it ends. A file that goes on behind it is two
//! files in one: one for whoever checks, and one for whoever opens it.
//!
//! Cameras write such JPEGs, with a film or a second picture behind the first. Of those the first picture is taken, and
//! what is behind it is looked at by nobody: not even the decoder is given it.

use domain::picture::MediaType;

use super::Unfit;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// What it is, and the bytes of the picture alone.
///
/// # Errors
/// [`Unfit::Type`], [`Unfit::MoreThanAPicture`], or [`Unfit::Damaged`] where it ends too early.
pub(super) fn check(file: &[u8]) -> Result<(MediaType, &[u8]), Unfit> {
    let (media_type, end) = if file.starts_with(PNG) {
        (MediaType::Png, end_of_png(file))
    } else if file.starts_with(b"\xff\xd8\xff") {
        (MediaType::Jpeg, end_of_jpeg(file))
    } else if file.starts_with(b"RIFF") && file.get(8..12) == Some(b"WEBP") {
        (MediaType::Webp, end_of_webp(file))
    } else {
        return Err(Unfit::Type);
    };
    let picture = end.and_then(|end| file.get(..end)).ok_or(Unfit::Damaged)?;
    if picture.len() < file.len() && media_type != MediaType::Jpeg {
        return Err(Unfit::MoreThanAPicture);
    }
    Ok((media_type, picture))
}

/// Behind the chunk `IEND`. A chunk is a length, a name of four bytes, the data and a checksum.
fn end_of_png(file: &[u8]) -> Option<usize> {
    let mut at = PNG.len();
    loop {
        let length = u32::from_be_bytes(*file.get(at..)?.first_chunk()?);
        let name = file.get(at + 4..at + 8)?;
        at = at.checked_add(12)?.checked_add(usize::try_from(length).ok()?)?;
        if name == b"IEND" {
            return Some(at);
        }
    }
}

/// Behind the marker EOI. A segment is a marker of two bytes, and its length where it has data; behind SOS comes coded
/// data, in which FF is followed by 00 or a restart marker.
fn end_of_jpeg(file: &[u8]) -> Option<usize> {
    let mut at = 2;
    loop {
        let [prefix, marker] = *file.get(at..)?.first_chunk()?;
        at += 2;
        match (prefix, marker) {
            // Padding before a marker.
            (0xff, 0xff) => at -= 1,
            (0xff, 0xd9) => return Some(at),
            (0xff, 0x01 | 0xd0..=0xd7) => {}
            (0xff, _) => {
                at += usize::from(u16::from_be_bytes(*file.get(at..)?.first_chunk()?));
                if marker == 0xda {
                    at = end_of_scan(file, at)?;
                }
            }
            _ => return None,
        }
    }
}

fn end_of_scan(file: &[u8], from: usize) -> Option<usize> {
    let coded = file.get(from..)?;
    let is_marker = |pair: &[u8]| matches!(pair, [0xff, next] if !matches!(*next, 0x00 | 0xd0..=0xd7));
    coded.windows(2).position(is_marker).map(|length| from + length)
}

/// The length stands in front, less the first eight bytes; an odd one is followed by a byte of padding.
fn end_of_webp(file: &[u8]) -> Option<usize> {
    let length = usize::try_from(u32::from_le_bytes(*file.get(4..)?.first_chunk()?)).ok()?;
    length.checked_add(8)?.checked_add(length % 2)
}
