use std::collections::HashMap;

use super::*;
use crate::Interp;
use crate::header::Value;

fn create(center: SkyCoord, size: Size, binsz: f64, projection: Projection) -> WcsGeom {
    WcsGeom::create(&center, size, [binsz; 2], projection, center.frame, Vec::new()).unwrap()
}

fn crab() -> SkyCoord {
    SkyCoord::icrs(83.63, 22.01)
}

fn energy(n: usize) -> MapAxis {
    MapAxis::from_energy_bounds("energy", "TeV", [1.0, 10.0], n, false).unwrap()
}

#[test]
fn widths_are_rounded_to_pixels() {
    for (width, binsz, expected) in
        [(6.0, 0.02, 300), (1.01, 0.02, 50), (1.03, 0.02, 52), (0.25, 0.1, 2), (0.75, 0.5, 2)]
    {
        let geom = create(crab(), Size::Width([width; 2]), binsz, Projection::Car);
        assert_eq!(geom.image_shape(), [expected; 2], "{width} {binsz}");
        let middle = (expected as f64 + 1.0) / 2.0;
        assert_eq!(geom.wcs().crpix(), [middle; 2]);
    }
    let new = |size, binsz: [f64; 2]| {
        WcsGeom::create(&crab(), size, binsz, Projection::Car, Frame::Icrs, Vec::new())
    };
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(new(Size::Width([bad, 1.0]), [0.1; 2]).is_err(), "{bad}");
        assert!(new(Size::Width([1.0, 1.0]), [0.1, bad]).is_err(), "{bad}");
    }
    assert!(new(Size::Npix([0, 1]), [0.1; 2]).is_err());
    assert!(new(Size::Npix([usize::MAX, 2]), [0.1; 2]).is_err());
}

#[test]
fn the_middle_is_where_it_was_asked() {
    for projection in Projection::all() {
        for npix in [[10, 20], [11, 7]] {
            let geom = create(crab(), Size::Npix(npix), 0.1, projection);
            let away = geom.center_skydir().unwrap().separation_deg(&crab());
            assert!(away < 1e-10, "{projection:?}: {away}");
            assert!(geom.contains(&crab()));
        }
    }
}

#[test]
fn solid_angles_add_up() {
    // A band of the sky in whole pixels of an equal-area projection.
    let center = SkyCoord::galactic(0.0, 0.0);
    let geom = create(center, Size::Width([360.0, 60.0]), 0.5, Projection::Car);
    let total: f64 = geom.solid_angle().iter().sum();
    let expected = 4.0 * std::f64::consts::PI * 0.5;
    assert!((total / expected - 1.0).abs() < 1e-4, "{total}");
    let small = create(crab(), Size::Npix([3, 3]), 0.001, Projection::Tan);
    let pixel = 0.001f64.to_radians().powi(2);
    assert!(small.solid_angle().iter().all(|omega| (omega / pixel - 1.0).abs() < 1e-8));
}

#[test]
fn volumes_are_in_the_order_of_the_data() {
    let image = create(crab(), Size::Npix([3, 2]), 0.1, Projection::Car);
    let rad = MapAxis::from_bounds("rad", "deg", Interp::Lin, [0.0, 1.0], 2).unwrap();
    let geom = image.with_axes(vec![rad.clone(), energy(3)]).unwrap();
    assert_eq!(geom.shape(), [3, 2, 2, 3]);
    assert_eq!(geom.n_planes(), 6);
    let (volume, omega) = (geom.bin_volume(), image.solid_angle());
    assert_eq!(volume.len(), 36);
    let widths = energy(3).bin_widths();
    for (at, volume) in volume.iter().enumerate() {
        let expected = omega[at % 6] * 0.5 * widths[at / 12];
        assert!((volume / expected - 1.0).abs() < 1e-12);
    }
    assert!(image.with_axes(vec![energy(3), energy(2)]).is_err());
    assert!(geom.replace_axis("rad", energy(1)).is_err());
    assert!(geom.replace_axis("theta", rad).is_err());
    assert_eq!(geom.replace_axis("energy", energy(1)).unwrap().shape(), [1, 2, 2, 3]);
}

#[test]
fn finer_and_coarser_pixels_are_in_the_same_place() {
    let geom = create(crab(), Size::Npix([30, 20]), 0.1, Projection::Car);
    let fine = geom.upsample(4).unwrap();
    assert_eq!(fine.image_shape(), [80, 120]);
    // The lower left corner stays.
    let corner = |geom: &WcsGeom| geom.wcs().pix_to_coord(-0.5, -0.5).unwrap();
    assert!(corner(&geom).separation_deg(&corner(&fine)) < 1e-10);
    assert!(fine.downsample(4).unwrap().is_close(&geom));
    assert!(geom.downsample(7).is_err() && geom.downsample(0).is_err());
    assert!(geom.upsample(0).is_err() && geom.upsample(usize::MAX).is_err());
    let irf = geom.to_binsz(0.5).unwrap();
    assert_eq!(irf.image_shape(), [4, 6]);
    assert!(irf.center_skydir().unwrap().separation_deg(&crab()) < 1e-10);
}

#[test]
fn parts_are_aligned() {
    let parent = create(crab(), Size::Npix([50, 40]), 0.1, Projection::Tan);
    let position = crab().offset_by(70.0, 2.0);
    for mode in [CutoutMode::Trim, CutoutMode::Partial] {
        let cutout = parent.cutout(&position, [2.0, 1.5], mode).unwrap();
        let [y, x] = cutout.geom.offset_in(&parent).unwrap();
        assert_eq!(y + cutout.cutout[0].start as i64, cutout.parent[0].start as i64);
        assert_eq!(x + cutout.cutout[1].start as i64, cutout.parent[1].start as i64);
        let here = cutout.geom.wcs().pix_to_coord(0.0, 0.0).unwrap();
        let there = parent.wcs().pix_to_coord(x as f64, y as f64).unwrap();
        assert!(here.separation_deg(&there) < 1e-10);
        assert!(cutout.geom.is_aligned(&parent) && !cutout.geom.is_close(&parent));
    }
    let other = create(position, Size::Npix([50, 40]), 0.1, Projection::Tan);
    assert!(!other.is_aligned(&parent) && parent.overlap(&other).is_none());
    let away = SkyCoord::icrs(263.63, -22.01);
    assert!(parent.cutout(&away, [1.0; 2], CutoutMode::Trim).is_err());
    assert!(parent.cutout(&crab().offset_by(0.0, 20.0), [1.0; 2], CutoutMode::Trim).is_err());
    for bad in [f64::NAN, f64::INFINITY, 1e300] {
        assert!(parent.cutout(&crab(), [bad, 1.0], CutoutMode::Partial).is_err() || bad.is_nan());
    }
}

#[test]
fn pixels_are_found_or_not() {
    let geom = create(crab(), Size::Npix([5, 4]), 0.1, Projection::Car);
    assert_eq!(geom.pix_to_idx(-0.5, -0.5), Some([0, 0]));
    assert_eq!(geom.pix_to_idx(4.49, 3.49), Some([3, 4]));
    for (x, y) in [(-0.51, 0.0), (4.5, 0.0), (0.0, 3.5), (f64::NAN, 0.0), (0.0, f64::INFINITY)] {
        assert_eq!(geom.pix_to_idx(x, y), None);
    }
    assert_eq!(geom.coord_to_idx(f64::NAN, 0.0), None);
    assert_eq!(geom.coord_to_idx(0.0, 100.0), None);
}

#[test]
fn shapes_come_from_headers() {
    let geom = create(crab(), Size::Npix([5, 4]), 0.1, Projection::Car);
    let geom = geom.with_axes(vec![energy(3)]).unwrap();
    let read = |change: &[(&str, Option<Value>)], axes: Vec<MapAxis>| {
        let all = geom.keywords().into_iter().map(|keyword| (keyword.name, keyword.value));
        let mut all: HashMap<String, Value> = all.collect();
        for (name, value) in change {
            match value {
                Some(value) => all.insert((*name).into(), value.clone()),
                None => all.remove(*name),
            };
        }
        WcsGeom::from_keywords(&|name: &str| all.get(name).cloned(), axes)
    };
    assert_eq!(read(&[], vec![energy(3)]).unwrap(), geom);
    assert!(read(&[], vec![energy(2)]).is_err());
    let sizes = [("NAXIS1", Some(5.into())), ("NAXIS2", Some(4.into())), ("WCSSHAPE", None)];
    assert_eq!(read(&sizes, vec![energy(3)]).unwrap(), geom);
    for bad in ["", "()", "(5)", "(5,-4)", "(5,x)", "(0,4)", "(1e9,1e9)", "(99999999,99999999)"] {
        assert!(read(&[("WCSSHAPE", Some(bad.into()))], Vec::new()).is_err(), "{bad}");
    }
    assert!(read(&[("WCSSHAPE", None)], Vec::new()).is_err());
    let negative = [("WCSSHAPE", None), ("NAXIS1", Some((-5).into())), ("NAXIS2", Some(4.into()))];
    assert!(read(&negative, Vec::new()).is_err());
}
