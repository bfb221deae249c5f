use super::*;
use crate::instrument::geometry_tests::squares;
use crate::settings::Value;

/// A row of pixels with these charges and times.
fn row(image: &[f32], peak_time: &[f32]) -> (Image, PixelGraph) {
    let graph = PixelGraph::new(&squares(image.len(), 1));
    let image = Image { image: image.to_vec(), peak_time: peak_time.to_vec(), is_valid: true };
    (image, graph)
}

fn clean(name: &str, set: &[(&str, Value)], image: &[f32], time: &[f32]) -> String {
    let (image, graph) = row(image, time);
    let mut settings = Settings::default();
    for (name, value) in set {
        settings.set(name, value.clone());
    }
    let cleaner = cleaner(name, &settings, 1, "LST").unwrap();
    let mask = cleaner.clean(&Picture::new(&image, &graph)).unwrap();
    mask.iter().map(|kept| if *kept { 'x' } else { '.' }).collect()
}

fn levels(picture: f64, boundary: f64, neighbours: i64) -> Vec<(&'static str, Value)> {
    vec![
        ("picture_threshold_pe", Value::Float(picture)),
        ("boundary_threshold_pe", Value::Float(boundary)),
        ("min_picture_neighbors", Value::Int(neighbours)),
    ]
}

#[test]
fn tail_cuts() {
    let name = "TailcutsImageCleaner";
    let image = [4.0, 5.0, 10.0, 12.0, 10.0, 5.0, 5.0, 0.0, 99.0, 0.0];
    assert_eq!(clean(name, &[], &image, &[]), "..xxx.....");
    assert_eq!(clean(name, &levels(10.0, 5.0, 1), &image, &[]), ".xxxxx....");
    assert_eq!(clean(name, &levels(10.0, 5.0, 0), &image, &[]), ".xxxxx....");
    let mut keep = levels(10.0, 5.0, 0);
    keep.push(("keep_isolated_pixels", Value::Bool(true)));
    assert_eq!(clean(name, &keep, &image, &[]), ".xxxxx..x.");
    assert_eq!(clean(name, &levels(100.0, 5.0, 0), &image, &[]), "..........");
}

#[test]
fn a_second_ring() {
    let image = [5.0, 5.0, 5.0, 10.0, 12.0, 10.0, 5.0, 5.0, 4.0, 5.0];
    assert_eq!(clean("MARSImageCleaner", &levels(10.0, 5.0, 1), &image, &[]), ".xxxxxxx..");
}

#[test]
fn times_part_neighbours() {
    let image = [9.0; 8];
    let time = [0.0, 1.0, 2.0, 9.0, 9.5, 9.0, 50.0, 51.0];
    let thresholds = levels(4.0, 2.0, 1);
    assert_eq!(clean("FACTImageCleaner", &thresholds, &image, &time), "xxxxxxxx");
    let mut strict = levels(4.0, 2.0, 1);
    strict.push(("time_limit_ns", Value::Float(0.75)));
    assert_eq!(clean("FACTImageCleaner", &strict, &image, &time), "...xxx..");
    assert_eq!(clean("FACTImageCleaner", &levels(4.0, 2.0, 0), &image, &time), "xxxxxxxx");
}

#[test]
fn times_must_be_near_those_of_the_main_island() {
    let image = [5.0, 9.0, 9.0, 5.0, 0.0, 8.0, 8.0, 0.0, 30.0, 8.0];
    let time = [12.0, 10.0, 11.0, 11.0, 0.0, 16.6, 15.0, 0.0, 11.0, 12.0];
    let name = "TimeConstrainedImageCleaner";
    assert_eq!(clean(name, &levels(7.0, 5.0, 1), &image, &time), ".xxx..x.xx");
}

#[test]
fn bright_images_lose_dim_pixels() {
    let image = [400.0, 400.0, 400.0, 11.0, 10.0, 10.0];
    let time = [0.0, 0.0, 0.5, 1.0, 1.0, 9.0];
    let name = "NSBImageCleaner";
    assert_eq!(clean(name, &levels(8.0, 4.0, 1), &image, &time), "xxx...");
    let mut all = levels(8.0, 4.0, 1);
    all.push(("bright_cleaning_threshold", Value::None));
    assert_eq!(clean(name, &all, &image, &time), "xxxxx.");
    all.push(("time_limit", Value::None));
    assert_eq!(clean(name, &all, &image, &time), "xxxxxx");
    let image = [9.0, 9.0, 0.0, 9.0, 9.0, 9.0];
    all.push(("largest_island_only", Value::Bool(true)));
    assert_eq!(clean(name, &all, &image, &time), "...xxx");
    let (image, graph) = row(&image, &time);
    let picture = Picture {
        pedestal_std: Some(&[1.0, 1.0, 1.0, 1.0, 4.0, 1.0]),
        ..Picture::new(&image, &graph)
    };
    let mut settings = Settings::default();
    settings.set("picture_threshold_pe", Value::Int(8)).set("min_picture_neighbors", Value::Int(0));
    settings.set("boundary_threshold_pe", Value::Int(9)).set("time_limit", Value::None);
    settings.set("keep_isolated_pixels", Value::Bool(true));
    let mask = cleaner(name, &settings, 1, "LST").unwrap().clean(&picture).unwrap();
    assert_eq!(mask, [true, true, false, true, true, true]);
}

#[test]
fn wrong_names_and_sizes_are_refused() {
    let unknown = cleaner("Broom", &Settings::default(), 1, "LST").err().unwrap().to_string();
    assert!(unknown.contains("MARSImageCleaner"), "{unknown}");
    for kind in CLEANERS {
        let cleaner = cleaner(kind.name, &Settings::default(), 1, "LST").unwrap();
        let (mut image, graph) = row(&[1.0; 5], &[1.0; 5]);
        assert!(cleaner.clean(&Picture::new(&image, &graph)).is_ok());
        image.image.pop();
        assert!(cleaner.clean(&Picture::new(&image, &graph)).is_err());
        let mut settings = Settings::default();
        settings.set("thresholds", Value::Int(1));
        assert!(super::cleaner(kind.name, &settings, 1, "LST").is_err());
    }
    let (image, graph) = row(&[1.0; 5], &[]);
    let fact = cleaner("FACTImageCleaner", &Settings::default(), 1, "LST").unwrap();
    assert!(fact.clean(&Picture::new(&image, &graph)).is_err());
}
