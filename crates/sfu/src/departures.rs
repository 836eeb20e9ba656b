//! Which packet left under which transport-wide number.

use crate::slot::Slot;
use crate::table::Index;

/// At 5 Mbit/s, one second; feedback comes after a round trip and a tenth of a second.
const REMEMBERED: usize = 512;

/// For one connection: transport-wide feedback tells what was lost sooner than its viewer asks, where the last packet of a
/// picture is missing, or a packet that was sent again, or the request itself. Of a connection that loses nothing, nothing
/// is remembered.
#[derive(Debug, Default)]
pub(crate) struct Departures(Vec<Option<Departure>>);

/// A packet by the number under which its viewer knows it, also where it left as a repair.
#[derive(Debug, Clone, Copy)]
struct Departure {
    transport_cc: u16,
    number: u16,
    slot: Index<Slot>,
}

impl Departures {
    pub fn begin(&mut self) {
        if self.0.is_empty() {
            self.0.resize(REMEMBERED, None);
        }
    }

    pub fn note(&mut self, transport_cc: u16, slot: Index<Slot>, number: u16) {
        if let Some(place) = self.0.get_mut(usize::from(transport_cc) % REMEMBERED) {
            *place = Some(Departure {
                transport_cc,
                number,
                slot,
            });
        }
    }

    /// Tells it once.
    pub fn take(&mut self, transport_cc: u16) -> Option<(Index<Slot>, u16)> {
        let place = self.0.get_mut(usize::from(transport_cc) % REMEMBERED)?;
        let departure = place.take_if(|departure| departure.transport_cc == transport_cc)?;
        Some((departure.slot, departure.number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn a_packet_is_known_by_its_latest_number_and_told_once() {
        let (mut departures, slot) = (Departures::default(), Index::any());
        departures.note(1, slot, 1);
        assert_eq!(departures.take(1), None, "nothing is remembered before it begins");
        departures.begin();
        departures.note(1, slot, 7);
        departures.note(2, slot, 8);
        departures.note(2 + REMEMBERED as u16, slot, 9);
        assert_eq!(departures.take(1), Some((slot, 7)));
        assert_eq!(departures.take(1), None);
        assert_eq!(departures.take(2), None, "its place was taken");
        assert_eq!(departures.take(2 + REMEMBERED as u16), Some((slot, 9)));
    }
}
