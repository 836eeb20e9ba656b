//! Time as the generator reads it.

use std::mem::zeroed;
use std::time::Duration;

/// Seconds between the epochs of NTP (1900) and Unix (1970).
const NTP_OFFSET: u64 = 2_208_988_800;

fn read(clock: libc::clockid_t) -> Duration {
    // SAFETY: the call fills the struct that it is given.
    let time = unsafe {
        let mut time: libc::timespec = zeroed();
        libc::clock_gettime(clock, &mut time);
        time
    };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Microseconds since 1970: the clock of stamps, and of the kernel's receive times.
pub fn now_us() -> u64 {
    read(libc::CLOCK_REALTIME).as_micros() as u64
}

/// CPU time of this thread so far.
pub fn thread_cpu() -> Duration {
    read(libc::CLOCK_THREAD_CPUTIME_ID)
}

/// A moment of [`now_us`] as RTCP carries it: seconds since 1900 with 32 fractional bits.
pub fn to_ntp(us: u64) -> u64 {
    let fraction = ((us % 1_000_000) << 32) / 1_000_000;
    (us / 1_000_000 + NTP_OFFSET) << 32 | fraction
}

/// Sleeps until a moment of [`now_us`].
pub fn sleep_until(us: u64) {
    let wait = us.saturating_sub(now_us());
    if wait > 0 {
        std::thread::sleep(Duration::from_micros(wait));
    }
}

/// Asks for timely wake-ups of this thread: a timer slack of 10 µs, and precedence over the generator's other threads
/// where `urgent`. Both are favours: where they are refused, the measured lateness tells.
pub fn be_punctual(urgent: bool) {
    // SAFETY: both calls only read their arguments.
    unsafe {
        libc::prctl(libc::PR_SET_TIMERSLACK, 10_000usize, 0, 0, 0);
        if urgent {
            let parameters = libc::sched_param { sched_priority: 1 };
            libc::sched_setscheduler(0, libc::SCHED_FIFO, &parameters);
        }
    }
}
