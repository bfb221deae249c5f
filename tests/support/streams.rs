//! Streams that hold everything a format can hold, small enough to be damaged byte by byte.

use tierline_firmware_sim::emit::fcio::{self, Detector, FspFlags, FspLayout};
use tierline_firmware_sim::emit::orca::{self, FlashCam, Record, Run, Sis3302, Sis3316};
use tierline_firmware_sim::emit::{EXAMPLES, compass, llama};

/// A stream with its name and format.
#[derive(Clone, Debug)]
pub struct Stream {
    /// What it holds.
    pub name: String,
    /// Name of its format.
    pub format: &'static str,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

fn stream(name: impl Into<String>, format: &'static str, bytes: Vec<u8>) -> Stream {
    Stream { name: name.into(), format, bytes }
}

/// The format of a stream type.
pub fn format_of(stream_type: &str) -> &'static str {
    let found = tierline_core::FORMATS.iter().find(|info| info.stream_type == stream_type);
    found.map_or("", |info| info.name)
}

/// The emitters' examples with so many events.
pub fn examples(events: u32) -> Vec<Stream> {
    let make = |e: &tierline_firmware_sim::emit::Example| {
        stream(e.name, format_of(e.stream_type), (e.make)(1, events))
    };
    EXAMPLES.iter().map(make).collect()
}

/// All small streams.
pub fn all() -> Vec<Stream> {
    [fcio(), orca(), llama(), compass()].concat()
}

fn camera() -> fcio::Emitter {
    fcio::Emitter {
        seed: 7,
        adcs: 5,
        triggers: 1,
        samples: 12,
        dead_share: 0.7,
        detector: Detector::Camera,
        ..fcio::Emitter::camera(7)
    }
}

fn germanium() -> fcio::Emitter {
    fcio::Emitter { seed: 3, adcs: 7, samples: 20, dead_share: 0.7, ..fcio::Emitter::default() }
}

/// Every record of FCIO, each at least twice.
pub fn fcio_records(setup: &fcio::Emitter, fsp: Option<FspLayout>) -> Vec<u8> {
    let mut s = setup.stream();
    let mut out = Vec::new();
    s.protocol(&mut out);
    if let Some(layout) = fsp {
        s.fsp_config(&mut out, layout);
    }
    s.config(&mut out);
    let flags = FspFlags { prescaled: 3, ..FspFlags::window_sum() };
    let decide = |s: &mut fcio::Stream, out: &mut Vec<u8>| {
        if let Some(layout) = fsp {
            s.fsp_event(out, layout, flags);
        }
    };
    for round in 0..2u16 {
        decide(&mut s, &mut out);
        s.event(&mut out);
        decide(&mut s, &mut out);
        s.sparse_event(&mut out, &[0, 2 + round]);
        decide(&mut s, &mut out);
        s.event_header(&mut out, &[1, 3]);
        s.card_event(&mut out, 0);
        s.rec_event(&mut out);
        s.unknown(&mut out, 42);
        if fsp.is_some() {
            s.fsp_status(&mut out);
        }
        s.status(&mut out, 2, 180);
        s.sparse_event(&mut out, &[]);
    }
    s.event(&mut out);
    out
}

/// FCIO streams.
pub fn fcio() -> Vec<Stream> {
    let short = fcio::Emitter { config_frames: 11, ..germanium() };
    let bare = fcio::Emitter { config_frames: 10, timestamp_entries: 10, ..germanium() };
    let surplus = fcio::Emitter { surplus: true, ..camera() };
    let once = fcio_records(&camera(), Some(FspLayout::Current));
    let plain = fcio_records(&germanium(), None);
    let configs = [&once[..], &plain[..0], &once[..]].concat();
    vec![
        stream("fcio all records", "FCIO", once),
        stream("fcio plain", "FCIO", plain),
        stream("fcio short FSP", "FCIO", fcio_records(&short, Some(FspLayout::Short))),
        stream("fcio config of 10 frames", "FCIO", fcio_records(&bare, None)),
        stream("fcio surplus frames", "FCIO", fcio_records(&surplus, None)),
        stream("fcio concatenated", "FCIO", configs),
    ]
}

fn listener(packing: FlashCam) -> orca::Emitter {
    let setup = fcio::Emitter { samples: 24, gps: 50_000, ..germanium() };
    orca::Emitter {
        flashcam: Some((setup, packing)),
        sis3302: Some(Sis3302 { samples: 20, energy_words: 3, ..Sis3302::default() }),
        sis3316: Some(Sis3316 { samples: 16, ..Sis3316::default() }),
        short_records: true,
        ..orca::Emitter::default()
    }
}

/// Every packet type that goes with a packing, each at least twice. `between` is called after each packet.
pub fn orca_packets(packing: FlashCam, mut between: impl FnMut(&mut Vec<u8>)) -> Vec<u8> {
    let mut s = listener(packing).stream();
    let mut out = Vec::new();
    s.header(&mut out);
    s.run_record(&mut out, Run::Start);
    between(&mut out);
    match packing {
        FlashCam::Fcio(_) => s.fcio_config(&mut out),
        _ => s.flashcam_config(&mut out),
    }
    let flags = FspFlags { prescaled: 2, ..FspFlags::window_sum() };
    let records = [
        Record::Event,
        Record::SparseEvent(&[1, 4]),
        Record::EventHeader(&[0, 2, 5]),
        Record::Status(2),
        Record::SparseEvent(&[3]),
    ];
    for round in 0..2 {
        for record in records {
            between(&mut out);
            match packing {
                FlashCam::Fcio(_) => s.fcio_record(&mut out, record, flags),
                _ => s.flashcam_waveforms(&mut out, &[round]),
            }
        }
        for channel in [0, 2, 5] {
            between(&mut out);
            s.sis3302(&mut out, channel, channel == 2);
        }
        for (channel, format) in [(0, 15), (1, 5)] {
            between(&mut out);
            s.sis3316(&mut out, channel, 2, format);
        }
        between(&mut out);
        s.unknown(&mut out, 3 + usize::from(round));
        between(&mut out);
        s.short(&mut out, 77);
        between(&mut out);
        s.run_record(&mut out, if round == 0 { Run::Heartbeat } else { Run::Stop });
    }
    out
}

/// ORCA files.
pub fn orca() -> Vec<Stream> {
    let packings = [
        ("orca ADC waveforms", FlashCam::AdcWaveform),
        ("orca waveforms", FlashCam::Waveform),
        ("orca FCIO", FlashCam::Fcio(None)),
        ("orca FCIO, short FSP", FlashCam::Fcio(Some(FspLayout::Short))),
        ("orca FCIO, FSP", FlashCam::Fcio(Some(FspLayout::Current))),
    ];
    let make = |(name, packing)| stream(name, "ORCA", orca_packets(packing, |_| ()));
    packings.into_iter().map(make).collect()
}

/// llamaDAQ files: a channel for every combination of groups, raw only, averaged only, both.
pub fn llama() -> Vec<Stream> {
    let both = llama::Input {
        sample_length: 12,
        avg_sample_length: 6,
        avg_mode: 1,
        sample_start_index: 4,
        sample_pretrigger: 8,
        ..llama::Input::default()
    };
    let inputs = |channel: u32| match channel % 3 {
        0 => llama::Input { avg_mode: 0, avg_sample_length: 0, ..both },
        1 => llama::Input { sample_length: 0, ..both },
        _ => both,
    };
    let inputs = (0..16).map(|channel| llama::Input {
        fadc: channel / 4,
        channel,
        format_bits: channel,
        open: channel != 3,
        ..inputs(channel)
    });
    let setup = llama::Emitter { inputs: inputs.collect(), ..llama::Emitter::default() };
    let mut s = setup.stream();
    let mut out = Vec::new();
    s.header(&mut out);
    for i in 0..40 {
        s.event(&mut out, i * 7 % 16);
    }
    let one = llama::Emitter { inputs: vec![both], ..llama::Emitter::default() };
    vec![
        stream("llama all formats", "LLAMA", out),
        stream("llama one channel", "LLAMA", one.run(5)),
        stream("llama header only", "LLAMA", setup.run(0)),
    ]
}

/// CoMPASS files: every combination of fields, with and without file header and samples.
pub fn compass() -> Vec<Stream> {
    let setups = (0..32u32).map(|bits| compass::Emitter {
        energy_channels: bits & 1 != 0,
        energy_calibrated: bits & 2 != 0,
        energy_short: bits & 4 != 0,
        waveform: bits & 8 != 0,
        file_header: bits & 16 == 0,
        samples: 20,
        boards: 2,
        ..compass::Emitter::default()
    });
    let make = |s: compass::Emitter| {
        let name = format!("compass {:#x}{}", s.flags(), if s.file_header { "" } else { " bare" });
        stream(name, "CoMPASS", s.run(9))
    };
    // The format has no events without any energy.
    setups.filter(|s| s.energy_channels || s.energy_calibrated).map(make).collect()
}

/// Where the frames of an FCIO stream start.
pub fn frame_starts(bytes: &[u8]) -> Vec<usize> {
    let mut at = 0;
    let mut starts = Vec::new();
    while let Some(word) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
        starts.push(at);
        let word = i32::from_le_bytes(*word);
        at += match word {
            -1_000_000_001 => 68,
            0.. => 4 + word as usize,
            _ => 4,
        };
    }
    starts.push(at);
    starts
}
