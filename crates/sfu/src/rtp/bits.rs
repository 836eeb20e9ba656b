//! Bits, the highest of a byte first, as H.264, VP9, AV1 and the dependency descriptor write them.

/// Reads bits from bytes. After the last one everything is `None`.
#[derive(Debug, Clone)]
pub(super) struct BitReader<I> {
    bytes: I,
    current: u8,
    left: u32,
    taken: usize,
}

impl<I: Iterator<Item = u8>> BitReader<I> {
    pub fn new(bytes: I) -> BitReader<I> {
        BitReader {
            bytes,
            current: 0,
            left: 0,
            taken: 0,
        }
    }

    pub fn flag(&mut self) -> Option<bool> {
        if self.left == 0 {
            self.current = self.bytes.next()?;
            self.left = 8;
        }
        self.left -= 1;
        self.taken += 1;
        Some(self.current >> self.left & 1 != 0)
    }

    /// How many bits were read.
    pub fn position(&self) -> usize {
        self.taken
    }

    /// A number of up to 32 bits.
    pub fn number(&mut self, bits: u32) -> Option<u32> {
        debug_assert!(bits <= 32);
        (0..bits).try_fold(0, |number, _| Some(number << 1 | u32::from(self.flag()?)))
    }

    pub fn skip(&mut self, bits: u32) -> Option<()> {
        (0..bits).try_for_each(|_| self.flag().map(drop))
    }

    /// An Exp-Golomb code: `ue(v)` of H.264 §9.1, `uvlc()` of AV1 §4.10.3. `None` also for what needs 32 bits and more.
    pub fn exp_golomb(&mut self) -> Option<u32> {
        let mut zeros = 0;
        while !self.flag()? {
            zeros += 1;
            if zeros == 32 {
                return None;
            }
        }
        Some((1 << zeros) - 1 + self.number(zeros)?)
    }

    /// `se(v)` of H.264 §9.1.1.
    pub fn signed_exp_golomb(&mut self) -> Option<i32> {
        let code = self.exp_golomb()?;
        let magnitude = code.div_ceil(2) as i32;
        Some(if code % 2 == 1 { magnitude } else { -magnitude })
    }

    /// `ns(n)` of the dependency descriptor §A.8.2: one of `values` numbers, the lower ones in a bit less. `values` is
    /// above 0.
    pub fn non_symmetric(&mut self, values: u32) -> Option<u32> {
        let width = u32::BITS - values.leading_zeros();
        let short = (1 << width) - values;
        let number = self.number(width - 1)?;
        if number < short {
            return Some(number);
        }
        Some((number << 1) - short + self.number(1)?)
    }
}

/// The bytes of `(number, bits)` one after another, the last byte filled up with zeros.
#[cfg(test)]
pub(super) fn pack(numbers: &[(u32, u32)]) -> Vec<u8> {
    let mut bytes = vec![];
    let mut len = 0;
    for (number, bits) in numbers {
        for at in (0..*bits).rev() {
            if len % 8 == 0 {
                bytes.push(0);
            }
            *bytes.last_mut().unwrap() |= ((u64::from(*number) >> at & 1) as u8) << (7 - len % 8);
            len += 1;
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(bits: &str) -> BitReader<impl Iterator<Item = u8>> {
        let digits = bits.chars().filter_map(|digit| digit.to_digit(2));
        let bits: Vec<_> = digits.map(|digit| (digit, 1)).collect();
        BitReader::new(pack(&bits).into_iter())
    }

    #[test]
    fn numbers_cross_bytes_and_end_with_them() {
        let mut bits = BitReader::new([0xab, 0xcd, 0xef].into_iter());
        assert_eq!((bits.number(4), bits.number(12)), (Some(0xa), Some(0xbcd)));
        assert_eq!(
            (bits.number(0), bits.skip(4), bits.number(4)),
            (Some(0), Some(()), Some(0xf))
        );
        assert_eq!(bits.position(), 24);
        assert_eq!((bits.flag(), bits.number(0)), (None, Some(0)));
    }

    /// H.264 tables 9-2 and 9-3.
    #[test]
    fn exp_golomb_codes_are_those_of_the_tables() {
        let mut bits = reader("1 010 011 00100 00101 00110 00111 0001000");
        let codes: Vec<_> = (0..8).map(|_| bits.exp_golomb().unwrap()).collect();
        assert_eq!(codes, [0, 1, 2, 3, 4, 5, 6, 7]);
        let mut bits = reader("1 010 011 00100 00101 00110");
        let codes: Vec<_> = (0..6).map(|_| bits.signed_exp_golomb().unwrap()).collect();
        assert_eq!(codes, [0, 1, -1, 2, -2, 3]);
    }

    #[test]
    fn exp_golomb_codes_that_are_too_long_are_refused() {
        let longest = format!("{}1{}", "0".repeat(31), "1".repeat(31));
        assert_eq!(reader(&longest).exp_golomb(), Some(u32::MAX - 1));
        assert_eq!(reader(&longest).signed_exp_golomb(), Some(-i32::MAX));
        assert_eq!(reader(&format!("0{longest}1")).exp_golomb(), None);
        assert_eq!(reader("00001").exp_golomb(), None, "ends within the code");
    }

    /// The table of §A.8.2.
    #[test]
    fn non_symmetric_numbers_are_those_of_the_table() {
        let mut bits = reader("00 01 10 110 111");
        let numbers: Vec<_> = (0..5).map(|_| bits.non_symmetric(5).unwrap()).collect();
        assert_eq!(numbers, [0, 1, 2, 3, 4]);
        assert_eq!(reader("").non_symmetric(1), Some(0));
    }
}
