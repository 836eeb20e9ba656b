//! The one class.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::os::fd::{FromRawFd, OwnedFd, RawFd};
use std::time::Instant;

use pyo3::exceptions::{PyOSError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyList, PyMapping};
use tertulia_engine::{EngineConfig, FirstBytes, Peer};
use tertulia_sfu::chunks::Chunk;
use tertulia_sfu::command::{Binding, SlotSpec, SourceSpec, Wish};
use tertulia_sfu::config::Config;
use tertulia_sfu::types::{Codec, ConnectionId, Fingerprint, IceCredentials, RoomKey, SlotId, SourceId};

use crate::convert::{Encoding, encodings_of, event_tuple, extensions_of, flat_stats, media_kind, stream_kind};
use crate::relay::relay_config;
use crate::statistics::{ConnectionRow, connection_row};

#[pyclass(frozen, module = "tertulia._media")]
pub struct Engine {
    engine: tertulia_engine::Engine,
    test_commands: bool,
    /// Zero of the times in `statistics`.
    started: Instant,
}

#[pymethods]
impl Engine {
    #[new]
    #[pyo3(signature = (*, bind, workers = 1, room_share = None, local_only = false, gso = true, relay = None, own = vec![], public = vec![], loudest = None, test_commands = false))]
    #[expect(clippy::too_many_arguments, reason = "keyword arguments of Python")]
    fn new(
        py: Python<'_>,
        bind: Vec<String>,
        workers: usize,
        room_share: Option<usize>,
        local_only: bool,
        gso: bool,
        relay: Option<&Bound<'_, PyMapping>>,
        own: Vec<String>,
        public: Vec<String>,
        loudest: Option<usize>,
        test_commands: bool,
    ) -> PyResult<Engine> {
        if workers == 0 {
            return Err(PyValueError::new_err("workers must be at least 1"));
        }
        if bind.is_empty() || bind.len() > 254 {
            return Err(PyValueError::new_err("bind must name 1 to 254 addresses"));
        }
        let relay = relay.map(relay_config).transpose()?;
        let (own, public) = (ips(&own)?, ips(&public)?);
        let started = Instant::now();
        // A name may have to be looked up.
        let engine = py.detach(|| {
            let bind = bind.iter().map(|text| resolve(text)).collect::<io::Result<Vec<_>>>()?;
            let mut sfu = Config::default();
            sfu.loudest = loudest.unwrap_or(sfu.loudest);
            let config = EngineConfig {
                bind,
                workers,
                room_share: room_share.unwrap_or(EngineConfig::default().room_share),
                local_only,
                segmentation: gso,
                relay,
                own,
                public,
                sfu,
            };
            tertulia_engine::Engine::start(config)
        });
        Ok(Engine {
            engine: engine.map_err(os_error)?,
            test_commands,
            started,
        })
    }

    fn addresses(&self) -> Vec<String> {
        self.engine.addresses().iter().map(SocketAddr::to_string).collect()
    }

    fn fingerprint(&self) -> String {
        self.engine.fingerprint().to_string()
    }

    #[staticmethod]
    fn ice_credentials() -> (String, String) {
        let local = tertulia_engine::Engine::ice_credentials();
        (local.ufrag, local.pwd)
    }

    #[pyo3(signature = (connection, *, room, ice_ufrag, ice_pwd, fingerprint, dtls_active, local = None))]
    #[expect(clippy::too_many_arguments, reason = "keyword arguments of Python")]
    fn open(
        &self,
        connection: u64,
        room: u64,
        ice_ufrag: String,
        ice_pwd: String,
        fingerprint: &str,
        dtls_active: bool,
        local: Option<(String, String)>,
    ) -> PyResult<(String, String)> {
        let fingerprint: Fingerprint = fingerprint
            .parse()
            .map_err(|error| PyValueError::new_err(format!("{error}")))?;
        let credentials = IceCredentials {
            ufrag: ice_ufrag,
            pwd: ice_pwd,
        };
        let peer = Peer {
            credentials,
            fingerprint,
            dtls_active,
        };
        let local = match local {
            Some((ufrag, pwd)) => IceCredentials { ufrag, pwd },
            None => tertulia_engine::Engine::ice_credentials(),
        };
        let local = self
            .engine
            .open_with(ConnectionId(connection), RoomKey(room), local, peer);
        Ok((local.ufrag, local.pwd))
    }

    #[pyo3(signature = (connection, *, room))]
    fn open_chunked(&self, connection: u64, room: u64) {
        self.engine.open_chunked(ConnectionId(connection), RoomKey(room));
    }

    #[pyo3(signature = (source, *, key, time, bytes, level = None))]
    fn chunk(&self, source: u64, key: bool, time: u64, bytes: &[u8], level: Option<u8>) {
        let chunk = Chunk {
            key,
            time,
            level,
            bytes: bytes.to_vec(),
        };
        self.engine.chunk(SourceId(source), chunk);
    }

    fn refresh_slot(&self, slot: u64) {
        self.engine.refresh_slot(SlotId(slot));
    }

    #[pyo3(signature = (connection, *, ice_ufrag, ice_pwd))]
    fn restart_ice(&self, connection: u64, ice_ufrag: String, ice_pwd: String) -> (String, String) {
        let remote = IceCredentials {
            ufrag: ice_ufrag,
            pwd: ice_pwd,
        };
        let local = self.engine.restart_ice(ConnectionId(connection), remote);
        (local.ufrag, local.pwd)
    }

    fn member(&self, connection: u64, name: String, sends: bool) -> PyResult<()> {
        if !(1..=255).contains(&name.len()) {
            return Err(PyValueError::new_err("a name has 1 to 255 bytes"));
        }
        self.engine.member(ConnectionId(connection), name, sends);
        Ok(())
    }

    fn close(&self, connection: u64) {
        self.engine.close(ConnectionId(connection));
    }

    #[pyo3(signature = (connection, source, *, kind, codec, mid, clock_rate, payload_type, rtx_payload_type, encodings, nack, extensions, red_payload_type = None))]
    #[expect(clippy::too_many_arguments, reason = "keyword arguments of Python")]
    fn add_source(
        &self,
        connection: u64,
        source: u64,
        kind: &str,
        codec: &str,
        mid: String,
        clock_rate: u32,
        payload_type: u8,
        rtx_payload_type: Option<u8>,
        encodings: Vec<Encoding>,
        nack: bool,
        extensions: &Bound<'_, PyMapping>,
        red_payload_type: Option<u8>,
    ) -> PyResult<()> {
        let spec = SourceSpec {
            kind: media_kind(kind)?,
            codec: Codec::from_name(codec),
            mid,
            clock_rate,
            payload_type,
            rtx_payload_type,
            red_payload_type,
            encodings: encodings_of(encodings)?,
            nack,
            extensions: extensions_of(extensions)?,
        };
        self.engine.add_source(ConnectionId(connection), SourceId(source), spec);
        Ok(())
    }

    fn remove_source(&self, source: u64) {
        self.engine.remove_source(SourceId(source));
    }

    fn enable_source(&self, source: u64, enabled: bool) {
        self.engine.enable_source(SourceId(source), enabled);
    }

    fn favour_source(&self, source: u64, favoured: bool) {
        self.engine.favour_source(SourceId(source), favoured);
    }

    fn request_key_frame(&self, source: u64) {
        self.engine.request_key_frame(SourceId(source));
    }

    #[pyo3(signature = (connection, slot, *, kind, mid, ssrc, rtx_ssrc, transport_cc, extensions))]
    #[expect(clippy::too_many_arguments, reason = "keyword arguments of Python")]
    fn add_slot(
        &self,
        connection: u64,
        slot: u64,
        kind: &str,
        mid: String,
        ssrc: u32,
        rtx_ssrc: u32,
        transport_cc: bool,
        extensions: &Bound<'_, PyMapping>,
    ) -> PyResult<()> {
        let extensions = extensions_of(extensions)?;
        let spec = SlotSpec {
            kind: media_kind(kind)?,
            mid,
            ssrc,
            rtx_ssrc,
            extensions,
            transport_cc,
        };
        self.engine.add_slot(ConnectionId(connection), SlotId(slot), spec);
        Ok(())
    }

    fn remove_slot(&self, slot: u64) {
        self.engine.remove_slot(SlotId(slot));
    }

    #[pyo3(signature = (slot, source, *, payload_type = 0, rtx_payload_type = None, red_payload_type = None))]
    fn bind(
        &self,
        slot: u64,
        source: Option<u64>,
        payload_type: u8,
        rtx_payload_type: Option<u8>,
        red_payload_type: Option<u8>,
    ) {
        let to = source.map(|source| Binding {
            source: SourceId(source),
            payload_type,
            rtx_payload_type,
            red_payload_type,
        });
        self.engine.bind(SlotId(slot), to);
    }

    fn pause_slot(&self, slot: u64, paused: bool) {
        self.engine.pause_slot(SlotId(slot), paused);
    }

    #[pyo3(signature = (slot, *, priority, pixels, detail = false))]
    fn wish(&self, slot: u64, priority: u8, pixels: u32, detail: bool) {
        let wish = Wish {
            priority,
            pixels,
            detail,
        };
        self.engine.wish(SlotId(slot), wish);
    }

    #[pyo3(signature = (connection, worker = 0))]
    fn crash(&self, connection: Option<u64>, worker: usize) -> PyResult<()> {
        if !self.test_commands {
            return Err(PyRuntimeError::new_err("this engine was made without test_commands"));
        }
        match connection {
            Some(connection) => self.engine.crash_connection(ConnectionId(connection)),
            None => self.engine.crash_worker(worker),
        }
        Ok(())
    }

    /// The descriptor is ours from here on, also where the engine has stopped.
    fn adopt(&self, fd: RawFd, kind: &str) -> PyResult<()> {
        let kind = stream_kind(kind)?;
        if fd < 0 {
            return Err(PyValueError::new_err("that is no descriptor"));
        }
        // SAFETY: the stub says that the caller gives the descriptor away.
        let socket = unsafe { OwnedFd::from_raw_fd(fd) };
        self.engine.adopt(socket, kind);
        Ok(())
    }

    fn set_certificate(&self, chain: &[u8], key: &[u8]) -> PyResult<()> {
        let set = self.engine.set_certificate(chain, key);
        set.map_err(|error| PyValueError::new_err(error.to_string()))
    }

    fn event_fd(&self) -> RawFd {
        self.engine.event_fd()
    }

    fn poll_events<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let events = PyList::empty(py);
        for event in self.engine.poll_events() {
            events.append(event_tuple(py, event)?)?;
        }
        Ok(events)
    }

    fn counters(&self) -> BTreeMap<&'static str, u64> {
        self.engine.counters()
    }

    fn connection_stats(&self, connection: u64) -> Option<BTreeMap<&'static str, u64>> {
        self.engine
            .connection_stats(ConnectionId(connection))
            .as_ref()
            .map(flat_stats)
    }

    fn statistics(&self) -> Vec<ConnectionRow> {
        let row = |at, connection, stats: &_| connection_row(self.started, at, connection, stats);
        self.engine.read_connections(row)
    }

    fn stop(&self, py: Python<'_>) {
        py.detach(|| self.engine.stop());
    }
}

#[pyfunction]
pub fn classify(first_bytes: &[u8]) -> &'static str {
    match tertulia_engine::classify(first_bytes) {
        FirstBytes::Http => "http",
        FirstBytes::Turn => "turn",
        FirstBytes::Ice => "ice",
        FirstBytes::Tls { http: false } => "tls",
        FirstBytes::Tls { http: true } => "tls_http",
        FirstBytes::More => "more",
        FirstBytes::Unknown => "unknown",
    }
}

fn ips(texts: &[String]) -> PyResult<Vec<IpAddr>> {
    let parsed = texts.iter().map(|text| {
        text.parse()
            .map_err(|error| PyValueError::new_err(format!("{text:?} is no address: {error}")))
    });
    parsed.collect()
}

fn resolve(text: &str) -> io::Result<SocketAddr> {
    let addresses = text.to_socket_addrs();
    let addresses = addresses.map_err(|error| io::Error::new(error.kind(), format!("{text:?} is no address: {error}")));
    addresses?
        .next()
        .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, format!("{text:?} has no address")))
}

/// Always an OSError: some kinds of `io::Error` would become other exceptions.
fn os_error(error: io::Error) -> PyErr {
    match PyErr::from(error) {
        error if Python::attach(|py| error.is_instance_of::<PyOSError>(py)) => error,
        error => PyOSError::new_err(error.to_string()),
    }
}
