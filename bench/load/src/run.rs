//! One measured run: everybody joins, packets are counted for a while, everybody's account is added up.

use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use crate::cases::{Case, Options, Role};
use crate::clock;
use crate::doors::Session;
use crate::flow::Window;
use crate::group::{Client, Group};
use crate::join::{Latency, Lobby, several};
use crate::keeper::Keeper;
use crate::report::{Tally, round};
use crate::server::Server;
use crate::viewer::Stream;

/// From the last join to the measured time: joins' bursts and key frames are over.
const SETTLE: Duration = Duration::from_secs(2);
/// After the measured time, for packets under way and repairs.
const STRAGGLERS: Duration = Duration::from_millis(700);
/// Until every viewer shows every track.
const ALL_SHOWN: Duration = Duration::from_secs(20);

/// The figures, and why they may not be believed.
pub type Outcome = (Map<String, Value>, Vec<String>);

pub fn lobby(options: &Options) -> Lobby {
    Lobby {
        kind: options.kind,
        server: options.server,
        room: format!("bench-{}", std::process::id()),
        drop: options.drop,
        window: Arc::new(Window::default()),
        media_port: AtomicU16::new(0),
    }
}

pub fn measure(options: &Options) -> Result<Outcome, String> {
    let server = Server {
        pid: options.server_pid,
    };
    let lobby = lobby(options);
    let (urgent, relaxed, keeper) = (
        Group::start(true, false),
        Group::start(false, options.eager),
        Keeper::start(),
    );
    let roles = options.case.roles();
    let publishers = roles.iter().filter(|role| role.publishes).count();
    let (first, rest) = roles.split_at(publishers);
    let tracks: usize = first.iter().map(|role| role.tracks.len()).sum();

    let join_all = |roles: &[Role], group: &Group, tracks: usize| {
        let handle = group.handle();
        let joined = several(roles.len(), |i| lobby.join(&roles[i], &handle, tracks))?;
        Ok::<_, String>(
            joined
                .into_iter()
                .map(|joined| (joined.session, joined.latency))
                .unzip(),
        )
    };
    let keep = |sessions: Vec<Box<dyn Session>>| {
        let sender = keeper.sender();
        sessions.into_iter().for_each(|session| drop(sender.send(session)));
    };
    let (empty, began) = (server.rss(), Instant::now());
    let (sessions, mut latencies): (Vec<_>, Vec<_>) = join_all(first, &urgent, 0)?;
    keep(watch_each_other(&lobby, first, sessions, &urgent)?);
    let mut joining = began.elapsed();
    let mut before = empty;
    if !rest.is_empty() {
        thread::sleep(Duration::from_millis(500));
        before = server.rss();
        let began = Instant::now();
        let sessions: Vec<_>;
        (sessions, latencies) = join_all(rest, &relaxed, tracks)?;
        joining = began.elapsed();
        keep(sessions);
    }
    let joined = latencies.len();
    let flows = expected_flows(&roles);
    wait_until_shown(&[&urgent, &relaxed], flows)?;
    thread::sleep(SETTLE);

    let port = lobby.media_port.load(Ordering::Relaxed);
    let memory = server.rss();
    let (drops, busy) = (Server::udp_drops(port), [urgent.ask().1, relaxed.ask().1]);
    let start = clock::now_us() + 20_000;
    let end = start + (options.seconds * 1e6) as u64;
    lobby.window.set(start..end);
    clock::sleep_until(start);
    let (cpu, workers) = (server.cpu(), server.workers());
    clock::sleep_until(end);
    let cpu = server.cpu() - cpu;
    let workers: Vec<_> = { server.workers().into_iter().zip(workers) }
        .map(|(after, before)| after - before)
        .collect();
    let busy = [urgent.ask().1 - busy[0], relaxed.ask().1 - busy[1]];
    thread::sleep(STRAGGLERS);

    let mut clients = urgent.stop();
    clients.extend(relaxed.stop());
    clients.sort_by_key(|(number, _)| *number);
    let mut tally = add_up(&roles, &clients);
    tally.faults = keeper.stop();
    tally.server_drops = Server::udp_drops(port) - drops;
    tally.busy = busy.iter().map(Duration::as_secs_f64).fold(0.0, f64::max) / options.seconds;
    add_latencies(&mut tally, &latencies);
    let (invalid, overload) = (tally.invalid(), tally.is_overload());
    let mut figures = tally.figures();
    let forwarded = tally.forwarded.max(1) as f64;
    figures.extend(object(json!({
        "case": options.name,
        "seconds": options.seconds,
        "window_us": [start, end],
        "clients": roles.len(),
        "cpu_us_per_packet": round(cpu.as_secs_f64() * 1e6 / forwarded, 2),
        "workers_us_per_packet": workers
            .iter()
            .map(|cpu| round(cpu.as_secs_f64() * 1e6 / forwarded, 2))
            .collect::<Vec<_>>(),
        "server_cpu": round(cpu.as_secs_f64() / options.seconds, 3),
        "packets_per_second": round(forwarded / options.seconds, 0),
        "memory_kb_per_client": round((memory.saturating_sub(before)) as f64 / joined as f64, 1),
        "server_rss_kb": memory,
        "joins_per_second": round(joined as f64 / joining.as_secs_f64(), 1),
        "invalid": invalid,
        "overload": overload,
    })));
    goodbye(clients);
    Ok((figures, invalid))
}

/// Those who send ask for what the others of them send.
fn watch_each_other(
    lobby: &Lobby,
    roles: &[Role],
    sessions: Vec<Box<dyn Session>>,
    group: &Group,
) -> Result<Vec<Box<dyn Session>>, String> {
    let tracks: usize = roles.iter().map(|role| role.tracks.len()).sum();
    let handle = group.handle();
    let sessions: Vec<_> = sessions.into_iter().map(Mutex::new).collect();
    several(roles.len(), |i| {
        let mut session = sessions[i].lock().map_err(|_| "a joiner has failed")?;
        match tracks - roles[i].tracks.len() {
            0 => Ok(()),
            others => lobby.watch(&roles[i], session.as_mut(), &handle, others),
        }
    })?;
    Ok(sessions
        .into_iter()
        .filter_map(|session| session.into_inner().ok())
        .collect())
}

fn object(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

/// Tracks that all viewers together should show.
fn expected_flows(roles: &[Role]) -> usize {
    let tracks: usize = roles.iter().map(|role| role.tracks.len()).sum();
    roles.iter().map(|role| tracks - role.tracks.len()).sum()
}

fn wait_until_shown(groups: &[&Group], flows: usize) -> Result<(), String> {
    let began = Instant::now();
    loop {
        let shown: usize = groups.iter().map(|group| group.ask().0).sum();
        if shown >= flows {
            return Ok(());
        }
        if began.elapsed() > ALL_SHOWN {
            return Err(format!("only {shown} of {flows} tracks are shown"));
        }
        thread::sleep(Duration::from_millis(50));
    }
}

fn add_up(roles: &[Role], clients: &[(u32, Client)]) -> Tally {
    let mut tally = Tally::default();
    let mut sent = Vec::new();
    for (_, client) in clients {
        if let Client::Peer(peer) = client {
            for track in &peer.tracks {
                sent.push((track.spec.number, track.counted.clone()));
                tally.lateness.extend(&track.lateness);
                tally.key_frames += track.key_frames;
                tally.resent += track.resent;
            }
            let sum = |of: fn(&Stream) -> u64| peer.streams.iter().map(of).sum::<u64>();
            tally.nacked += sum(|stream| stream.nacked);
            tally.repaired += sum(|stream| stream.repaired);
        }
        let counts = client.counts();
        tally.forwarded += counts.packets;
        tally.dropped += counts.dropped;
        tally.not_repairable += counts.not_repairable;
        tally.unsealed += counts.unsealed;
        tally.feedback_sent += counts.feedback_sent;
        tally.pli_received += counts.pli_received;
        tally.socket_drops += u64::from(counts.socket_drops);
        tally.strange += client.flows().strange;
        tally.lost_clients += u64::from(client.is_lost());
    }
    for role in roles {
        // With some servers a client has several connections.
        let start = clients.partition_point(|(number, _)| *number < role.number);
        let own = clients[start..].iter().take_while(|(number, _)| *number == role.number);
        let own: Vec<&Client> = own.map(|(_, client)| client).collect();
        for (track, sequences) in &sent {
            if role.tracks.iter().any(|own| own.number == *track) {
                continue;
            }
            tally.expected += u64::from(sequences.end - sequences.start);
            match own.iter().find_map(|client| client.flows().of(*track)) {
                Some(flow) => {
                    tally.received += flow.received(sequences.clone());
                    tally.duplicates += flow.duplicates;
                    tally.packet_delays.extend(&flow.packet_delays);
                    tally.frame_delays.extend(&flow.frame_delays);
                }
                None => tally.missing_flows += 1,
            }
        }
    }
    tally
}

fn add_latencies(tally: &mut Tally, latencies: &[Latency]) {
    tally.connect_latency = latencies.iter().map(|latency| latency.connected as u32).collect();
    let with_media = latencies.iter().filter(|latency| latency.media > 0);
    tally.join_latency = with_media.map(|latency| latency.media as u32).collect();
}

fn goodbye(clients: Vec<(u32, Client)>) {
    clients.into_iter().for_each(|(_, mut client)| client.close());
}

/// One line for a person.
pub fn line(figures: &Map<String, Value>) -> String {
    let of = |name: &str| figures.get(name).cloned().unwrap_or(Value::Null);
    let case = figures.get("case").and_then(Value::as_str).unwrap_or("");
    if figures.contains_key("rss_end_kb") {
        return format!(
            "{}: RSS {} kB after {}, {} kB at the end ({:+} %); {} joins/s, join p50 {} ms p99 {} ms",
            case,
            of("rss_early_kb"),
            of("early"),
            of("rss_end_kb"),
            of("growth_percent"),
            of("joins_per_second"),
            of("join_ms")["p50"],
            of("join_ms")["p99"]
        );
    }
    format!(
        "{}: {} µs/packet ({} packets/s, CPU {}), packet {}/{} ms, frame {}/{} ms, loss {}, {} kB/client, \
         {} joins/s, join {}/{} ms, generator busy {}",
        case,
        of("cpu_us_per_packet"),
        of("packets_per_second"),
        of("server_cpu"),
        of("packet_delay_ms")["p50"],
        of("packet_delay_ms")["p99"],
        of("frame_delay_ms")["p50"],
        of("frame_delay_ms")["p99"],
        of("loss"),
        of("memory_kb_per_client"),
        of("joins_per_second"),
        of("join_ms")["p50"],
        of("join_ms")["p99"],
        of("generator")["busy"]
    )
}

/// Many join and leave, while one keeps sending.
pub fn churn(options: &Options) -> Result<Outcome, String> {
    let Case::Churn { joins } = options.case else {
        return Err("not a churn case".into());
    };
    let server = Server {
        pid: options.server_pid,
    };
    let lobby = lobby(options);
    let (urgent, relaxed, keeper) = (
        Group::start(true, false),
        Group::start(false, options.eager),
        Keeper::start(),
    );
    let publisher = &options.case.roles()[0];
    let joined = lobby.join(publisher, &urgent.handle(), 0)?;
    let _ = keeper.sender().send(joined.session);
    let early = (joins / 5).max(1);
    let handle = relaxed.handle();
    let come_and_go = |i: usize| {
        let number = 1 + i as u32;
        let mut joined = lobby.join(&options.case.viewer(number, false), &handle, publisher.tracks.len())?;
        handle.remove(number);
        joined.session.leave()?;
        Ok(joined.latency)
    };
    let (began, empty, cpu) = (Instant::now(), server.rss(), server.cpu());
    let mut latencies = several(early, come_and_go)?;
    thread::sleep(SETTLE);
    let rss_early = server.rss();
    latencies.extend(several(joins - early, |i| come_and_go(early + i))?);
    let took = began.elapsed() - SETTLE;
    let cpu = server.cpu() - cpu;
    thread::sleep(SETTLE);
    let rss_end = server.rss();
    let clients = urgent.stop();
    let mut tally = Tally {
        expected: 1,
        received: 1,
        faults: keeper.stop(),
        ..Tally::default()
    };
    tally.lost_clients = clients.iter().filter(|(_, client)| client.is_lost()).count() as u64;
    add_latencies(&mut tally, &latencies);
    goodbye(clients);
    drop(handle);
    relaxed.stop();
    let invalid = tally.invalid();
    let figures = object(json!({
        "case": options.name,
        "joins": joins,
        "early": early,
        "rss_empty_kb": empty,
        "rss_early_kb": rss_early,
        "rss_end_kb": rss_end,
        "growth_percent": round((rss_end as f64 / rss_early.max(1) as f64 - 1.0) * 100.0, 2),
        "joins_per_second": round(joins as f64 / took.as_secs_f64(), 1),
        "cpu_ms_per_join": round(cpu.as_secs_f64() * 1000.0 / joins as f64, 2),
        "join_ms": tally.figures()["join_ms"],
        "connect_ms": tally.figures()["connect_ms"],
        "invalid": invalid,
    }));
    Ok((figures, invalid))
}
