use super::*;
use crate::event::{Dl1Event, Dl1Telescope, EventType, Image, Pointing, Shower, Time};
use crate::parameters::ImageParameters;

const KNOWN: [&str; 3] = ["hillas_intensity", "hillas_width", "hillas_length"];

fn holds(text: &str, row: [f64; 3]) -> bool {
    let cuts = Cuts::parse(text, &KNOWN).unwrap();
    let by_name = |name: &str| KNOWN.iter().position(|known| *known == name).map(|at| row[at]);
    assert_eq!(cuts.passes(&by_name), cuts.passes_row(&row), "{text}");
    cuts.passes_row(&row)
}

#[test]
fn conditions_hold_as_in_python() {
    let row = [80.0, 0.1, 0.4];
    for text in [
        "hillas_intensity > 50 and hillas_width < 0.2",
        "50 < hillas_intensity <= 80",
        "not hillas_intensity < 50",
        "hillas_intensity < 50 or hillas_length == 0.4",
        "abs(-hillas_intensity) == 80 and sqrt(hillas_intensity + 1) == 9",
        "log10(hillas_intensity + 20) == 2",
        "min(hillas_width, hillas_length, 3) == 0.1 and max(1, hillas_length) == 1",
        "hillas_intensity // 30 == 2 and hillas_intensity / 32 == 2.5",
        "isfinite(hillas_width)",
        "(hillas_width if hillas_length > 1 else 7) == 7",
        "True if hillas_length > 0 else False",
        "hillas_intensity - 2 * 40 != 1",
    ] {
        assert!(holds(text, row), "{text}");
        assert!(!holds(&format!("not ({text})"), row), "{text}");
    }
}

#[test]
fn nothing_compares_with_nan() {
    let row = [f64::NAN, 0.1, f64::INFINITY];
    for op in ["<", "<=", ">", ">=", "==", "!="] {
        assert!(!holds(&format!("hillas_intensity {op} 1"), row), "{op}");
    }
    assert!(!holds("max(hillas_intensity, 3) > 1", row));
    assert!(!holds("min(3, hillas_intensity, 4) > 1", row));
    assert!(!holds("isfinite(hillas_intensity) or isfinite(hillas_length)", row));
    assert!(holds("not hillas_intensity > 1", row));
    // A column that a table lacks is NaN, too.
    assert!(!Cuts::parse("hillas_width > 0", &KNOWN).unwrap().passes(&|_| None));
}

#[test]
fn what_is_no_condition_is_refused_with_a_reason() {
    for (text, reason) in [
        ("hillas_intesity > 50", "no column hillas_intesity; did you mean hillas_intensity?"),
        ("hillas_intesity", "did you mean hillas_intensity?"),
        ("sqr(hillas_width) > 1", "no function sqr; did you mean sqrt?"),
        ("isfinit(hillas_width)", "did you mean isfinite?"),
        ("hillas_width", "a condition is expected"),
        ("", "ends too early"),
        ("hillas_width > 'a'", "is a text"),
        ("(hillas_width > 1) + 1 > 0", "a number is expected"),
        ("abs(1, 2) > 0", "abs takes one number"),
        ("min(1) > 0", "min takes two"),
        ("isfinite()", "isfinite takes one"),
        ("hillas.width > 1", "no meaning in a cut"),
        ("hillas_width > 1 and", "ends too early"),
    ] {
        let error = Cuts::parse(text, &KNOWN).unwrap_err().to_string();
        assert!(error.contains(reason), "{text}: {error}");
        assert!(error.starts_with(&format!("'{text}'")), "{error}");
    }
}

#[test]
fn columns_have_the_names_and_units_of_ctapipe() {
    let mut parameters = ImageParameters::UNDEFINED;
    parameters.hillas.intensity = 60.0;
    parameters.peak_time.kurtosis = 5.0;
    parameters.morphology.n_pixels = 4;
    parameters.timing.slope = 7.0;
    parameters.leakage.intensity_width[1] = 0.25;
    let telescope = Dl1Telescope {
        tel_id: 9,
        pointing: Pointing { azimuth: 0.0, altitude: std::f64::consts::FRAC_PI_2 },
        image: Image::default(),
        image_mask: None,
        parameters: Some(parameters),
        true_impact_m: Some(120.0),
        true_image_sum: Some(33),
        true_image: None,
        true_parameters: None,
    };
    let shower = Shower {
        energy_tev: 2.0,
        altitude: std::f64::consts::FRAC_PI_4,
        azimuth: 0.0,
        core_x_m: 1.0,
        core_y_m: 2.0,
        h_first_int_m: 3.0,
        x_max: 300.0,
        starting_grammage: 0.0,
        primary_id: 101,
    };
    let event = Dl1Event {
        obs_id: 1,
        event_id: 2,
        event_type: EventType::SUBARRAY,
        time: Time { seconds: 0, nanoseconds: 0.0 },
        triggers: Vec::new(),
        shower: Some(shower),
        telescopes: vec![],
    };
    let columns = Columns::new(Frame::Telescope);
    let mut row = Vec::new();
    columns.fill(&event, &telescope, &mut row);
    assert_eq!(row.len(), columns.names().len());
    for (name, value) in [
        ("tel_id", 9.0),
        ("event_type", 32.0),
        ("telescope_pointing_altitude", 90.0),
        ("true_energy", 2.0),
        ("true_alt", 45.0),
        ("true_shower_primary_id", 101.0),
        ("hillas_intensity", 60.0),
        ("timing_slope", 7.0),
        ("leakage_intensity_width_2", 0.25),
        ("morphology_n_pixels", 4.0),
        ("peak_time_kurtosis", 5.0),
        ("true_impact_distance", 120.0),
        ("true_image_sum", 33.0),
    ] {
        assert_eq!(row[columns.position(name).unwrap()], value, "{name}");
    }
    let camera = Columns::new(Frame::Camera);
    assert_eq!(camera.names().len(), row.len());
    assert!(camera.position("camera_frame_hillas_x").is_some());
    let text = "true_energy > 1 and camera_frame_hillas_intensity > 50";
    assert!(Cuts::parse(text, camera.names()).unwrap().passes_row(&row));
}
