//! Small changes to inputs, the same each time.

/// No input grows beyond this.
const LARGEST: usize = 128 * 1024;
/// Bytes that mean something to one format or another.
const TELLING: &[u8] = b"\0\n\r\\\"'%$;=[]{}<>&/@-+!|,: \xff\x7f\x80#*A0";
/// Numbers at which lengths and offsets go wrong.
const NUMBERS: [u32; 8] = [0, 1, 0x7f, 0xffff, 0x1_0000, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];

/// Makes changed copies of inputs.
pub struct Mutator {
    state: u64,
}

impl Mutator {
    /// One that changes the same way for the same `seed`.
    pub fn new(seed: u64) -> Self {
        Self { state: seed | 1 }
    }

    /// A copy of `input` with some changes; `other` is what parts may come from.
    pub fn change(&mut self, input: &[u8], other: &[u8]) -> Vec<u8> {
        let mut bytes = input.to_vec();
        for _ in 0..=self.below(4) {
            self.change_once(&mut bytes, other);
        }
        bytes.truncate(LARGEST);
        bytes
    }

    fn change_once(&mut self, bytes: &mut Vec<u8>, other: &[u8]) {
        let place = self.below(bytes.len());
        let length = self.below(16) + 1;
        match self.below(8) {
            0 => {
                let bit = self.below(8);
                if let Some(byte) = bytes.get_mut(place) {
                    *byte ^= 1 << bit;
                }
            }
            1 => {
                let telling = TELLING.get(self.below(TELLING.len())).copied().unwrap_or_default();
                if let Some(byte) = bytes.get_mut(place) {
                    *byte = telling;
                }
            }
            2 => {
                let telling = TELLING.get(self.below(TELLING.len())).copied().unwrap_or_default();
                bytes.insert(place, telling);
            }
            3 => drop(bytes.drain(place..(place + length).min(bytes.len()))),
            4 => {
                let copy =
                    bytes.get(place..(place + length * 4).min(bytes.len())).unwrap_or_default().to_vec();
                let times = self.below(8) + 1;
                bytes.splice(place..place, copy.repeat(times));
            }
            5 => {
                let from = self.below(other.len());
                let part = other.get(from..(from + length * 8).min(other.len())).unwrap_or_default();
                bytes.splice(place..place, part.iter().copied());
            }
            6 => {
                let number =
                    NUMBERS.get(self.below(NUMBERS.len())).copied().unwrap_or_default().to_le_bytes();
                for (byte, new) in bytes.iter_mut().skip(place).zip(number) {
                    *byte = new;
                }
            }
            _ => bytes.truncate(place),
        }
    }

    /// A number below `bound`; zero where that is zero.
    fn below(&mut self, bound: usize) -> usize {
        // xorshift64 (Marsaglia, 2003).
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        usize::try_from(self.state >> 16).unwrap_or_default().checked_rem(bound).unwrap_or_default()
    }
}
