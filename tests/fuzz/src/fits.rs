//! FITS files: any bytes are read or refused, as a FITS file and as each kind of gamma-ray data.

use std::path::Path;
use std::sync::OnceLock;

use tierline::fits::{
    Cells, Column, Compression, FitsFile, FitsWriter, HduKind, Header, Image, Pixels, Table,
};
use tierline::reduce::Error;
use tierline::reduce::data::{DataStore, Environment, Observation, RequiredIrf, read_responses};
use tierline::reduce::dataset::{Axes, Dataset, OnOff};
use tierline::reduce::datasets::read_any;
use tierline::reduce::gadf::write_dataset;
use tierline::reduce::geom::Geom;
use tierline::reduce::makers::{MapMaker, SafeMaskMaker};
use tierline::reduce::mask_file::read_mask_image;
use tierline::reduce::ogip::{Variant, write_ogip};
use tierline::reduce::summary::{Kind, summarize};
use tierline::report::Limits;
use tierline::sky::{
    Frame, Interp, MapAxis, Projection, RegionGeom, Size, SkyCoord, SkyRegion, WcsGeom,
};

use crate::small;

/// The name of the file, by which it may refer to itself.
const NAME: &str = "x.fits";
const CARD: usize = 80;
const BLOCK: usize = 2880;

fn limits() -> Limits {
    Limits { max_allocation: 16 << 20, ..Limits::default() }
}

/// The first byte chooses a file as it is, or one whose padding is put in: lines are cards, after the line END come three bytes
/// that count those of the data, and the data.
pub fn run(data: &[u8]) {
    let Some((how, content)) = data.split_first() else { return };
    let bytes = if how & 1 == 1 { expand(content) } else { content.to_vec() };
    read(&bytes);
    let path = folder().join(NAME);
    std::fs::write(&path, &bytes).expect("room");
    if let Ok(store) =
        DataStore::from_files(&[path.clone()], None, Environment::default(), &limits())
    {
        reduce(&store);
    }
    if let Ok(store) = DataStore::from_index(&path, Some(&path), Environment::default(), &limits())
    {
        reduce(&store);
    }
    if let Ok(dataset) = read_any(&path, &limits()) {
        let _ = (dataset.info(), dataset.stat_sum());
        if let Ok(mut stacked) = dataset.to_masked("stacked") {
            let _ = stacked.stack(&dataset);
        }
    }
    let _ = read_mask_image(&path, &limits());
    if let Ok(told) = summarize(&path, Kind::Fits, true, Environment::default(), &limits()) {
        serde_json::to_string(&told).expect("a summary as text");
    }
}

/// Every HDU; what is told of it without its content is true.
fn read(bytes: &[u8]) {
    let Ok(mut file) = FitsFile::from_bytes(Path::new(NAME), bytes.to_vec(), &limits()) else {
        return;
    };
    for number in 0..file.hdus().len() {
        let info = file.info(number).expect("an HDU").clone();
        let (columns, pixels) = (file.columns(number), file.pixel_type(number));
        match info.kind {
            HduKind::Image | HduKind::CompressedImage => {
                let Ok(image) = file.image(number) else { continue };
                assert_eq!(image.shape, info.shape);
                let count = if image.shape.is_empty() { 0 } else { image.shape.iter().product() };
                assert_eq!(len(&image.pixels), count);
                pixels.expect("the type of pixels that are read");
            }
            _ => {
                let Ok(table) = file.table(number, None) else { continue };
                let columns = columns.expect("the columns of a table that is read");
                assert_eq!((table.rows, table.columns.len()), (info.rows, columns.len()));
                for (column, told) in table.columns.iter().zip(&columns) {
                    assert_eq!(
                        (&column.name, &column.unit, &column.shape),
                        (&told.name, &told.unit, &told.shape)
                    );
                    let values = table.rows * column.shape.iter().product::<usize>();
                    assert!(told.is_variable || column.cells.len() == values);
                    let _ = (column.f64s(), column.i64s());
                }
            }
        }
    }
    let _ = read_responses(&mut file);
}

fn len(pixels: &Pixels) -> usize {
    match pixels {
        Pixels::U8(v) => v.len(),
        Pixels::I8(v) => v.len(),
        Pixels::I16(v) => v.len(),
        Pixels::U16(v) => v.len(),
        Pixels::I32(v) => v.len(),
        Pixels::U32(v) => v.len(),
        Pixels::I64(v) => v.len(),
        Pixels::F32(v) => v.len(),
        Pixels::F64(v) => v.len(),
    }
}

/// Every observation, to maps.
fn reduce(store: &DataStore) {
    static REFERENCE: OnceLock<Dataset> = OnceLock::new();
    let reference = REFERENCE.get_or_init(|| dataset(image()).expect("a geometry"));
    for id in store.ids().into_iter().take(3) {
        let Ok(observation) = store.observation(id, &RequiredIrf::all_optional(), &mut Vec::new())
        else {
            continue;
        };
        let _ = maps(reference, &observation);
    }
}

fn maps(reference: &Dataset, observation: &Observation) -> Result<(), Error> {
    let mut dataset = MapMaker::default().run(reference, observation)?;
    SafeMaskMaker::default().run(&mut dataset, observation)?;
    dataset.info().map(|_| ())
}

fn folder() -> &'static Path {
    static FOLDER: OnceLock<tempfile::TempDir> = OnceLock::new();
    FOLDER.get_or_init(|| tempfile::tempdir().expect("a temporary folder")).path()
}

/// A file from its cards and data without padding.
fn expand(mut packed: &[u8]) -> Vec<u8> {
    let mut bytes: Vec<u8> = Vec::new();
    while !packed.is_empty() {
        loop {
            let end = packed.iter().position(|byte| *byte == b'\n').unwrap_or(packed.len());
            let card = &packed[..end.min(CARD)];
            packed = packed.get(end + 1..).unwrap_or_default();
            bytes.extend_from_slice(card);
            bytes.resize(bytes.len().next_multiple_of(CARD), b' ');
            if card == b"END" || packed.is_empty() {
                break;
            }
        }
        bytes.resize(bytes.len().next_multiple_of(BLOCK), b' ');
        let Some((&[a, b, c], rest)) = packed.split_first_chunk() else { break };
        let length = (usize::from(a) << 16) + (usize::from(b) << 8) + usize::from(c);
        let (data, rest) = rest.split_at(length.min(rest.len()));
        bytes.extend_from_slice(data);
        bytes.resize(bytes.len().next_multiple_of(BLOCK), 0);
        packed = rest;
    }
    bytes
}

/// Cards and data of each HDU of a whole file, without padding.
fn hdus(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let is_start = |at: &usize| {
        bytes[*at..].starts_with(b"SIMPLE  =") || bytes[*at..].starts_with(b"XTENSION=")
    };
    let mut starts: Vec<usize> = (0..bytes.len()).step_by(BLOCK).filter(is_start).collect();
    starts.push(bytes.len());
    let mut hdus = Vec::new();
    for pair in starts.windows(2) {
        let hdu = &bytes[pair[0]..pair[1]];
        let (mut cards, mut used) = (String::new(), 0);
        for card in hdu.chunks_exact(CARD) {
            used += CARD;
            let card = String::from_utf8_lossy(card);
            cards.push_str(card.trim_end());
            cards.push('\n');
            if card.trim_end() == "END" {
                break;
            }
        }
        let data = &hdu[used.next_multiple_of(BLOCK).min(hdu.len())..];
        let end = data.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        hdus.push((cards, data[..end].to_vec()));
    }
    hdus
}

fn pack(hdus: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut packed = vec![1];
    for (cards, data) in hdus {
        packed.extend_from_slice(cards.as_bytes());
        packed.extend_from_slice(&(data.len() as u32).to_be_bytes()[1..]);
        packed.extend_from_slice(data);
    }
    packed
}

fn axis(name: &str, bins: usize) -> MapAxis {
    MapAxis::from_bounds(name, "TeV", Interp::Log, [0.5, 20.0], bins).expect("an axis")
}

fn image() -> Geom {
    let (center, size, axes) =
        (SkyCoord::icrs(83.6, 22.0), Size::Npix([4, 3]), vec![axis("energy", 2)]);
    let geom = WcsGeom::create(&center, size, [0.5; 2], Projection::Tan, Frame::Icrs, axes);
    Geom::Wcs(geom.expect("a geometry"))
}

fn region() -> Geom {
    let region = SkyRegion::circle(SkyCoord::icrs(83.6, 22.0), 0.2);
    Geom::Region(RegionGeom::new(region, vec![axis("energy", 2)]).expect("a geometry"))
}

fn dataset(geom: Geom) -> Result<Dataset, Error> {
    let axes = Axes {
        energy_true: Some(axis("energy_true", 3)),
        rad: Some(MapAxis::from_bounds("rad", "deg", Interp::Lin, [0.0, 0.6], 2)?),
        binsz_irf: 1.0,
        ..Axes::default()
    };
    let mut dataset = Dataset::create("crab", geom, &axes)?;
    dataset.livetime_s = Some(100.0);
    Ok(dataset)
}

fn with_off(mut dataset: Dataset) -> Dataset {
    let counts = dataset.counts.clone();
    let off = OnOff {
        counts_off: Some(counts.clone()),
        acceptance: counts.clone(),
        acceptance_off: Some(counts),
    };
    (dataset.off, dataset.background) = (Some(off), None);
    dataset
}

/// A table with cells of their own lengths, and images as they are and in tiles.
fn other(path: &Path) -> Result<(), Error> {
    let mut writer = FitsWriter::create(path, true)?;
    let values = Box::new(Cells::F32(vec![1.5, 2.5, 3.5]));
    let columns = vec![
        Column::new("PE", "m", Cells::Variable { starts: vec![0, 2, 3], values }),
        Column { shape: vec![11], ..Column::new("X", "", Cells::Bits(vec![true; 22])) },
        Column { null: Some(7), ..Column::new("J", "", Cells::I32(vec![7, 8])) },
        Column { shape: vec![2], ..Column::new("A", "", Cells::Text(vec!["ab".into(); 4])) },
    ];
    writer.table(&Table { name: "ALL".into(), header: Header::default(), rows: 2, columns })?;
    let image = |pixels| Image {
        name: String::new(),
        header: Header::default(),
        shape: vec![4, 5],
        pixels,
    };
    writer.image(&image(Pixels::U16((0..20).map(|i| i * 777).collect())), Compression::None)?;
    writer.image(&image(Pixels::I32((0..20).map(|i| i * i).collect())), Compression::Rice)?;
    writer
        .image(&image(Pixels::F32((0..20).map(|i| i as f32 * 0.1).collect())), Compression::Gzip)?;
    Ok(writer.finish(true)?)
}

/// Inputs to start from.
pub fn seeds() -> Vec<Vec<u8>> {
    let path = folder().join(NAME);
    let whole = || std::fs::read(&path).expect("the file is there");
    let mut seeds = Vec::new();
    let mut all = vec![small::observation()];
    all.extend(small::responses().into_iter().map(|table| vec![table]));
    // An index of this file itself, and its observation.
    let [mut hdus_of, observations] = small::index(&[small::OBS_ID]);
    for column in &mut hdus_of.columns {
        let text = match column.name.as_str() {
            "FILE_DIR" => ".",
            "FILE_NAME" => NAME,
            _ => continue,
        };
        column.cells = Cells::Text(vec![text.into(); hdus_of.rows]);
    }
    all.push([vec![hdus_of, observations], small::observation()].concat());
    for tables in all {
        small::write(&path, &tables);
        seeds.push(pack(&hdus(&whole())));
    }
    seeds.push([vec![0], whole()].concat());
    other(&path).expect("a file");
    seeds.push(pack(&hdus(&whole())));
    let maps = dataset(image()).expect("a dataset");
    let spectra = dataset(region()).expect("a dataset");
    for dataset in [&maps, &with_off(maps.clone()), &spectra, &with_off(spectra.clone())] {
        write_dataset(&path, dataset, true).expect("a file");
        seeds.push(pack(&hdus(&whole())));
    }
    write_ogip(&path, &with_off(spectra), Variant::Ogip, true).expect("files");
    let mut together = hdus(&whole());
    for name in ["x_arf.fits", "x_rmf.fits", "x_bkg.fits"] {
        let bytes = std::fs::read(folder().join(name)).expect("the file is there");
        together.extend(hdus(&bytes).into_iter().skip(1));
        together.iter_mut().for_each(|(cards, _)| *cards = cards.replace(name, NAME));
    }
    seeds.push(pack(&together));
    seeds
}
