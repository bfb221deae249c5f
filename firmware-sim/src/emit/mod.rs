//! Emitters, one per DAQ format, and a table of short example runs.

pub mod bytes;
pub mod compass;
pub mod fcio;
pub mod llama;
pub mod orca;
pub mod pulse;
pub mod rng;
pub mod sis3316;

/// A short run in one format.
#[derive(Debug, Clone, Copy)]
pub struct Example {
    /// Short name.
    pub name: &'static str,
    /// File name the readers expect: some take the format, or the start time, from it.
    pub file_name: &'static str,
    /// Stream type as in daq2lh5: `FlashCam`, `ORCA`, `LlamaDaq` or `Compass`.
    pub stream_type: &'static str,
    /// What the run holds.
    pub description: &'static str,
    /// Number of events that gives a file of at most 300 kB.
    pub events: u32,
    /// The bytes of the file, from a seed and the number of events.
    pub make: fn(seed: u64, events: u32) -> Vec<u8>,
}

/// One short run per format.
pub const EXAMPLES: &[Example] = &[
    Example {
        name: "fcio-germanium",
        file_name: "demo-germanium.fcio",
        stream_type: "FlashCam",
        description: "FlashCam, 16 bit: six germanium detectors, full and sparse events",
        events: 80,
        make: |seed, events| fcio::Emitter { seed, ..fcio::Emitter::default() }.run(events),
    },
    Example {
        name: "fcio-camera",
        file_name: "demo-camera.fcio",
        stream_type: "FlashCam",
        description: "FlashCam, 12 bit: 72 camera pixels with trigger traces and a GPS clock",
        events: 40,
        make: |seed, events| fcio::Emitter::camera(seed).run(events),
    },
    Example {
        name: "fcio-showers",
        file_name: "demo-showers.fcio",
        stream_type: "FlashCam",
        description: "FlashCam, 12 bit: air showers in a camera of 91 hexagonal pixels",
        events: 40,
        make: |seed, events| {
            fcio::showers::ShowerCamera { seed, ..Default::default() }.run(events).bytes
        },
    },
    Example {
        name: "orca-flashcam",
        file_name: "demo-flashcam.orca",
        stream_type: "ORCA",
        description: "ORCA with FlashCam: twelve germanium detectors, one packet per waveform",
        events: 80,
        make: |seed, events| orca::Emitter::flashcam(seed, orca::FlashCam::AdcWaveform).run(events),
    },
    Example {
        name: "orca-fcio",
        file_name: "demo-fcio.orca",
        stream_type: "ORCA",
        description: "ORCA with embedded FCIO and software trigger: events and event headers",
        events: 120,
        make: |seed, events| {
            let packing = orca::FlashCam::Fcio(Some(fcio::FspLayout::Current));
            orca::Emitter::flashcam(seed, packing).run(events)
        },
    },
    Example {
        name: "orca-sis3302",
        file_name: "demo-sis3302.orca",
        stream_type: "ORCA",
        description: "ORCA with a Struck SIS3302: three channels, plain and wrapped buffers",
        events: 100,
        make: |seed, events| orca::Emitter::sis3302(seed).run(events),
    },
    Example {
        name: "orca-sis3316",
        file_name: "demo-sis3316.orca",
        stream_type: "ORCA",
        description: "ORCA with a Struck SIS3316: two channels, several events per packet",
        events: 100,
        make: |seed, events| orca::Emitter::sis3316(seed).run(events),
    },
    Example {
        name: "llama",
        file_name: "20260101-120000Z-demo.bin",
        stream_type: "LlamaDaq",
        description: "llamaDAQ: four SIS3316 channels with raw and averaged waveforms",
        events: 120,
        make: |seed, events| llama::Emitter { seed, ..llama::Emitter::default() }.run(events),
    },
    Example {
        name: "compass",
        file_name: "demo-compass.BIN",
        stream_type: "Compass",
        description: "CoMPASS list mode: two channels with energies and waveforms",
        events: 100,
        make: |seed, events| compass::Emitter { seed, ..compass::Emitter::default() }.run(events),
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_are_small_and_repeat() {
        for example in EXAMPLES {
            let (small, full) = ((example.make)(1, 3), (example.make)(1, example.events));
            assert!(small.len() < 20_000, "{}: {} bytes", example.name, small.len());
            assert!(full.len() <= 300_000, "{}: {} bytes", example.name, full.len());
            assert!(full.len() > 50_000, "{}: {} bytes", example.name, full.len());
            assert_eq!(small, (example.make)(1, 3));
            assert_ne!(small, (example.make)(2, 3));
        }
    }
}
