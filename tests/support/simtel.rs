//! Emits small files of sim_telarray: two telescopes, a few showers and calibration events.
//!
//! Everything follows from the numbers of event, telescope, gain, pixel and sample, so tests can say what must be
//! read.

/// Order of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Least significant first.
    Little,
    /// Most significant first.
    Big,
}

/// Content of objects under way.
#[derive(Debug, Clone)]
pub struct Emit {
    order: Order,
    /// What was emitted.
    pub bytes: Vec<u8>,
}

macro_rules! numbers {
    ($($name:ident: $type:ty;)*) => {$(
        /// Emits numbers.
        pub fn $name(&mut self, values: &[$type]) {
            for value in values {
                match self.order {
                    Order::Little => self.bytes.extend(value.to_le_bytes()),
                    Order::Big => self.bytes.extend(value.to_be_bytes()),
                }
            }
        }
    )*};
}

impl Emit {
    /// Nothing yet.
    pub fn new(order: Order) -> Self {
        Emit { order, bytes: Vec::new() }
    }

    numbers! {
        i16: i16;
        u16: u16;
        i32: i32;
        u32: u32;
        f32: f32;
        f64: f64;
    }

    /// Emits a text after its length.
    pub fn text(&mut self, text: &str) {
        self.u16(&[text.len() as u16]);
        self.bytes.extend(text.as_bytes());
    }

    /// Emits an unsigned number of variable length, of up to 4 bytes.
    pub fn unsigned_varint(&mut self, value: u32) {
        let bytes = value.to_be_bytes();
        match value {
            0..0x80 => self.bytes.push(bytes[3]),
            0x80..0x4000 => self.bytes.extend([bytes[2] | 0x80, bytes[3]]),
            0x4000..0x20_0000 => self.bytes.extend([bytes[1] | 0xc0, bytes[2], bytes[3]]),
            _ => self.bytes.extend([bytes[0] | 0xe0, bytes[1], bytes[2], bytes[3]]),
        }
    }

    /// Emits signed numbers of variable length.
    pub fn varints(&mut self, values: &[i32]) {
        for value in values {
            self.unsigned_varint(((value << 1) ^ (value >> 31)) as u32);
        }
    }

    /// Emits a text after its length of variable length.
    pub fn varint_text(&mut self, text: &str) {
        self.unsigned_varint(text.len() as u32);
        self.bytes.extend(text.as_bytes());
    }

    /// Emits an array as differences.
    pub fn differences(&mut self, values: &[i32]) {
        let mut last = 0;
        for &value in values {
            self.varints(&[value - last]);
            last = value;
        }
    }

    fn header(&mut self, kind: u16, version: u16, id: i32, length: usize, only_objects: bool) {
        self.u32(&[u32::from(kind) | (u32::from(version) << 20)]);
        self.i32(&[id]);
        self.u32(&[length as u32 | (u32::from(only_objects) << 30)]);
    }

    /// Emits an object inside another.
    pub fn object(&mut self, kind: u16, version: u16, id: i32, content: impl FnOnce(&mut Emit)) {
        let mut inner = Emit::new(self.order);
        content(&mut inner);
        self.header(kind, version, id, inner.bytes.len(), false);
        self.bytes.extend(inner.bytes);
    }

    /// Emits an object of nothing but objects inside another.
    pub fn container(&mut self, kind: u16, id: i32, content: impl FnOnce(&mut Emit)) {
        let mut inner = Emit::new(self.order);
        content(&mut inner);
        self.header(kind, 0, id, inner.bytes.len(), true);
        self.bytes.extend(inner.bytes);
    }

    /// Marks what follows as an object of its own.
    pub fn marker(&mut self) {
        self.u32(&[0xd41f_8a37]);
    }
}

/// A telescope of the array.
#[derive(Debug, Clone, Copy)]
pub struct Telescope {
    /// Number.
    pub id: u16,
    /// Gain channels.
    pub n_gains: usize,
    /// Pixels.
    pub n_pixels: usize,
    /// Samples.
    pub n_samples: usize,
}

/// The array.
pub const TELESCOPES: [Telescope; 2] = [
    Telescope { id: 1, n_gains: 2, n_pixels: 7, n_samples: 9 },
    Telescope { id: 105, n_gains: 1, n_pixels: 4, n_samples: 6 },
];

/// A sample.
pub fn adc(event: i32, tel: &Telescope, gain: usize, pixel: usize, sample: usize) -> u16 {
    let noise = (event as usize * 31 + pixel * 17 + sample * 13 + usize::from(tel.id)) % 11;
    let pulse = if sample == 4 && pixel == 1 { 5000 / (1 + 9 * gain) } else { 0 };
    (300 + noise + pulse) as u16
}

/// Photo-electrons of a pixel.
pub fn true_image(event: i32, tel: &Telescope, pixel: usize) -> i32 {
    (event + i32::from(tel.id) + pixel as i32) % 3
}

/// Emits everything before the first event.
pub fn header(out: &mut Emit) {
    out.marker();
    out.container(70, 1, |out| {
        for line in ["sim_telarray -c x.cfg", "store_photoelectrons 20"] {
            out.object(72, 1, 1, |out| {
                out.i32(&[1_600_000_000]);
                out.text(line);
            });
        }
    });
    out.marker();
    out.object(75, 0, -1, |out| meta(out, &[("ARRAY_CONFIG_NAME", "Two"), ("ALTITUDE", "2150 ")]));
    out.marker();
    out.object(75, 0, 1, |out| {
        let pairs = [("OPTICS_CONFIG_NAME", "Dish"), ("CAMERA_CONFIG_NAME", "Cam")];
        meta(out, &[pairs[0], pairs[1], ("MIRROR_CLASS", "0")]);
    });
    out.marker();
    out.object(2000, 2, 12, run_header);
    out.marker();
    out.object(2001, 4, 12, mc_run_header);
    for telescope in &TELESCOPES {
        settings(out, telescope);
    }
}

fn meta(out: &mut Emit, pairs: &[(&str, &str)]) {
    out.unsigned_varint(pairs.len() as u32);
    for (key, value) in pairs {
        out.varint_text(key);
        out.varint_text(value);
    }
}

fn run_header(out: &mut Emit) {
    out.i32(&[12, 1_600_000_123, -1, 0, 0]);
    out.f32(&[3.0, std::f32::consts::FRAC_PI_2, 0.0, 0.0, 0.0, 0.0, 0.0]);
    out.i32(&[2]);
    out.i16(&[1, 105]);
    out.f32(&[10.0, 20.0, 5.0, -30.0, 40.0, 6.0]);
    out.i32(&[1, 60]);
    out.text("beach");
    out.text("nobody");
}

fn mc_run_header(out: &mut Emit) {
    out.i32(&[1, 7741, 1_599_000_000, 1, 1_600_000_001, 1_600_000_100]);
    out.f32(&[2147.0]);
    out.i32(&[3, 1, 1]);
    let (min, max) = (1.0, std::f32::consts::FRAC_PI_2);
    out.f32(&[0.0, 500.0, min, max, 0.0, 6.0]);
    out.i32(&[1]);
    out.f32(&[0.0, 10.0, 0.01, 100.0, -2.0, 38.0, 0.6, -0.1, -1.0]);
    out.i32(&[36, 187, 2, 6]);
    out.f32(&[5.0, 240.0, 700.0]);
    out.i32(&[0, 400]);
}

fn settings(out: &mut Emit, tel: &Telescope) {
    let (id, n) = (i32::from(tel.id), tel.n_pixels);
    let mut top = |kind, version, content: &dyn Fn(&mut Emit)| {
        out.marker();
        out.object(kind, version, id, content);
    };
    top(2002, 5, &|out| {
        out.i32(&[n as i32]);
        out.f32(&[15.0, 15.5]);
        out.f32(&(0..n).map(|p| p as f32 * 0.05).collect::<Vec<_>>());
        out.f32(&(0..n).map(|p| p as f32 * -0.02).collect::<Vec<_>>());
        out.varints(&[0, 1, 1, if tel.id == 1 { 1 } else { 2 }]);
        out.f32(&[0.002, 0.05]);
        out.i32(&[90]);
        out.f32(&[100.0, 0.25]);
    });
    top(2003, 2, &|out| {
        out.i32(&[n as i32, 1, tel.n_gains as i32, 1]);
        out.varints(&vec![0; n * (1 + 3 * tel.n_gains)]);
        (0..n).for_each(|_| out.varints(&[1, 0]));
        out.bytes.push(1);
        out.f32(&[100.0, 10.0]);
    });
    top(2004, 3, &|out| {
        out.i32(&[0, 0, 3, n as i32]);
        out.i32(&vec![0; n]);
        out.i32(&[1, 0, 1]);
        out.i16(&[0, 0]);
        out.f32(&[1.0]);
        out.i32(&[tel.n_samples as i32]);
        out.varints(&[tel.n_gains as i32, 3]);
        out.f32(&[0.5]);
        out.u16(&[0, 0x3c00, 0x3800].repeat(tel.n_gains));
        out.i32(&[2]);
    });
    top(2005, 0, &|out| out.i32(&[0, 1, 3]));
    top(2006, 0, &|out| out.i32(&[0; 15]));
    top(2008, 0, &|out| {
        out.i16(&[0, 0]);
        out.f32(&[0.0; 12]);
    });
    top(2007, 0, &|out| out.i32(&[0, 0]));
}

/// Emits monitoring and calibration of a telescope.
pub fn monitoring(out: &mut Emit, tel: &Telescope) {
    let id = u32::from(tel.id);
    let packed = (id & 0xff) | ((id & 0x3f00) << 16) | (4 << 8);
    let n = tel.n_gains * tel.n_pixels;
    out.marker();
    out.object(2022, 1, packed as i32, |out| {
        out.i16(&[4, 4]);
        out.i32(&[1, 0, 0]);
        out.varints(&[1, tel.n_pixels as i32, 1, tel.n_gains as i32]);
        out.i32(&[0, 0]);
        out.i16(&[10]);
        out.f32(&vec![3000.0; n]);
        out.f32(&vec![2.0; n]);
    });
    out.marker();
    out.object(2023, 2, i32::from(tel.id), |out| {
        out.u16(&[tel.n_pixels as u16]);
        out.i16(&[tel.n_gains as i16]);
        out.i32(&[1]);
        out.f32(&vec![0.01; n]);
        out.f32(&vec![0.0; 2 * tel.n_gains]);
        out.f32(&(0..n).map(|at| at as f32 * 0.1).collect::<Vec<_>>());
    });
}

/// Emits an event of the array of some telescopes. `triggered` are those in its trigger, `tracked` those with a
/// position.
pub fn array_event(
    out: &mut Emit,
    id: i32,
    data: &[Telescope],
    triggered: &[u16],
    tracked: &[Telescope],
) {
    out.container(2010, id, |out| {
        out.object(2009, 3, id, |out| {
            out.i32(&[1_600_000_200, 5, 1_600_000_200, 999_999_999, 3, 3]);
            out.i16(&[triggered.len() as i16]);
            out.i16(&triggered.iter().map(|&tel| tel as i16).collect::<Vec<_>>());
            out.f32(&triggered.iter().map(|&tel| f32::from(tel)).collect::<Vec<_>>());
            out.i16(&[data.len() as i16]);
            out.i16(&data.iter().map(|tel| tel.id as i16).collect::<Vec<_>>());
            triggered.iter().for_each(|_| out.unsigned_varint(0x20));
            out.f32(&[0.0, 1.5, 29.97]);
        });
        for tel in data {
            telescope_event(out, id, tel);
        }
        for tel in tracked {
            let number = u32::from(tel.id);
            let packed = (number & 0xff) | ((number & 0x3f00) << 16) | 0x100;
            out.object(2100 + tel.id % 100 + 1000 * (tel.id / 100), 0, packed as i32, |out| {
                out.f32(&[3.0, std::f32::consts::FRAC_PI_2]);
            });
        }
    });
}

fn telescope_event(out: &mut Emit, id: i32, tel: &Telescope) {
    out.container(2200 + tel.id % 100 + 1000 * (tel.id / 100), id, |out| {
        out.object(2011, 3, tel.id.into(), |out| {
            out.i32(&[1, id, 1_600_000_200, 5, 0, 0]);
            out.i16(&[0]);
            out.f32(&[0.0, 0.0]);
        });
        out.object(2013, 3, i32::from(tel.id) << 12, |out| {
            out.i32(&[tel.n_pixels as i32]);
            out.i16(&[tel.n_gains as i16, tel.n_samples as i16]);
            for gain in 0..tel.n_gains {
                for pixel in 0..tel.n_pixels {
                    let samples = (0..tel.n_samples).map(|at| adc(id, tel, gain, pixel, at));
                    out.differences(&samples.map(i32::from).collect::<Vec<_>>());
                }
            }
        });
        out.object(2027, 1, tel.id.into(), |out| out.varints(&[2, 0, 1]));
    });
}

/// Emits a shower with one use.
pub fn shower(out: &mut Emit, shower: i32) {
    out.marker();
    out.object(2020, 1, shower, |out| {
        out.i32(&[101]);
        out.f32(&[1.5, 3.1, std::f32::consts::FRAC_PI_2, 0.0, 15_000.0, 300.0, 8000.0, 1.0, 1.0]);
        out.i16(&[1]);
        out.i32(&[1, 2]);
        out.f32(&[0.0, 1000.0, 7.0, 8.0]);
    });
    out.marker();
    out.object(2021, 2, 100 * shower, |out| {
        out.i32(&[shower]);
        out.f32(&[100.0 + shower as f32, -50.0, 1.0]);
    });
}

/// Emits true images of some telescopes.
pub fn photo_electrons(out: &mut Emit, event: i32, data: &[Telescope]) {
    out.container(1204, event, |out| {
        for tel in data {
            out.object(1208, 2, i32::from(tel.id) - 1, |out| {
                let counts: Vec<_> = (0..tel.n_pixels).map(|p| true_image(event, tel, p)).collect();
                out.i32(&[counts.iter().sum(), tel.n_pixels as i32]);
                out.i16(&[1]);
                out.i32(&[counts.iter().filter(|&&count| count > 0).count() as i32]);
                for (pixel, &count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
                    out.i16(&[pixel as i16]);
                    out.i32(&[count]);
                    out.f32(&vec![1.5; 2 * count as usize]);
                }
            });
        }
    });
}

/// Emits sums of photo-electrons.
pub fn pe_sums(out: &mut Emit, event: i32, sums: [i32; 2]) {
    out.marker();
    out.object(2026, 0, event, |out| {
        out.i32(&[event / 100, 2]);
        out.i32(&sums);
        out.i32(&[0, 0]);
    });
}

/// Emits the last object: the histogram of showers.
pub fn histograms(out: &mut Emit) {
    out.marker();
    out.object(100, 1, 1, |out| {
        out.i16(&[1]);
        out.bytes.push(b'F');
        out.text("All showers");
        out.i32(&[6]);
        out.i16(&[2, 3]);
        out.i32(&[3, 3]);
        out.i32(&[0, 0]);
        out.f32(&[0.0, 1000.0, 0.0, 0.0]);
        out.i32(&[0, 0]);
        out.f32(&[-3.0, 3.0, 0.0, 0.0]);
        out.f32(&[3.0, 3.0]);
        out.f32(&[0.0; 8]);
        out.f32(&[0.0, 1.0, 2.0, 0.0, 0.0, 0.0]);
    });
}

/// A whole file: a calibration event, three showers of which the second did not trigger, and histograms.
pub fn run(order: Order) -> Vec<u8> {
    let mut out = Emit::new(order);
    header(&mut out);
    for telescope in &TELESCOPES {
        monitoring(&mut out, telescope);
    }
    out.marker();
    out.container(2034, 1, |out| photo_electrons(out, 0, &TELESCOPES));
    out.marker();
    out.container(2028, 1, |out| array_event(out, 0, &TELESCOPES, &[1, 105], &TELESCOPES));
    for number in 1..=3 {
        let event = 100 * number;
        shower(&mut out, number);
        if number != 2 {
            out.marker();
            photo_electrons(&mut out, event, &TELESCOPES);
            pe_sums(&mut out, event, [11, 22]);
            out.marker();
            array_event(&mut out, event, &TELESCOPES, &[1, 105], &TELESCOPES);
        }
    }
    histograms(&mut out);
    out.bytes
}
