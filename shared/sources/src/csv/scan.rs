//! Where the bytes are that give CSV its structure: 64 bytes are looked at together.

/// Walks over the delimiters, quotes and line-end bytes of a window, in order.
///
/// Each block of 64 bytes is turned into a bit mask once; walking is then a matter of counting zeros.
#[derive(Debug)]
pub(super) struct Structure {
    delimiter: u8,
    /// Where the current block starts.
    block: usize,
    /// Structural bytes of the current block that were not handed out yet.
    mask: u64,
}

const BLOCK: usize = 64;

impl Structure {
    pub(super) fn new(delimiter: u8) -> Self {
        Self { delimiter, block: 0, mask: 0 }
    }

    /// Starts over at `position`; needed whenever the window has moved.
    pub(super) fn seek(&mut self, data: &[u8], position: usize) {
        self.block = position;
        self.mask = mask_at(data, position, self.delimiter);
    }

    /// The position of the next structural byte.
    #[inline]
    pub(super) fn next(&mut self, data: &[u8]) -> Option<usize> {
        while self.mask == 0 {
            if self.block + BLOCK >= data.len() {
                return None;
            }
            self.block += BLOCK;
            self.mask = mask_at(data, self.block, self.delimiter);
        }
        let position = self.block + self.mask.trailing_zeros() as usize;
        self.mask &= self.mask - 1;
        Some(position)
    }
}

#[inline]
fn mask_at(data: &[u8], position: usize, delimiter: u8) -> u64 {
    let rest = data.get(position..).unwrap_or_default();
    match rest.first_chunk::<BLOCK>() {
        Some(block) => block_mask(block, delimiter),
        None => {
            let mut block = [0; BLOCK];
            block[..rest.len()].copy_from_slice(rest);
            block_mask(&block, delimiter) & ((1 << rest.len()) - 1)
        }
    }
}

/// One bit per byte that is the delimiter, a quote, LF or CR; the lowest bit is the first byte.
#[inline]
fn block_mask(block: &[u8; BLOCK], delimiter: u8) -> u64 {
    // One 0 or 1 per byte: the compiler turns this loop into a few vector instructions.
    let mut found = [0_u8; BLOCK];
    for (found, byte) in found.iter_mut().zip(block) {
        let fields = u8::from(*byte == delimiter) | u8::from(*byte == b'"');
        let lines = u8::from(*byte == b'\n') | u8::from(*byte == b'\r');
        *found = fields | lines;
    }
    let (words, _) = found.as_chunks::<8>();
    words.iter().enumerate().fold(0, |mask, (index, word)| {
        // The product gathers the lowest bits of all eight bytes in the topmost byte.
        let bits = u64::from_le_bytes(*word).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        mask | bits << (index * 8)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn positions(data: &[u8], delimiter: u8, from: usize) -> Vec<usize> {
        let mut structure = Structure::new(delimiter);
        structure.seek(data, from);
        std::iter::from_fn(|| structure.next(data)).collect()
    }

    proptest! {
        #[test]
        fn finds_what_a_plain_search_finds(
            data in proptest::collection::vec(prop_oneof![Just(b';'), Just(b'"'), Just(b'\n'), Just(b'\r'), any::<u8>()], 0..300),
            from in 0_usize..70,
        ) {
            let expected: Vec<usize> = (from..data.len()).filter(|index| matches!(data[*index], b';' | b'"' | b'\n' | b'\r')).collect();
            prop_assert_eq!(positions(&data, b';', from), expected);
        }
    }

    #[test]
    fn nul_padding_is_not_structure() {
        assert_eq!(positions(b"a\0b", 0, 0), [1]);
        assert_eq!(positions(b"", b',', 0), [0_usize; 0]);
    }
}
