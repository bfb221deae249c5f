//! Conversion from images to images.

use std::path::{Path, PathBuf};
use std::time::Instant;

use tierline::dataio::image::{CODECS, Codec, Encoder, Target, Transform, output_names, writable};
use tierline::report::{AtomicOutput, Input, Limits, Output, Report, Status, commit_all};

use super::super::{Messages, Usage, size};
use super::Args;

/// What becomes of images that exist.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Images")]
pub(super) struct Existing {
    /// Leave outputs that exist as they are.
    #[arg(short = 'n', long, conflicts_with = "overwrite")]
    no_clobber: bool,
    /// Replace outputs that are older than their input; leave others.
    #[arg(short, long, conflicts_with_all = ["overwrite", "no_clobber"])]
    update: bool,
}

/// The formats that can be written, as fabio-convert lists them, and those that can only be read.
pub(super) fn list() -> anyhow::Result<Status> {
    let version = env!("CARGO_PKG_VERSION");
    let mut codecs: Vec<&dyn Codec> = CODECS.to_vec();
    codecs.sort_by_key(|codec| format!("{}image", codec.name()));
    for writable in [true, false] {
        let how = if writable { "writable" } else { "readable" };
        println!("List of {how} file formats supported by tierline {version}\n");
        for codec in codecs.iter().filter(|codec| codec.encoder().is_some() == writable) {
            let extensions: Vec<String> =
                codec.extensions().iter().map(|extension| format!("*.{extension}")).collect();
            let extensions = match extensions.as_slice() {
                [] => String::new(),
                some => format!("({})", some.join(", ")),
            };
            println!("- {}image {extensions}\n    {}", codec.name(), codec.description());
        }
        println!();
    }
    Ok(Status::Clean)
}

/// What is written from where.
struct Plan<'a> {
    input: &'a Path,
    output: PathBuf,
}

/// Converts each input to an image of its own.
pub(super) fn run(args: &Args, inputs: &[PathBuf], mut report: Report) -> anyhow::Result<Status> {
    let usage = |text: String| anyhow::Error::from(Usage(text));
    let start = Instant::now();
    let output = args.output.as_deref().map(Path::new);
    let folder = output.filter(|path| path.is_dir());
    let name = match (&args.format, output.and_then(bare_extension)) {
        (Some(format), _) => format.trim_start_matches('.').to_owned(),
        (None, Some(extension)) if folder.is_none() => extension,
        _ => return Err(usage("a format is needed: -F FORMAT".into())),
    };
    let (codec, encoder) = writable(&name).map_err(usage)?;
    report.set("format", codec.name());
    let plans: Vec<Plan> = inputs
        .iter()
        .map(|input| {
            let default = || {
                let extension = codec.extensions().first().copied().unwrap_or(codec.name());
                let name = input.file_stem().unwrap_or_default();
                let name = Path::new(name).with_extension(extension);
                folder.map_or_else(|| input.with_file_name(&name), |folder| folder.join(&name))
            };
            let given = output.filter(|_| folder.is_none());
            Plan { input, output: given.map_or_else(default, Path::to_path_buf) }
        })
        .collect();
    if let (Some(file), true) = (output.filter(|_| folder.is_none()), plans.len() > 1) {
        let text = format!("several inputs for {}: name a folder that exists", file.display());
        return Err(usage(text));
    }
    let mut names: Vec<&PathBuf> = plans.iter().map(|plan| &plan.output).collect();
    names.sort();
    if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(usage(format!("two inputs would be written to {}", pair[0].display())));
    }
    let (mut messages, mut failed) = (args.common.messages()?, false);
    for plan in &plans {
        if let Err(error) = one(args, plan, (codec, encoder), &mut report, &mut messages) {
            messages.say(&format!("tierline: error: {error:#}"));
            report.warn(format!("{error:#}"));
            failed = true;
        }
    }
    report.seconds = start.elapsed().as_secs_f64();
    if failed {
        report.status = Status::Failed;
    }
    args.common.write(&report)?;
    Ok(if failed { Status::Failed } else { Status::Clean })
}

fn one(
    args: &Args,
    plan: &Plan<'_>,
    (codec, encoder): (&dyn Codec, &dyn Encoder),
    report: &mut Report,
    messages: &mut Messages,
) -> anyhow::Result<()> {
    let begin = Instant::now();
    let input = plan.input.display();
    let mut image = Transform::open(plan.input, Limits::default())?;
    let names = output_names(&plan.output, image.frames(), encoder.many());
    if names.iter().any(|name| name == plan.input) {
        anyhow::bail!("{input} would be written over itself");
    }
    if names.iter().all(|name| name.exists()) && !wanted(args, plan.input, &names) {
        args.common.tell(messages, &format!("{input}: its outputs exist and are kept"));
        return Ok(());
    }
    if args.dry_run {
        for name in &names {
            println!("{input} -> {} ({})", name.display(), codec.name());
        }
        return Ok(());
    }
    let replace = args.common.overwrite || args.images.update;
    let mut parts = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let part = AtomicOutput::create(name, replace)?;
        let frames = if names.len() > 1 { index..index + 1 } else { 0..image.frames() };
        image.write(frames, encoder, Target { path: part.path(), name })?;
        let bytes = std::fs::metadata(part.path()).map_or(0, |metadata| metadata.len());
        args.common.tell(messages, &format!("{input} -> {}: {}", name.display(), size(bytes)));
        let rows = [("frames".to_owned(), if names.len() > 1 { 1 } else { image.frames() as u64 })];
        report.outputs.push(Output { path: name.clone(), size: bytes, rows: rows.into() });
        parts.push(part);
    }
    commit_all(parts)?;
    for warning in image.warnings() {
        messages.say(&format!("tierline: warning: {input}: {warning}"));
        report.warn(format!("{input}: {warning}"));
    }
    let size = std::fs::metadata(plan.input).map_or(0, |metadata| metadata.len());
    let seconds = begin.elapsed().as_secs_f64();
    report.inputs.push(Input { path: plan.input.to_path_buf(), size, digest: None, seconds });
    Ok(())
}

/// Whether outputs that all exist are written all the same (or refused, which their creation does).
fn wanted(args: &Args, input: &Path, names: &[PathBuf]) -> bool {
    if args.images.no_clobber {
        return false;
    }
    let changed = |path: &Path| std::fs::metadata(path).and_then(|m| m.modified()).ok();
    !args.images.update || names.iter().any(|name| changed(name) < changed(input))
}

/// The extension of a file's name, below `.gz` and `.bz2`.
fn bare_extension(path: &Path) -> Option<String> {
    let extension = path.extension()?.to_str()?.to_ascii_lowercase();
    match extension.as_str() {
        "gz" | "bz2" => bare_extension(Path::new(path.file_stem()?)),
        _ => Some(extension),
    }
}
