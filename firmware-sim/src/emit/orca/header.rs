//! The property list of the header: hardware, read-out lists and packet types.

use super::plist::{Value, dict};
use super::{Emitter, FlashCam, Sis3302, Sis3316, id};
use crate::emit::fcio;

/// Crate and slot of an ADC card.
pub(super) fn place(card: u16) -> (u16, u16) {
    (card / 12, card % 12)
}

pub(super) fn header(setup: &Emitter) -> Value {
    dict([
        (
            "Document Info",
            dict([
                ("OrcaVersion", "simulated".into()),
                ("dataVersion", 3.into()),
                ("date", "01/01/26 12:00:00".into()),
            ]),
        ),
        ("ObjectInfo", object_info(setup)),
        ("ReadoutDescription", setup.flashcam.iter().map(readout).collect::<Vec<_>>().into()),
        ("dataDescription", data_description(setup)),
    ])
}

fn object_info(setup: &Emitter) -> Value {
    let mut crates = Vec::new();
    if let Some((flashcam, _)) = &setup.flashcam {
        crates.extend(flashcam_crates(flashcam));
    }
    let cards: Vec<Value> =
        setup.sis3302.iter().map(sis3302).chain(setup.sis3316.iter().map(sis3316)).collect();
    if !cards.is_empty() {
        // The peer looks for SIS3316 cards in the first crate only.
        crates.insert(0, numbered_crate("ORVme64CrateModel", 0, cards));
    }
    let run = dict([
        ("RunNumber", i64::from(setup.run_number).into()),
        ("offlineRun", false.into()),
        ("timedRun", true.into()),
        ("timeLimit", Value::Real(3600.0)),
    ]);
    dict([
        ("AuxHw", setup.flashcam.iter().map(listener).collect::<Vec<_>>().into()),
        ("Crates", crates.into()),
        ("DataChain", vec![dict([("Run Control", run)])].into()),
    ])
}

fn numbered_crate(class: &str, number: u16, cards: Vec<Value>) -> Value {
    dict([
        ("Cards", cards.into()),
        ("ClassName", class.into()),
        ("CrateNumber", i64::from(number).into()),
        ("FirstSlot", 0.into()),
    ])
}

fn flashcam_crates(setup: &fcio::Emitter) -> Vec<Value> {
    let per_card = setup.channels_per_card();
    let card = |card: u16| {
        let inputs = per_card.min(setup.adcs - card * per_card);
        let enabled = (0..per_card).map(|input| Value::from(input < inputs)).collect::<Vec<_>>();
        dict([
            ("Card", i64::from(place(card).1).into()),
            ("CardAddress", i64::from(fcio::Emitter::card_address(card)).into()),
            ("Class Name", "ORFlashCamADCModel".into()),
            ("Enabled", enabled.into()),
        ])
    };
    let cards: Vec<u16> = (0..setup.cards()).collect();
    let crates = cards.chunk_by(|a, b| place(*a).0 == place(*b).0);
    crates
        .map(|cards| {
            let number = place(cards[0]).0;
            numbered_crate("ORFlashCamCrateModel", number, cards.iter().map(|c| card(*c)).collect())
        })
        .collect()
}

fn listener((setup, packing): &(fcio::Emitter, FlashCam)) -> Value {
    let software_trigger = matches!(packing, FlashCam::Fcio(Some(_)));
    dict([
        ("Class Name", "ORFlashCamListenerModel".into()),
        ("eventSamples", i64::from(setup.samples).into()),
        ("fspEnabled", software_trigger.into()),
        ("gpsMode", i64::from(setup.gps != 0).into()),
        ("gpsusClockAlarm", i64::from(setup.gps).into()),
        ("uniqueID", fcid(setup).into()),
    ])
}

fn readout((setup, _): &(fcio::Emitter, FlashCam)) -> Value {
    let child = |card: u16| {
        let (crate_number, slot) = place(card);
        dict([
            ("crate", i64::from(crate_number).into()),
            ("name", "ORFlashCamADCModel".into()),
            ("station", i64::from(slot).into()),
        ])
    };
    dict([
        ("children", (0..setup.cards()).map(child).collect::<Vec<_>>().into()),
        ("name", "ORFlashCamListenerModel".into()),
        ("uniqueID", fcid(setup).into()),
    ])
}

fn sis3302(card: &Sis3302) -> Value {
    let lengths = vec![Value::from(i64::from(card.samples)); 4];
    dict([
        ("Card", i64::from(card.slot).into()),
        ("Class Name", "ORSIS3302Model".into()),
        ("externalTriggerEnabledMask", 0.into()),
        ("internalTriggerEnabledMask", i64::from(card.enabled).into()),
        ("sampleLengths", lengths.into()),
    ])
}

fn sis3316(card: &Sis3316) -> Value {
    dict([
        ("Card", i64::from(card.slot).into()),
        ("Class Name", "ORSIS3316Model".into()),
        ("enabledMask", i64::from(card.enabled).into()),
        ("rawDataBufferLen", i64::from(card.samples).into()),
    ])
}

fn data_description(setup: &Emitter) -> Value {
    let mut classes = Vec::new();
    if let Some((_, packing)) = &setup.flashcam {
        classes.extend(flashcam_records(*packing));
    }
    let length = |id, decoder| record(id, decoder, 4);
    classes.push(("ORFuture", dict([("Record", variable(id::UNKNOWN, "ORFutureDecoder"))])));
    classes.push(("ORRunModel", dict([("Run", length(id::RUN, "ORRunDecoderForRun"))])));
    if setup.sis3302.is_some() {
        let energy = variable(id::SIS3302, "ORSIS3302DecoderForEnergy");
        classes.push(("ORSIS3302Model", dict([("Energy", energy)])));
    }
    if setup.sis3316.is_some() {
        let waveform = variable(id::SIS3316, "ORSIS3316WaveformDecoder");
        classes.push(("ORSIS3316Model", dict([("Waveform", waveform)])));
    }
    if setup.short_records {
        let short = record(id::SHORT, "ORShortDecoder", 1);
        classes.push(("ORShort", dict([("Record", short)])));
    }
    Value::Dict(classes)
}

fn flashcam_records(packing: FlashCam) -> Vec<(&'static str, Value)> {
    let waveform = |decoder| {
        let adc = dict([("FlashCamADC", variable(id::FLASHCAM_WAVEFORM, decoder))]);
        let config = variable(id::FLASHCAM_CONFIG, "ORFlashCamListenerConfigDecoder");
        let listener = dict([("FlashCamConfig", config)]);
        vec![("ORFlashCamADCModel", adc), ("ORFlashCamListenerModel", listener)]
    };
    match packing {
        FlashCam::AdcWaveform => waveform("ORFlashCamADCWaveformDecoder"),
        FlashCam::Waveform => waveform("ORFlashCamWaveformDecoder"),
        FlashCam::Fcio(_) => {
            let records = dict([
                ("FlashCamConfig", variable(id::FCIO_CONFIG, "ORFCIOConfigDecoder")),
                ("FlashCamEvent", variable(id::FCIO_EVENT, "ORFCIOEventDecoder")),
                (
                    "FlashCamEventHeader",
                    variable(id::FCIO_EVENT_HEADER, "ORFCIOEventHeaderDecoder"),
                ),
                ("FlashCamStatus", variable(id::FCIO_STATUS, "ORFCIOStatusDecoder")),
            ]);
            vec![("ORFlashCamListenerModel", records)]
        }
    }
}

fn variable(data_id: u32, decoder: &str) -> Value {
    record(data_id, decoder, -1)
}

/// A packet type; short ids are negative numbers in the list. Length -1: varies.
fn record(data_id: u32, decoder: &str, length: i64) -> Value {
    dict([
        ("dataId", i64::from(data_id as i32).into()),
        ("decoder", decoder.into()),
        ("length", length.into()),
        ("variable", (length < 0).into()),
    ])
}

fn fcid(setup: &fcio::Emitter) -> i64 {
    i64::from(setup.stream_id & 0xFFFF)
}
