//! A whole `str0m` client against our transport, joined by a network in one process; time is made up.
#![allow(clippy::disallowed_methods)]

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use str0m::channel::ChannelConfig;
use str0m::net::{Protocol, Receive};
use str0m::{Candidate, Event, IceConnectionState, IceCreds, Input, Output, Rtc};
use tertulia_sfu::keys::certificate_fingerprint;
use tertulia_sfu::transport::{Transport, TransportError, TransportEvent, TransportOutput, TransportParams};
use tertulia_sfu::types::{CloseReason, Fingerprint, IceCredentials};

/// Where the client believes the server to be; `Transport` never learns of it.
const SERVER: &str = "203.0.113.5:7000";
const CLIENT: &str = "198.51.100.7:5000";
const MOVED: &str = "198.51.100.7:6000";

struct Network {
    client: Rtc,
    server: Transport,
    client_addr: SocketAddr,
    now: Instant,
    /// What the client sends is lost.
    client_silent: bool,
    events: Vec<TransportEvent>,
    client_events: Vec<Event>,
    server_timeout: Instant,
    client_timeout: Instant,
}

struct Setup {
    dtls_active: bool,
    fingerprint: Option<Fingerprint>,
    client_believes_pwd: Option<&'static str>,
    client_certificate_expected: bool,
}

impl Default for Setup {
    fn default() -> Setup {
        Setup {
            dtls_active: false,
            fingerprint: None,
            client_believes_pwd: None,
            client_certificate_expected: true,
        }
    }
}

fn credentials(side: &str) -> IceCredentials {
    IceCredentials {
        ufrag: format!("{side}ufrag"),
        pwd: format!("{side}-password-of-22-bytes"),
    }
}

fn creds(credentials: &IceCredentials) -> IceCreds {
    IceCreds {
        ufrag: credentials.ufrag.clone(),
        pass: credentials.pwd.clone(),
    }
}

impl Network {
    fn new(setup: Setup) -> Network {
        let now = Instant::now();
        let client_addr: SocketAddr = CLIENT.parse().unwrap();
        let (ours, theirs) = (credentials("server"), credentials("client"));
        let mut client = Rtc::builder().set_local_ice_credentials(creds(&theirs)).build(now);
        client.add_local_candidate(Candidate::host(client_addr, "udp").unwrap());
        client.add_remote_candidate(Candidate::host(SERVER.parse().unwrap(), "udp").unwrap());
        let mut believed = ours.clone();
        if let Some(pwd) = setup.client_believes_pwd {
            believed.pwd = pwd.into();
        }
        let mut api = client.direct_api();
        api.set_ice_controlling(true);
        api.set_remote_ice_credentials(creds(&believed));
        let bytes = if setup.client_certificate_expected {
            certificate_fingerprint().0.to_vec()
        } else {
            vec![0; 32]
        };
        api.set_remote_fingerprint(str0m::crypto::Fingerprint {
            hash_func: "sha-256".into(),
            bytes,
        });
        api.start_dtls(!setup.dtls_active).unwrap();
        api.start_sctp(true);
        api.create_data_channel(ChannelConfig {
            label: "tertulia".into(),
            ..Default::default()
        });
        let fingerprint = api.local_dtls_fingerprint().to_string().parse().unwrap();
        let params = TransportParams {
            local: ours,
            remote: theirs,
            fingerprint: setup.fingerprint.unwrap_or(fingerprint),
            dtls_active: setup.dtls_active,
        };
        let server = Transport::new(params, now).unwrap();
        Network {
            client,
            server,
            client_addr,
            now,
            client_silent: false,
            events: Vec::new(),
            client_events: Vec::new(),
            server_timeout: now,
            client_timeout: now,
        }
    }

    /// Lets everything happen that happens now.
    fn settle(&mut self) {
        loop {
            let to_server = self.poll_client();
            for datagram in &to_server {
                if !self.client_silent {
                    let _ = self.server.handle_datagram(self.client_addr, datagram, self.now);
                    self.poll_server();
                }
            }
            let to_client = self.poll_server();
            if to_server.is_empty() && !to_client {
                return;
            }
        }
    }

    fn poll_client(&mut self) -> Vec<Vec<u8>> {
        let mut sent = Vec::new();
        while self.client.is_alive() {
            match self.client.poll_output() {
                Ok(Output::Transmit(transmit)) => sent.push(transmit.contents.into()),
                Ok(Output::Event(event)) => self.client_events.push(event),
                Ok(Output::Timeout(at)) => {
                    self.client_timeout = at;
                    break;
                }
                Err(_) => break,
            }
        }
        sent
    }

    /// Whether anything was sent.
    fn poll_server(&mut self) -> bool {
        let mut sent = false;
        loop {
            match self.server.poll_output() {
                TransportOutput::Transmit { to, contents } => {
                    assert!(!(128..192).contains(&contents[0]), "neither RTP nor RTCP");
                    if to == self.client_addr {
                        sent = true;
                        let from = SERVER.parse().unwrap();
                        let receive = Receive::new(Protocol::Udp, from, to, &contents).unwrap();
                        let _ = self.client.handle_input(Input::Receive(self.now, receive));
                    }
                }
                TransportOutput::Event(event) => self.events.push(event),
                TransportOutput::Timeout(at) => {
                    self.server_timeout = at;
                    return sent;
                }
            }
        }
    }

    fn run(&mut self, duration: Duration) {
        let end = self.now + duration;
        self.settle();
        while self.now < end {
            let next = self
                .client_timeout
                .min(self.server_timeout)
                .max(self.now + Duration::from_millis(1));
            self.now = next.min(end);
            let _ = self.client.handle_input(Input::Timeout(self.now));
            if self.server_timeout <= self.now {
                self.server.handle_timeout(self.now);
            }
            self.settle();
        }
    }

    fn closed(&self) -> Vec<CloseReason> {
        let reason = |event: &TransportEvent| match event {
            TransportEvent::Closed(reason) => Some(*reason),
            _ => None,
        };
        self.events.iter().filter_map(reason).collect()
    }

    fn secured(&self) -> usize {
        self.events
            .iter()
            .filter(|event| matches!(event, TransportEvent::Secured(_)))
            .count()
    }

    /// Without the repeats that each further nomination makes.
    fn selected(&self) -> Vec<SocketAddr> {
        let selected = |event: &TransportEvent| match event {
            TransportEvent::PathSelected(addr) => Some(*addr),
            _ => None,
        };
        let mut selected: Vec<_> = self.events.iter().filter_map(selected).collect();
        selected.dedup();
        selected
    }
}

const SOON: Duration = Duration::from_secs(3);

fn assert_connected(network: &Network) {
    assert_eq!(network.secured(), 1);
    assert_eq!(network.closed(), []);
    assert_eq!(network.selected(), [network.client_addr]);
    assert!(
        network
            .client_events
            .iter()
            .any(|event| matches!(event, Event::Connected))
    );
    let opened = |event: &Event| matches!(event, Event::ChannelOpen(_, label) if label == "tertulia");
    assert!(network.client_events.iter().any(opened), "the SCTP association is up");
}

#[test]
fn a_client_connects_as_dtls_client() {
    let mut network = Network::new(Setup::default());
    network.run(SOON);
    assert_connected(&network);
    let first_validated = network
        .events
        .iter()
        .position(|event| matches!(event, TransportEvent::PathValidated(_)));
    assert_eq!(first_validated, Some(0), "nothing is selected before it is proven");
}

#[test]
fn a_client_connects_as_dtls_server() {
    let mut network = Network::new(Setup {
        dtls_active: true,
        ..Default::default()
    });
    network.run(SOON);
    assert_connected(&network);
}

#[test]
fn a_connection_lasts_as_long_as_checks_come() {
    let mut network = Network::new(Setup::default());
    network.run(Duration::from_secs(300));
    assert_connected(&network);
}

#[test]
fn a_silent_client_loses_consent_after_twenty_seconds() {
    let mut network = Network::new(Setup::default());
    network.run(SOON);
    network.client_silent = true;
    network.run(Duration::from_secs(15));
    assert_eq!(network.closed(), []);
    network.run(Duration::from_secs(6));
    assert_eq!(network.closed(), [CloseReason::ConsentExpired]);
    network.run(Duration::from_secs(60));
    assert_eq!(network.closed().len(), 1);
}

#[test]
fn a_client_may_be_silent_for_fourteen_seconds() {
    let mut network = Network::new(Setup::default());
    network.run(SOON);
    network.client_silent = true;
    network.run(Duration::from_secs(14));
    network.client_silent = false;
    network.run(Duration::from_secs(60));
    assert_connected(&network);
}

#[test]
fn nobody_ever_coming_closes_it_too() {
    let mut network = Network::new(Setup::default());
    network.client_silent = true;
    network.run(Duration::from_secs(21));
    assert_eq!(network.closed(), [CloseReason::ConsentExpired]);
}

#[test]
fn another_certificate_than_announced_fails() {
    let mut network = Network::new(Setup {
        fingerprint: Some(Fingerprint([7; 32])),
        ..Default::default()
    });
    network.run(SOON);
    assert_eq!(
        (network.secured(), network.closed()),
        (0, vec![CloseReason::DtlsFailed])
    );
    let mut network = Network::new(Setup {
        fingerprint: Some(Fingerprint([7; 32])),
        dtls_active: true,
        ..Default::default()
    });
    network.run(SOON);
    assert_eq!(
        (network.secured(), network.closed()),
        (0, vec![CloseReason::DtlsFailed])
    );
}

#[test]
fn a_client_that_refuses_our_certificate_is_closed_in_the_end() {
    let mut network = Network::new(Setup {
        client_certificate_expected: false,
        ..Default::default()
    });
    network.run(Duration::from_secs(40));
    assert_eq!(network.closed().len(), 1);
}

#[test]
fn a_wrong_password_teaches_no_path() {
    let mut network = Network::new(Setup {
        client_believes_pwd: Some("a-wrong-password-of-22"),
        ..Default::default()
    });
    network.run(SOON);
    assert!(network.events.is_empty(), "{:?}", network.events);
    assert_eq!(network.server.selected(), None);
}

#[test]
fn a_client_that_moves_is_followed() {
    let mut network = Network::new(Setup::default());
    network.run(SOON);
    // The same checks from another port, as behind a NAT that forgot the mapping.
    network.client_addr = MOVED.parse().unwrap();
    network.run(Duration::from_secs(10));
    assert_eq!(network.selected(), [CLIENT.parse().unwrap(), MOVED.parse().unwrap()]);
    assert_eq!(network.closed(), []);
}

#[test]
fn a_restart_takes_new_credentials_and_keeps_the_session() {
    let mut network = Network::new(Setup::default());
    network.run(SOON);
    let (ours, theirs) = (credentials("new-server"), credentials("new-client"));
    network.server.restart_ice(ours.clone(), theirs.clone());
    network.run(Duration::from_secs(5));
    let validated = |network: &Network| {
        network
            .events
            .iter()
            .filter(|event| matches!(event, TransportEvent::PathValidated(_)))
            .count()
    };
    let before = validated(&network);
    network.run(Duration::from_secs(5));
    assert_eq!(
        validated(&network),
        before,
        "checks with the old credentials are refused"
    );
    let mut api = network.client.direct_api();
    api.set_local_ice_credentials(creds(&theirs));
    api.set_remote_ice_credentials(creds(&ours));
    network.run(Duration::from_secs(60));
    assert!(validated(&network) > before);
    assert_connected(&network);
}

#[test]
fn a_client_that_says_goodbye_ends_it_at_once() {
    let mut network = Network::new(Setup::default());
    network.run(SOON);
    network.client.close().unwrap();
    network.run(Duration::from_secs(1));
    assert_eq!(network.closed(), [CloseReason::DtlsClosed]);
}

#[test]
fn our_goodbye_reaches_the_client() {
    let mut network = Network::new(Setup::default());
    network.run(SOON);
    network.server.close();
    network.run(Duration::from_secs(1));
    assert!(network.client_events.iter().any(|event| matches!(event, Event::Closed)));
    assert_eq!(network.closed(), []);
}

#[test]
fn garbage_from_a_proven_address_does_not_end_a_secured_connection() {
    let mut network = Network::new(Setup::default());
    network.run(SOON);
    let from = network.client_addr;
    for garbage in [
        &[22u8, 254, 253][..],
        &[23; 100],
        &[20, 0, 0, 0, 0],
        &[0, 1, 0, 0],
        &[0; 20],
        &[3; 40],
    ] {
        let _ = network.server.handle_datagram(from, garbage, network.now);
        network.settle();
    }
    let rtp = network.server.handle_datagram(from, &[0x80; 20], network.now);
    assert!(matches!(rtp, Err(TransportError::Datagram(_))));
    network.run(Duration::from_secs(30));
    assert_connected(&network);
    let disconnected = Event::IceConnectionStateChange(IceConnectionState::Disconnected);
    assert!(!network.client_events.contains(&disconnected));
}
