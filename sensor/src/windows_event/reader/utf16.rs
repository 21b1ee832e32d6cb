//! Text in UTF-16, read as UTF-8.

use std::io::{self, Read};

use super::format::Encoding;

/// Turns UTF-16 into UTF-8 while it is read. A surrogate without its other half becomes U+FFFD.
pub(super) struct Utf16Reader<R> {
    inner: R,
    big_endian: bool,
    /// Bytes that were read and not yet turned: an odd byte, or half of a pair.
    raw: Vec<u8>,
    /// Text that was turned and not yet handed out.
    ready: Vec<u8>,
    handed_out: usize,
    ended: bool,
}

impl<R: Read> Utf16Reader<R> {
    pub(super) fn new(inner: R, encoding: Encoding) -> Self {
        Self {
            inner,
            big_endian: encoding == Encoding::Utf16Be,
            raw: Vec::new(),
            ready: Vec::new(),
            handed_out: 0,
            ended: false,
        }
    }

    fn refill(&mut self) -> io::Result<()> {
        let mut block = [0_u8; 16 * 1024];
        let count = self.inner.read(&mut block)?;
        self.ended = count == 0;
        self.raw.extend_from_slice(block.get(..count).unwrap_or_default());
        let mut units: Vec<u16> = self
            .raw
            .chunks_exact(2)
            .map(|pair| match pair {
                [first, second] if self.big_endian => u16::from_be_bytes([*first, *second]),
                [first, second] => u16::from_le_bytes([*first, *second]),
                _ => 0,
            })
            .collect();
        let half = !self.ended && units.last().is_some_and(|unit| (0xd800..0xdc00).contains(unit));
        if half {
            units.pop();
        }
        self.raw.drain(..units.len() * 2);
        self.ready.clear();
        self.handed_out = 0;
        let mut buffer = [0_u8; 4];
        for character in char::decode_utf16(units) {
            let character = character.unwrap_or(char::REPLACEMENT_CHARACTER);
            self.ready.extend_from_slice(character.encode_utf8(&mut buffer).as_bytes());
        }
        Ok(())
    }
}

impl<R: Read> Read for Utf16Reader<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.handed_out >= self.ready.len() && !self.ended {
            self.refill()?;
        }
        let mut rest = self.ready.get(self.handed_out..).unwrap_or_default();
        let count = rest.read(out)?;
        self.handed_out += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_byte_orders_and_pairs_are_read() {
        let text = "<a>é😀</a>";
        for encoding in [Encoding::Utf16Le, Encoding::Utf16Be] {
            let bytes: Vec<u8> = text
                .encode_utf16()
                .flat_map(|unit| match encoding {
                    Encoding::Utf16Be => unit.to_be_bytes(),
                    _ => unit.to_le_bytes(),
                })
                .collect();
            let mut read = String::new();
            // One byte at a time: the hardest way to cut it.
            Utf16Reader::new(OneByOne(&bytes), encoding).read_to_string(&mut read).unwrap();
            assert_eq!(read, text);
        }
    }

    #[test]
    fn a_half_pair_at_the_end_is_replaced() {
        let mut read = String::new();
        Utf16Reader::new(&[0x41, 0, 0x3d, 0xd8][..], Encoding::Utf16Le).read_to_string(&mut read).unwrap();
        assert_eq!(read, "A\u{fffd}");
    }

    struct OneByOne<'bytes>(&'bytes [u8]);

    impl Read for OneByOne<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let out = out.get_mut(..1).unwrap_or_default();
            self.0.read(out)
        }
    }
}
