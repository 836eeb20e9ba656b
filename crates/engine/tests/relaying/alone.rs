//! Tests that count a process's descriptors or change its network: each in a process of its own.

use std::env;
use std::process::Command;

const INSIDE: &str = "TERTULIA_TEST_ALONE";

/// What the process is to have for itself.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Own {
    Process,
    /// A network namespace with nothing but a loopback interface, which is down.
    Network,
}

/// Runs this very test again in a process of its own. True in there, where the test is to be done.
pub fn alone(own: Own) -> bool {
    let test = std::thread::current()
        .name()
        .expect("a test's thread has its name")
        .to_owned();
    if env::var(INSIDE).is_ok_and(|inside| inside == test) {
        return true;
    }
    let program = env::current_exe().expect("this program");
    let mut command = match own {
        Own::Process => Command::new(program),
        Own::Network => {
            let mut command = Command::new("unshare");
            command.args(namespace()).arg(program);
            command
        }
    };
    let output = command
        .args([&test, "--exact", "--nocapture", "--test-threads=1"])
        .env(INSIDE, &test)
        .output()
        .expect("started");
    let said = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    let [out, err] = &said;
    assert!(output.status.success() && out.contains("1 passed"), "{out}\n{err}");
    false
}

/// By a user namespace where there are any, else as root.
fn namespace() -> Vec<&'static str> {
    let ways = [vec!["--user", "--map-root-user", "--net"], vec!["--net"]];
    let works = |way: &Vec<&str>| {
        let tried = Command::new("unshare").args(way).arg("true").output();
        tried.is_ok_and(|tried| tried.status.success())
    };
    ways.into_iter()
        .find(works)
        .expect("a network namespace: user namespaces for everybody, or root with CAP_SYS_ADMIN")
}

/// A command that must succeed, its words separated by spaces.
pub fn run(line: &str) {
    let mut words = line.split(' ');
    let mut command = Command::new(words.next().expect("a program"));
    // Administrators' programs are not in everybody's path.
    let path = format!("{}:/usr/sbin:/sbin", env::var("PATH").unwrap_or_default());
    let output = command.args(words).env("PATH", path).output().expect("started");
    assert!(
        output.status.success(),
        "{line}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}
