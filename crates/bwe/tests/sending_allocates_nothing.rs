//! A program of its own, for it counts what its allocator is asked for.
#![allow(clippy::disallowed_methods)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::time::{Duration, Instant};

use tertulia_bwe::{Config, Estimator};

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
    /// More may be given back than was asked for: some comes from other threads.
    static BYTES: Cell<isize> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: every call is passed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        BYTES.set(BYTES.get() + layout.size() as isize);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        BYTES.set(BYTES.get() - layout.size() as isize);
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// 160 packets a second for `seconds`, feedback each 100 ms.
fn run(estimator: &mut Estimator, begin: Instant, from: u32, seconds: u32) -> Instant {
    let at = |i: u32| begin + Duration::from_micros(u64::from(i) * 6250);
    for i in from..from + seconds * 160 {
        estimator.sent(i as u16, 1130, at(i));
        if i % 16 == 15 {
            let statuses = (i - 15..=i).map(|i| (i as u16, Some(i64::from(i) * 6250)));
            estimator.feedback(statuses, at(i) + Duration::from_millis(30));
        }
    }
    at(from + seconds * 160)
}

#[test]
fn a_warm_estimator_allocates_nothing_and_an_idle_one_is_small() {
    let (begin, bytes) = (Instant::now(), BYTES.get());
    let mut estimator = Estimator::new(Config::default(), begin);
    assert_eq!(BYTES.get(), bytes, "nothing was sent");
    let size = || BYTES.get() - bytes + size_of::<Estimator>() as isize;

    run(&mut estimator, begin, 0, 10);
    let before = ALLOCATIONS.get();
    let end = run(&mut estimator, begin, 1600, 10);
    assert_eq!(ALLOCATIONS.get() - before, 0);
    assert!(size() < 3 * 1024, "busy: {} bytes", size());

    let mut now = end;
    while let Some(due) = estimator.poll_timeout() {
        now = now.max(due);
        estimator.handle_timeout(now);
    }
    assert!(now < end + Duration::from_secs(10), "no timer is left");
    assert!(size() < 2 * 1024, "idle: {} bytes", size());
}
