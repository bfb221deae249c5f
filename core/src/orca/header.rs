//! What the decoders need of the header's property list.
//!
//! `ObjectInfo.Crates[].{CrateNumber, Cards[].{Class Name, Card, CardAddress, Enabled[], enabledMask, rawDataBufferLen,
//! sampleLengths[], internalTriggerEnabledMask, externalTriggerEnabledMask}}`, `ObjectInfo.AuxHw[].{Class Name, uniqueID,
//! eventSamples, fspEnabled}`, `ReadoutDescription[].{name, uniqueID, children[].{crate, station}}`.

use heapless::Vec;

use crate::part::Key;
use crate::text::Node;

/// Most FlashCam listeners of a run.
pub(super) const LISTENERS: usize = 16;
/// Most cards of a run.
const CARDS: usize = 512;
/// Class of a FlashCam listener.
const LISTENER: &str = "ORFlashCamListenerModel";

/// A FlashCam listener: one readout stream.
#[derive(Clone, Debug)]
pub struct Listener {
    /// Its unique id, the `fcid` of its keys.
    pub fcid: u16,
    /// Samples per trace, as the header has it.
    pub samples: u32,
    /// A software trigger runs on it.
    pub fsp: bool,
    /// Enabled channels.
    pub enabled: u32,
    /// The key of the first enabled channel.
    pub first: Option<Key>,
    /// Drift allowance of the external clock in us, 0 without one; `None` until its configuration arrives.
    pub gps: Option<i32>,
}

/// A FlashCam card read out by a listener.
#[derive(Clone, Copy, Debug)]
pub(super) struct FlashCamCard {
    pub(super) crate_number: i64,
    pub(super) slot: i64,
    pub(super) address: u16,
    pub(super) listener: u8,
}

/// A channel of a Struck card that is switched on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StruckChannel {
    /// `(crate << 9) + (card << 4) + channel`
    pub(super) key: u32,
    pub(super) samples: u32,
}

/// The header's content that decoders use.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// FlashCam listeners in the order of the readout description.
    pub listeners: Vec<Listener, LISTENERS>,
    pub(super) cards: Vec<FlashCamCard, CARDS>,
    pub(super) sis3302: Vec<StruckChannel, CARDS>,
    pub(super) sis3316: Vec<StruckChannel, CARDS>,
    /// More listeners, cards or channels than there is room for.
    pub(super) overflow: bool,
}

fn number<N: Node>(node: &N, name: &str) -> Option<i64> {
    node.get(name)?.int()
}

/// A waveform length, as far as it can be one.
fn length(number: Option<i64>) -> u32 {
    number.unwrap_or(0).clamp(0, super::MAX_SAMPLES.into()) as u32
}

fn crates<N: Node>(root: &N) -> impl Iterator<Item = (i64, &N)> {
    root.find(&["ObjectInfo", "Crates"]).into_iter().flat_map(Node::children).flat_map(
        |(_, frame)| {
            let crate_number = number(frame, "CrateNumber").unwrap_or(0);
            let cards = frame.get("Cards").into_iter().flat_map(Node::children);
            cards.map(move |(_, card)| (crate_number, card))
        },
    )
}

fn class<N: Node>(node: &N) -> &str {
    node.get("Class Name").and_then(Node::text).unwrap_or("")
}

/// Key of a Struck channel.
pub(super) const fn struck_key(crate_number: u32, card: u32, channel: u32) -> u32 {
    (crate_number << 9) + ((card & 0x1F) << 4) + (channel & 0xF)
}

impl Setup {
    /// Reads a parsed header.
    pub fn read<N: Node>(root: &N) -> Self {
        let mut setup = Setup::default();
        let readout = root.get("ReadoutDescription").into_iter().flat_map(Node::children);
        for (_, list) in readout {
            if list.get("name").and_then(Node::text) == Some(LISTENER) {
                setup.add_listener(root, list);
            }
        }
        for (crate_number, card) in crates(root) {
            match class(card) {
                "ORSIS3302Model" => setup.add_sis3302(crate_number, card),
                "ORSIS3316Model" => setup.add_sis3316(crate_number, card),
                _ => {}
            }
        }
        setup
    }

    fn add_listener<N: Node>(&mut self, root: &N, list: &N) {
        let fcid = number(list, "uniqueID").unwrap_or(0) as u16;
        let aux = root
            .find(&["ObjectInfo", "AuxHw"])
            .into_iter()
            .flat_map(Node::children)
            .map(|(_, object)| object)
            .find(|o| class(*o) == LISTENER && number(*o, "uniqueID") == Some(fcid.into()));
        let mut listener = Listener {
            fcid,
            samples: length(aux.and_then(|o| number(o, "eventSamples"))),
            fsp: aux.and_then(|o| number(o, "fspEnabled")).unwrap_or(0) != 0,
            enabled: 0,
            first: None,
            gps: None,
        };
        let index = self.listeners.len() as u8;
        for (_, child) in list.get("children").into_iter().flat_map(Node::children) {
            let place = (number(child, "crate"), number(child, "station"));
            if let (Some(crate_number), Some(slot)) = place {
                self.add_card(root, (crate_number, slot, index), &mut listener);
            }
        }
        self.overflow |= self.listeners.push(listener).is_err();
    }

    fn add_card<N: Node>(&mut self, root: &N, place: (i64, i64, u8), listener: &mut Listener) {
        let (crate_number, slot, index) = place;
        let found = crates(root).find(|(c, card)| {
            *c == crate_number
                && number(*card, "Card") == Some(slot)
                && card.get("CardAddress").is_some()
        });
        let Some((_, card)) = found else { return };
        let address = number(card, "CardAddress").unwrap_or(0) as u16;
        let enabled = card.get("Enabled").into_iter().flat_map(Node::children).enumerate();
        for (input, (_, on)) in enabled {
            if on.int().unwrap_or(0) != 0 {
                let key = crate::fcio::channel_key(listener.fcid, address, input as u16);
                listener.first = listener.first.or(Some(key));
                listener.enabled = listener.enabled.saturating_add(1);
            }
        }
        let card = FlashCamCard { crate_number, slot, address, listener: index };
        self.overflow |= self.cards.push(card).is_err();
    }

    fn add_sis3302<N: Node>(&mut self, crate_number: i64, card: &N) {
        let mask = number(card, "internalTriggerEnabledMask").unwrap_or(0)
            | number(card, "externalTriggerEnabledMask").unwrap_or(0);
        let slot = number(card, "Card").unwrap_or(0) as u32;
        for channel in (0..8u32).filter(|channel| mask >> channel & 1 == 1) {
            let lengths = card.get("sampleLengths");
            let samples = lengths.and_then(|l| l.child(channel as usize / 2)?.1.int());
            let key = struck_key(crate_number as u32, slot, channel);
            let entry = StruckChannel { key, samples: length(samples) };
            self.overflow |= self.sis3302.push(entry).is_err();
        }
    }

    fn add_sis3316<N: Node>(&mut self, crate_number: i64, card: &N) {
        let mask = number(card, "enabledMask").unwrap_or(0);
        let slot = number(card, "Card").unwrap_or(0) as u32;
        let samples = length(number(card, "rawDataBufferLen"));
        for channel in (0..16u32).filter(|channel| mask >> channel & 1 == 1) {
            let key = struck_key(crate_number as u32, slot, channel);
            self.overflow |= self.sis3316.push(StruckChannel { key, samples }).is_err();
        }
    }

    /// The card in a crate's slot.
    pub(super) fn card(&self, crate_number: u32, slot: u32) -> Option<&FlashCamCard> {
        let place = (i64::from(crate_number), i64::from(slot));
        self.cards.iter().find(|card| (card.crate_number, card.slot) == place)
    }

    /// Position of a listener.
    pub(super) fn listener(&self, fcid: u16) -> Option<usize> {
        self.listeners.iter().position(|listener| listener.fcid == fcid)
    }
}
