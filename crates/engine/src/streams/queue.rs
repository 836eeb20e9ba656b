//! Bytes that wait to be written: pushed behind, taken in front.

/// What an empty queue may keep of its memory.
const KEPT: usize = 16 << 10;

#[derive(Default)]
pub(super) struct Queue {
    bytes: Vec<u8>,
    start: usize,
}

impl Queue {
    pub fn len(&self) -> usize {
        self.bytes.len() - self.start
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn as_slice(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    /// To append to; what is there already must stay.
    pub fn tail(&mut self) -> &mut Vec<u8> {
        // At most once for as many bytes as are moved.
        if self.start > self.len() {
            self.bytes.drain(..self.start);
            self.start = 0;
        }
        &mut self.bytes
    }

    pub fn consume(&mut self, len: usize) {
        self.start += len;
        if self.start == self.bytes.len() {
            self.clear();
        }
    }

    pub fn clear(&mut self) {
        self.bytes.clear();
        self.bytes.shrink_to(KEPT);
        self.start = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_pushed_comes_out_in_order_and_memory_stays_bounded() {
        let mut queue = Queue::default();
        let mut next_in = (0..=255u8).cycle();
        let mut next_out = (0..=255u8).cycle();
        for round in 0..1000 {
            queue.tail().extend(next_in.by_ref().take(1000));
            let len = (1000 + round % 7 - 3).min(queue.len());
            assert!(
                queue.as_slice()[..len]
                    .iter()
                    .eq(next_out.by_ref().take(len).collect::<Vec<_>>().iter())
            );
            queue.consume(len);
            assert!(queue.bytes.len() < 8192);
        }
        let len = queue.len();
        queue.tail().resize(len + (1 << 20), 0);
        queue.consume(len + (1 << 20));
        assert!(queue.is_empty() && queue.bytes.capacity() <= KEPT);
    }
}
