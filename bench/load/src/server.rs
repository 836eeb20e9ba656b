//! The server's processes as the kernel accounts for them.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

/// The process that was started, and all that came from it.
#[derive(Debug, Clone, Copy)]
pub struct Server {
    pub pid: u32,
}

impl Server {
    fn processes(&self) -> Vec<u32> {
        let all = fs::read_dir("/proc").into_iter().flatten().flatten();
        let pids = all.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        let parents: HashMap<u32, u32> = pids.filter_map(|pid| Some((pid, parent(&status(pid))?))).collect();
        let mut tree = vec![self.pid];
        let mut next = 0;
        while let Some(&pid) = tree.get(next) {
            tree.extend(
                parents
                    .iter()
                    .filter(|(_, parent)| **parent == pid)
                    .map(|(child, _)| child),
            );
            next += 1;
        }
        tree
    }

    /// User and system time of all its threads so far, from the scheduler's account in nanoseconds; `/proc/PID/stat` has
    /// the same sum in steps of 10 ms, too coarse for a few viewers.
    pub fn cpu(&self) -> Duration {
        let run_time = |path: std::path::PathBuf| {
            let text = fs::read_to_string(path.join("schedstat")).ok()?;
            text.split_whitespace().next()?.parse::<u64>().ok()
        };
        let processes = self.processes().into_iter();
        let threads = processes.filter_map(|pid| fs::read_dir(format!("/proc/{pid}/task")).ok());
        let threads = threads.flat_map(Iterator::flatten);
        Duration::from_nanos(threads.filter_map(|thread| run_time(thread.path())).sum())
    }

    /// The same of each media thread.
    pub fn workers(&self) -> Vec<Duration> {
        let task = |thread: PathBuf, name: &str| fs::read_to_string(thread.join(name)).unwrap_or_default();
        let threads = fs::read_dir(format!("/proc/{}/task", self.pid)).into_iter().flatten();
        let mut workers: Vec<(usize, Duration)> = threads
            .flatten()
            .filter_map(|thread| {
                let number = task(thread.path(), "comm")
                    .trim()
                    .strip_prefix("tertulia-w")?
                    .parse()
                    .ok()?;
                let nanos = task(thread.path(), "schedstat")
                    .split_whitespace()
                    .next()?
                    .parse()
                    .ok()?;
                Some((number, Duration::from_nanos(nanos)))
            })
            .collect();
        workers.sort_unstable();
        workers.into_iter().map(|(_, time)| time).collect()
    }

    /// Resident memory in kB.
    pub fn rss(&self) -> u64 {
        let processes = self.processes().into_iter();
        processes.filter_map(|pid| field(&status(pid), "VmRSS:")).sum()
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

fn status(pid: u32) -> String {
    fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default()
}

fn parent(status: &str) -> Option<u32> {
    field(status, "PPid:").and_then(|pid| u32::try_from(pid).ok())
}

fn field(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn children_count_as_the_server() {
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let server = Server {
            pid: std::process::id(),
        };
        let processes = server.processes();
        let both = server.rss();
        let alone = field(&status(server.pid), "VmRSS:").unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(processes, [server.pid, child.id()]);
        assert!(both > alone);
    }
}
