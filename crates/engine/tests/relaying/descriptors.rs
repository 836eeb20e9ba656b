//! Allocations cost descriptors: none may stay, and there may be none left.

use std::fs::{self, File};

use tertulia_engine::EngineConfig;
use tertulia_relay::{Config, Limits};

use crate::alone::{Own, alone};
use crate::common::{start, until};
use crate::turn::{Turn, relay_config, relay_engine};

/// Numbers of those that are open, but for the one that looks.
fn open_descriptors() -> Vec<i32> {
    let names = fs::read_dir("/proc/self/fd").expect("Linux");
    let numbers = names.map(|entry| entry.unwrap().file_name().to_str().unwrap().parse().unwrap());
    let mut numbers: Vec<i32> = numbers.collect();
    // The last that is opened has no name any more when it is asked for.
    numbers.retain(|number| fs::read_link(format!("/proc/self/fd/{number}")).is_ok());
    numbers
}

fn limit_descriptors(to: u64) -> u64 {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: one live structure, read and written.
    unsafe {
        assert_eq!(libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit), 0);
        let before = limit.rlim_cur;
        limit.rlim_cur = to.min(limit.rlim_max);
        assert_eq!(libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit), 0);
        before
    }
}

#[test]
fn many_allocations_opened_and_closed_leave_no_descriptors() {
    if !alone(Own::Process) {
        return;
    }
    let engine = start(EngineConfig {
        relay: Some(Config {
            limits: Limits {
                per_user: 1000,
                ..relay_config().limits
            },
            ..relay_config()
        }),
        ..EngineConfig::default()
    });
    let ended = || {
        until("end of all allocations", || {
            let counters = engine.counters();
            (counters["relay_allocations"] == 0 && counters["streams"] == 0).then_some(())
        });
    };
    let mut before = 0;
    for round in 0..4 {
        let mut clients: Vec<Turn> = (0..100)
            .map(|i| {
                if i % 2 == 0 {
                    Turn::udp(&engine, "ana")
                } else {
                    Turn::tcp(&engine, "bob")
                }
            })
            .collect();
        for client in &mut clients {
            client.allocate(None).expect("allocated");
        }
        assert!(
            open_descriptors().len() >= 250,
            "sockets of 100 clients, 50 other ends of them, 100 relayed ports"
        );
        // Those by UDP give theirs back, those by TCP just go.
        clients
            .iter_mut()
            .step_by(2)
            .for_each(|client| client.refresh(0).unwrap());
        drop(clients);
        ended();
        // The first round may open what stays.
        if round == 0 {
            before = open_descriptors().len();
        }
        assert_eq!(open_descriptors().len(), before, "round {round}");
    }
}

#[test]
fn without_a_descriptor_left_an_allocation_is_refused_and_the_others_live() {
    if !alone(Own::Process) {
        return;
    }
    let engine = relay_engine(1);
    let mut clients: Vec<Turn> = (0..8).map(|_| Turn::udp(&engine, "ana")).collect();
    clients[0].allocate(None).expect("allocated");
    let highest = *open_descriptors().iter().max().unwrap();
    let before = limit_descriptors(highest as u64 + 1);
    let rest: Vec<File> = std::iter::from_fn(|| File::open("/dev/null").ok()).collect();
    for client in &mut clients[1..] {
        assert_eq!(client.allocate(None), Err(508));
    }
    drop(rest);
    limit_descriptors(before);
    assert_eq!(clients[0].refresh(600), Ok(()));
    for client in &mut clients[1..] {
        client.allocate(None).expect("allocated");
    }
    assert_eq!(engine.counters()["relay_panics"], 0);
}
