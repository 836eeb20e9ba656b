//! One target of `tertulia_fuzz` under libFuzzer: the one that `TERTULIA_FUZZ_TARGET` names.
#![no_main]

use std::env;
use std::process;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use tertulia_fuzz::{TARGETS, Target};

static TARGET: LazyLock<Target> = LazyLock::new(|| {
    let wanted = env::var("TERTULIA_FUZZ_TARGET").unwrap_or_default();
    let Some((_, target)) = TARGETS.iter().find(|(name, _)| *name == wanted) else {
        let names = TARGETS.map(|(name, _)| name).join(", ");
        eprintln!("TERTULIA_FUZZ_TARGET must be one of {names}");
        process::exit(2);
    };
    *target
});

fuzz_target!(|bytes: &[u8]| TARGET(bytes));
