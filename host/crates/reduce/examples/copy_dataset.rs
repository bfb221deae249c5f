//! Reads datasets and writes them again: `copy_dataset FOLDER INPUT...`.
//!
//! Of each input comes `<n>.fits` in the folder, and of all together `datasets.yaml`; of a spectrum with off counts and livetime also
//! `pha<n>.fits` with the files beside it.

use std::path::PathBuf;
use std::process::ExitCode;

use tierline_reduce::dataset::Dataset;
use tierline_reduce::datasets::{read_any, write_datasets};
use tierline_reduce::gadf::write_dataset;
use tierline_reduce::ogip::{Variant, write_ogip};

fn rewrite(
    folder: PathBuf,
    inputs: impl Iterator<Item = PathBuf>,
) -> Result<(), tierline_reduce::Error> {
    let mut all: Vec<Dataset> = Vec::new();
    for (n, input) in inputs.enumerate() {
        let mut dataset = read_any(&input, &Default::default())?;
        write_dataset(&folder.join(format!("{n}.fits")), &dataset, false)?;
        let has_all =
            dataset.is_spectrum() && dataset.off.is_some() && dataset.livetime_s.is_some();
        if has_all {
            write_ogip(&folder.join(format!("pha{n}.fits")), &dataset, Variant::Ogip, false)?;
        }
        dataset.name = format!("{}-{n}", dataset.name);
        all.push(dataset);
    }
    write_datasets(&folder.join("datasets.yaml"), &all, false)
}

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let Some(folder) = arguments.next() else {
        eprintln!("copy_dataset FOLDER INPUT...");
        return ExitCode::from(2);
    };
    match rewrite(folder, arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
