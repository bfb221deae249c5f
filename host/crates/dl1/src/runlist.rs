//! Run lists: which inputs make which output, as dl1-data-handler's tools write and read them.
//!
//! A run list is a YAML list of `{inputs: [path, ...], target: path}`. One is made from the names of
//! simulation files,
//!
//! ```text
//! {particle}_{zenith}deg_{azimuth}deg_run{N}___{production}[_cone{c}].simtel.{gz,zst}
//! ```
//!
//! where files of one particle, direction and production make outputs of a number of runs each,
//! `{particle}_{zenith}deg_{azimuth}deg_runs{first}-{last}___{production}.h5`. The particle may hold
//! underscores (`gamma_diffuse`); the cone stays in the production.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::{Error, Place};

/// Endings of simulation files.
const ENDINGS: [&str; 3] = [".simtel.gz", ".simtel.zst", ".simtel"];
/// Largest file of a run list, in bytes.
const MAX_BYTES: u64 = 64 << 20;

/// An output and what it is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// Inputs, in order.
    pub inputs: Vec<PathBuf>,
    /// Output.
    pub target: PathBuf,
}

/// What a file's name tells.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SimulationName {
    /// Particle, with what else stands before the angles.
    pub particle: String,
    /// Zenith angle, in degrees.
    pub zenith_deg: i64,
    /// Azimuth, in degrees.
    pub azimuth_deg: i64,
    /// Production, with the cone if there is one.
    pub production: String,
    /// Number of the run.
    pub run: i64,
}

impl SimulationName {
    /// Reads a file's name.
    ///
    /// # Errors
    /// What is missing in it.
    pub fn parse(name: &str) -> Result<Self, String> {
        let stem = ENDINGS.iter().find_map(|ending| name.strip_suffix(ending));
        let stem = stem.ok_or_else(|| format!("it ends with none of {}", ENDINGS.join(", ")))?;
        let (head, production) = stem.split_once("___").ok_or("'___' is missing")?;
        let mut parts = head.rsplitn(4, '_');
        let mut part = |what: &str| parts.next().ok_or_else(|| format!("the {what} is missing"));
        let number = |text: &str, what: &str| {
            text.parse::<i64>().map_err(|_| format!("the {what} is no number: '{text}'"))
        };
        let run = part("run")?;
        let run = run.strip_prefix("run").ok_or_else(|| format!("'{run}' is no run"))?;
        let run = number(run, "run")?;
        let angle = |text: &str, what: &str| {
            let digits =
                text.strip_suffix("deg").ok_or_else(|| format!("'{text}' is no {what}"))?;
            number(digits, what)
        };
        let azimuth_deg = angle(part("azimuth")?, "azimuth")?;
        let zenith_deg = angle(part("zenith")?, "zenith")?;
        let particle = part("particle")?.to_owned();
        Ok(SimulationName { particle, zenith_deg, azimuth_deg, production: production.into(), run })
    }
}

impl SimulationName {
    /// What files of one group have in common.
    fn group(&self) -> (&str, i64, i64, &str) {
        (&self.particle, self.zenith_deg, self.azimuth_deg, &self.production)
    }

    /// The name of the output of the runs from this one to another.
    fn target(&self, last: i64) -> String {
        let (particle, zenith, azimuth, production) = self.group();
        let first = self.run;
        format!("{particle}_{zenith}deg_{azimuth}deg_runs{first}-{last}___{production}.h5")
    }
}

/// A run list that was made, and the files that it leaves out, with the reason.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Made {
    /// The runs, by particle, zenith, azimuth and production.
    pub runs: Vec<Run>,
    /// Names of other files with the ending of simulations.
    pub left_out: Vec<(String, String)>,
}

/// Groups the simulation files of a folder, `per_run` of them to an output in `output_dir` (the folder itself
/// if `None`).
pub fn generate(folder: &Path, per_run: usize, output_dir: Option<&Path>) -> Result<Made, Error> {
    if per_run == 0 {
        return Err(Error::parameter("num_inputs_per_run", "0 inputs make no run"));
    }
    let folder = std::path::absolute(folder).map_err(|e| Error::io(folder, "find", e))?;
    let output_dir = output_dir.unwrap_or(&folder);
    let mut files = Vec::new();
    let mut made = Made::default();
    let entries = std::fs::read_dir(&folder).map_err(|e| Error::io(&folder, "list", e))?;
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.map_err(|e| Error::io(&folder, "list", e))?.file_name();
        names.push(name.to_string_lossy().into_owned());
    }
    names.sort_unstable();
    for name in names {
        if !ENDINGS.iter().any(|ending| name.ends_with(ending)) {
            continue;
        }
        match SimulationName::parse(&name) {
            Ok(known) => files.push((known, folder.join(&name))),
            Err(reason) => made.left_out.push((name, reason)),
        }
    }
    files.sort();
    for group in files.chunk_by(|(a, _), (b, _)| a.group() == b.group()) {
        for part in group.chunks(per_run) {
            let (Some((first, _)), Some((last, _))) = (part.first(), part.last()) else { continue };
            let inputs = part.iter().map(|(_, path)| path.clone()).collect();
            made.runs.push(Run { inputs, target: output_dir.join(first.target(last.run)) });
        }
    }
    Ok(made)
}

/// A run list as YAML.
///
/// # Errors
/// A path that is no text.
pub fn to_yaml(runs: &[Run]) -> Result<String, Error> {
    if runs.is_empty() {
        return Ok("[]\n".into());
    }
    let mut text = String::new();
    let quoted = |path: &Path| {
        let plain = path.to_str().ok_or_else(|| {
            Error::malformed(path, Place::File, "its name is no text, which YAML needs")
        })?;
        // A JSON string is a YAML string.
        serde_json::to_string(plain).map_err(|e| Error::malformed(path, Place::File, e.to_string()))
    };
    for run in runs {
        text.push_str("- inputs:\n");
        for input in &run.inputs {
            text.push_str(&format!("  - {}\n", quoted(input)?));
        }
        text.push_str(&format!("  target: {}\n", quoted(&run.target)?));
    }
    Ok(text)
}

/// Reads a run list. Inputs must be there, targets differ.
pub fn read(path: &Path) -> Result<Vec<Run>, Error> {
    let size = std::fs::metadata(path).map_err(|e| Error::io(path, "open", e))?.len();
    let malformed = |reason: String| Error::malformed(path, Place::File, reason);
    if size > MAX_BYTES {
        return Err(malformed(format!(
            "a run list has at most {MAX_BYTES} bytes, this has {size}"
        )));
    }
    let text = std::fs::read_to_string(path).map_err(|e| Error::io(path, "read", e))?;
    let runs: Vec<Run> = serde_saphyr::from_str(&text).map_err(|e| malformed(e.to_string()))?;
    for (i, run) in runs.iter().enumerate() {
        let entry =
            |reason: String| Error::malformed(path, Place::Entry(format!("run {}", i + 1)), reason);
        if run.inputs.is_empty() {
            return Err(entry("it has no inputs".into()));
        }
        if let Some(missing) = run.inputs.iter().find(|input| !input.is_file()) {
            return Err(entry(format!("there is no file {}", missing.display())));
        }
        if let Some(other) = runs[..i].iter().position(|other| other.target == run.target) {
            let target = run.target.display();
            return Err(entry(format!("its target {target} is that of run {}", other + 1)));
        }
    }
    Ok(runs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn touch(folder: &Path, names: &[&str]) {
        for name in names {
            std::fs::write(folder.join(name), "").unwrap();
        }
    }

    #[test]
    fn names_tell_what_is_simulated() {
        let name = "gamma_diffuse_20deg_180deg_run12___cta-prod3_desert-2150m___x_cone10.simtel.gz";
        let known = SimulationName::parse(name).unwrap();
        assert_eq!((known.particle.as_str(), known.zenith_deg), ("gamma_diffuse", 20));
        assert_eq!((known.azimuth_deg, known.run), (180, 12));
        assert_eq!(known.production, "cta-prod3_desert-2150m___x_cone10");
        assert!(SimulationName::parse("gamma_20deg_0deg_run1___p.simtel.zst").is_ok());
        for (name, reason) in [
            ("gamma_20deg_0deg_run1___p.gz", "ends with none"),
            ("gamma_20deg_0deg_run1_p.simtel.gz", "'___' is missing"),
            ("gamma_20deg_0deg_1___p.simtel.gz", "'1' is no run"),
            ("gamma_20_0deg_run1___p.simtel.gz", "'20' is no zenith"),
            ("20deg_0deg_run1___p.simtel.gz", "the particle is missing"),
            ("gamma_xdeg_0deg_run1___p.simtel.gz", "the zenith is no number: 'x'"),
        ] {
            let error = SimulationName::parse(name).unwrap_err();
            assert!(error.contains(reason), "{name}: {error}");
        }
    }

    #[test]
    fn files_are_grouped_and_come_back() {
        let folder = tempfile::tempdir().unwrap();
        let names: Vec<String> =
            (1..=12).map(|run| format!("gamma_20deg_180deg_run{run}___prod.simtel.gz")).collect();
        touch(folder.path(), &names.iter().map(String::as_str).collect::<Vec<_>>());
        touch(
            folder.path(),
            &["proton_20deg_0deg_run7___prod.simtel.gz", "notes.txt", "x.simtel.gz"],
        );
        let made = generate(folder.path(), 10, None).unwrap();
        let targets: Vec<_> =
            made.runs.iter().map(|run| run.target.file_name().unwrap().to_str().unwrap()).collect();
        assert_eq!(
            targets,
            [
                "gamma_20deg_180deg_runs1-10___prod.h5",
                "gamma_20deg_180deg_runs11-12___prod.h5",
                "proton_20deg_0deg_runs7-7___prod.h5"
            ]
        );
        // Runs are sorted as numbers.
        assert!(made.runs[0].inputs[9].ends_with(&names[9]));
        assert_eq!(made.left_out, [("x.simtel.gz".to_owned(), "'___' is missing".to_owned())]);
        let list = folder.path().join("runlist.yml");
        std::fs::write(&list, to_yaml(&made.runs).unwrap()).unwrap();
        assert_eq!(read(&list).unwrap(), made.runs);
    }

    #[test]
    fn a_list_that_leads_nowhere_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let list = folder.path().join("runlist.yml");
        touch(folder.path(), &["a", "b"]);
        let a = folder.path().join("a").display().to_string();
        let error = |text: &str| {
            std::fs::write(&list, text).unwrap();
            read(&list).unwrap_err().to_string()
        };
        let missing = error(&format!("- inputs: [{a}, /none/x.gz]\n  target: o.h5\n"));
        assert!(missing.ends_with("run 1: there is no file /none/x.gz"), "{missing}");
        assert!(error("- inputs: []\n  target: o.h5\n").contains("no inputs"));
        assert!(error(&format!("- inputs: [{a}]\n  targte: o.h5\n")).contains("targte"));
        let twice = format!("- inputs: [{a}]\n  target: o.h5\n");
        assert!(error(&format!("{twice}{twice}")).contains("that of run 1"));
        assert!(error("inputs: 1").contains("runlist.yml"));
        assert!(generate(folder.path(), 0, None).is_err());
    }
}
