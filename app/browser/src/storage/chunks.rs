//! A long value in pieces. Chromium keeps IndexedDB values of 64 KiB and more as separate files, which makes each
//! of them some fifty times slower to write.

use xxhash_rust::xxh3::xxh3_64;

/// The longest piece.
pub const MOST_BYTES: usize = 56 * 1024;

/// The pieces of `bytes`, in order. No bytes, no pieces.
pub fn split(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.chunks(MOST_BYTES)
}

/// Tells a value that was put together wrongly, or changed, from the one that was written.
#[must_use]
pub fn checksum(bytes: &[u8]) -> u64 {
    xxh3_64(bytes)
}

/// Groups of consecutive items whose lengths together stay within [`MOST_BYTES`]. A longer item stands alone.
pub fn groups<T>(items: &[T], length: impl Fn(&T) -> usize) -> Vec<&[T]> {
    let mut groups = Vec::new();
    let (mut begin, mut sum) = (0, 0);
    for (index, item) in items.iter().enumerate() {
        let length = length(item);
        if index > begin && sum + length > MOST_BYTES {
            groups.extend(items.get(begin..index));
            (begin, sum) = (index, 0);
        }
        sum += length;
    }
    groups.extend(items.get(begin..).filter(|rest| !rest.is_empty()));
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_piece_reaches_the_size_where_values_become_files() {
        for length in [0, 1, MOST_BYTES - 1, MOST_BYTES, MOST_BYTES + 1, 5 * MOST_BYTES + 3] {
            let bytes: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
            let pieces: Vec<&[u8]> = split(&bytes).collect();
            assert!(pieces.iter().all(|piece| piece.len() < 60 * 1024));
            assert_eq!(pieces.concat(), bytes, "length {length}");
        }
    }

    #[test]
    fn groups_keep_order_and_stay_small() {
        let lengths = [10, MOST_BYTES, 20, MOST_BYTES - 20, 1, 2 * MOST_BYTES, 3];
        let groups = groups(&lengths, |length| *length);
        assert_eq!(groups.concat(), lengths);
        let sizes: Vec<usize> = groups.iter().map(|group| group.iter().sum()).collect();
        assert_eq!(sizes, [10, MOST_BYTES, MOST_BYTES, 1, 2 * MOST_BYTES, 3]);
    }

    #[test]
    fn nothing_makes_no_group() {
        assert!(groups::<usize>(&[], |length| *length).is_empty());
    }
}
