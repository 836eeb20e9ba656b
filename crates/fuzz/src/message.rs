//! Messages on data channels.

use tertulia_sfu::data::message::{Fault, Message, NAMES_MAX, PAYLOAD_MAX, VERSION};

/// What is a message has bounds, says whom it is for, and is one again once it is signed: from that one sender, with the rest unchanged.
pub fn message(bytes: &[u8]) {
    let message = match Message::parse(bytes) {
        Ok(message) => message,
        Err(Fault::Version) => return assert_ne!(bytes[0], VERSION),
        Err(Fault::TooLarge) => return assert!(bytes.len() > PAYLOAD_MAX),
        Err(Fault::Malformed) => return,
    };
    let names: Vec<&[u8]> = message.to.iter().collect();
    assert_eq!(names.len(), usize::from(bytes[1]));
    assert!(names.len() <= usize::from(NAMES_MAX));
    let octets: usize = names.iter().map(|name| 1 + name.len()).sum();
    assert_eq!(2 + octets + message.rest.len(), bytes.len());
    for name in &names {
        assert!(!name.is_empty() && message.to.include(name));
    }
    assert_eq!(message.to.include(b"\xffnobody is called that"), names.is_empty());

    let from = names.first().copied().unwrap_or(b"x");
    let signed = message.signed(from);
    let again = Message::parse(&signed).expect("what is signed is a message");
    assert_eq!(again.rest, message.rest);
    assert!(again.to.iter().eq([from]));
}
