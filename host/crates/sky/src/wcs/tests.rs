use std::collections::HashMap;

use proptest::prelude::*;

use super::*;
use crate::header::Value;

/// Reference points, with poles and the wrap of longitude.
const POINTS: [[f64; 2]; 8] = [
    [83.63, 22.01],
    [0.0, 0.0],
    [359.9, -0.2],
    [266.4, -60.0],
    [10.0, 90.0],
    [10.0, -90.0],
    [180.0, 89.9],
    [120.0, -45.0],
];

fn wcs(projection: Projection, crval: [f64; 2], binsz: f64) -> Wcs {
    Wcs::new(Frame::Icrs, projection, crval, [50.5, 40.5], [-binsz, binsz]).unwrap()
}

fn angle(wcs: &Wcs, a: [f64; 2], b: [f64; 2]) -> f64 {
    let position = |[x, y]: [f64; 2]| wcs.pix_to_vector(x, y).unwrap();
    frame::angle_between(position(a), position(b))
}

#[test]
fn pixels_come_back() {
    for projection in Projection::all() {
        for crval in POINTS {
            for binsz in [0.02, 3.0] {
                let wcs = wcs(projection, crval, binsz);
                for at in 0..400 {
                    let (x, y) = ((at % 20) as f64 * 5.0, (at / 20) as f64 * 4.0);
                    let Some([lon, lat]) = wcs.pix_to_sky(x, y) else { continue };
                    assert!((0.0..360.0).contains(&lon) && lat.abs() <= 90.0);
                    // On the edge of the sky two pixels may have one position.
                    let back = wcs.sky_to_pix(lon, lat);
                    let back = back.unwrap_or_else(|| panic!("{projection:?} {crval:?} {x} {y}"));
                    let away = angle(&wcs, back, [x, y]);
                    assert!(away < 1e-9, "{projection:?} {crval:?} {x} {y}: {away}");
                }
            }
        }
    }
}

#[test]
fn the_reference_point_is_at_the_reference_pixel() {
    for projection in Projection::all() {
        for crval in POINTS {
            let wcs = wcs(projection, crval, 0.02);
            let at = wcs.pix_to_coord(49.5, 39.5).unwrap();
            let away = at.separation_deg(&SkyCoord::icrs(crval[0], crval[1]));
            assert!(away < 1e-10, "{projection:?} {crval:?}: {away}");
            let pix = wcs.sky_to_pix(crval[0], crval[1]).unwrap();
            assert!((pix[0] - 49.5).abs() < 1e-8 && (pix[1] - 39.5).abs() < 1e-8);
        }
    }
}

#[test]
fn north_is_up() {
    for projection in Projection::all() {
        for crval in [[83.63, 22.01], [10.0, -30.0]] {
            let wcs = wcs(projection, crval, 0.02);
            let here = wcs.pix_to_coord(49.5, 39.5).unwrap();
            let up = wcs.pix_to_coord(49.5, 40.5).unwrap();
            let left = wcs.pix_to_coord(48.5, 39.5).unwrap();
            let north = here.position_angle_deg(&up);
            assert!(north.min(360.0 - north) < 0.01, "{projection:?}: {north}");
            assert!((here.position_angle_deg(&left) - 90.0).abs() < 0.01, "{projection:?}");
        }
    }
}

#[test]
fn rows_are_as_single_pixels() {
    for projection in Projection::all() {
        let wcs = wcs(projection, [83.63, 22.01], 4.0);
        let grid = wcs.grid([-0.5, 1.5], [7, 101]);
        for (at, vector) in grid.into_iter().enumerate() {
            let single = wcs.pix_to_vector((at % 101) as f64 - 0.5, (at / 101) as f64 + 1.5);
            match single {
                Some(single) => assert!(frame::angle_between(single, vector) < 1e-12),
                None => assert!(vector[0].is_nan(), "{projection:?}"),
            }
        }
    }
}

#[test]
fn keywords_come_back() {
    let pc = [[0.8, -0.6], [0.6, 0.8]];
    let numbers = [[83.63, 22.01], [50.5, 40.5], [-0.02, 0.03]];
    let all = [
        wcs(Projection::Car, [83.63, 22.01], 0.1),
        Wcs::with_all(Frame::Galactic, Projection::Tan, numbers, pc, [None, None], None).unwrap(),
        Wcs::with_all(Frame::Icrs, Projection::Cea, numbers, pc, [None; 2], Some([0.5, 0.0]))
            .unwrap(),
        Wcs::with_all(Frame::Icrs, Projection::Sin, numbers, pc, [None; 2], Some([0.1, -0.2]))
            .unwrap(),
        Wcs::with_all(Frame::Icrs, Projection::Ait, numbers, pc, [Some(20.0), Some(60.0)], None)
            .unwrap(),
    ];
    for wcs in all {
        let header: HashMap<_, _> =
            wcs.keywords().into_iter().map(|keyword| (keyword.name, keyword.value)).collect();
        let back = Wcs::from_keywords(&|name: &str| header.get(name).cloned()).unwrap();
        assert_eq!(back, wcs);
        let at = wcs.pix_to_sky(3.0, 4.0).unwrap();
        let pix = wcs.sky_to_pix(at[0], at[1]).unwrap();
        assert!((pix[0] - 3.0).abs() < 1e-8 && (pix[1] - 4.0).abs() < 1e-8);
    }
}

#[test]
fn other_headers_are_refused_by_name() {
    let good = wcs(Projection::Tan, [83.63, 22.01], 0.1).keywords();
    let header = |name: &str, value: Option<Value>| {
        let mut all: HashMap<_, _> =
            good.iter().map(|keyword| (keyword.name.clone(), keyword.value.clone())).collect();
        match value {
            Some(value) => all.insert(name.to_owned(), value),
            None => all.remove(name),
        };
        Wcs::from_keywords(&|name: &str| all.get(name).cloned())
    };
    for (name, value) in [
        ("CTYPE1", None),
        ("CRVAL2", None),
        ("CRVAL2", Some(Value::Real(91.0))),
        ("CRVAL1", Some(Value::Real(f64::NAN))),
        ("CDELT1", Some(Value::Real(0.0))),
        ("CTYPE1", Some("DEC--TAN".into())),
        ("CTYPE1", Some("RA---COE".into())),
        ("CTYPE1", Some("ELON-TAN".into())),
        ("CTYPE1", Some("".into())),
        ("CUNIT1", Some("m".into())),
        ("RADESYS", Some("FK4".into())),
        ("PV1_1", Some(Value::Real(3.0))),
        ("CRPIX1", Some("one".into())),
    ] {
        let text = format!("{:?}", header(name, value));
        assert!(text.starts_with("Err"), "{name}: {text}");
    }
    assert!(header("RADESYS", Some("FK5".into())).is_ok());
}

#[test]
fn old_headers_have_a_matrix_or_an_angle() {
    let base = [
        ("CTYPE1", Value::from("RA---TAN")),
        ("CTYPE2", Value::from("DEC--TAN")),
        ("CRPIX1", Value::Real(10.0)),
        ("CRPIX2", Value::Real(20.0)),
        ("CRVAL1", Value::Real(30.0)),
        ("CRVAL2", Value::Real(40.0)),
    ];
    let read = |more: &[(&str, f64)]| {
        let all: HashMap<_, _> = base
            .iter()
            .cloned()
            .chain(more.iter().map(|(name, value)| (*name, Value::Real(*value))))
            .collect();
        Wcs::from_keywords(&|name: &str| all.get(name).cloned()).unwrap()
    };
    let (sin, cos) = 30f64.to_radians().sin_cos();
    let turned = read(&[("CDELT1", -0.1), ("CDELT2", 0.2), ("CROTA2", 30.0)]);
    let matrix = read(&[
        ("CD1_1", -0.1 * cos),
        ("CD1_2", -0.2 * sin),
        ("CD2_1", -0.1 * sin),
        ("CD2_2", 0.2 * cos),
    ]);
    for (a, b) in turned.cd().iter().flatten().zip(matrix.cd().iter().flatten()) {
        assert!((a - b).abs() < 1e-15);
    }
    let scales = matrix.pixel_scales();
    assert!((scales[0] - 0.1).abs() < 1e-15 && (scales[1] - 0.2).abs() < 1e-15);
    assert!((matrix.pixel_area() - 0.02).abs() < 1e-15);
}

type Turned = (&'static str, [f64; 2], Option<f64>, [f64; 2]);

/// Projection, reference point, LONPOLE, and where astropy 8.0 has pixel (25.5, 31.25) of a turned and skewed image.
#[rustfmt::skip]
const TURNED: [Turned; 36] = [
    ("CAR", [10.0, -45.0], Some(150.0), [332.8933131397158, -28.527369766754912]),
    ("CAR", [300.0, 30.0], Some(20.0), [262.01652804801654, 46.26684308747646]),
    ("CAR", [40.0, -90.0], None, [1.8391131721184024, -56.42465561569584]),
    ("CEA", [10.0, -45.0], Some(150.0), [332.75851838050454, -27.575158358025504]),
    ("CEA", [300.0, 30.0], Some(20.0), [261.2864998428018, 47.085371564886756]),
    ("CEA", [40.0, -90.0], None, [3.0081704027444616, -55.720981577262194]),
    ("MER", [10.0, -45.0], Some(150.0), [333.0115625958675, -29.348683025980662]),
    ("MER", [300.0, 30.0], Some(20.0), [262.6289372565644, 45.55711003015851]),
    ("MER", [40.0, -90.0], None, [0.7955879904416179, -57.02254320331152]),
    ("TAN", [10.0, -45.0], Some(150.0), [336.37229674715775, -29.289228147451507]),
    ("TAN", [300.0, 30.0], Some(20.0), [310.49308878140977, 0.9170889262998086]),
    ("TAN", [40.0, -90.0], None, [359.13431426386245, -59.2533660751825]),
    ("SIN", [10.0, -45.0], Some(150.0), [331.48997853809453, -25.50051341664538]),
    ("SIN", [300.0, 30.0], Some(20.0), [312.27169361268517, -4.557600913779576]),
    ("SIN", [40.0, -90.0], None, [359.13431426386245, -53.49749430564638]),
    ("ARC", [10.0, -45.0], Some(150.0), [333.5018040780157, -27.11380074771657]),
    ("ARC", [300.0, 30.0], Some(20.0), [311.52258031679565, -2.2563787131138313]),
    ("ARC", [40.0, -90.0], None, [359.13431426386245, -55.917150573932346]),
    ("STG", [10.0, -45.0], Some(150.0), [334.3115008659971, -27.742481655290295]),
    ("STG", [300.0, 30.0], Some(20.0), [311.22775177479934, -1.3481437628263873]),
    ("STG", [40.0, -90.0], None, [359.13431426386245, -56.87199443153552]),
    ("ZEA", [10.0, -45.0], Some(150.0), [333.0616337971985, -26.767067547599936]),
    ("ZEA", [300.0, 30.0], Some(20.0), [311.6844133916725, -2.754437567152242]),
    ("ZEA", [40.0, -90.0], None, [359.13431426386245, -55.3935072271603]),
    ("AIT", [10.0, -45.0], Some(150.0), [330.94187461202256, -28.632352322662907]),
    ("AIT", [300.0, 30.0], Some(20.0), [259.8562684542506, 45.43979250466047]),
    ("AIT", [40.0, -90.0], None, [359.77044729975904, -55.16148841508664]),
    ("MOL", [10.0, -45.0], Some(150.0), [329.1534642209436, -31.162927911396416]),
    ("MOL", [300.0, 30.0], Some(20.0), [259.5391057109339, 42.48096484071219]),
    ("MOL", [40.0, -90.0], None, [354.58013063567324, -55.449160893284066]),
    ("SFL", [10.0, -45.0], Some(150.0), [330.37917582516604, -28.75987771362388]),
    ("SFL", [300.0, 30.0], Some(20.0), [259.31242612731404, 45.103026047281865]),
    ("SFL", [40.0, -90.0], None, [359.0597705259574, -54.85521421059371]),
    ("HPX", [10.0, -45.0], Some(150.0), [333.3805600757887, -31.82717197964579]),
    ("HPX", [300.0, 30.0], Some(20.0), [264.38739541514616, 43.3960385104595]),
    ("HPX", [40.0, -90.0], None, [357.4348538804351, -58.770851171470134]),
];

#[test]
fn turned_images_are_as_in_wcslib() {
    for (code, crval, lonpole, [lon, lat]) in TURNED {
        let projection = Projection::of_code(code).unwrap();
        let (numbers, pc) = ([crval, [10.0, 20.0], [1.0; 2]], [[-1.5, 0.2], [0.3, 1.7]]);
        let poles = [lonpole, None];
        let wcs = Wcs::with_all(Frame::Icrs, projection, numbers, pc, poles, None).unwrap();
        let away = wcs.pix_to_coord(25.5, 31.25).unwrap();
        let away = away.separation_deg(&SkyCoord::icrs(lon, lat));
        assert!(away < 1e-10, "{code} {crval:?} {away}");
        let back = wcs.sky_to_pix(lon, lat).unwrap();
        assert!((back[0] - 25.5).abs() < 1e-8 && (back[1] - 31.25).abs() < 1e-8, "{code}");
    }
}

/// A header of a camera, with what is added to it.
fn camera(ctype: [&str; 2], more: &[(&str, f64)]) -> Result<Wcs, Error> {
    let base = [
        ("CRPIX1", 1000.5),
        ("CRPIX2", 900.5),
        ("CRVAL1", 210.0),
        ("CRVAL2", 54.5),
        ("CD1_1", -5.1e-5),
        ("CD1_2", 1e-6),
        ("CD2_1", 2e-6),
        ("CD2_2", 5.2e-5),
    ];
    let numbers = base.iter().chain(more).map(|(name, value)| (*name, Value::Real(*value)));
    let texts = ["CTYPE1", "CTYPE2"].into_iter().zip(ctype.map(Value::from));
    let all: HashMap<_, _> = numbers.chain(texts).collect();
    Wcs::from_keywords(&|name: &str| all.get(name).cloned())
}

const TPV: [(&str, f64); 19] = [
    ("PV1_0", 1e-4),
    ("PV1_1", 1.001),
    ("PV1_2", 2e-4),
    ("PV1_3", 1e-4),
    ("PV1_4", 3e-3),
    ("PV1_5", -2e-3),
    ("PV1_6", 1e-3),
    ("PV1_7", 0.02),
    ("PV1_9", -0.01),
    ("PV1_10", 0.003),
    ("PV1_11", 0.004),
    ("PV2_0", -2e-4),
    ("PV2_1", 0.999),
    ("PV2_2", -1e-4),
    ("PV2_4", -1e-3),
    ("PV2_5", 4e-3),
    ("PV2_7", 0.01),
    ("PV2_8", -0.02),
    ("PV2_16", 0.05),
];

const SIP: [(&str, f64); 10] = [
    ("A_ORDER", 3.0),
    ("B_ORDER", 2.0),
    ("A_2_0", 2e-6),
    ("A_0_2", -1e-6),
    ("A_1_1", 3e-6),
    ("A_3_0", 1e-9),
    ("A_1_2", -2e-9),
    ("B_2_0", -1e-6),
    ("B_1_1", 2e-6),
    ("B_0_2", 1.5e-6),
];

#[test]
fn distorted_images_are_as_in_wcslib() {
    // Positions by astropy 8.0.
    let pixels = [[0.0, 0.0], [2047.0, 0.0], [100.0, 1900.0], [1500.25, 777.5]];
    let tpv = [
        [210.08641130748228, 54.451024577540515],
        [209.90664121188286, 54.45514456705882],
        [210.08111431426477, 54.54995098285314],
        [209.95595094185066, 54.49445795763867],
    ];
    let sip = [
        [210.08573737088037, 54.45131034002229],
        [209.90672848322743, 54.45518918587617],
        [210.080907157703, 54.55014038818746],
        [209.9557805905094, 54.49463202887749],
    ];
    let all = [
        (camera(["RA---TPV", "DEC--TPV"], &TPV), tpv),
        (camera(["RA---TAN", "DEC--TAN"], &TPV), tpv),
        (camera(["RA---TAN-SIP", "DEC--TAN-SIP"], &SIP), sip),
    ];
    for (wcs, positions) in all {
        let wcs = wcs.unwrap();
        assert!(wcs.is_distorted() && wcs.resampled(2.0).is_err());
        for ([x, y], [lon, lat]) in pixels.into_iter().zip(positions) {
            let found = wcs.pix_to_sky(x, y).unwrap();
            assert!((found[0] - lon).abs() < 1e-10 && (found[1] - lat).abs() < 1e-10);
            let back = wcs.sky_to_pix(lon, lat).unwrap();
            assert!((back[0] - x).abs() < 1e-6 && (back[1] - y).abs() < 1e-6, "{back:?}");
        }
        let header: HashMap<_, _> =
            wcs.keywords().into_iter().map(|keyword| (keyword.name, keyword.value)).collect();
        let back = Wcs::from_keywords(&|name: &str| header.get(name).cloned());
        assert_eq!(back.unwrap(), wcs);
    }
}

#[test]
fn hopeless_distortions_have_no_way_back() {
    let folded = camera(["RA---TPV", "DEC--TPV"], &[("PV1_1", 0.0), ("PV2_4", 1e6)]).unwrap();
    assert_eq!(folded.sky_to_pix(210.5, 54.4), None);
    assert!(camera(["RA---TAN-SIP", "DEC--TAN-SIP"], &[("A_ORDER", 10.0)]).is_err());
    assert!(camera(["RA---TAN-SIP", "DEC--TAN-SIP"], &[("A_ORDER", -1.0)]).is_err());
    assert!(camera(["RA---TAN-XXX", "DEC--TAN-XXX"], &[]).is_err());
}

proptest! {
    #[test]
    fn nothing_panics(
        which in 0usize..12,
        crval in prop::array::uniform2(prop::num::f64::ANY),
        crpix in prop::array::uniform2(prop::num::f64::ANY),
        cdelt in prop::array::uniform2(prop::num::f64::ANY),
        poles in prop::array::uniform2(prop::option::of(prop::num::f64::ANY)),
        at in prop::array::uniform2(prop::num::f64::ANY),
    ) {
        let projection = Projection::all().nth(which).unwrap();
        let pc = [[1.0, 0.0], [0.0, 1.0]];
        for numbers in [[crval, crpix, cdelt], [[83.0, 22.0], [1.0, 1.0], [-0.1, 0.1]]] {
            let wcs = Wcs::with_all(Frame::Icrs, projection, numbers, pc, poles, None);
            let Ok(wcs) = wcs else { continue };
            if let Some([lon, lat]) = wcs.pix_to_sky(at[0], at[1]) {
                prop_assert!((0.0..360.0).contains(&lon) && lat.abs() <= 90.0);
            }
            if let Some(pix) = wcs.sky_to_pix(at[0], at[1]) {
                prop_assert!(!pix[0].is_nan() || !pix[1].is_nan());
            }
        }
    }

    #[test]
    fn any_position_comes_back(
        which in 0usize..12,
        crval in (0.0..360.0, -90.0..90.0),
        lon in 0.0..360.0,
        lat in -90.0..90.0,
    ) {
        let projection = Projection::all().nth(which).unwrap();
        let wcs = wcs(projection, [crval.0, crval.1], 1.0);
        let Some([x, y]) = wcs.sky_to_pix(lon, lat) else { return Ok(()) };
        let back = wcs.pix_to_coord(x, y).unwrap();
        let away = back.separation_deg(&SkyCoord::icrs(lon, lat));
        prop_assert!(away < 1e-7, "{} deg", away);
    }
}
