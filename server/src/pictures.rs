//! What becomes of a picture that somebody sends: told by its content what it is, measured before it is decoded, and
//! encoded anew, so that nothing but what is to be seen stays: no place where it was taken, no bytes of another kind of
//! file, no part that only a broken decoder reads.

mod envelope;

use std::io::Cursor;

use domain::{picture::MediaType, values::BlobHash, values::Pixels};
use image::{
    DynamicImage, ImageDecoder, ImageEncoder, ImageFormat, ImageReader, Limits,
    codecs::{jpeg::JpegEncoder, png::PngEncoder, webp::WebPEncoder},
    imageops::FilterType,
};
use store::Blob;

/// Pixels of a picture that is decoded at all: 25 million take 100 MB.
pub const MOST_PIXELS: u64 = 25_000_000;

/// The longer side of a picture that is kept, in pixels.
pub const LONGEST_SIDE: u32 = 2_048;

/// Memory for one picture while it is decoded, in bytes.
const MOST_MEMORY: u64 = 256 * 1024 * 1024;

const JPEG_QUALITY: u8 = 85;

/// Why a picture is not taken.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unfit {
    #[error("not a PNG, JPEG or WebP file")]
    Type,
    #[error("there are bytes in it that are no part of the picture")]
    MoreThanAPicture,
    #[error("{width} × {height} pixels; at most {MOST_PIXELS} together and {} a side", Pixels::MOST)]
    TooManyPixels { width: u32, height: u32 },
    #[error("it cannot be decoded")]
    Damaged,
}

/// The picture as the shop keeps it, under the name of what was sent. Takes a second of one core and 100 MB at the
/// most: not to be called from an asynchronous task.
///
/// # Errors
/// [`Unfit`]; all but [`Unfit::Damaged`] are found without decoding a pixel.
pub fn made_clean(sent: &[u8]) -> Result<Blob, Unfit> {
    let (media_type, picture) = envelope::check(sent)?;
    let format = match media_type {
        MediaType::Png => ImageFormat::Png,
        MediaType::Jpeg => ImageFormat::Jpeg,
        MediaType::Webp => ImageFormat::WebP,
    };
    let mut limits = Limits::default();
    limits.max_alloc = Some(MOST_MEMORY);
    let mut reader = ImageReader::with_format(Cursor::new(picture), format);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|_| Unfit::Damaged)?;
    let (width, height) = decoder.dimensions();
    let too_long = width.max(height) > Pixels::MOST;
    if too_long || u64::from(width) * u64::from(height) > MOST_PIXELS {
        return Err(Unfit::TooManyPixels { width, height });
    }
    // The way up is told in the metadata, which does not stay.
    let way_up = decoder.orientation().map_err(|_| Unfit::Damaged)?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(|_| Unfit::Damaged)?;
    picture.apply_orientation(way_up);
    if picture.width().max(picture.height()) > LONGEST_SIDE {
        picture = picture.resize(LONGEST_SIDE, LONGEST_SIDE, FilterType::Triangle);
    }
    let bytes = encoded(&picture, media_type).map_err(|_| Unfit::Damaged)?;
    let (width, height) = (picture.width(), picture.height());
    Ok(Blob { name: BlobHash::of(sent), media_type, width, height, bytes })
}

fn encoded(picture: &DynamicImage, media_type: MediaType) -> image::ImageResult<Vec<u8>> {
    let mut bytes = Vec::new();
    match media_type {
        MediaType::Jpeg => {
            picture.to_rgb8().write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY))?
        }
        MediaType::Png => eight_bits(picture, PngEncoder::new(&mut bytes))?,
        MediaType::Webp => eight_bits(picture, WebPEncoder::new_lossless(&mut bytes))?,
    }
    Ok(bytes)
}

fn eight_bits(picture: &DynamicImage, encoder: impl ImageEncoder) -> image::ImageResult<()> {
    match picture.color().has_alpha() {
        true => picture.to_rgba8().write_with_encoder(encoder),
        false => picture.to_rgb8().write_with_encoder(encoder),
    }
}

#[cfg(test)]
mod tests;
