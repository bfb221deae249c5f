//! Our values under the peer's names.

use std::collections::BTreeMap;

use tierline::dl1::eventio::histograms::{Axis, Bins, Histogram};
use tierline::dl1::eventio::iact::PhotoElectrons;
use tierline::dl1::simtel::array_event::{ArrayEvent, TelescopeEvent};
use tierline::dl1::simtel::event::TelescopeState;
use tierline::dl1::simtel::file::TelescopeSettings;
use tierline::dl1::simtel::image::ImageParameters;
use tierline::dl1::simtel::mc::{McShower, PeSum, Profile};
use tierline::dl1::simtel::pixel_lists::PixelList;
use tierline::dl1::simtel::pixel_timing::PixelTiming;
use tierline::dl1::simtel::run::{McRunHeader, RunHeader};
use tierline::dl1::simtel::telescope::TelescopeHeader;
use tierline::dl1::simtel::tracking::{TrackingPosition, TrackingSetup};
use tierline::dl1::simtel::trigger::Trigger;
use tierline::dl1::simtel::{EventKind, SimtelEvent, SimtelFile};

use super::value::{Value, map};

fn numbered<K: ToString>(entries: impl IntoIterator<Item = (K, Value)>) -> Value {
    Value::Map(entries.into_iter().map(|(key, value)| (key.to_string(), value)).collect())
}

fn joined(parts: impl IntoIterator<Item = Value>) -> Value {
    let mut whole = BTreeMap::new();
    for part in parts {
        let Value::Map(part) = part else { panic!("a map") };
        whole.extend(part);
    }
    Value::Map(whole)
}

fn texts(meta: &BTreeMap<String, String>) -> Value {
    numbered(meta.iter().map(|(key, value)| (key, Value::Text(value.clone()))))
}

pub(super) fn describe_file(file: &SimtelFile, events: Vec<Value>) -> Value {
    let header = file.header();
    let run = header.run.as_ref().unwrap();
    let name = file.path().file_name().unwrap().to_string_lossy().into_owned();
    let histograms = file.histograms().map(|all| all.iter().map(histogram).collect());
    let described = header.telescopes.iter().map(|(id, tel)| (id, telescope(*id, tel)));
    // The peer describes one telescope of each kind of camera, so not all of ours are there.
    let described = joined([numbered(described), map([("any", Value::Null)])]);
    map([
        ("file", Value::Text(name)),
        ("eventio", Value::Text("2.1.1".into())),
        ("header", run_header(run)),
        ("mc_run_headers", Value::List(header.mc_runs.iter().map(mc_run).collect())),
        ("n_telescopes", run.tel_id.len().into()),
        ("n_history", header.history.len().into()),
        ("n_global_meta", header.meta.global.len().into()),
        ("global_meta", texts(&header.meta.global)),
        ("telescope_descriptions", described),
        ("telescope_meta", telescope_meta(file)),
        ("events", Value::List(events)),
        ("histograms", histograms.map_or(Value::Null, Value::List)),
    ])
}

fn telescope_meta(file: &SimtelFile) -> Value {
    let header = file.header();
    let empty = BTreeMap::new();
    let meta = |id| header.meta.telescopes.get(id).unwrap_or(&empty);
    let all = header.telescopes.keys().map(|id| (id, texts(meta(id))));
    joined([numbered(all), map([("any", Value::Null)])])
}

fn run_header(run: &RunHeader) -> Value {
    let n = run.tel_id.len();
    let positions: Vec<f32> = run.tel_pos.iter().flatten().copied().collect();
    map([
        ("run", run.run.into()),
        ("time", run.time.into()),
        ("run_type", run.run_type.into()),
        ("tracking_mode", run.tracking_mode.into()),
        ("reverse_flag", run.reverse_flag.into()),
        ("direction", run.direction.into()),
        ("offset_fov", run.offset_fov.into()),
        ("conv_depth", run.conv_depth.into()),
        ("conv_ref_pos", run.conv_ref_pos.into()),
        ("n_telescopes", n.into()),
        ("tel_id", (&run.tel_id).into()),
        ("tel_pos", Value::from(&positions).shaped(&[n, 3])),
        ("min_tel_trig", run.min_tel_trig.into()),
        ("duration", run.duration.into()),
        ("target", run.target.clone().into()),
        ("observer", run.observer.clone().into()),
    ])
}

fn mc_run(run: &McRunHeader) -> Value {
    map([
        ("shower_prog_id", run.shower_prog_id.into()),
        ("shower_prog_vers", run.shower_prog_vers.into()),
        ("shower_prog_start", run.shower_prog_start.into()),
        ("detector_prog_id", run.detector_prog_id.into()),
        ("detector_prog_vers", run.detector_prog_vers.into()),
        ("detector_prog_start", run.detector_prog_start.into()),
        ("obsheight", run.obsheight.into()),
        ("n_showers", run.n_showers.into()),
        ("n_use", run.n_use.into()),
        ("core_pos_mode", run.core_pos_mode.into()),
        ("core_range", run.core_range.into()),
        ("alt_range", run.alt_range.into()),
        ("az_range", run.az_range.into()),
        ("diffuse", run.diffuse.into()),
        ("viewcone", run.viewcone.into()),
        ("E_range", run.e_range.into()),
        ("spectral_index", run.spectral_index.into()),
        ("B_total", run.b_total.into()),
        ("B_inclination", run.b_inclination.into()),
        ("B_declination", run.b_declination.into()),
        ("injection_height", run.injection_height.into()),
        ("atmosphere", run.atmosphere.into()),
        ("corsika_iact_options", run.corsika_iact_options.into()),
        ("corsika_low_E_model", run.corsika_low_e_model.into()),
        ("corsika_high_E_model", run.corsika_high_e_model.into()),
        ("corsika_bunchsize", run.corsika_bunchsize.into()),
        ("corsika_wlen_min", run.corsika_wlen_min.into()),
        ("corsika_wlen_max", run.corsika_wlen_max.into()),
        ("corsika_low_E_detail", run.corsika_low_e_detail.into()),
        ("corsika_high_E_detail", run.corsika_high_e_detail.into()),
    ])
}

fn telescope(id: u16, telescope: &TelescopeSettings) -> Value {
    map([
        ("camera_settings", camera_settings(id, telescope)),
        ("camera_organization", camera_organization(id, telescope)),
        ("pixel_settings", pixel_settings(id, telescope)),
        ("disabled_pixels", disabled_pixels(id, telescope)),
        ("camera_software_settings", software(id, telescope)),
        ("drive_settings", drive(telescope.tracking.as_ref().unwrap())),
        ("pointing_correction", pointing(id, telescope)),
    ])
}

fn camera_settings(id: u16, telescope: &TelescopeSettings) -> Value {
    let camera = telescope.camera.as_ref().unwrap();
    let details = camera.effective_details;
    map([
        ("n_pixels", camera.n_pixels.into()),
        ("telescope_id", id.into()),
        ("focal_length", camera.focal_length.into()),
        ("effective_focal_length", camera.effective_focal_length.into()),
        ("effective_focal_length_x", details.map(|d| d.x).into()),
        ("effective_focal_length_y", details.map(|d| d.y).into()),
        ("effective_focal_length_dx", details.map(|d| d.dx).into()),
        ("effective_focal_length_dy", details.map(|d| d.dy).into()),
        ("pixel_x", (&camera.pixel_x).into()),
        ("pixel_y", (&camera.pixel_y).into()),
        ("pixel_z", (&camera.pixel_z).into()),
        ("nxpix", (&camera.nxpix).into()),
        ("nypix", (&camera.nypix).into()),
        ("curved_surface", camera.curved_surface.into()),
        ("pixels_parallel", camera.pixels_parallel.into()),
        ("common_pixel_shape", camera.common_pixel_shape.into()),
        ("pixel_shape", (&camera.pixel_shape).into()),
        ("pixel_area", (&camera.pixel_area).into()),
        ("pixel_size", (&camera.pixel_size).into()),
        ("n_mirrors", camera.n_mirrors.into()),
        ("mirror_area", camera.mirror_area.into()),
        ("cam_rot", camera.cam_rot.into()),
    ])
}

fn camera_organization(id: u16, telescope: &TelescopeSettings) -> Value {
    let camera = telescope.organization.as_ref().unwrap();
    let shape = [camera.n_pixels, camera.n_gains];
    let column = |of: fn(&tierline::dl1::simtel::camera::Sector) -> f32| {
        let values: Vec<f32> = camera.sectors.iter().map(of).collect();
        Value::from(&values)
    };
    map([
        ("telescope_id", id.into()),
        ("n_pixels", camera.n_pixels.into()),
        ("n_drawers", camera.n_drawers.into()),
        ("n_gains", camera.n_gains.into()),
        ("n_sectors", camera.sectors.len().into()),
        ("drawer", (&camera.drawer).into()),
        ("card", Value::from(&camera.card).shaped(&shape)),
        ("chip", Value::from(&camera.chip).shaped(&shape)),
        ("channel", Value::from(&camera.channel).shaped(&shape)),
        ("sectors", map([("len", camera.pixel_sectors.len().into())])),
        ("sector_type", column(|sector| sector.kind.into())),
        ("sector_threshold", column(|sector| sector.threshold)),
        ("sector_pixel_threshold", column(|sector| sector.pixel_threshold)),
    ])
}

fn pixel_settings(id: u16, telescope: &TelescopeSettings) -> Value {
    let pixels = telescope.pixels.as_ref().unwrap();
    let points = pixels.n_ref_points;
    let shape = [pixels.ref_shape.len() / points, points];
    map([
        ("telescope_id", id.into()),
        ("setup_id", pixels.setup_id.into()),
        ("trigger_mode", pixels.trigger_mode.into()),
        ("min_pixel_mult", pixels.min_pixel_mult.into()),
        ("n_pixels", pixels.pixel_hv_dac.len().into()),
        ("pixel_HV_DAC", (&pixels.pixel_hv_dac).into()),
        ("n_drawers", pixels.threshold_dac.len().into()),
        ("threshold_DAC", (&pixels.threshold_dac).into()),
        ("ADC_start", (&pixels.adc_start).into()),
        ("ADC_count", (&pixels.adc_count).into()),
        ("time_slice", pixels.time_slice.into()),
        ("sum_bins", pixels.sum_bins.into()),
        ("ref_step", pixels.ref_step.into()),
        ("ref_shape", Value::from(&pixels.ref_shape).shaped(&shape)),
        ("sum_offset", pixels.sum_offset.into()),
    ])
}

fn disabled_pixels(id: u16, telescope: &TelescopeSettings) -> Value {
    let pixels = telescope.disabled.as_ref().unwrap();
    map([
        ("telescope_id", id.into()),
        ("n_trig_disabled", pixels.trigger_disabled.len().into()),
        ("trigger_disabled", (&pixels.trigger_disabled).into()),
        ("n_HV_disabled", pixels.hv_disabled.len().into()),
        ("HV_disabled", (&pixels.hv_disabled).into()),
    ])
}

fn software(id: u16, telescope: &TelescopeSettings) -> Value {
    let camera = telescope.software.as_ref().unwrap();
    map([
        ("telescope_id", id.into()),
        ("dyn_trig_mode", camera.dyn_trig_mode.into()),
        ("dyn_trig_threshold", camera.dyn_trig_threshold.into()),
        ("dyn_HV_mode", camera.dyn_hv_mode.into()),
        ("dyn_HV_threshold", camera.dyn_hv_threshold.into()),
        ("data_red_mode", camera.data_red_mode.into()),
        ("zero_sup_mode", camera.zero_sup_mode.into()),
        ("zero_sup_n_thr", camera.zero_sup_thresholds.len().into()),
        ("zero_sup_thresholds", (&camera.zero_sup_thresholds).into()),
        ("unbiased_scale", camera.unbiased_scale.into()),
        ("dyn_ped_mode", camera.dyn_ped_mode.into()),
        ("dyn_ped_events", camera.dyn_ped_events.into()),
        ("dyn_ped_period", camera.dyn_ped_period.into()),
        ("monitor_cur_period", camera.monitor_cur_period.into()),
        ("report_cur_period", camera.report_cur_period.into()),
        ("monitor_HV_period", camera.monitor_hv_period.into()),
        ("report_HV_period", camera.report_hv_period.into()),
    ])
}

fn drive(drive: &TrackingSetup) -> Value {
    let pair = |name: &str, [az, alt]: [f32; 2]| {
        numbered([(format!("{name}_az"), az.into()), (format!("{name}_alt"), alt.into())])
    };
    joined([
        pair("drive_type", drive.drive_type.map(f32::from)),
        pair("zeropoint", drive.zeropoint),
        pair("sign", drive.sign),
        pair("resolution", drive.resolution),
        pair("range_low", drive.range_low),
        pair("range_high", drive.range_high),
        pair("park_pos", drive.park_pos),
    ])
}

fn pointing(id: u16, telescope: &TelescopeSettings) -> Value {
    let correction = telescope.pointing.as_ref().unwrap();
    map([
        ("telescope_id", id.into()),
        ("function_type", correction.function_type.into()),
        ("n_param", correction.parameters.len().into()),
        ("pointing_param", (&correction.parameters).into()),
    ])
}

fn axis(name: &str, axis: &Axis) -> Value {
    let entry = |key: &str, value: Value| (format!("{key}_{name}"), value);
    numbered([
        entry("n_bins", axis.n_bins.into()),
        entry("underflow", axis.underflow.into()),
        entry("overflow", axis.overflow.into()),
        entry("lower", axis.lower.into()),
        entry("upper", axis.upper.into()),
        entry("sum", axis.sum.into()),
        entry("tsum", axis.tsum.into()),
    ])
}

fn histogram(histogram: &Histogram) -> Value {
    let contents = histogram.contents.unwrap();
    let shape = match histogram.y {
        Some(y) => vec![y.n_bins, histogram.x.n_bins],
        None => vec![histogram.x.n_bins],
    };
    let data = match &histogram.bins {
        Bins::Real(values) => values.into(),
        Bins::Integer(values) => values.into(),
        Bins::Empty => Value::from(&vec![0.0; histogram.n_bins()]),
    };
    let y = histogram.y.map_or_else(|| map([("n_bins_y", 0.into())]), |y| axis("y", &y));
    let rest = map([
        ("type", histogram.form.to_string().into()),
        ("title", histogram.title.clone().into()),
        ("id", histogram.id.into()),
        ("entries", histogram.entries.into()),
        ("tentries", histogram.tentries.into()),
        ("content_all", contents.all.into()),
        ("content_inside", contents.inside.into()),
        ("content_outside", contents.outside.into()),
        ("data", data.shaped(&shape)),
    ]);
    joined([axis("x", &histogram.x), y, rest])
}

pub(super) fn describe_event(event: &SimtelEvent) -> Value {
    let (kind, calibration) = match event.kind {
        EventKind::Data => ("data", None),
        EventKind::Calibration(kind) => ("calibration", kind),
    };
    let array = event.parse().map(Result::unwrap);
    let mc_event = event.mc_event.map(|mc| {
        map([
            ("event_id", mc.event_id.into()),
            ("shower_num", mc.shower_num.into()),
            ("xcore", mc.xcore.into()),
            ("ycore", mc.ycore.into()),
            ("aweight", mc.aweight.into()),
        ])
    });
    let electrons = event.photo_electrons().unwrap();
    map([
        ("event_id", event.event_id.into()),
        ("type", kind.to_string().into()),
        ("calibration_type", calibration.into()),
        ("mc_shower", event.shower.as_ref().map(|shower| mc_shower(shower)).into()),
        ("mc_event", mc_event.into()),
        ("photoelectron_sums", event.pe_sum.as_ref().map(pe_sum).into()),
        ("photoelectrons", numbered(electrons.iter().map(|pe| (pe.telescope, electron(pe))))),
        ("trigger_information", array.as_ref().map(|array| trigger(&array.trigger)).into()),
        ("telescope_events", array.map(|array| telescope_events(event, &array)).into()),
    ])
}

fn mc_shower(shower: &McShower) -> Value {
    let profile = |profile: &Profile| {
        map([
            ("id", profile.id.into()),
            ("n_steps", profile.content.len().into()),
            ("start", profile.start.into()),
            ("end", profile.end.into()),
            ("content", (&profile.content).into()),
        ])
    };
    map([
        ("shower", shower.shower.into()),
        ("primary_id", shower.primary_id.into()),
        ("energy", shower.energy.into()),
        ("azimuth", shower.azimuth.into()),
        ("altitude", shower.altitude.into()),
        ("depth_start", shower.depth_start.into()),
        ("h_first_int", shower.h_first_int.into()),
        ("xmax", shower.xmax.into()),
        ("hmax", shower.hmax.into()),
        ("emax", shower.emax.into()),
        ("cmax", shower.cmax.into()),
        ("n_profiles", shower.profiles.len().into()),
        ("profiles", Value::List(shower.profiles.iter().map(profile).collect())),
    ])
}

fn pe_sum(sum: &PeSum) -> Value {
    map([
        ("event", sum.event.into()),
        ("shower_num", sum.shower_num.into()),
        ("n_tel", sum.n_pe.len().into()),
        ("n_pe", (&sum.n_pe).into()),
        ("photons", sum.photons.as_ref().into()),
        ("photons_atm", sum.photons_atm.as_ref().into()),
        ("photons_atm_3_6", sum.photons_atm_3_6.as_ref().into()),
        ("photons_atm_qe", sum.photons_atm_qe.as_ref().into()),
        ("photons_atm_400", sum.photons_atm_400.as_ref().into()),
    ])
}

fn electron(pe: &PhotoElectrons) -> Value {
    map([
        ("n_pe", pe.n_pe.into()),
        ("n_pixels", pe.photo_electrons.len().into()),
        ("non_empty", pe.non_empty.into()),
        ("photoelectrons", (&pe.photo_electrons).into()),
        ("pixel_id", (&pe.pixel_id).into()),
        ("time", (&pe.time_ns).into()),
        ("amplitude", pe.amplitude.as_ref().into()),
        ("photons", pe.photons.as_ref().into()),
    ])
}

fn trigger(trigger: &Trigger) -> Value {
    let triggered = &trigger.triggered;
    let ids: Vec<i16> = triggered.iter().map(|tel| tel.tel_id).collect();
    let times: Vec<f32> = triggered.iter().map(|tel| tel.time_ns).collect();
    let masks: Vec<u32> = triggered.iter().map(|tel| tel.type_mask).collect();
    let by_type = triggered.iter().filter(|tel| tel.time_by_type.iter().any(Option::is_some));
    let by_type = by_type.map(|tel| {
        let times = tel.time_by_type.iter().enumerate();
        let times = times.filter_map(|(kind, time)| Some((kind, Value::from((*time)?))));
        (tel.tel_id, numbered(times))
    });
    let compensation = trigger.plane_wave.map(|wave| {
        map([
            ("az", wave.az.into()),
            ("alt", wave.alt.into()),
            ("speed_of_light", wave.speed_of_light.into()),
        ])
    });
    map([
        ("cpu_time", trigger.cpu_time.into()),
        ("gps_time", trigger.gps_time.into()),
        ("trigger_pattern", trigger.trigger_pattern.into()),
        ("data_pattern", trigger.data_pattern.into()),
        ("n_triggered_telescopes", ids.len().into()),
        ("triggered_telescopes", (&ids).into()),
        ("trigger_times", (&times).into()),
        ("n_telescopes_with_data", trigger.with_data.len().into()),
        ("telescopes_with_data", (&trigger.with_data).into()),
        ("teltrg_type_mask", (&masks).into()),
        ("teltrg_time_by_type", numbered(by_type)),
        ("plane_wavefront_compensation", compensation.into()),
    ])
}

fn telescope_events(event: &SimtelEvent, array: &ArrayEvent) -> Value {
    assert_eq!(array.flaws, []);
    numbered(array.telescopes.iter().map(|telescope| {
        let tracking = array.tracking.iter().find(|tracking| tracking.tel_id == telescope.tel_id);
        let state = event.state(telescope.tel_id).unwrap();
        let parts = [telescope_event(telescope), monitoring(telescope.tel_id, state)];
        let position = map([("tracking_position", tracking_position(tracking.unwrap()))]);
        (telescope.tel_id, joined(parts.into_iter().chain([position])))
    }))
}

fn telescope_event(telescope: &TelescopeEvent) -> Value {
    let samples = telescope.samples.as_ref().map(|adc| {
        let shape = [adc.n_gains, adc.n_pixels, adc.n_samples];
        // The peer leaves out the last axis of a single sample.
        let shape = if adc.n_samples == 1 { &shape[..2] } else { &shape[..] };
        Value::from(&adc.samples).shaped(shape)
    });
    let sums = telescope.sums.as_ref();
    let sums = sums.map(|adc| Value::from(&adc.sums).shaped(&[adc.n_gains, adc.n_pixels]));
    map([
        ("header", telescope.header.as_ref().map(header).into()),
        ("adc_samples", samples.into()),
        ("adc_sums", sums.into()),
        ("image_parameters", telescope.image.as_ref().map(image).into()),
        ("pixel_timing", telescope.timing.as_ref().map(timing).into()),
        ("pixel_lists", numbered(telescope.lists.iter().map(|list| (list.code, pixel_list(list))))),
    ])
}

fn header(header: &TelescopeHeader) -> Value {
    map([
        ("telescope_id", header.telescope_id.into()),
        ("loc_count", header.loc_count.into()),
        ("glob_count", header.glob_count.into()),
        ("cpu_time", header.cpu_time.into()),
        ("gps_time", header.gps_time.into()),
        ("trg_source", header.trg_source.into()),
        ("list_trgsect", header.list_trgsect.as_ref().into()),
        ("time_trgsect", header.time_trgsect.as_ref().into()),
        ("readout_time", header.readout_time.into()),
        ("relative_trigger_time", header.relative_trigger_time.into()),
        ("start_readout", header.start_readout.into()),
    ])
}

fn image(image: &ImageParameters) -> Value {
    let timing = |at: usize| Value::from(image.timing.map(|timing| timing[at]));
    map([
        ("flags", image.flags.into()),
        ("flags_hex", format!("{:#x}", image.flags).into()),
        ("telescope_id", image.tel_id.into()),
        ("cut_id", image.cut_id.into()),
        ("pixels", image.pixels.into()),
        ("n_sat", image.n_sat.into()),
        ("clip_amp", image.clip_amp.into()),
        ("amplitude", image.amplitude.into()),
        ("x", image.x.into()),
        ("y", image.y.into()),
        ("phi", image.phi.into()),
        ("l", image.l.into()),
        ("w", image.w.into()),
        ("n_conc", image.n_conc.into()),
        ("concentration", image.concentration.into()),
        ("n_hot", image.hot_amp.as_ref().map(Vec::len).into()),
        ("hot_amp", image.hot_amp.as_ref().into()),
        ("hot_pixel", image.hot_pixel.as_ref().into()),
        ("tm_slope", timing(0)),
        ("tm_residual", timing(1)),
        ("tm_width1", timing(2)),
        ("tm_width2", timing(3)),
        ("tm_rise", timing(4)),
    ])
}

fn timing(timing: &PixelTiming) -> Value {
    let (n, n_types) = (timing.n_pixels, timing.time_type.len());
    let entries = timing.pixel_list.len();
    let list = Value::from(&timing.pixel_list);
    let list = if timing.list_type == 2 { list.shaped(&[entries / 2, 2]) } else { list };
    let by_gain = [timing.n_gains, n];
    map([
        ("n_pixels", n.into()),
        ("n_gains", timing.n_gains.into()),
        ("before_peak", timing.before_peak.into()),
        ("after_peak", timing.after_peak.into()),
        ("with_sum", timing.with_sum().into()),
        ("list_type", timing.list_type.into()),
        ("pixel_list", list),
        ("threshold", timing.threshold.into()),
        ("glob_only_selected", timing.glob_only_selected().into()),
        ("n_types", n_types.into()),
        ("time_type", (&timing.time_type).into()),
        ("time_level", (&timing.time_level).into()),
        ("granularity", timing.granularity.into()),
        ("peak_global", timing.peak_global.into()),
        ("time", Value::from(&timing.time).shaped(&[n, n_types])),
        ("pulse_sum_glob", Value::from(&timing.pulse_sum_glob).shaped(&by_gain)),
        ("pulse_sum_loc", Value::from(&timing.pulse_sum_loc).shaped(&by_gain)),
    ])
}

fn pixel_list(list: &PixelList) -> Value {
    map([
        ("code", list.code.into()),
        ("telescope_id", list.telescope_id.into()),
        ("pixels", list.pixels.len().into()),
        ("pixel_list", (&list.pixels).into()),
    ])
}

fn tracking_position(position: &TrackingPosition) -> Value {
    let of = |pair: Option<[f32; 2]>, at: usize| Value::from(pair.map(|pair| pair[at]));
    map([
        ("telescope_id", position.tel_id.into()),
        ("azimuth_raw", of(position.raw, 0)),
        ("altitude_raw", of(position.raw, 1)),
        ("azimuth_cor", of(position.corrected, 0)),
        ("altitude_cor", of(position.corrected, 1)),
    ])
}

fn monitoring(tel_id: u16, state: &TelescopeState) -> Value {
    let camera = state.camera.as_ref().unwrap();
    let pedestals = camera.pedestals.as_ref().unwrap();
    let laser = state.laser.as_ref().unwrap();
    let shape = [camera.n_gains, camera.n_pixels];
    let shaped = |values: &Vec<f32>| Value::from(values).shaped(&shape);
    let camera = map([
        ("what", camera.what.into()),
        ("known", camera.known.into()),
        ("n_ped_slices", pedestals.n_ped_slices.into()),
        ("pedestal", shaped(&pedestals.pedestal)),
        ("noise", shaped(&pedestals.noise)),
    ]);
    let laser = map([
        ("telescope_id", tel_id.into()),
        ("lascal_id", laser.lascal_id.into()),
        ("calib", shaped(&laser.calib)),
        ("max_int_frac", laser.max_int_frac.as_ref().into()),
        ("max_pixtm_frac", laser.max_pixtm_frac.as_ref().into()),
        ("tm_calib", laser.tm_calib.as_ref().map(shaped).into()),
        ("flat_fielding", laser.flat_fielding.as_ref().map(shaped).into()),
    ]);
    map([("camera_monitoring", camera), ("laser_calibration", laser)])
}
