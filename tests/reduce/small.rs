//! Small files of gamma-ray data, made in code.

use std::path::Path;

use tierline::fits::{Cells, Column, FitsWriter, Header, Table, Value};

/// Number of the observation.
pub(crate) const OBS_ID: i64 = 7;

/// A column of one value per row.
fn column(name: &str, unit: &str, cells: Cells) -> Column {
    Column::new(name, unit, cells)
}

fn reals(name: &str, unit: &str, values: &[f64]) -> Column {
    column(name, unit, Cells::F64(values.to_vec()))
}

/// The values of one row; their shape in C order.
fn cell(name: &str, unit: &str, shape: &[usize], values: Vec<f32>) -> Column {
    Column { shape: shape.to_vec(), ..column(name, unit, Cells::F32(values)) }
}

fn texts(name: &str, values: &[&str]) -> Column {
    column(name, "", Cells::Text(values.iter().map(|text| (*text).to_owned()).collect()))
}

fn table(name: &str, rows: usize, columns: Vec<Column>, cards: &[(&str, Value)]) -> Table {
    let mut header = Header::default();
    cards.iter().for_each(|(key, value)| header.set(key, value.clone(), ""));
    Table { name: name.into(), header, rows, columns }
}

fn times() -> Vec<(&'static str, Value)> {
    vec![
        ("MJDREFI", 51910_i64.into()),
        ("MJDREFF", 0.000_742_870_370_370_241.into()),
        ("TIMEUNIT", "s".into()),
        ("TIMESYS", "TT".into()),
    ]
}

/// Events around the Crab nebula.
pub(crate) fn events() -> Table {
    let n = 12_u8;
    let each = |of: &dyn Fn(f64) -> f64| -> Vec<f64> { (0..n).map(|i| of(f64::from(i))).collect() };
    let columns = vec![
        column("EVENT_ID", "", Cells::I64((0..i64::from(n)).collect())),
        reals("TIME", "s", &each(&|i| 1e8 + 60.0 * i)),
        reals("RA", "deg", &each(&|i| 83.6 + 0.3 * i.sin())),
        reals("DEC", "deg", &each(&|i| 22.0 + 0.3 * i.cos())),
        reals("ENERGY", "TeV", &each(&|i| 0.7 * 1.3_f64.powf(i))),
    ];
    let mut cards = vec![
        ("HDUCLASS", "GADF".into()),
        ("HDUCLAS1", "EVENTS".into()),
        ("OBS_ID", OBS_ID.into()),
        ("OBJECT", "Crab".into()),
        ("TELESCOP", "HESS".into()),
        ("OBS_MODE", "POINTING".into()),
        ("RA_PNT", 83.6.into()),
        ("DEC_PNT", 22.5.into()),
        ("TSTART", 1e8.into()),
        ("TSTOP", (1e8 + 720.0).into()),
        ("DEADC", 0.9.into()),
        ("GEOLON", 16.5.into()),
        ("GEOLAT", (-23.27).into()),
        ("ALTITUDE", 1835.0.into()),
    ];
    cards.extend(times());
    table("EVENTS", usize::from(n), columns, &cards)
}

/// The good time of the events.
pub(crate) fn gti() -> Table {
    let columns = vec![reals("START", "s", &[1e8]), reals("STOP", "s", &[1e8 + 720.0])];
    let mut cards = vec![("HDUCLAS1", "GTI".into())];
    cards.extend(times());
    table("GTI", 1, columns, &cards)
}

/// Column, unit, and what its values are by their place in the cell.
type Values<'a> = (&'a str, &'a str, &'a dyn Fn(usize) -> f32);

/// A response: its class, and for each axis name, unit and edges.
fn response(
    (name, of, class): (&str, &str, &str),
    axes: &[(&str, &str, &[f32])],
    values: &[Values<'_>],
) -> Table {
    let mut columns = Vec::new();
    for (axis, unit, edges) in axes {
        let n = edges.len() - 1;
        columns.push(cell(&format!("{axis}_LO"), unit, &[n], edges[..n].to_vec()));
        columns.push(cell(&format!("{axis}_HI"), unit, &[n], edges[1..].to_vec()));
    }
    let shape: Vec<usize> = axes.iter().rev().map(|(.., edges)| edges.len() - 1).collect();
    let n: usize = shape.iter().product();
    for (column, unit, value) in values {
        columns.push(cell(column, unit, &shape, (0..n).map(value).collect()));
    }
    let cards = [
        ("HDUCLASS", "GADF".into()),
        ("HDUCLAS1", "RESPONSE".into()),
        ("HDUCLAS2", of.into()),
        ("HDUCLAS3", "FULL-ENCLOSURE".into()),
        ("HDUCLAS4", class.into()),
        ("LO_THRES", 0.8.into()),
        ("HI_THRES", 50.0.into()),
    ];
    table(name, 1, columns, &cards)
}

const ENERGY: &[f32] = &[0.1, 1.0, 10.0, 100.0];
const THETA: &[f32] = &[0.0, 1.0, 3.0];

/// Effective area, energy dispersion, point spread function, background.
pub(crate) fn responses() -> Vec<Table> {
    let plane: [(&str, &str, &[f32]); 2] = [("ENERG", "TeV", ENERGY), ("THETA", "deg", THETA)];
    let migra: &[f32] = &[0.2, 0.9, 1.1, 2.0, 5.0];
    let field: &[f32] = &[-3.0, -1.0, 1.0, 3.0];
    let one: &dyn Fn(usize) -> f32 = &|_| 1.0;
    vec![
        response(
            ("AEFF", "EFF_AREA", "AEFF_2D"),
            &plane,
            &[("EFFAREA", "m2", &|at| 1e4 * (at as f32 + 1.0))],
        ),
        response(
            ("EDISP", "EDISP", "EDISP_2D"),
            &[plane[0], ("MIGRA", "", migra), plane[1]],
            &[("MATRIX", "", &|at| [0.1, 3.0, 0.2, 0.0][at / 3 % 4])],
        ),
        response(
            ("PSF", "RPSF", "PSF_3GAUSS"),
            &plane,
            &[
                ("SCALE", "sr-1", one),
                ("SIGMA_1", "deg", &|at| 0.05 + 0.01 * at as f32),
                ("AMPL_2", "", &|_| 0.2),
                ("SIGMA_2", "deg", &|_| 0.2),
                ("AMPL_3", "", &|_| 0.0),
                ("SIGMA_3", "deg", &|_| 0.0),
            ],
        ),
        response(
            ("BKG", "BKG", "BKG_3D"),
            &[("ENERG", "TeV", &[0.1, 3.0, 100.0]), ("DETX", "deg", field), ("DETY", "deg", field)],
            &[("BKG", "s-1 MeV-1 sr-1", &|at| 1e-6 * (20.0 - at as f32))],
        ),
    ]
}

/// The HDUs of an observation.
pub(crate) fn observation() -> Vec<Table> {
    [vec![events(), gti()], responses()].concat()
}

/// Index files of observations: those that are told, in files of their own.
pub(crate) fn index(ids: &[i64]) -> [Table; 2] {
    let hdus = [
        ("events", "events", "EVENTS"),
        ("gti", "gti", "GTI"),
        ("aeff", "aeff_2d", "AEFF"),
        ("edisp", "edisp_2d", "EDISP"),
        ("psf", "psf_3gauss", "PSF"),
        ("bkg", "bkg_3d", "BKG"),
    ];
    let rows: Vec<(i64, _)> =
        ids.iter().flat_map(|id| hdus.iter().map(move |hdu| (*id, hdu))).collect();
    let files: Vec<String> = rows.iter().map(|(id, _)| format!("run_{id}.fits")).collect();
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let of = |pick: &dyn Fn(&(&'static str, &'static str, &'static str)) -> &'static str| {
        rows.iter().map(|(_, hdu)| pick(hdu)).collect::<Vec<_>>()
    };
    let columns = vec![
        column("OBS_ID", "", Cells::I64(rows.iter().map(|(id, _)| *id).collect())),
        texts("HDU_TYPE", &of(&|hdu| hdu.0)),
        texts("HDU_CLASS", &of(&|hdu| hdu.1)),
        texts("FILE_DIR", &vec!["data"; rows.len()]),
        texts("FILE_NAME", &files),
        texts("HDU_NAME", &of(&|hdu| hdu.2)),
    ];
    let class = |name: &str| vec![("HDUCLAS1", "INDEX".into()), ("HDUCLAS2", name.into())];
    let hdu_index = table("HDU_INDEX", rows.len(), columns, &class("HDU"));
    let n = ids.len();
    let columns = vec![
        column("OBS_ID", "", Cells::I64(ids.to_vec())),
        texts("OBJECT", &vec!["Crab"; n]),
        reals("RA_PNT", "deg", &vec![83.6; n]),
        reals("DEC_PNT", "deg", &vec![22.5; n]),
        reals("TSTART", "s", &vec![1e8; n]),
        reals("TSTOP", "s", &vec![1e8 + 720.0; n]),
        reals("LIVETIME", "s", &vec![648.0; n]),
    ];
    let cards = [class("OBS"), times()].concat();
    [hdu_index, table("OBS_INDEX", n, columns, &cards)]
}

/// Writes tables as a file.
pub(crate) fn write(path: &Path, tables: &[Table]) {
    let mut writer = FitsWriter::create(path, true).unwrap();
    tables.iter().for_each(|table| writer.table(table).unwrap());
    writer.finish(false).unwrap();
}

/// A folder of index files, of which the observations in `there` have their file.
pub(crate) fn store(folder: &Path, ids: &[i64], there: &[i64]) {
    let [hdus, observations] = index(ids);
    write(&folder.join("hdu-index.fits.gz"), &[hdus]);
    write(&folder.join("obs-index.fits.gz"), &[observations]);
    std::fs::create_dir_all(folder.join("data")).unwrap();
    for id in there {
        let mut tables = observation();
        tables[0].header.set("OBS_ID", *id, "");
        write(&folder.join(format!("data/run_{id}.fits")), &tables);
    }
}
