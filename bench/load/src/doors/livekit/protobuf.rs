//! LiveKit's first messages, which come as protobuf before it has seen that we speak JSON: as far as we need them, as the JSON of them.

use serde_json::{Map, Value, json};

/// What a field is, where we read it: its name in JSON, and what is in it.
#[derive(Clone, Copy)]
enum Shape {
    Text,
    Number,
    Message(&'static [(u32, &'static str, Shape)]),
    /// The same, more than once.
    List(&'static [(u32, &'static str, Shape)]),
}

type Fields = &'static [(u32, &'static str, Shape)];

// The numbers are those of livekit_rtc.proto and livekit_models.proto.
const TRACK: Fields = &[(1, "sid", Shape::Text)];
const PARTICIPANT: Fields = &[(1, "sid", Shape::Text), (4, "tracks", Shape::List(TRACK))];
const JOIN: Fields = &[
    (2, "participant", Shape::Message(PARTICIPANT)),
    (3, "otherParticipants", Shape::List(PARTICIPANT)),
];
const DESCRIPTION: Fields = &[
    (1, "type", Shape::Text),
    (2, "sdp", Shape::Text),
    (3, "id", Shape::Number),
];
const TRICKLE: Fields = &[(1, "candidateInit", Shape::Text), (2, "target", Shape::Number)];
const UPDATE: Fields = &[(1, "participants", Shape::List(PARTICIPANT))];
const RESPONSE: Fields = &[
    (1, "join", Shape::Message(JOIN)),
    (3, "offer", Shape::Message(DESCRIPTION)),
    (4, "trickle", Shape::Message(TRICKLE)),
    (5, "update", Shape::Message(UPDATE)),
];

/// A `SignalResponse`; an empty object where it has nothing for us, or is cut short.
pub fn response(bytes: &[u8]) -> Value {
    let mut message = message(bytes, RESPONSE);
    // JSON has the names of enumerations.
    if message["trickle"]["target"] == 1 {
        message["trickle"]["target"] = json!("SUBSCRIBER");
    }
    message
}

fn message(mut bytes: &[u8], fields: Fields) -> Value {
    let mut values = Map::new();
    while let Some((tag, content)) = next_field(&mut bytes) {
        let Some(&(_, name, shape)) = fields.iter().find(|(number, ..)| *number == tag) else {
            continue;
        };
        match (shape, content) {
            (Shape::Text, Content::Bytes(text)) => {
                values.insert(name.into(), json!(String::from_utf8_lossy(text)));
            }
            (Shape::Number, Content::Number(number)) => {
                values.insert(name.into(), json!(number));
            }
            (Shape::Message(fields), Content::Bytes(inner)) => {
                values.insert(name.into(), message(inner, fields));
            }
            (Shape::List(fields), Content::Bytes(inner)) => {
                let list = values.entry(name).or_insert_with(|| json!([]));
                if let Some(list) = list.as_array_mut() {
                    list.push(message(inner, fields));
                }
            }
            _ => {}
        }
    }
    Value::Object(values)
}

enum Content<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    Other,
}

fn next_field<'a>(bytes: &mut &'a [u8]) -> Option<(u32, Content<'a>)> {
    let key = varint(bytes)?;
    let content = match key & 7 {
        0 => Content::Number(varint(bytes)?),
        1 => take(bytes, 8).map(|_| Content::Other)?,
        2 => {
            let len = usize::try_from(varint(bytes)?).ok()?;
            Content::Bytes(take(bytes, len)?)
        }
        5 => take(bytes, 4).map(|_| Content::Other)?,
        _ => return None,
    };
    Some(((key >> 3) as u32, content))
}

fn take<'a>(bytes: &mut &'a [u8], len: usize) -> Option<&'a [u8]> {
    let (taken, rest) = bytes.split_at_checked(len)?;
    *bytes = rest;
    Some(taken)
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(number: u8, content: &[u8]) -> Vec<u8> {
        [&[number << 3 | 2, content.len() as u8], content].concat()
    }

    #[test]
    fn those_who_are_there_and_their_tracks_are_read() {
        let tracks = [field(4, &field(1, b"TR_a")), field(4, &field(1, b"TR_b"))].concat();
        let other = [field(1, b"PA_other"), vec![3 << 3, 2], tracks].concat();
        let join = [field(1, b"room"), field(2, &field(1, b"PA_me")), field(3, &other)].concat();
        let read = response(&field(1, &join));
        assert_eq!(read["join"]["participant"]["sid"], "PA_me");
        assert_eq!(
            read["join"]["otherParticipants"],
            json!([{"sid": "PA_other", "tracks": [{"sid": "TR_a"}, {"sid": "TR_b"}]}])
        );
    }

    #[test]
    fn what_is_cut_short_is_read_as_far_as_it_goes() {
        let whole = field(4, &[field(1, b"{}"), vec![2 << 3, 1]].concat());
        assert_eq!(
            response(&whole)["trickle"],
            json!({"candidateInit": "{}", "target": "SUBSCRIBER"})
        );
        for len in 0..whole.len() {
            response(&whole[..len]);
        }
    }
}
