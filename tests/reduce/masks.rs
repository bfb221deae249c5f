//! Exclusion masks of a published analysis.

use tierline::reduce::geom::Geom;
use tierline::reduce::makers::project_mask;
use tierline::reduce::mask_file::{read_exclusion, read_mask_image};
use tierline::report::Limits;
use tierline_tests::data::shared;

#[test]
fn an_image_and_a_region_exclude_the_same() {
    let Some(folder) = shared("data/reduce/joint-crab-exclusion") else { return };
    let path = folder.join("exclusion_mask_crab.fits.gz");
    let mask = read_mask_image(&path, &Limits::default()).unwrap();
    let Geom::Wcs(image) = &mask.geom else { panic!("no image") };
    assert_eq!(image.image_shape(), [250, 250]);
    let region = folder.join("Crab_exclusion.reg");
    let own = read_exclusion(&region, image, &Limits::default()).unwrap();
    assert!(own.geom.is_close(&mask.geom));
    // A circle of 0.3 degrees.
    let excluded = (own.values.len() - own.count()) as f64;
    assert!((excluded / (std::f64::consts::PI * 15.0 * 15.0) - 1.0).abs() < 0.03, "{excluded}");
    let differ = own.values.iter().zip(&mask.values).filter(|(a, b)| a != b).count();
    assert!(differ <= 8, "{differ} of {}", own.values.len());
    let again = project_mask(&mask, &own.geom, false).unwrap();
    assert_eq!(again, mask.values);
    let far = Limits::default();
    assert!(read_mask_image(&folder.join("README.rst"), &far).is_err());
}
