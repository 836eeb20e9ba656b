//! The engine as its owner sees it.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, unbounded};
use tertulia_sfu::chunks::Chunk;
use tertulia_sfu::command::{Binding, Command, SlotSpec, SourceSpec, Wish};
use tertulia_sfu::config::Config;
use tertulia_sfu::keys;
use tertulia_sfu::stats::ConnectionStats;
use tertulia_sfu::types::{ConnectionId, Fingerprint, IceCredentials, Path, RoomKey, SlotId, SourceId};

use crate::board::Board;
use crate::control::{Control, FrontMessage, Message, WorkerHandle};
use crate::credentials;
use crate::crossing;
use crate::demux::Routes;
use crate::directory::Opened;
use crate::event::{Event, EventQueue};
use crate::front::Front;
use crate::outlet::{Aside, Outlet, Reporter};
use crate::places::Places;
use crate::queue::{HandOver, Heading, Inbox, Parcel, hand_over};
use crate::relaying::Relaying;
use crate::send::SendBatch;
use crate::socket::{Socket, bind_all};
use crate::sorter::{Others, Sorter};
use crate::streaming::Streaming;
use crate::streams::{CertificateError, StreamKind, server_config};
use crate::wait::Wake;
use crate::worker::{Input, Parts, Worker};

/// Sockets are numbered by one byte in a `Path`, which names other roads beside.
const SOCKETS_MAX: usize = Path::RELAYED as usize;

#[derive(Debug, Clone)]
pub struct EngineConfig {
    /// Port 0 picks a free one; a wildcard keeps each datagram's local address.
    pub bind: Vec<SocketAddr>,
    /// Media threads, at least 1.
    pub workers: usize,
    /// So many connections, and slots of theirs in which something is bound, has a room on one worker before it takes another one. What
    /// crosses between workers costs a little, so a small room does without.
    pub room_share: usize,
    /// Drop datagrams whose source is not an address of this machine.
    pub local_only: bool,
    /// Send bursts with UDP segmentation where the kernel has it.
    pub segmentation: bool,
    /// TURN on the UDP sockets, and on streams that say so. None: STUN is answered, TURN is dropped.
    pub relay: Option<tertulia_relay::Config>,
    /// Addresses that are ours besides the interfaces', such as those before a one-to-one NAT.
    pub own: Vec<IpAddr>,
    /// Told as relayed addresses in place of local ones of the same family; ours, too.
    pub public: Vec<IpAddr>,
    pub sfu: Config,
}

impl Default for EngineConfig {
    fn default() -> EngineConfig {
        EngineConfig {
            bind: vec![],
            workers: 1,
            room_share: 150,
            local_only: false,
            segmentation: true,
            relay: None,
            own: vec![],
            public: vec![],
            sfu: Config::default(),
        }
    }
}

/// The other side of a connection, as its offer or answer described it.
#[derive(Debug, Clone)]
pub struct Peer {
    pub credentials: IceCredentials,
    pub fingerprint: Fingerprint,
    /// We start DTLS: the peer said `setup:passive`.
    pub dtls_active: bool,
}

/// UDP sockets, media threads and everything that forwards. Ids are chosen by the caller and unique for the engine's life;
/// a call that names something unknown, or makes something that exists, does nothing.
pub struct Engine {
    control: Arc<Control>,
    addresses: Vec<SocketAddr>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Engine {
    pub fn start(config: EngineConfig) -> io::Result<Engine> {
        if config.workers == 0 || config.bind.is_empty() || config.bind.len() > SOCKETS_MAX {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "an engine needs a worker and 1 to 254 addresses",
            ));
        }
        let sockets: Arc<[Socket]> = bind_all(&config.bind)?.into();
        let addresses: Vec<_> = sockets.iter().map(Socket::address).collect();
        let (handles, receivers): (Vec<WorkerHandle>, Vec<Receiver<Message>>) = (0..config.workers)
            .map(|_| worker_handle())
            .collect::<io::Result<Vec<_>>>()?
            .into_iter()
            .unzip();
        let (changes, change_receiver) = unbounded();
        let (hand_overs, inboxes): (Vec<HandOver<Heading>>, Vec<Inbox<Heading>>) = handles
            .iter()
            .skip(1)
            .map(|handle| hand_over(handle.wake.clone()))
            .unzip();
        let is_alone = config.workers == 1;
        let others = Others {
            changes: change_receiver,
            hand_overs,
            routes: Routes::default(),
        };
        let wakes: Vec<_> = handles.iter().map(|handle| handle.wake.clone()).collect();
        let crossings = crossing::connect(&wakes);
        let (asides, return_inboxes) = asides(&handles);
        let segmentation = config.segmentation && sockets.iter().all(Socket::has_segmentation);
        let relaying = config.relay.map(|relay| {
            let places = Places::new(config.own, config.public, addresses.clone());
            Relaying::new(relay, places, config.local_only, segmentation)
        });
        let front = Front::new(
            sockets.clone(),
            Sorter::new(config.local_only, (!is_alone).then_some(others)),
            relaying.transpose()?,
            Streaming::new(config.local_only)?,
            return_inboxes,
        );
        let control = Arc::new(Control::new(
            handles,
            config.room_share,
            (!is_alone).then_some(changes.clone()),
            EventQueue::new()?,
        ));

        let engine = Engine {
            control: control.clone(),
            addresses,
            threads: Mutex::default(),
        };
        let inputs = [Input::Front(Box::new(front))]
            .into_iter()
            .chain(inboxes.into_iter().map(Input::Inbox));
        let ends = inputs.zip(receivers).zip(asides).zip(crossings);
        for (index, (((input, messages), aside), crossings)) in ends.enumerate() {
            let reporter = (!is_alone).then(|| Reporter {
                changes: changes.clone(),
                worker: index,
            });
            let handle = &control.workers[index];
            let parts = Parts {
                index,
                control: control.clone(),
                board: handle.board.clone(),
                messages,
                wake: handle.wake.clone(),
                input,
                crossings,
                out: Outlet::new(SendBatch::new(sockets.clone(), segmentation), aside, reporter),
                config: config.sfu.clone(),
            };
            // When this fails, dropping `engine` stops the threads before it.
            let thread = thread::Builder::new()
                .name(format!("tertulia-w{index}"))
                .spawn(move || Worker::new(parts).run())?;
            engine.threads().push(thread);
        }
        Ok(engine)
    }

    /// The bound addresses, ports filled in.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Of the process's DTLS certificate.
    pub fn fingerprint(&self) -> Fingerprint {
        keys::certificate_fingerprint()
    }

    /// Our side's credentials for a connection that is opened later: an offer of ours tells them before the peer is known.
    pub fn ice_credentials() -> IceCredentials {
        credentials::generate()
    }

    /// Makes an ICE-lite transport for the peer; gives our credentials.
    pub fn open(&self, connection: ConnectionId, room: RoomKey, peer: Peer) -> IceCredentials {
        self.open_with(connection, room, Self::ice_credentials(), peer)
    }

    /// The same with credentials that `ice_credentials` gave; each pair is for one connection.
    pub fn open_with(
        &self,
        connection: ConnectionId,
        room: RoomKey,
        local: IceCredentials,
        peer: Peer,
    ) -> IceCredentials {
        let command = Command::Open {
            connection,
            room,
            local: local.clone(),
            remote: peer.credentials,
            fingerprint: peer.fingerprint,
            dtls_active: peer.dtls_active,
        };
        self.place(connection, room, Some(&local.ufrag), command);
        local
    }

    /// A connection without a transport: its client sends and gets encoded chunks, which the caller carries.
    pub fn open_chunked(&self, connection: ConnectionId, room: RoomKey) {
        self.place(connection, room, None, Command::OpenChunked { connection, room });
    }

    /// Has a worker open a connection; `fragment`: by which its datagrams find it.
    fn place(&self, connection: ConnectionId, room: RoomKey, fragment: Option<&str>, open: Command) {
        let mut directory = self.control.directory();
        let Some(Opened { worker, host, spread }) = directory.open(connection, room, fragment) else {
            return;
        };
        if let Some(fragment) = fragment {
            self.control.add_fragment(fragment, worker);
        }
        self.control.send(worker, Message::Command(open));
        if host.is_some() {
            self.control
                .send(worker, Message::Command(Command::Host { room, host }));
        }
        self.control.spread(room, spread);
    }

    /// New remote credentials; gives our new ones. The old path serves until a new one is validated.
    pub fn restart_ice(&self, connection: ConnectionId, remote: IceCredentials) -> IceCredentials {
        let local = credentials::generate();
        let mut directory = self.control.directory();
        if let Some((worker, too_old)) = directory.restart_ice(connection, &local.ufrag) {
            self.control.remove_fragments(too_old);
            self.control.add_fragment(&local.ufrag, worker);
            let command = Command::RestartIce {
                connection,
                local: local.clone(),
                remote,
            };
            self.control.send(worker, Message::Command(command));
        }
        local
    }

    pub fn close(&self, connection: ConnectionId) {
        let mut directory = self.control.directory();
        if let Some(closed) = directory.close(connection) {
            self.control
                .send(closed.worker, Message::Command(Command::Close { connection }));
            self.control.clear_up(closed);
        }
    }

    /// Whose connection it is, for messages on data channels, and whether he may send any. A name has 1 to 255 bytes.
    pub fn member(&self, connection: ConnectionId, name: String, sends: bool) {
        let command = Command::Member {
            connection,
            name,
            sends,
        };
        self.control
            .command(|directory| directory.of_connection(connection), command);
    }

    pub fn add_source(&self, connection: ConnectionId, source: SourceId, spec: SourceSpec) {
        self.control.command_with(|directory| {
            let worker = directory.add_source(connection, source, &spec)?;
            let command = Command::AddSource {
                connection,
                source,
                spec,
            };
            Some((worker, command))
        });
    }

    pub fn remove_source(&self, source: SourceId) {
        self.control.command(
            |directory| directory.remove_source(source),
            Command::RemoveSource { source },
        );
    }

    /// False: its packets are dropped on arrival.
    pub fn enable_source(&self, source: SourceId, enabled: bool) {
        self.control.command(
            |directory| directory.of_source(source),
            Command::EnableSource { source, enabled },
        );
    }

    /// True: a voice that is heard however many speak.
    pub fn favour_source(&self, source: SourceId, favoured: bool) {
        self.control.command(
            |directory| directory.of_source(source),
            Command::Favour { source, favoured },
        );
    }

    pub fn request_key_frame(&self, source: SourceId) {
        self.control.command(
            |directory| directory.of_source(source),
            Command::RequestKeyFrame { source },
        );
    }

    /// What a source of a connection without a transport sends next.
    pub fn chunk(&self, source: SourceId, chunk: Chunk) {
        self.control.command(
            |directory| directory.of_source(source),
            Command::Chunk { source, chunk },
        );
    }

    /// Who gets chunks in this slot has left some out, and needs a key frame.
    pub fn refresh_slot(&self, slot: SlotId) {
        self.control
            .command(|directory| directory.of_slot(slot), Command::RefreshSlot { slot });
    }

    pub fn add_slot(&self, connection: ConnectionId, slot: SlotId, spec: SlotSpec) {
        let command = Command::AddSlot { connection, slot, spec };
        self.control
            .command(|directory| directory.add_slot(connection, slot), command);
    }

    pub fn remove_slot(&self, slot: SlotId) {
        self.control
            .command(|directory| directory.remove_slot(slot), Command::RemoveSlot { slot });
    }

    /// Puts a source into a slot; None empties it.
    pub fn bind(&self, slot: SlotId, to: Option<Binding>) {
        self.control.command_with(|directory| directory.bind(slot, to));
    }

    pub fn pause_slot(&self, slot: SlotId, paused: bool) {
        self.control
            .command(|directory| directory.of_slot(slot), Command::PauseSlot { slot, paused });
    }

    /// What the viewer's tile calls for.
    pub fn wish(&self, slot: SlotId, wish: Wish) {
        self.control
            .command(|directory| directory.of_slot(slot), Command::Wish { slot, wish });
    }

    /// For tests of the isolation: panics inside a connection.
    pub fn crash_connection(&self, connection: ConnectionId) {
        let command = Command::Crash {
            connection: Some(connection),
        };
        self.control
            .command(|directory| directory.of_connection(connection), command);
    }

    /// For tests of the isolation: panics in a worker.
    pub fn crash_worker(&self, worker: usize) {
        if worker < self.control.workers.len() {
            self.control
                .send(worker, Message::Command(Command::Crash { connection: None }));
        }
    }

    /// For tests of the isolation: keeps a worker from all else for so long.
    pub fn stall_worker(&self, worker: usize, time: Duration) {
        if worker < self.control.workers.len() {
            self.control.send(worker, Message::Stall(time));
        }
    }

    /// Takes a connected, non-blocking TCP socket whose first bytes [`classify`](crate::classify) found to be of this kind; nothing of it was read.
    /// It is closed when it is of no use.
    pub fn adopt(&self, socket: OwnedFd, kind: StreamKind) {
        self.control.send(0, Message::Front(FrontMessage::Adopt(socket, kind)));
    }

    /// For streams that begin with TLS from now on, which without one are closed. The chain begins with the server's own certificate.
    pub fn set_certificate(&self, chain_pem: &[u8], key_pem: &[u8]) -> Result<(), CertificateError> {
        let tls = server_config(chain_pem, key_pem)?;
        self.control.send(0, Message::Front(FrontMessage::Certificate(tls)));
        Ok(())
    }

    /// For tests of the isolation: panics in the relay.
    pub fn crash_relay(&self) {
        self.control.send(0, Message::Front(FrontMessage::CrashRelay));
    }

    /// Readable while events wait.
    pub fn event_fd(&self) -> RawFd {
        self.control.events.as_raw_fd()
    }

    /// All events since the last call.
    pub fn poll_events(&self) -> VecDeque<Event> {
        self.control.events.take()
    }

    /// Totals of all workers since the start.
    pub fn counters(&self) -> BTreeMap<&'static str, u64> {
        let mut totals = BTreeMap::new();
        for worker in &self.control.workers {
            for (name, value) in worker.board.counters().entries() {
                *totals.entry(name).or_insert(0) += value;
            }
        }
        totals.insert("connections", self.control.directory().connections() as u64);
        totals
    }

    /// As of at most a second ago, while there is traffic.
    pub fn connection_stats(&self, connection: ConnectionId) -> Option<ConnectionStats> {
        let worker = self.control.directory().of_connection(connection)?;
        self.control.workers[worker].board.connection(connection)
    }

    /// What `read` makes of all connections, each with the moment of which its numbers are: at most a second ago, while there is traffic.
    pub fn read_connections<T>(&self, mut read: impl FnMut(Instant, ConnectionId, &ConnectionStats) -> T) -> Vec<T> {
        let workers = self.control.workers.iter();
        workers
            .flat_map(|worker| worker.board.read_connections(&mut read))
            .collect()
    }

    /// Ends the threads and closes the sockets. Safe to call twice.
    pub fn stop(&self) {
        let threads = std::mem::take(&mut *self.threads());
        // Worker 0 last: what the others say at their end may leave by its relay and streams.
        for (worker, thread) in threads.into_iter().enumerate().rev() {
            self.control.send(worker, Message::Stop);
            // A worker catches its panics; one that escaped was printed by the panic hook.
            let _ = thread.join();
        }
    }

    fn threads(&self) -> std::sync::MutexGuard<'_, Vec<JoinHandle<()>>> {
        self.threads.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Where each worker puts what does not leave by a UDP socket, and the front's ends of it.
fn asides(handles: &[WorkerHandle]) -> (Vec<Aside>, Vec<Inbox>) {
    let (hand_overs, inboxes): (Vec<HandOver>, Vec<Inbox>) = handles
        .iter()
        .skip(1)
        .map(|_| hand_over(handles[0].wake.clone()))
        .unzip();
    let here = Aside::Here(Parcel::default());
    let asides = [here].into_iter().chain(hand_overs.into_iter().map(Aside::Front));
    (asides.collect(), inboxes)
}

fn worker_handle() -> io::Result<(WorkerHandle, Receiver<Message>)> {
    let (messages, receiver) = unbounded();
    let handle = WorkerHandle {
        messages,
        wake: Arc::new(Wake::new()?),
        board: Arc::new(Board::default()),
    };
    Ok((handle, receiver))
}
