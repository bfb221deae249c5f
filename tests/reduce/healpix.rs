//! HEALPix pixels as healpy numbers them.

use tierline::sky::Frame;
use tierline::sky::hpx::{HpxGeom, HpxRegion, Order};

use super::stored::{json, number, numbers};

#[test]
fn a_disk_has_the_same_pixels() {
    let Some(golden) = json("healpix.json.gz") else { return };
    let entry = &golden["hpx_counts"];
    let nside = number(&entry["nside"]) as u64;
    let region = HpxRegion::parse(entry["region"].as_str().unwrap()).unwrap();
    // The entry says RING, but its numbers are nested ones.
    let order = Order::Nested;
    let geom = HpxGeom::new(&[nside], order, Frame::Icrs, Some(region), Vec::new()).unwrap();
    assert_eq!(geom.n_pixels(0).unwrap() as f64, number(&entry["npix"]));
    for (at, pixel) in numbers(&entry["ipix_global_first"]).into_iter().enumerate() {
        assert_eq!(geom.global_pixel(0, at), Some(pixel as u64));
    }
}
