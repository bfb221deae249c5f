//! The columns of the tables, in their order. Names, types and units are ctapipe's.

use tierline_table::DType::{Bool, F32, F64, I8, I16, I32, I64, U8, U16, U32, U64};

use super::table::{Container, Field, Meaning, members, plain, quantity, special};

/// Text; the width is known when the table is created.
const TEXT: tierline_table::DType = tierline_table::DType::Text(1);

const OBS_ID: Field = plain("obs_id", I32, "Number of the observation block");
const EVENT_ID: Field = plain("event_id", I64, "Number of the event");

pub(crate) const EVENT_INDEX: Container =
    Container { name: "EventIndexContainer", prefix: "", fields: &[OBS_ID, EVENT_ID] };

pub(crate) const TEL_EVENT_INDEX: Container = Container {
    name: "TelEventIndexContainer",
    prefix: "",
    fields: &[OBS_ID, EVENT_ID, plain("tel_id", I16, "Number of the telescope")],
};

pub(crate) const TIME: Field =
    special("time", U32, Meaning::HighResolution, "When the array triggered");
pub(crate) const TELS_WITH_TRIGGER: Field = special(
    "tels_with_trigger",
    Bool,
    Meaning::TelescopeMask,
    "Telescopes that took part in the trigger",
);
pub(crate) const EVENT_TYPE: Field = members("event_type", "EventType", "What the event is");
pub(crate) const TELESCOPE_TIME: Field =
    special("time", U32, Meaning::HighResolution, "When the telescope triggered");
pub(crate) const N_TRIGGER_PIXELS: Field =
    plain("n_trigger_pixels", I64, "Pixels or groups of pixels that triggered");

pub(crate) const SHOWER: Container = Container {
    name: "SimulatedShowerContainer",
    prefix: "true",
    fields: &[
        quantity("energy", F64, "TeV", "Energy of the primary particle"),
        quantity("alt", F64, "deg", "Altitude of the shower's direction"),
        quantity("az", F64, "deg", "Azimuth of the shower's direction"),
        quantity("core_x", F64, "m", "Impact point, x"),
        quantity("core_y", F64, "m", "Impact point, y"),
        quantity("h_first_int", F64, "m", "Height of the first interaction"),
        quantity("x_max", F64, "g.cm**-2", "Depth of the shower's maximum"),
        quantity("starting_grammage", F64, "g.cm**-2", "Depth at which the primary started"),
        plain(
            "shower_primary_id",
            I64,
            "Primary particle: 0 gamma, 1 e-, 2 mu-, 100 A + Z for nuclei, negative for antiparticles",
        ),
    ],
};

pub(crate) const IMPACT: Container = Container {
    name: "TelescopeImpactParameterContainer",
    prefix: "true_impact",
    fields: &[
        quantity("distance", F64, "m", "Distance of the telescope from the shower's axis"),
        quantity("distance_uncert", F64, "m", "Uncertainty of the distance"),
    ],
};

pub(crate) const IMAGE: Field = plain("image", F32, "Charge of each pixel, in photo-electrons");
pub(crate) const PEAK_TIME: Field =
    plain("peak_time", F32, "Time of the pulse in each pixel, in ns since the readout began");
pub(crate) const IMAGE_MASK: Field =
    plain("image_mask", Bool, "Pixels that the cleaning has selected");
pub(crate) const IS_VALID: Field =
    plain("is_valid", Bool, "Whether the image was extracted as it should be");

pub(crate) const TRUE_IMAGE_SUM: Field =
    plain("true_image_sum", I32, "Photo-electrons of Cherenkov light in the camera");
pub(crate) const TRUE_IMAGE: Field =
    plain("true_image", I32, "Photo-electrons of Cherenkov light in each pixel, without noise");

/// Columns of the ellipse, by the prefix that they get.
pub(crate) const HILLAS: Container = Container {
    name: "HillasParametersContainer",
    prefix: "hillas",
    fields: &[
        plain("intensity", F64, "Charge of the selected pixels, in photo-electrons"),
        plain("skewness", F64, "Third standardized moment along the axis"),
        plain("kurtosis", F64, "Fourth standardized moment along the axis"),
        quantity("fov_lon", F64, "deg", "Centre of gravity, longitude in the field of view"),
        quantity("fov_lat", F64, "deg", "Centre of gravity, latitude in the field of view"),
        quantity("r", F64, "deg", "Centre of gravity, distance from the camera's centre"),
        quantity("phi", F64, "deg", "Centre of gravity, direction from the camera's centre"),
        quantity("length", F64, "deg", "Standard deviation along the axis"),
        quantity("length_uncertainty", F64, "deg", "Uncertainty of the length"),
        quantity("width", F64, "deg", "Standard deviation across the axis"),
        quantity("width_uncertainty", F64, "deg", "Uncertainty of the width"),
        quantity("psi", F64, "deg", "Direction of the axis"),
        quantity("psi_uncertainty", F64, "deg", "Uncertainty of the axis' direction"),
        quantity(
            "transverse_cog_uncertainty",
            F64,
            "deg",
            "Uncertainty of the centre of gravity across the axis",
        ),
    ],
};

/// The same in the camera's frame.
pub(crate) const CAMERA_HILLAS: Container = Container {
    name: "CameraHillasParametersContainer",
    prefix: "camera_frame_hillas",
    fields: &[
        plain("intensity", F64, "Charge of the selected pixels, in photo-electrons"),
        plain("skewness", F64, "Third standardized moment along the axis"),
        plain("kurtosis", F64, "Fourth standardized moment along the axis"),
        quantity("x", F64, "m", "Centre of gravity, x"),
        quantity("y", F64, "m", "Centre of gravity, y"),
        quantity("r", F64, "m", "Centre of gravity, distance from the camera's centre"),
        quantity("phi", F64, "deg", "Centre of gravity, direction from the camera's centre"),
        quantity("length", F64, "m", "Standard deviation along the axis"),
        quantity("length_uncertainty", F64, "m", "Uncertainty of the length"),
        quantity("width", F64, "m", "Standard deviation across the axis"),
        quantity("width_uncertainty", F64, "m", "Uncertainty of the width"),
        quantity("psi", F64, "deg", "Direction of the axis"),
        quantity("psi_uncertainty", F64, "deg", "Uncertainty of the axis' direction"),
        quantity(
            "transverse_cog_uncertainty",
            F64,
            "m",
            "Uncertainty of the centre of gravity across the axis",
        ),
    ],
};

const fn timing(unit: &'static str) -> [Field; 3] {
    [
        plain("intercept", F64, "Time at the centre of gravity, in ns"),
        plain("deviation", F64, "Root mean square of the residuals of the time, in ns"),
        quantity("slope", F64, unit, "Gradient of the time along the axis, in ns"),
    ]
}

pub(crate) const TIMING: Container =
    Container { name: "TimingParametersContainer", prefix: "timing", fields: &timing("deg**-1") };

pub(crate) const CAMERA_TIMING: Container = Container {
    name: "CameraTimingParametersContainer",
    prefix: "camera_frame_timing",
    fields: &timing("m**-1"),
};

const PIXELS_WIDTH_1: Field =
    plain("pixels_width_1", F64, "Share of the selected pixels in the outermost ring");
const PIXELS_WIDTH_2: Field =
    plain("pixels_width_2", F64, "Share of the selected pixels in the two outermost rings");

pub(crate) const LEAKAGE: Container = Container {
    name: "LeakageContainer",
    prefix: "leakage",
    fields: &[
        PIXELS_WIDTH_1,
        PIXELS_WIDTH_2,
        plain("intensity_width_1", F32, "Share of the charge in the outermost ring"),
        plain("intensity_width_2", F32, "Share of the charge in the two outermost rings"),
    ],
};

/// The same of true images, whose charges are whole numbers.
pub(crate) const TRUE_LEAKAGE: Container = Container {
    name: "LeakageContainer",
    prefix: "leakage",
    fields: &[
        PIXELS_WIDTH_1,
        PIXELS_WIDTH_2,
        plain("intensity_width_1", F64, "Share of the charge in the outermost ring"),
        plain("intensity_width_2", F64, "Share of the charge in the two outermost rings"),
    ],
};

pub(crate) const CONCENTRATION: Container = Container {
    name: "ConcentrationContainer",
    prefix: "concentration",
    fields: &[
        plain("cog", F64, "Share of the charge within a pixel of the centre of gravity"),
        plain("core", F64, "Share of the charge within the ellipse"),
        plain("pixel", F64, "Share of the charge in the brightest pixel"),
    ],
};

pub(crate) const MORPHOLOGY: Container = Container {
    name: "MorphologyContainer",
    prefix: "morphology",
    fields: &[
        plain("n_pixels", I64, "Selected pixels"),
        plain("n_islands", I64, "Islands of selected pixels"),
        plain("n_small_islands", I64, "Islands of up to 2 pixels"),
        plain("n_medium_islands", I64, "Islands of 3 to 50 pixels"),
        plain("n_large_islands", I64, "Islands of more than 50 pixels"),
    ],
};

const SKEWNESS: Field = plain("skewness", F64, "Third standardized moment");
const KURTOSIS: Field = plain("kurtosis", F64, "Fourth standardized moment, less 3");

const STATISTICS: [Field; 6] = [
    plain("max", F32, "Largest value of the selected pixels"),
    plain("min", F32, "Smallest value of the selected pixels"),
    plain("mean", F32, "Mean of the selected pixels"),
    plain("std", F32, "Standard deviation of the selected pixels"),
    SKEWNESS,
    KURTOSIS,
];

pub(crate) const INTENSITY: Container =
    Container { name: "IntensityStatisticsContainer", prefix: "intensity", fields: &STATISTICS };

pub(crate) const PEAK_TIME_STATISTICS: Container =
    Container { name: "PeakTimeStatisticsContainer", prefix: "peak_time", fields: &STATISTICS };

/// The same of true images.
pub(crate) const TRUE_INTENSITY: Container = Container {
    name: "IntensityStatisticsContainer",
    prefix: "intensity",
    fields: &[
        plain("max", I32, "Largest value of the selected pixels"),
        plain("min", I32, "Smallest value of the selected pixels"),
        plain("mean", F64, "Mean of the selected pixels"),
        plain("std", F64, "Standard deviation of the selected pixels"),
        SKEWNESS,
        KURTOSIS,
    ],
};

pub(crate) const CORE: Container = Container {
    name: "CoreParametersContainer",
    prefix: "core",
    fields: &[quantity("psi", F64, "deg", "Direction of the axis on the ground")],
};

pub(crate) const POINTING: Container = Container {
    name: "TelescopePointingContainer",
    prefix: "telescope_pointing",
    fields: &[
        quantity("azimuth", F32, "rad", "Azimuth, from north to east"),
        quantity("altitude", F32, "rad", "Altitude"),
    ],
};

pub(crate) const POINTING_INDEX: Container = Container {
    name: "TelescopeConfigurationIndexContainer",
    prefix: "",
    fields: &[OBS_ID, plain("tel_id", I64, "Number of the telescope")],
};

/// Where a telescope looked at some time.
pub(crate) const MONITORED_POINTING: [Field; 3] = [
    special("time", U32, Meaning::HighResolution, "When the telescope looked there"),
    quantity("azimuth", F64, "rad", "Azimuth, from north to east"),
    quantity("altitude", F64, "rad", "Altitude"),
];

pub(crate) const SCHEDULING_BLOCK: [Field; 5] = [
    plain("sb_id", U64, "Number of the scheduling block"),
    members("sb_type", "SchedulingBlockType", "What it is for"),
    special("producer_id", TEXT, Meaning::Text, "Who has given the number"),
    members("observing_mode", "ObservingMode", "How its observations lie in the sky"),
    members("pointing_mode", "PointingMode", "How the telescopes move"),
];

pub(crate) const OBSERVATION_BLOCK: [Field; 11] = [
    plain("obs_id", U64, "Number of the observation block"),
    plain("sb_id", U64, "Number of its scheduling block"),
    special("producer_id", TEXT, Meaning::Text, "Who has given the number"),
    members("state", "ObservationBlockState", "How it ended"),
    quantity("subarray_pointing_lat", F32, "deg", "Latitude of the centre, in the frame given"),
    quantity("subarray_pointing_lon", F32, "deg", "Longitude of the centre, in the frame given"),
    members("subarray_pointing_frame", "CoordinateFrameType", "Frame in which the centre rests"),
    quantity("scheduled_duration", F64, "min", "Duration as planned"),
    special("scheduled_start_time", F64, Meaning::Mjd, "Start as planned"),
    special("actual_start_time", F64, Meaning::Mjd, "Start"),
    quantity("actual_duration", F64, "min", "Duration"),
];

pub(crate) const SIMULATION_RUN: [Field; 36] = [
    plain("obs_id", I32, "Number of the simulated run"),
    plain("run_number", I32, "Number of the run in sim_telarray's file"),
    plain("corsika_version", I64, "Version of CORSIKA, times 1000"),
    plain("simtel_version", I64, "Version of sim_telarray"),
    quantity("energy_range_min", F32, "TeV", "Smallest energy of a primary particle"),
    quantity("energy_range_max", F32, "TeV", "Largest energy of a primary particle"),
    quantity("prod_site_B_total", F64, "uT", "Magnetic field"),
    quantity("prod_site_B_declination", F64, "rad", "Declination of the magnetic field"),
    quantity("prod_site_B_inclination", F64, "rad", "Inclination of the magnetic field"),
    quantity("prod_site_alt", F64, "m", "Height of the observation level"),
    plain("spectral_index", F64, "Index of the power law of energies"),
    plain("shower_prog_start", I64, "When the showers were simulated; CORSIKA tells the day"),
    plain("shower_prog_id", I64, "Simulation of showers: 1 CORSIKA, 2 ALTAI, 3 KASCADE, 4 MOCCA"),
    plain("detector_prog_start", I64, "When the telescopes were simulated"),
    plain("detector_prog_id", I64, "Simulation of telescopes: 1 sim_telarray"),
    plain("n_showers", I64, "Simulated showers"),
    plain("shower_reuse", I64, "Uses of each shower"),
    quantity("max_alt", F32, "rad", "Largest altitude of a shower"),
    quantity("min_alt", F32, "rad", "Smallest altitude of a shower"),
    quantity("max_az", F32, "rad", "Largest azimuth of a shower"),
    quantity("min_az", F32, "rad", "Smallest azimuth of a shower"),
    plain("diffuse", I64, "Whether directions are diffuse"),
    quantity("max_viewcone_radius", F32, "deg", "Outer radius of the cone of directions"),
    quantity("min_viewcone_radius", F32, "deg", "Inner radius of the cone of directions"),
    quantity("max_scatter_range", F32, "m", "Largest distance of an impact point"),
    quantity("min_scatter_range", F32, "m", "Smallest distance of an impact point"),
    plain("core_pos_mode", I64, "Impact points: 0 in a circle, 1 in a rectangle"),
    plain("atmosphere", I64, "Number of the model of the atmosphere"),
    plain("corsika_iact_options", I64, "CORSIKA's options for Cherenkov telescopes"),
    plain("corsika_low_E_model", I64, "CORSIKA's hadronic model at low energies"),
    plain("corsika_high_E_model", I64, "CORSIKA's hadronic model at high energies"),
    plain("corsika_bunchsize", F64, "Photons of a bunch"),
    quantity("corsika_wlen_min", F64, "nm", "Shortest wavelength"),
    quantity("corsika_wlen_max", F64, "nm", "Longest wavelength"),
    plain("corsika_low_E_detail", I64, "Details of the model at low energies"),
    plain("corsika_high_E_detail", I64, "Details of the model at high energies"),
];

pub(crate) const DISTRIBUTION: [Field; 6] = [
    OBS_ID,
    plain("hist_id", I64, "Number of the histogram"),
    plain("n_entries", I64, "Entries of the histogram"),
    quantity("bins_energy", F64, "TeV", "Edges of the bins of energy"),
    quantity("bins_core_dist", F64, "m", "Edges of the bins of distance"),
    plain("histogram", F64, "Contents, by energy and distance"),
];

pub(crate) const ATMOSPHERE: [Field; 3] = [
    quantity("height", F64, "km", "Height"),
    quantity("density", F64, "g.cm**-3", "Density"),
    quantity("column_density", F64, "g.cm**-2", "Depth"),
];

pub(crate) const LAYOUT: [Field; 11] = [
    plain("tel_id", U16, ""),
    special("name", TEXT, Meaning::Text, ""),
    special("type", TEXT, Meaning::Text, ""),
    quantity("pos_x", F32, "m", ""),
    quantity("pos_y", F32, "m", ""),
    quantity("pos_z", F32, "m", ""),
    special("camera_name", TEXT, Meaning::Text, ""),
    special("optics_name", TEXT, Meaning::Text, ""),
    plain("camera_index", I64, ""),
    plain("optics_index", I64, ""),
    special("tel_description", TEXT, Meaning::Text, ""),
];

pub(crate) const OPTICS: [Field; 8] = [
    special("optics_name", TEXT, Meaning::Text, ""),
    special("size_type", TEXT, Meaning::Text, ""),
    special("reflector_shape", TEXT, Meaning::Text, ""),
    quantity("mirror_area", F64, "m**2", ""),
    plain("n_mirrors", I64, ""),
    plain("n_mirror_tiles", I64, ""),
    quantity("equivalent_focal_length", F64, "m", ""),
    quantity("effective_focal_length", F64, "m", ""),
];

pub(crate) const GEOMETRY: [Field; 4] = [
    plain("pix_id", I64, ""),
    quantity("pix_x", F64, "m", ""),
    quantity("pix_y", F64, "m", ""),
    quantity("pix_area", F64, "m**2", ""),
];

pub(crate) const SAMPLE_TIME: Field = quantity("reference_pulse_sample_time", F64, "ns", "");

pub(crate) const STATISTICS_TABLE: [Field; 4] = [
    special("criteria", TEXT, Meaning::Text, ""),
    plain("counts", I64, ""),
    plain("cumulative_counts", I64, ""),
    special("func", TEXT, Meaning::Text, ""),
];

pub(crate) const WAVEFORM: Field =
    plain("waveform", F32, "Calibrated samples, by gain channel, pixel and sample");
pub(crate) const RAW_WAVEFORM: Field =
    plain("waveform", U16, "Samples as digitized, by gain channel, pixel and sample");
pub(crate) const R1_EVENT_TYPE: Field = members("event_type", "EventType", "What the event is");
pub(crate) const R1_EVENT_TIME: Field =
    special("event_time", U32, Meaning::HighResolution, "When the telescope triggered");
pub(crate) const PIXEL_STATUS: Field =
    plain("pixel_status", U8, "What is stored of each pixel, by bits");
pub(crate) const SELECTED_GAIN: Field =
    plain("selected_gain_channel", I8, "Gain channel that was selected for each pixel");
