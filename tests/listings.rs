//! Listings against those of silx and h5glance.

use tierline::dataio::convert::Convert;
use tierline::dataio::tree::{self, GlanceOptions, Tree};
use tierline_tests::data::shared;

fn golden(name: &str) -> Option<String> {
    Some(std::fs::read_to_string(shared(&format!("golden/dataio/listing/{name}.txt"))?).unwrap())
}

fn assert_same(found: &str, expected: &str, name: &str) {
    let lines = found.lines().zip(expected.lines());
    for (number, (found, expected)) in lines.enumerate() {
        assert_eq!(found, expected, "{name}, line {}", number + 1);
    }
    assert_eq!(found.len(), expected.len(), "{name}");
}

fn hdf5(name: &str) -> Option<Tree> {
    let path = shared(&format!("data/dataio/h5/{name}"))?;
    Some(tree::hdf5(&path, Default::default()).unwrap())
}

#[test]
fn h5ls_lists_as_silx_does() {
    let spec = |name: &str| {
        let path = shared(&format!("data/dataio/spec/{name}"))?;
        Some(tree::spec(&path, Default::default(), Default::default()).unwrap())
    };
    let image = |name: &str| {
        let path = shared(&format!("data/dataio/edf/{name}"))?;
        Some(tree::open(&path, Default::default()).unwrap())
    };
    for (name, tree) in [
        ("h5ls_s20_mca", spec("edge/s20_mca.dat")),
        ("h5ls_oleg", spec("oleg.dat")),
        ("h5ls_medipix", image("medipix.edf")),
        ("h5ls_test_h5", hdf5("test.h5")),
        ("h5ls_diatomee_rebuilt", hdf5("ID16B_diatomee_rebuilt.h5")),
    ] {
        let (Some(tree), Some(expected)) = (tree, golden(name)) else { return };
        // Texts of fixed width have one byte for a character here.
        let expected = expected.replace("\"<U", "\"|S");
        let mut out = Vec::new();
        tree::h5ls(&mut out, &tree, "/").unwrap();
        assert_same(std::str::from_utf8(&out).unwrap(), &expected, name);
    }
}

#[test]
fn glance_shows_as_h5glance_does() {
    let all = GlanceOptions::default();
    let attrs = GlanceOptions { attrs: true, ..all.clone() };
    let depth = GlanceOptions { depth: Some(2), ..all.clone() };
    let slice = GlanceOptions { slice: Some("0:2,0:5".into()), ..all.clone() };
    let image = Some("data/0100");
    for (name, file, path, options) in [
        ("h5glance_test_h5", "test.h5", None, &all),
        ("h5glance_test_h5_attrs", "test.h5", None, &attrs),
        ("h5glance_test_h5_depth2", "test.h5", None, &depth),
        ("h5glance_diatomee", "ID16B_diatomee_rebuilt.h5", None, &all),
        ("h5glance_dataset", "ID16B_diatomee_rebuilt.h5", image, &all),
        ("h5glance_slice", "ID16B_diatomee_rebuilt.h5", image, &slice),
    ] {
        let (Some(tree), Some(expected)) = (hdf5(file), golden(name)) else { return };
        let mut out = Vec::new();
        tree::glance(&mut out, &tree, path, options).unwrap();
        let folder = tree.path().parent().unwrap().parent().unwrap();
        let out = String::from_utf8(out).unwrap().replace(&format!("{}/", folder.display()), "");
        assert_same(&out, &expected, name);
    }
}

#[test]
fn glance_shows_a_converted_spec_file() {
    let name = "h5glance_oleg_converted";
    let (Some(input), Some(expected)) = (shared("data/dataio/spec/oleg.dat"), golden(name)) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("spec_oleg.h5");
    Convert::default().run(&[input], &target).unwrap();
    let tree = tree::hdf5(&target, Default::default()).unwrap();
    let mut out = Vec::new();
    tree::glance(&mut out, &tree, None, &GlanceOptions::default()).unwrap();
    let folder = format!("{}/", folder.path().display());
    assert_same(&String::from_utf8(out).unwrap().replace(&folder, ""), &expected, name);
}
