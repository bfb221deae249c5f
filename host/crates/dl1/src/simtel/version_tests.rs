//! Versions and modes of objects that files of today don't have.

use proptest::prelude::*;

use super::adc_samples::AdcSamples;
use super::adc_sums::AdcSums;
use super::array_event::{ArrayEvent, Outline};
use super::aux_traces::AuxTraces;
use super::calibration::{LaserCalibration, PixelMonitoring};
use super::camera::{CameraOrganization, CameraSettings};
use super::camera_monitoring::CameraMonitoring;
use super::history;
use super::image::{ImageParameters, Stereo};
use super::mc::{McEvent, McShower, PeSum};
use super::pixel_lists::{PixelCalibrated, PixelList, PixelTriggerTimes};
use super::pixel_timing::PixelTiming;
use super::pixels::{CameraSoftware, DisabledPixels, PixelSettings};
use super::run::{McRunHeader, McRunStatistics, RunHeader, RunStatistics};
use super::telescope::TelescopeHeader;
use super::tracking::{PointingCorrection, TrackingPosition, TrackingSetup};
use super::trigger::Trigger;
use crate::eventio::emit::{Content, check_cuts, object};
use crate::eventio::histograms::Histogram;
use crate::eventio::iact;
use crate::eventio::{Fault, Object, OwnedObject};

fn content() -> Content {
    Content::default()
}

#[test]
fn sums_without_suppression() {
    let flags = (2 << 12) | (2 << 23) | (5 << 25);
    let old = content().u16(&[1, 2, 3, 4]).object(2012, 0, flags);
    let sums = check_cuts(&old, AdcSums::parse);
    assert_eq!((sums.n_gains, sums.n_pixels, sums.sums), (2, 2, vec![1, 2, 3, 4]));
    let old = content().u16(&[7, 8, 9]).object(2012, 1, 3 << 12);
    assert_eq!(check_cuts(&old, AdcSums::parse).sums, [7, 8, 9]);
    let new = content().i32(&[3]).i16(&[2]).differences(&[5, 3, 9]).differences(&[1, 1, 2]);
    assert_eq!(check_cuts(&new.object(2012, 4, 1 << 12), AdcSums::parse).sums, [5, 3, 9, 1, 1, 2]);
}

#[test]
fn sums_of_masked_pixels() {
    let start = content().i32(&[18]).i16(&[2]);
    let groups = start.u16(&[0b101]).differences(&[10, 30]).differences(&[100, 300]).u16(&[0b10]);
    let whole = groups.differences(&[7]).differences(&[70]).object(2012, 3, 1);
    let sums = check_cuts(&whole, AdcSums::parse).sums;
    let expected = |values: [(usize, u32); 6]| {
        let mut sums = vec![0; 36];
        values.into_iter().for_each(|(at, value)| sums[at] = value);
        sums
    };
    let values = [(0, 100), (2, 300), (17, 70), (18, 10), (20, 30), (35, 7)];
    assert_eq!(sums, expected(values));
}

#[test]
fn sums_of_listed_pixels() {
    let list = [1, 2 | 0x2000, 3 | 0x4000];
    let old = content().i32(&[4]).i16(&[2]).i16(&[3]).u16(&list);
    let old = old.differences(&[11]).differences(&[21, 22]).u8(&[33]).object(2012, 3, 2);
    assert_eq!(check_cuts(&old, AdcSums::parse).sums, [0, 21, 22, 33, 0, 11, 0, 0]);
    let beyond = content().i32(&[4]).i16(&[1]).i16(&[1]).u16(&[4]).differences(&[1]);
    let error = AdcSums::parse(&beyond.object(2012, 3, 2).view()).unwrap_err();
    assert_eq!((error.fault, error.reason.as_str()), (Fault::Malformed, "pixel 4 of 4"));
    let reduced = content().i32(&[4]).i16(&[1]).object(2012, 3, 1 << 5);
    assert_eq!(AdcSums::parse(&reduced.view()).unwrap_err().fault, Fault::Unsupported);
}

#[test]
fn samples_of_all_versions() {
    let flags = (2 << 12) | (1 << 24);
    let old = content().i16(&[2]).u16(&[1, 2, 3, 4, 5, 6, 7, 8]).object(2013, 1, flags);
    let samples = check_cuts(&old, AdcSamples::parse);
    assert_eq!((samples.n_gains, samples.n_pixels, samples.n_samples), (2, 2, 2));
    assert_eq!(samples.samples, [1, 2, 3, 4, 5, 6, 7, 8]);
    let ranges = content().i32(&[5]).i16(&[1, 2]).varints(&[2, -1, 2, 3]);
    let whole = ranges.differences(&[9, 8]).differences(&[7, 6]).differences(&[5, 4]);
    let samples = check_cuts(&whole.object(2013, 3, 1), AdcSamples::parse);
    assert_eq!(samples.samples, [9, 8, 0, 0, 7, 6, 5, 4, 0, 0]);
    for range in [[4, 5], [3, 2]] {
        let bad = content().i32(&[5]).i16(&[1, 2]).varints(&[1]).varints(&range);
        let bad = bad.differences(&[1, 1]).differences(&[1, 1]).object(2013, 3, 1);
        assert_eq!(AdcSamples::parse(&bad.view()).unwrap_err().fault, Fault::Malformed);
    }
    let unknown = content().object(2013, 4, 0);
    let error = AdcSamples::parse(&unknown.view()).unwrap_err();
    assert!(error.to_string().starts_with("object 2013 version 4 at byte 0"), "{error}");
}

#[test]
fn cameras_before_version_4() {
    let numbers = content().i32(&[2]).f32(&[15.0, 1.0, 2.0, 3.0, 4.0, 0.1, 0.2]);
    let camera = check_cuts(&numbers.clone().object(2002, 0, 1), CameraSettings::parse);
    assert_eq!((camera.pixel_y, camera.pixel_area), (vec![3.0, 4.0], vec![0.1, 0.2]));
    assert_eq!((camera.pixel_size, camera.pixel_shape), (vec![0.0; 2], vec![-1; 2]));
    assert_eq!((camera.effective_focal_length, camera.cam_rot), (None, 0.0));
    let more = numbers.f32(&[0.5, 0.6]).i32(&[90]).f32(&[100.0, 0.3]);
    let camera = check_cuts(&more.object(2002, 3, 1), CameraSettings::parse);
    assert_eq!((camera.pixel_size, camera.n_mirrors), (vec![0.5, 0.6], 90));
    assert_eq!((camera.mirror_area, camera.cam_rot), (100.0, 0.3));
}

#[test]
fn curved_cameras_with_different_pixels() {
    let numbers = content().i32(&[1]).f32(&[15.0, 1.0, 2.0]).varints(&[1, 0]);
    let rest = numbers.f32(&[0.7, 0.1, 0.2]).varints(&[0, 2]).f32(&[0.3, 0.4]);
    let whole = rest.i32(&[9]).f32(&[8.0, 0.0]).object(2002, 4, 1);
    let camera = check_cuts(&whole, CameraSettings::parse);
    assert_eq!((camera.pixel_z[0], camera.nxpix[0], camera.nypix[0]), (0.7, 0.1, 0.2));
    assert_eq!((camera.pixel_shape[0], camera.pixel_size[0]), (2, 0.4));
}

#[test]
fn modules_of_version_0_and_1() {
    let base = content().i32(&[1, 1, 2]);
    let rest = |base: Content| base.i16(&[3, 4, 5, 6, 7, 8, 9, 2, 1, 2]);
    let camera = check_cuts(&rest(base.clone()).object(2003, 0, 1), CameraOrganization::parse);
    assert_eq!((camera.drawer, camera.card, camera.chip), (vec![3], vec![4, 5], vec![6, 7]));
    assert_eq!((camera.pixel_sectors, camera.sectors.len()), (vec![vec![1, 2]], 0));
    let whole = rest(base.i32(&[1])).u8(&[4]).f32(&[1.0, 2.0]).object(2003, 1, 1);
    let camera = check_cuts(&whole, CameraOrganization::parse);
    assert_eq!((camera.sectors[0].kind, camera.sectors[0].pixel_threshold), (4, 2.0));
}

#[test]
fn runs_of_old_versions() {
    let head = content().i32(&[5, 6, 7, 8]).f32(&[1.0; 5]).i32(&[1]).i16(&[3]);
    let whole = head.f32(&[1.0, 2.0, 3.0]).i32(&[2, 60]).text("a").text("bc").object(2000, 0, 5);
    let run = check_cuts(&whole, RunHeader::parse);
    assert_eq!((run.reverse_flag, run.conv_ref_pos, run.tel_pos[0]), (None, None, [1.0, 2.0, 3.0]));
    assert_eq!((run.target.as_str(), run.observer.as_str()), ("a", "bc"));
    let base = content().i32(&[1, 2, 3, 4]).f32(&[5.0]).i32(&[6, 7, 8]).f32(&[1.0; 6]).i32(&[9]);
    let base = base.f32(&[0.5; 9]).i32(&[10]);
    let run = check_cuts(&base.clone().object(2001, 1, 5), McRunHeader::parse);
    assert_eq!((run.detector_prog_vers, run.atmosphere, run.corsika_wlen_max), (4, 10, 0.0));
    let more = base.i32(&[1, 2, 3]).f32(&[4.0, 5.0, 6.0]).i32(&[7, 8]);
    let run = check_cuts(&more.object(2001, 3, 5), McRunHeader::parse);
    assert_eq!((run.corsika_wlen_max, run.corsika_high_e_detail), (6.0, 8));
    let statistics = content().i32(&[1, 2, 3, 4, 5, 6]).object(2024, 0, 1);
    assert_eq!(check_cuts(&statistics, RunStatistics::parse).events, [6]);
    let statistics = content().i32(&[7, 8]).object(2025, 0, 1);
    assert_eq!(check_cuts(&statistics, McRunStatistics::parse).n_events, 8);
}

#[test]
fn images_of_all_versions() {
    let body = |start: Content| start.f32(&[9.0; 6]).i16(&[3]).f32(&[0.5]);
    let id = 0x100 | 0x200 | 0x400 | 0x800 | 7;
    let extra = |start: Content| start.f32(&[1.0; 5]).f32(&[2.0; 4]);
    let v0 = extra(body(content())).i16(&[1]).f32(&[3.0]).object(2014, 0, id);
    let image = check_cuts(&v0, ImageParameters::parse);
    assert_eq!((image.pixels, image.hot_pixel, image.timing), (None, None, None));
    let v4 = extra(body(content().i16(&[12, 1]))).i16(&[1]).f32(&[3.0]).i16(&[44]);
    let image = check_cuts(&v4.f32(&[5.0; 5]).object(2014, 4, id), ImageParameters::parse);
    assert_eq!((image.pixels, image.n_sat, image.clip_amp), (Some(12), Some(1), None));
    assert_eq!((image.tel_id, image.hot_pixel), (7, Some(vec![44])));
    assert_eq!((image.errors, image.moments), (Some([1.0; 5]), Some([2.0; 4])));
    let v6 = body(content().varints(&[900, 2]).f32(&[77.0])).object(2014, 6, 7);
    let image = check_cuts(&v6, ImageParameters::parse);
    assert_eq!((image.pixels, image.clip_amp, image.timing), (Some(900), Some(77.0), None));
    let all = content().i16(&[1, 2, 3]).i32(&[4]).f32(&[1.0; 18]).object(2015, 1, 0x3ff);
    assert_eq!(check_cuts(&all, Stereo::parse).xmax_error, Some(1.0));
}

#[test]
fn triggers_of_all_versions() {
    let head = || content().i32(&[1, 2, 3, 4, 1, 1]);
    let trigger = check_cuts(&head().object(2009, 0, 9), Trigger::parse);
    assert_eq!((trigger.gps_time, trigger.triggered.len()), ([3, 4], 0));
    let list = || head().i16(&[2, 5, 6]).f32(&[1.0, 2.0]).i16(&[1, 5]);
    let trigger = check_cuts(&list().object(2009, 1, 9), Trigger::parse);
    assert_eq!((trigger.triggered[1].type_mask, trigger.with_data), (1, vec![5]));
    let masks = list().unsigned_varint(0b1010).unsigned_varint(0x41).f32(&[7.0, 8.0]);
    let trigger = check_cuts(&masks.object(2009, 2, 9), Trigger::parse);
    assert_eq!(trigger.triggered[0].time_by_type, [None, Some(7.0), None, Some(8.0)]);
    assert_eq!(trigger.triggered[1].type_mask, 0x401);
    assert_eq!(trigger.triggered[1].event_type(), crate::event::EventType::RANDOM_MONO);
}

#[test]
fn events_without_lists_of_telescopes() {
    let trigger = content().i32(&[1, 2, 3, 4, 1, 1]).object(2009, 0, 9);
    let header = content().i32(&[1, 2, 3, 4, 5, 6]).i16(&[0]).object(2011, 0, 3);
    let telescope = objects([header]).object(2203, 0, 9);
    let position = content().f32(&[1.0, 0.5]).object(2103, 0, 0x103);
    let whole = container(objects([trigger, container(telescope), position]).object(2010, 0, 9));
    let event = ArrayEvent::parse(&whole.view(), |_| true).unwrap();
    assert_eq!((event.flaws.len(), event.telescopes[0].tel_id), (0, 3));
    assert_eq!(event.trigger.triggered[0].tel_id, 3);
    assert_eq!(event.tracking[0].raw, Some([1.0, 0.5]));
    for cut in 0..whole.payload.len() {
        let part = container(object(2010, 0, 9, whole.payload[..cut].to_vec()));
        let part = ArrayEvent::parse(&part.view(), |_| true);
        // A cut between two objects can't be seen from inside.
        assert!(part.is_err() || part.unwrap().trigger.id == 9, "{cut}");
    }
}

/// Content that is these objects.
fn objects<const N: usize>(objects: [OwnedObject; N]) -> Content {
    objects.into_iter().fold(content(), |content, object| {
        let header = object.header;
        let first = i32::from(header.kind) | (i32::from(header.version) << 20);
        let length = header.length as i32 | (i32::from(header.only_sub_objects) << 30);
        content.i32(&[first, header.id, length]).u8(&object.payload)
    })
}

fn container(mut object: OwnedObject) -> OwnedObject {
    object.header.only_sub_objects = true;
    object
}

#[test]
fn lists_of_pixels_of_old_versions() {
    let whole = content().i32(&[1, 2, 3, 4, 5, 6]).i16(&[0x702]).i16(&[1, 9]).f32(&[0.5]);
    let header = check_cuts(&whole.i16(&[1, 8]).object(2011, 1, 1), TelescopeHeader::parse);
    assert_eq!((header.list_trgsect, header.time_trgsect), (Some(vec![9]), Some(vec![0.5])));
    assert_eq!((header.phys_addr, header.trg_source), (Some(vec![8]), 2));
    let list = content().i16(&[2, 7, 8]).object(2027, 0, 1_000_003);
    let list = check_cuts(&list, PixelList::parse);
    assert_eq!((list.code, list.telescope_id, list.pixels), (1, 3, vec![7, 8]));
    let times = content().f32(&[0.25]).varints(&[2, 5, 6, -1, 3]).object(2032, 0, 1);
    assert_eq!(check_cuts(&times, PixelTriggerTimes::parse).trigger_times, [-1, 3]);
}

#[test]
fn calibrated_amplitudes() {
    let start = |kind| content().unsigned_varint(3).varints(&[2, kind]);
    let listed = start(1).unsigned_varint(1).unsigned_varint(2).u16(&[0x3c00]).object(2017, 0, 4);
    assert_eq!(check_cuts(&listed, PixelCalibrated::parse).pe, [None, None, Some(1.0)]);
    let flagged = start(-1).u8(&[0, 1, 0]).u16(&[0xc000]).object(2017, 0, 4);
    assert_eq!(check_cuts(&flagged, PixelCalibrated::parse).pe, [None, Some(-2.0), None]);
    let all = start(2).u16(&[0x3c00, 0x0001, 0x7c00]).object(2017, 0, 4);
    let all = check_cuts(&all, PixelCalibrated::parse).pe;
    assert_eq!(all, [Some(1.0), Some(2f32.powi(-24)), Some(f32::INFINITY)]);
}

#[test]
fn times_of_listed_pixels() {
    let start = |list_type| content().i16(&[3, 1, 2, 2, list_type]);
    let levels = |start: Content| start.i16(&[10, 1, 4]).f32(&[0.5, 0.1, 6.0]);
    let pixels = levels(start(1).i16(&[1, 2])).i16(&[30]).varints(&[5]).varints(&[1, 2, 3]);
    let timing = check_cuts(&pixels.object(2016, 1, 1), PixelTiming::parse);
    assert!(timing.time[0].is_nan() && timing.time[2] == 0.1 * 30.0);
    assert_eq!((timing.pulse_sum_loc, timing.pulse_sum_glob), (vec![0, 0, 5], vec![1, 2, 3]));
    let beyond = levels(start(2).i16(&[1, 2, 4])).i16(&[30, 30]).varints(&[5, 5]);
    let error = PixelTiming::parse(&beyond.object(2016, 1, 1).view()).unwrap_err();
    assert_eq!(error.fault, Fault::Malformed, "{error}");
}

#[test]
fn traces_and_monitoring() {
    let head = || content().i32(&[1]).f32(&[0.5]).unsigned_varint(2).unsigned_varint(2);
    let digital = head().differences(&[5, 6]).differences(&[1, 0]).object(2029, 0, 3);
    assert_eq!(check_cuts(&digital, AuxTraces::parse_digital).samples, [5, 6, 1, 0]);
    let analog = head().f32(&[1.0, 2.0, 3.0, 4.0]).object(2030, 0, 3);
    assert_eq!(check_cuts(&analog, AuxTraces::parse_analog).samples, [1.0, 2.0, 3.0, 4.0]);
    let laser = content().u16(&[1]).i16(&[2]).i32(&[7]).f32(&[1.0, 2.0]).object(2023, 0, 1);
    let laser = check_cuts(&laser, LaserCalibration::parse);
    assert_eq!((laser.calib, laser.tm_calib), (vec![1.0, 2.0], None));
    let pixels = content().i32(&[0xff, 1]).i16(&[2]).f32(&[1.0; 7]).u8(&[1]).object(2033, 0, 1);
    let pixels = check_cuts(&pixels, PixelMonitoring::parse);
    assert_eq!((pixels.fadc_amp_lg, pixels.disabled), (Some(vec![1.0]), Some(vec![true])));
    let showers = content().i32(&[1]).f32(&[1.0; 5]).i16(&[0]).object(2020, 0, 1);
    assert_eq!(check_cuts(&showers, McShower::parse).depth_start, None);
    let sums = content().i32(&[1, 1, 5, 3]).object(2026, 0, 1);
    assert_eq!(PeSum::parse(&sums.view()).unwrap_err().fault, Fault::Unsupported);
}

#[test]
fn later_monitoring_keeps_the_parts_of_earlier() {
    let head = || content().i16(&[5, 5]).i32(&[1, 2, 3]).i16(&[1, 1, 1, 1]);
    let first = head().i32(&[8, 9, 4]).i32(&[1, 2]).i16(&[10]).f32(&[30.0, 2.0]);
    let first = check_cuts(&first.object(2022, 0, 0x501), CameraMonitoring::parse);
    let second = head().i32(&[10, 11, 6]).object(2022, 0, 0x101);
    let mut second = check_cuts(&second, CameraMonitoring::parse);
    assert_eq!(second.pedestals, None);
    second.keep(&first);
    assert_eq!(second.pedestals, first.pedestals);
    assert_eq!(second.status.map(|status| status.bits), Some(6));
}

/// Reads an object as everything.
fn parse_as_everything(o: &Object<'_>) -> usize {
    let results = [
        AdcSamples::parse(o).is_ok(),
        AdcSums::parse(o).is_ok(),
        ArrayEvent::parse(o, |_| true).is_ok(),
        Outline::parse(o).is_ok(),
        AuxTraces::parse_analog(o).is_ok(),
        AuxTraces::parse_digital(o).is_ok(),
        CameraMonitoring::parse(o).is_ok(),
        CameraOrganization::parse(o).is_ok(),
        CameraSettings::parse(o).is_ok(),
        CameraSoftware::parse(o).is_ok(),
        DisabledPixels::parse(o).is_ok(),
        Histogram::parse(o).is_ok(),
        ImageParameters::parse(o).is_ok(),
        LaserCalibration::parse(o).is_ok(),
        McEvent::parse(o).is_ok(),
        McRunHeader::parse(o).is_ok(),
        McRunStatistics::parse(o).is_ok(),
        McShower::parse(o).is_ok(),
        PeSum::parse(o).is_ok(),
        PixelCalibrated::parse(o).is_ok(),
        PixelList::parse(o).is_ok(),
        PixelMonitoring::parse(o).is_ok(),
        PixelSettings::parse(o).is_ok(),
        PixelTiming::parse(o).is_ok(),
        PixelTriggerTimes::parse(o).is_ok(),
        PointingCorrection::parse(o).is_ok(),
        RunHeader::parse(o).is_ok(),
        RunStatistics::parse(o).is_ok(),
        Stereo::parse(o).is_ok(),
        TelescopeHeader::parse(o).is_ok(),
        TrackingPosition::parse(o).is_ok(),
        TrackingSetup::parse(o).is_ok(),
        Trigger::parse(o).is_ok(),
        history::parse_history(o).is_ok(),
        history::parse_meta(o).is_ok(),
        iact::ArrayOffsets::parse(o).is_ok(),
        iact::Atmosphere::parse(o).is_ok(),
        iact::Block::parse(o).is_ok(),
        iact::ExtraParameters::parse(o).is_ok(),
        iact::InputCard::parse(o).is_ok(),
        iact::Longitudinal::parse(o).is_ok(),
        iact::PhotoElectrons::parse(o).is_ok(),
        iact::PhotoElectrons::parse_counts(o).is_ok(),
        iact::Photons::parse(o).is_ok(),
        iact::TelescopeDefinition::parse(o).is_ok(),
    ];
    results.iter().filter(|&&ok| ok).count()
}

/// Bytes of which many are small numbers, as lengths are.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![3 => Just(0u8), 3 => 0u8..5, 1 => any::<u8>()];
    prop::collection::vec(byte, 0..200)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn any_bytes_are_read_or_refused(
        payload in bytes(),
        version in 0u16..7,
        id: i32,
        kind in 2000u16..2300,
        only_sub_objects: bool,
        big: bool,
    ) {
        let mut object = object(kind, version, id, payload);
        object.header.only_sub_objects = only_sub_objects;
        if big {
            object.header.order = crate::eventio::ByteOrder::Big;
        }
        prop_assert!(parse_as_everything(&object.view()) <= 45);
    }
}
