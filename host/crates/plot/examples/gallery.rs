//! Writes a picture of synthetic pulses: `gallery OUTPUT.png`.

use std::env;
use std::path::Path;

use tierline_plot::{Error, Panel, Size, Trace, waveforms};

/// Numbers between -0.5 and 0.5 that look random.
fn noise(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed;
    move || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as f64 / (1_u64 << 31) as f64 - 0.5
    }
}

fn trace(label: &str, dt_ns: f64, samples: usize, pulse: [f64; 4]) -> Trace {
    let [base, start, height, tau] = pulse;
    let mut noise = noise(samples as u64 + height as u64);
    let value = |i: usize| {
        let age = (i as f64 * dt_ns - start) / tau;
        let rise = (age * 20.0).clamp(0.0, 1.0);
        base + height * rise * (-age.max(0.0)).exp() + 12.0 * noise()
    };
    Trace { label: label.into(), dt_ns, t0_ns: 0.0, samples: (0..samples).map(value).collect() }
}

fn panel(title: &str, traces: Vec<Trace>) -> Panel {
    Panel::waveforms(title, &traces)
}

fn main() -> Result<(), Error> {
    let output = env::args().nth(1).unwrap_or_else(|| "gallery.png".into());
    let slow =
        |label: &str, height| trace(label, 16.0, 8192, [15_000.0, 50_000.0, height, 400_000.0]);
    let fast = |label: &str, start| trace(label, 4.0, 64, [230.0, start, 800.0, 30.0]);
    let windowed = trace("windowed", 4.0, 1000, [3800.0, 1600.0, 5000.0, 60_000.0]);
    let presummed = trace("presummed", 32.0, 500, [3800.0, 1600.0, 5000.0, 60_000.0]);
    let many = (0..9).map(|i| fast(&format!("pixel {i}"), 60.0 + 4.0 * f64::from(i))).collect();
    let panels = [
        panel(
            "Germanium, ch 1052803 – 1052805",
            vec![
                slow("ch 1052803", 21_000.0),
                slow("ch 1052804", 9000.0),
                slow("ch 1052805", 1500.0),
            ],
        ),
        panel("Camera pixels", many),
        panel("Two windows of one pulse", vec![windowed, presummed]),
        panel("No traces at all", Vec::new()),
    ];
    waveforms(&panels, Path::new(&output), Size::for_panels(panels.len()))
}
