//! Bytes that wait to be written: pushed behind, taken in front.

use std::collections::VecDeque;

/// What an empty queue may keep of its memory: bytes, and lengths of frames.
const KEPT: usize = 16 << 10;
const KEPT_FRAMES: usize = 512;

#[derive(Default)]
pub(super) struct Queue {
    bytes: Vec<u8>,
    start: usize,
    /// Lengths of the frames at the end. One that is written in part is not among them any more.
    frames: VecDeque<u16>,
    /// Their sum.
    framed: usize,
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

    /// Has `write` append a frame, which `cut` may take back.
    pub fn push_frame(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let before = self.len();
        write(self.tail());
        let len = self.len() - before;
        self.frames.push_back(len as u16);
        self.framed += len;
    }

    pub fn consume(&mut self, len: usize) {
        self.start += len;
        if self.start == self.bytes.len() {
            self.clear();
            return;
        }
        while self.framed > self.len()
            && let Some(begun) = self.frames.pop_front()
        {
            self.framed -= usize::from(begun);
        }
    }

    /// Takes back the latest frames, until no more than `keep` bytes wait or the rest is written in part. Gives how many frames.
    pub fn cut(&mut self, keep: usize) -> usize {
        let before = self.frames.len();
        while self.len() > keep
            && let Some(len) = self.frames.pop_back()
        {
            self.framed -= usize::from(len);
            self.bytes.truncate(self.bytes.len() - usize::from(len));
        }
        let taken = before - self.frames.len();
        if taken > 0 {
            self.bytes.drain(..self.start);
            self.start = 0;
            self.bytes.shrink_to(KEPT);
            self.frames.shrink_to(KEPT_FRAMES);
        }
        taken
    }

    pub fn clear(&mut self) {
        self.bytes.clear();
        self.bytes.shrink_to(KEPT);
        self.start = 0;
        self.frames.clear();
        self.frames.shrink_to(KEPT_FRAMES);
        self.framed = 0;
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

    #[test]
    fn a_cut_takes_whole_frames_from_the_end_and_none_that_has_begun() {
        let mut queue = Queue::default();
        for frame in [&[1; 300][..], &[2; 200], &[3; 100]] {
            queue.push_frame(|bytes| bytes.extend_from_slice(frame));
        }
        assert_eq!(queue.cut(600), 0);
        assert_eq!(queue.cut(550), 1);
        assert_eq!(queue.as_slice(), [&[1; 300][..], &[2; 200]].concat());
        queue.consume(301);
        queue.push_frame(|bytes| bytes.extend_from_slice(&[4; 50]));
        assert_eq!(queue.cut(0), 1, "the second one has begun");
        assert_eq!(queue.as_slice(), [2; 199]);
        queue.consume(199);
        assert_eq!((queue.is_empty(), queue.cut(0)), (true, 0));
        queue.push_frame(|bytes| bytes.extend_from_slice(&[5; 50_000]));
        queue.push_frame(|bytes| bytes.push(6));
        assert_eq!(queue.cut(50_000), 1);
        assert_eq!(queue.cut(49_999), 1);
        assert!(queue.is_empty() && queue.bytes.capacity() <= KEPT);
    }

    #[test]
    fn frames_that_are_written_are_forgotten() {
        let mut queue = Queue::default();
        queue.tail().push(0);
        for _ in 0..10_000 {
            queue.push_frame(|bytes| bytes.extend_from_slice(b"frame"));
            queue.consume(5);
            assert!(queue.frames.len() <= 1);
        }
        assert_eq!(queue.as_slice(), b"e");
    }
}
