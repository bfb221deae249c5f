//! Reads maps and writes them again: `copy_map FOLDER INPUT...`.
//!
//! Of each input comes `<name>` in the folder, its first map as it is; of a map of HEALPix pixels also `sparse-<name>`, with only what
//! is not 0.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use tierline_reduce::gadf::{HpxForm, read_map, write_healpix, write_maps};
use tierline_reduce::geom::Geom;

fn rewrite(folder: &Path, input: &Path) -> Result<(), tierline_reduce::Error> {
    let map = read_map(input, None, &Default::default())?;
    let name = input.file_name().unwrap_or_default().to_string_lossy();
    write_maps(&folder.join(&*name), &[("MAP", &map)], false)?;
    if matches!(map.geom, Geom::Hpx(_)) {
        let form = HpxForm { sparse: true, ..HpxForm::default() };
        write_healpix(&folder.join(format!("sparse-{name}")), "MAP", &map, form, false)?;
    }
    Ok(())
}

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let Some(folder) = arguments.next() else {
        eprintln!("copy_map FOLDER INPUT...");
        return ExitCode::from(2);
    };
    for input in arguments {
        if let Err(error) = rewrite(&folder, &input) {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
