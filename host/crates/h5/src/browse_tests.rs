use std::path::PathBuf;

use hdf5::types::{FixedUnicode, VarLenUnicode};
use tierline_table::DType;

use super::*;

/// A file with one of each.
fn made() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.h5");
    let file = hdf5::File::create(&path).unwrap();
    let group = file.create_group("group").unwrap();
    let data: Vec<i32> = (0..24).collect();
    let builder = group.new_dataset::<i32>().chunk((2, 3)).shuffle().deflate(4).shape((4.., 6));
    builder.create("numbers").unwrap().write_raw(&data).unwrap();
    let texts: Vec<VarLenUnicode> = ["a", "", "é"].map(|text| text.parse().unwrap()).to_vec();
    group
        .new_dataset::<VarLenUnicode>()
        .shape(3)
        .create("texts")
        .unwrap()
        .write_raw(&texts)
        .unwrap();
    let fixed: Vec<FixedUnicode<4>> = vec!["é".parse().unwrap()];
    group
        .new_dataset::<FixedUnicode<4>>()
        .shape(1)
        .create("fixed")
        .unwrap()
        .write_raw(&fixed)
        .unwrap();
    let flag = group.new_dataset::<bool>().create("flag").unwrap();
    flag.write_scalar(&true).unwrap();
    flag.new_attr::<f32>().shape(2).create("range").unwrap().write_raw(&[0.5_f32, 2.0]).unwrap();
    flag.new_attr::<VarLenUnicode>().create("name").unwrap().write_scalar(&texts[2]).unwrap();
    flag.new_attr::<[i32; 2]>().create("pair").unwrap();
    file.link_soft("/group/numbers", "soft").unwrap();
    file.link_soft("nowhere", "dangling").unwrap();
    file.link_hard("group", "same").unwrap();
    group.link_hard("/", "up").unwrap();
    file.link_external("other.h5", "/x/y", "out").unwrap();
    (dir, path)
}

#[test]
fn links_are_shown_not_followed() {
    let (_dir, path) = made();
    let reader = Reader::open(&path).unwrap();
    let soft = |target: &str| Link::Soft(target.into());
    let expected = [
        ("dangling", soft("nowhere")),
        ("group", Link::Hard),
        ("out", Link::External { file: "other.h5".into(), path: "/x/y".into() }),
        ("same", Link::Hard),
        ("soft", soft("/group/numbers")),
    ];
    assert_eq!(
        reader.item("/").unwrap().members().unwrap(),
        expected.map(|(name, link)| (name.to_owned(), link))
    );
    let identity = |path| reader.item(path).unwrap().identity().map(str::to_owned);
    assert!(identity("/group").is_some());
    assert_eq!(identity("/group"), identity("/same"));
    assert_eq!(identity("/"), identity("/group/up"));
    assert_eq!(identity("/group/texts"), None);
    assert_eq!(reader.item("/group/texts").unwrap().kind(), Kind::Dataset);
    assert!(
        reader.item("/none").is_err() && reader.item("/group/texts").unwrap().members().is_err()
    );
}

#[test]
fn spaced_places_are_read() {
    let (_dir, path) = made();
    let mut reader = Reader::open(&path).unwrap();
    let numbers = "/group/numbers";
    let details = reader.item(numbers).unwrap().details().unwrap();
    assert_eq!((details.shape, details.maxshape), (vec![4, 6], vec![None, Some(6)]));
    assert_eq!(details.layout, Layout::Chunked(vec![2, 3]));
    assert_eq!(details.filters, [(2, vec![]), (1, vec![4])]);
    let Elements::Plain(DType::I32, bytes) =
        reader.item(numbers).unwrap().select(&[1, 0], &[2, 3], &[2, 2]).unwrap()
    else {
        panic!()
    };
    let found: Vec<i32> =
        bytes.chunks_exact(4).map(|bytes| i32::from_le_bytes(bytes.try_into().unwrap())).collect();
    assert_eq!(found, [6, 8, 10, 18, 20, 22]);
    assert!(reader.item(numbers).unwrap().select(&[3, 0], &[2, 1], &[1, 1]).is_err());
    assert!(reader.item(numbers).unwrap().select(&[0], &[1], &[1]).is_err());
    assert!(reader.item(numbers).unwrap().select(&[0, 0], &[u64::MAX, 9], &[1, 1]).is_err());
    reader.max_allocation = 23;
    assert!(matches!(
        reader.item(numbers).unwrap().select(&[0, 0], &[1, 1], &[1, 1]),
        Err(Error::Limit { .. })
    ));
}

#[test]
fn texts_and_truth_are_read() {
    let (_dir, path) = made();
    let reader = Reader::open(&path).unwrap();
    let texts = reader.item("/group/texts").unwrap().select(&[0], &[2], &[2]).unwrap();
    assert_eq!(texts, Elements::Texts(vec!["a".into(), "é".into()]));
    let fixed = reader.item("/group/fixed").unwrap().select(&[0], &[1], &[1]).unwrap();
    assert_eq!(fixed, Elements::Plain(DType::Text(4), b"\xc3\xa9\0\0".to_vec()));
    assert!(reader.item("/group/fixed").unwrap().details().unwrap().element.utf8);
    let flag = reader.item("/group/flag").unwrap().select(&[], &[], &[]).unwrap();
    assert_eq!(flag, Elements::Plain(DType::Bool, vec![1]));
    let attributes = reader.item("/group/flag").unwrap().attributes().unwrap();
    let names: Vec<&str> = attributes.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["name", "pair", "range"]);
    assert_eq!(attributes[0].elements, Elements::Texts(vec!["é".into()]));
    assert!(matches!(attributes[1].elements, Elements::Other(_)));
    let range = [0.5_f32, 2.0].iter().flat_map(|value| value.to_le_bytes()).collect();
    assert_eq!(
        (&attributes[2].shape[..], &attributes[2].elements),
        (&[2][..], &Elements::Plain(DType::F32, range))
    );
}
