//! A panic ends what panicked, and nothing beside it.

use std::any::Any;
use std::panic::{self, AssertUnwindSafe};

/// What `call` gives, or the message of the panic that ended it. What it had in hand may be half done: throw it away.
pub(crate) fn isolate<T>(call: impl FnOnce() -> T) -> Result<T, String> {
    panic::catch_unwind(AssertUnwindSafe(call)).map_err(|payload| {
        let message = message_of(payload.as_ref()).to_owned();
        // The payload is the panicking code's own, and may panic in its turn.
        let _ = panic::catch_unwind(AssertUnwindSafe(|| drop(payload)));
        message
    })
}

/// Drops what was left by a panic: it may be in a state in which even that panics.
pub(crate) fn discard<T>(broken: T) {
    let _ = panic::catch_unwind(AssertUnwindSafe(|| drop(broken)));
}

fn message_of(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_the_message_of_a_panic() {
        assert_eq!(isolate(|| 7), Ok(7));
        assert_eq!(isolate(|| panic!("seven")).err(), Some("seven".to_owned()));
        assert_eq!(isolate(|| panic!("{}", 7)).err(), Some("7".to_owned()));
        assert_eq!(isolate(|| panic::panic_any(7)).err(), Some("no message".to_owned()));
    }
}
