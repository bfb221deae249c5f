//! Cherenkov-telescope events: every step against what the peers make of the same files.

mod commands;
mod damage;
mod extraction;
mod files;
mod flashcam;
mod golden;
mod images;
mod merge;
mod objects;
mod parameters;
mod program;
mod run;
mod simtel;
mod source;
mod steps;
mod whole;

use std::io::Read;
use std::path::{Path, PathBuf};

use tierline::dl1::eventio::Input;
use tierline_tests::data::shared;

/// Content of a file, decompressed.
fn content(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    Input::open(path, &Default::default()).unwrap().read_to_end(&mut bytes).unwrap();
    bytes
}

/// A recording and what a peer makes of it.
fn pair(name: &str, folder: &str, suffix: &str) -> Option<(PathBuf, PathBuf)> {
    let golden = shared(&format!("golden/dl1/{folder}/{name}{suffix}"))?;
    Some((shared(&format!("data/dl1/{name}"))?, golden))
}

/// Files of sim_telarray.
const SIMTEL: [&str; 12] = [
    "40k_pixels.simtel.zst",
    "aux_traces_2029.simtel.zst",
    "calib_events.simtel.gz",
    "calib_true_pe.simtel.zst",
    "camsettings_v6.simtel.zst",
    "gamma_with_obslevel_particles.simtel.zst",
    "gct_checs_muons.simtel.zst",
    "history_meta_75.simtel.zst",
    "lst_muons.simtel.zst",
    "n_hv_disabled.simtel.gz",
    "prod4_pixelsettings_v3.gz",
    "test_lasercal_v3.simtel.gz",
];

/// Files of CORSIKA.
const IACT: [&str; 5] = [
    "3_gammas_reuse_5.dat",
    "5_gamma_2_telescopes_reuse_2_split_always.zst",
    "gamma_100gev_1216.eventio",
    "one_shower.dat",
    "one_shower.dat.gz",
];
