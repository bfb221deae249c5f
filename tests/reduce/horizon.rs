//! Altitude and azimuth, and the field of view, as astropy and gammapy have them.

use tierline::sky::{AltAz, EarthLocation, FovFrame, Scale, SkyCoord, Time};

use super::stored::{json, number, numbers};

#[test]
fn altitude_and_azimuth_follow_the_sky() {
    let Some(golden) = json("background3d.json.gz") else { return };
    let pointing = SkyCoord::icrs(83.633333333333, 21.514444444444);
    for key in ["altaz_steps_1.0", "altaz_steps_0.25"] {
        let entry = &golden[key];
        let xyz = numbers(&entry["location_xyz_m"]);
        let place = EarthLocation::geocentric([xyz[0], xyz[1], xyz[2]]).unwrap();
        let start = Time::from_mjd(Scale::Tt, number(&entry["tstart_mjd_tt"]), 0.0).unwrap();
        let [after, alt, az] =
            ["t_minus_tstart_s", "alt_deg", "az_deg"].map(|name| numbers(&entry[name]));
        let mut worst: f64 = 0.0;
        for (after, (alt, az)) in after.into_iter().zip(alt.into_iter().zip(az)) {
            let time = start.plus_seconds(after).unwrap();
            let frame = AltAz::new(&place, &time).unwrap();
            let [azimuth, altitude] = frame.of(&pointing);
            let away = SkyCoord::icrs(azimuth, altitude).separation_deg(&SkyCoord::icrs(az, alt));
            worst = worst.max(away * 3600.0);
        }
        assert!(worst < 5.0, "{key}: {worst} arcsec");
    }
}

#[test]
fn the_field_of_view_is_seen_from_inside() {
    let Some(golden) = json("background3d.json.gz") else { return };
    let entry = &golden["fov_icrs"];
    let origin = numbers(&entry["origin"]);
    let frame = FovFrame::new(origin[0], origin[1]);
    let [ra, dec, lon, lat] = ["ra", "dec", "fov_lon", "fov_lat"].map(|name| numbers(&entry[name]));
    for at in 0..ra.len() {
        let [found_lon, found_lat] = frame.of(ra[at], dec[at]);
        assert!((found_lon - lon[at]).abs() < 1e-9 && (found_lat - lat[at]).abs() < 1e-9, "{at}");
    }
}
