//! The server's process as the kernel accounts for it.

use std::fs;
use std::time::Duration;

#[derive(Debug, Clone, Copy)]
pub struct Server {
    pub pid: u32,
}

impl Server {
    /// User and system time of all its threads so far, from the scheduler's account in nanoseconds; `/proc/PID/stat` has
    /// the same sum in steps of 10 ms, too coarse for a few viewers.
    pub fn cpu(&self) -> Duration {
        let Ok(threads) = fs::read_dir(format!("/proc/{}/task", self.pid)) else {
            return Duration::ZERO;
        };
        let run_time = |path: std::path::PathBuf| {
            let text = fs::read_to_string(path.join("schedstat")).ok()?;
            text.split_whitespace().next()?.parse::<u64>().ok()
        };
        Duration::from_nanos(threads.flatten().filter_map(|thread| run_time(thread.path())).sum())
    }

    /// Resident memory in kB.
    pub fn rss(&self) -> u64 {
        let text = fs::read_to_string(format!("/proc/{}/status", self.pid)).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("");
        line.split_whitespace()
            .next()
            .and_then(|number| number.parse().ok())
            .unwrap_or(0)
    }

    /// Datagrams that the kernel dropped at a UDP port of this machine because the server took them too late.
    pub fn udp_drops(port: u16) -> u64 {
        let port = format!(":{port:04X}");
        let tables = ["/proc/net/udp", "/proc/net/udp6"].map(|path| fs::read_to_string(path).unwrap_or_default());
        let lines = tables.iter().flat_map(|table| table.lines().skip(1));
        lines
            .filter_map(|line| {
                let fields: Vec<&str> = line.split_whitespace().collect();
                let is_ours = fields.get(1).is_some_and(|local| local.ends_with(&port));
                is_ours.then(|| fields.last()?.parse::<u64>().ok()).flatten()
            })
            .sum()
    }
}
