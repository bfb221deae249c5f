//! Files written and read again, cut and damaged.

use std::path::Path;

use tierline_report::Limits;

use crate::*;

fn table() -> Table {
    let column = |name: &str, shape: &[usize], cells| Column {
        shape: shape.to_vec(),
        ..Column::new(name, "m2 s-1", cells)
    };
    let variable = |starts: &[usize], values| Cells::Variable {
        starts: starts.to_vec(),
        values: Box::new(values),
    };
    let texts = |texts: &[&str]| Cells::Text(texts.iter().map(|text| text.to_string()).collect());
    let mut header = Header::default();
    header.set("HDUCLASS", "GADF", "of what format");
    header.set("LONG", "a 'long' text & more, ".repeat(9).trim(), "");
    header.set("ENDAMP", "rather short&", "");
    header.set("MJDREFF", 7.428703703703703e-4, "days");
    header.set("TINY", -1.2345678901234567e-300, "");
    header.set("BIG", 1e20, "");
    header.set("ONE", 1.0, "");
    header.set("OBS_ID", -5, "");
    header.set("FLAG", false, "");
    header.set("NOTHING", Value::Undefined, "is not known");
    header.set("ESO TEL X", 5, "by another convention");
    let commentary = |key: &str, text: &str| Card {
        key: key.into(),
        value: Value::Commentary,
        comment: text.into(),
    };
    header.cards.push(commentary("HISTORY", "one"));
    header.cards.push(commentary("HISTORY", "= two"));
    header.cards.push(commentary("COMMENT", ""));
    Table {
        name: "ALL TYPES".into(),
        header,
        rows: 3,
        columns: vec![
            column("L", &[], Cells::Logical(vec![true, false, true])),
            column("X", &[11], Cells::Bits((0..33).map(|i| i % 3 == 0).collect())),
            Column { null: Some(255), ..column("B", &[], Cells::U8(vec![0, 128, 255])) },
            column("I", &[2], Cells::I16(vec![0, 1, -1, i16::MIN, i16::MAX, 5])),
            column("J", &[], Cells::I32(vec![i32::MIN, 0, i32::MAX])),
            column("K", &[], Cells::I64(vec![i64::MIN, 0, i64::MAX])),
            column("E", &[2, 1, 2], Cells::F32((0..12).map(|i| i as f32 / 3.0).collect())),
            column("D", &[], Cells::F64(vec![-0.0, f64::INFINITY, 1e-310])),
            column("C", &[], Cells::C32(vec![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])),
            column("M", &[2], Cells::C64((0..6).map(|i| [f64::from(i), 0.5]).collect())),
            column("A", &[], texts(&["one", "", "three"])),
            column("AA", &[2], texts(&["a", "bcd", "", "e", "f g", "h"])),
            column("NONE", &[0], Cells::F32(vec![])),
            column("PE", &[], variable(&[0, 2, 2, 3], Cells::F32(vec![1.5, 2.5, 3.5]))),
            column("PL", &[], variable(&[0, 0, 1, 3], Cells::Logical(vec![true, false, true]))),
            column(
                "PX",
                &[],
                variable(&[0, 9, 9, 12], Cells::Bits((0..12).map(|i| i % 2 == 0).collect())),
            ),
            column("PK", &[], variable(&[0, 1, 2, 3], Cells::I64(vec![1, i64::MIN, 3]))),
            column("PM", &[], variable(&[0, 1, 1, 1], Cells::C64(vec![[1.0, -1.0]]))),
            column("PA", &[], variable(&[0, 1, 2, 3], texts(&["some", "", "words of text"]))),
            column("", &[], Cells::U8(vec![1, 2, 3])),
        ],
    }
}

fn images() -> Vec<Image> {
    let image = |name: &str, pixels| Image {
        name: name.into(),
        header: Header::default(),
        shape: vec![2, 3, 5],
        pixels,
    };
    let ints = || 0..30_i64;
    vec![
        image("U8", Pixels::U8(ints().map(|i| (i * 8) as u8).collect())),
        image("I8", Pixels::I8(ints().map(|i| (i * 8 - 128) as i8).collect())),
        image("I16", Pixels::I16(ints().map(|i| (i * 2185) as i16).collect())),
        image("U16", Pixels::U16(ints().map(|i| (i * 2185) as u16).collect())),
        image("I32", Pixels::I32(ints().map(|i| (i * 143_165_577) as i32).collect())),
        image("U32", Pixels::U32(ints().map(|i| (i * 143_165_576) as u32).collect())),
        image("I64", Pixels::I64(ints().map(|i| i64::MIN + i * 314_891_469_123_651_720).collect())),
        image("F32", Pixels::F32(ints().map(|i| (i as f32).exp() / 7.0).collect())),
        image("F64", Pixels::F64(ints().map(|i| (i as f64).exp() / 7.0).collect())),
    ]
}

fn written(name: &str, write: impl FnOnce(&mut FitsWriter), checksum: bool) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    let mut writer = FitsWriter::create(&path, false).unwrap();
    write(&mut writer);
    writer.finish(checksum).unwrap();
    std::fs::read(&path).unwrap()
}

fn opened(bytes: &[u8]) -> Result<FitsFile, Error> {
    FitsFile::from_bytes(Path::new("x.fits"), bytes.to_vec(), &Limits::default())
}

/// Reads all that is there; whether an error came is not asked.
fn read_all(bytes: &[u8]) -> Result<(), Error> {
    let mut file = opened(bytes)?;
    for number in 0..file.hdus().len() {
        match file.info(number)?.kind {
            HduKind::Image | HduKind::CompressedImage => drop(file.image(number)?),
            _ => drop(file.table(number, None)?),
        }
    }
    Ok(())
}

#[test]
fn tables_come_back() {
    let table = table();
    for name in ["t.fits", "t.fits.gz"] {
        let bytes = written(name, |writer| writer.table(&table).unwrap(), false);
        let mut file = opened(&bytes).unwrap();
        assert_eq!(file.hdus().len(), 2);
        let info = file.info(1).unwrap();
        assert_eq!((info.rows, info.version, info.columns.len()), (3, 1, 20));
        let number = file.require("all types").unwrap();
        assert_eq!(file.find("primary"), Some(0));
        let read = file.table(number, None).unwrap();
        for (one, two) in std::iter::zip(&read.header.cards, &table.header.cards) {
            assert_eq!(one, two);
        }
        for (one, two) in std::iter::zip(&read.columns, &table.columns) {
            assert_eq!(one, two);
        }
        assert_eq!(read, table);
        let some = file.table(1, Some(&["pe", "L"])).unwrap();
        assert_eq!(some.columns, [table.columns[13].clone(), table.columns[0].clone()]);
        let error = file.table(1, Some(&["TIME"])).unwrap_err().to_string();
        assert_eq!(error, "x.fits: HDU 1 (ALL TYPES): column TIME: is not there");
        let error = file.require("EVENTS").unwrap_err().to_string();
        assert_eq!(error, "x.fits: no HDU EVENTS, found , ALL TYPES");
        assert!(file.image(1).is_err() && file.table(0, None).is_err() && file.header(2).is_err());
    }
}

#[test]
fn images_come_back() {
    for compression in [Compression::None, Compression::Gzip, Compression::Rice] {
        for image in images() {
            let is_real = matches!(image.pixels, Pixels::F32(_) | Pixels::F64(_));
            let is_long = matches!(image.pixels, Pixels::I64(_));
            if (is_real && compression == Compression::Rice)
                || (is_long && compression != Compression::None)
            {
                let folder = tempfile::tempdir().unwrap();
                let mut writer = FitsWriter::create(&folder.path().join("a.fits"), false).unwrap();
                assert!(writer.image(&image, compression).is_err());
                continue;
            }
            let write = |writer: &mut FitsWriter| {
                writer.primary(&Header::default()).unwrap();
                writer.image(&image, compression).unwrap();
                writer.image(&Image { name: "TWO".into(), ..image.clone() }, compression).unwrap();
            };
            let bytes = written("image.fits", write, true);
            let mut file = opened(&bytes).unwrap();
            assert_eq!(file.hdus().len(), 3);
            assert_eq!(file.info(1).unwrap().shape, image.shape, "{compression:?}");
            assert_eq!(file.image(1).unwrap(), image, "{compression:?}");
            assert_eq!(file.image(2).unwrap().name, "TWO");
            verify_checksums(&bytes, &file);
        }
    }
}

/// The sum of all 4-byte words of each HDU, with the carry added, is all ones.
fn verify_checksums(bytes: &[u8], file: &FitsFile) {
    let starts: Vec<usize> = (0..bytes.len())
        .step_by(2880)
        .filter(|at| {
            bytes[*at..].starts_with(b"SIMPLE  =") || bytes[*at..].starts_with(b"XTENSION=")
        })
        .chain([bytes.len()])
        .collect();
    assert_eq!(starts.len(), file.hdus().len() + 1);
    for pair in starts.windows(2) {
        let sum = bytes[pair[0]..pair[1]]
            .chunks_exact(4)
            .fold(0_u64, |sum, word| sum + u64::from(u32::from_be_bytes(word.try_into().unwrap())));
        let mut sum = sum;
        while sum >> 32 > 0 {
            sum = (sum & 0xFFFF_FFFF) + (sum >> 32);
        }
        assert_eq!(sum, 0xFFFF_FFFF);
    }
}

#[test]
fn a_first_image_is_the_primary_one_and_files_are_the_same_each_time() {
    let image = Image { name: String::new(), ..images().remove(7) };
    let write = |writer: &mut FitsWriter| {
        writer.image(&image, Compression::None).unwrap();
        writer.table(&table()).unwrap();
    };
    let bytes = written("a.fits", write, true);
    assert_eq!(bytes.len() % 2880, 0);
    assert_eq!(bytes, written("b.fits", write, true));
    let mut file = opened(&bytes).unwrap();
    assert_eq!(file.image(0).unwrap(), image);
    assert_eq!(file.table(1, None).unwrap(), table());
    verify_checksums(&bytes, &file);
    let text = String::from_utf8_lossy(&bytes);
    assert!(!text.contains("FITS (Flexible"));
}

#[test]
fn what_can_not_be_written_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.fits");
    let mut writer = FitsWriter::create(&path, false).unwrap();
    for (key, value) in [
        ("NAXIS", Value::Integer(1)),
        ("A=B", Value::Integer(1)),
        ("", Value::Integer(1)),
        ("A", Value::Real(f64::NAN)),
        ("A", Value::Text("naïve".into())),
        ("A", Value::Text("two\nlines".into())),
    ] {
        let mut header = Header::default();
        header.set(key, value, "");
        assert!(writer.primary(&header).is_err(), "{key}");
        writer = FitsWriter::create(&path, false).unwrap();
    }
    let mut bad = table();
    bad.columns[0].cells = Cells::Logical(vec![true]);
    let error = writer.table(&bad).unwrap_err().to_string();
    assert!(error.ends_with("column L: 3 rows of 1 values, but 1 values"), "{error}");
    let image = Image { shape: vec![7], ..images().remove(0) };
    assert!(writer.image(&image, Compression::None).is_err());
    drop(writer);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    assert!(FitsWriter::create(&path, false).unwrap().finish(false).is_err());
}

/// A table as other programs write it.
fn foreign(columns: &[[&str; 3]], more: &[&str], width: usize, data: &[u8]) -> Vec<u8> {
    let rows = data.len().checked_div(width).unwrap_or(0);
    let mut lines: Vec<String> = vec![
        "XTENSION= 'BINTABLE'".into(),
        "BITPIX  = 8".into(),
        "NAXIS   = 2".into(),
        format!("NAXIS1  = {width}"),
        format!("NAXIS2  = {rows}"),
        "PCOUNT  = 0".into(),
        "GCOUNT  = 1".into(),
        format!("TFIELDS = {}", columns.len()),
    ];
    for (n, [name, form, unit]) in (1..).zip(columns) {
        lines.push(format!("TTYPE{n}  = '{name}'"));
        lines.push(format!("TFORM{n}  = '{form}'"));
        lines.push(format!("TUNIT{n}  = '{unit}'"));
    }
    lines.extend(more.iter().map(|line| line.to_string()));
    let mut bytes = written("p.fits", |writer| writer.primary(&Header::default()).unwrap(), false);
    for line in lines.iter().map(String::as_str).chain(["END"]) {
        bytes.extend(format!("{line:80}").into_bytes());
    }
    bytes.resize(bytes.len().next_multiple_of(2880), b' ');
    bytes.extend_from_slice(data);
    bytes
}

#[test]
fn scaled_columns_and_those_of_older_conventions() {
    let columns = [["U", "I", ""], ["S", "B", ""], ["F", "I", ""], ["T", "6A3", ""]];
    let more =
        ["TZERO1  = 32768", "TNULL1  = -1", "TZERO2  = -128.", "TSCAL3  = 0.5", "TNULL3  = 7"];
    let data = [
        0x80, 0, 0, 0, 4, b'a', b' ', 0, b'b', b'c', 0, 0x7F, 0xFF, 255, 0, 7, 0, 0, 0, b'd', b'e',
        b'f',
    ];
    let mut file = opened(&foreign(&columns, &more, 11, &data)).unwrap();
    let table = file.table(1, None).unwrap();
    assert_eq!(table.columns[0].cells, Cells::I32(vec![0, 65535]));
    assert_eq!(table.columns[0].null, Some(32767));
    assert_eq!(table.columns[1].cells, Cells::I16(vec![-128, 127]));
    let halves = table.columns[2].f64s().unwrap();
    assert!(halves[0] == 2.0 && halves[1].is_nan());
    assert_eq!(table.columns[3].texts().unwrap(), ["a", "bc", "", "def"]);
    assert_eq!(table.columns[3].shape, [2]);
    let text = ["TDIM1   = '(2,3)'"];
    let mut file = opened(&foreign(&[["A", "6I", ""]], &text, 12, &[0; 12])).unwrap();
    assert_eq!(file.table(1, None).unwrap().columns[0].shape, [3, 2]);
}

#[test]
fn sizes_that_lie_are_errors() {
    let refused = |columns: &[[&str; 3]], more: &[&str], width| {
        let bytes = foreign(columns, more, width, &vec![0; width * 2]);
        read_all(&bytes).unwrap_err().to_string()
    };
    let error = refused(&[["A", "6I", ""]], &["TDIM1   = '(2,2)'"], 12);
    assert_eq!(error, "x.fits: HDU 1: keyword TDIM1: (2,2) does not fit cells of 6 values");
    let error = refused(&[["A", "6I", ""]], &[], 13);
    assert_eq!(error, "x.fits: HDU 1: rows of 13 bytes, but columns of 12");
    let error = refused(&[["A", "99999999999999999D", ""]], &[], 13);
    assert!(error.contains("rows of 13 bytes"), "{error}");
    let bytes = foreign(&[["A", "1PE", ""]], &[], 8, &[0, 0, 0, 9, 0, 0, 0, 0]);
    let error = read_all(&bytes).unwrap_err().to_string();
    assert_eq!(error, "x.fits: HDU 1: column A: row 1: 9 values at 0 of a heap of 0 bytes");
    let text = String::from_utf8(foreign(&[["A", "E", ""]], &[], 4, &[0; 4])).unwrap();
    for (key, value) in [
        ("NAXIS2", "4611686018427387904"),
        ("NAXIS2", "2"),
        ("NAXIS2", "-1"),
        ("NAXIS2", "1E99"),
        ("NAXIS2", "'x'"),
        ("PCOUNT", "9223372036854775807"),
        ("GCOUNT", "0"),
        ("GCOUNT", "2"),
        ("TFIELDS", "99999"),
        ("TFIELDS", "0"),
        ("BITPIX", "16"),
        ("NAXIS1", "0"),
    ] {
        let (head, tail) = text.split_at(2880);
        let from = tail.find(&format!("{key:8}=")).unwrap();
        let card = format!("{key:8}= {value:70}");
        let damaged = format!("{head}{}{card}{}", &tail[..from], &tail[from + 80..]);
        assert!(read_all(damaged.as_bytes()).is_err(), "{key} {value}");
    }
    let huge = foreign(&[["A", "0E", ""], ["B", "0A", ""]], &[], 0, &[]);
    let huge = String::from_utf8(huge).unwrap();
    let huge = huge.replacen("NAXIS2  = 0                  ", "NAXIS2  = 4611686018427387904", 1);
    let mut file = opened(huge.as_bytes()).unwrap();
    assert!(file.table(1, Some(&["A"])).unwrap().columns[0].cells.is_empty());
    assert!(matches!(file.table(1, Some(&["B"])), Err(Error::Limit { .. })));
}

fn small() -> Vec<u8> {
    let write = |writer: &mut FitsWriter| {
        writer.image(&images()[3], Compression::None).unwrap();
        writer.table(&table()).unwrap();
        writer.image(&images()[4], Compression::Rice).unwrap();
        writer.image(&images()[7], Compression::Gzip).unwrap();
    };
    written("a.fits", write, true)
}

#[test]
fn every_cut_is_an_error() {
    let bytes = small();
    assert!(read_all(&bytes).is_ok());
    let extents = opened(&bytes).unwrap().extents();
    for length in (0..bytes.len()).step_by(41).chain((0..bytes.len()).step_by(2880)) {
        match opened(&bytes[..length]) {
            Err(error) => assert!(!error.to_string().is_empty()),
            // Cut in the padding behind an HDU, which is told, or right behind it.
            Ok(file) => {
                let (_, data, end) = extents[file.hdus().len() - 1];
                assert!((data..=end).contains(&length), "{length}");
                assert!(bytes[length..end].iter().all(|byte| *byte == 0), "{length}");
                assert_eq!(file.warnings().len(), usize::from(length < end), "{length}");
            }
        }
    }
    let packed = written("a.fits.gz", |writer| writer.table(&table()).unwrap(), false);
    for length in (0..packed.len()).step_by(41) {
        assert!(opened(&packed[..length]).is_err(), "{length}");
    }
}

#[test]
fn lost_padding_is_told() {
    let bytes = small();
    let end = |number: usize| opened(&bytes).unwrap().extents()[number];
    let warning = |length: usize| opened(&bytes[..length]).unwrap().warnings().to_vec();
    assert_eq!(warning(bytes.len()), [""; 0]);
    let (_, _, last) = end(1);
    assert_eq!(
        warning(last - 5),
        ["x.fits: HDU 1 (ALL TYPES): the file ends early: 5 bytes of padding are missing, HDUs \
          after it would be lost"]
    );
    // A header alone, of which the blanks behind END are lost.
    let header = written("a.fits", |writer| writer.primary(&Header::default()).unwrap(), false);
    assert_eq!(opened(&header[..1000]).unwrap().warnings().len(), 1);
    assert!(opened(&header[..240]).is_err());
}

#[test]
fn columns_and_pixels_are_told_without_content() {
    let bytes = small();
    let file = opened(&bytes).unwrap();
    let types: Vec<&str> = file.columns(1).unwrap().iter().map(|column| column.dtype).collect();
    let fixed = ["bool", "bit", "u8", "i16", "i32", "i64", "f32", "f64", "c64", "c128", "string"];
    assert_eq!(types[..11], fixed);
    let column = &file.columns(1).unwrap()[6];
    assert_eq!((column.name.as_str(), column.unit.as_str()), ("E", "m2 s-1"));
    assert_eq!((&column.shape[..], column.is_variable), (&[2, 1, 2][..], false));
    assert!(file.columns(1).unwrap()[13].is_variable);
    let types = [0, 2, 3].map(|number| file.pixel_type(number).unwrap());
    assert_eq!(types, ["u16", "i32", "f32"]);
    assert!(file.columns(0).is_err() && file.pixel_type(1).is_err() && file.columns(9).is_err());
}

#[test]
fn files_are_known_by_their_first_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    let bytes = small();
    let mut bz = bzip2::read::BzEncoder::new(&bytes[..], bzip2::Compression::fast());
    let mut bzip2 = Vec::new();
    std::io::Read::read_to_end(&mut bz, &mut bzip2).unwrap();
    let gzip = written("a.fits.gz", |writer| writer.table(&table()).unwrap(), false);
    let zstd = zstd::stream::encode_all(&bytes[..], 1).unwrap();
    for (bytes, is) in [
        (&bytes[..], true),
        (&gzip, true),
        (&bzip2, true),
        (&zstd, true),
        (&bytes[..8], false),
        (&gzip[..9], false),
        (b"", false),
    ] {
        std::fs::write(&path, bytes).unwrap();
        assert_eq!(is_fits(&path).unwrap(), is);
    }
    assert!(!is_fits(folder.path()).unwrap());
    assert!(is_fits(&folder.path().join("none")).is_err());
}

#[test]
fn damage_never_panics() {
    let bytes = small();
    let mut state = 1_u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) as usize % below
    };
    let mut failed = 0;
    for _ in 0..2000 {
        let mut damaged = bytes.clone();
        for _ in 0..1 + random(8) {
            let at = random(damaged.len());
            damaged[at] = match random(4) {
                0 => b'0' + random(10) as u8,
                1 => damaged[at] ^ (1 << random(8)),
                2 => b' ',
                _ => random(256) as u8,
            };
        }
        failed += usize::from(read_all(&damaged).is_err());
    }
    assert!(failed > 100, "{failed}");
}

#[test]
fn limits_hold() {
    let image = Image {
        name: String::new(),
        header: Header::default(),
        shape: vec![1 << 20],
        pixels: Pixels::U8(vec![0; 1 << 20]),
    };
    let limits = Limits { max_allocation: 1 << 19, ..Limits::default() };
    for name in ["a.fits", "a.fits.gz"] {
        let bytes = written(name, |writer| writer.image(&image, Compression::None).unwrap(), false);
        let result = FitsFile::from_bytes(Path::new("a"), bytes.clone(), &limits)
            .and_then(|mut file| file.image(0));
        assert!(matches!(result, Err(Error::Limit { .. })), "{name}");
    }
}

#[test]
fn packed_files_are_known_by_their_content() {
    let bytes = small();
    let mut bz = bzip2::read::BzEncoder::new(&bytes[..], bzip2::Compression::fast());
    let mut packed = Vec::new();
    std::io::Read::read_to_end(&mut bz, &mut packed).unwrap();
    for packed in [packed, zstd::stream::encode_all(&bytes[..], 1).unwrap()] {
        assert!(read_all(&packed).is_ok());
        assert!(read_all(&packed[..packed.len() / 2]).is_err());
    }
}
