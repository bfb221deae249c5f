//! Conversion to HDF5.

use std::path::{Path, PathBuf};
use std::time::Instant;

use tierline::dataio::convert::{Chunks, Convert, Converted, Mode};
use tierline::dataio::spec::Reading;
use tierline::dataio::tree::SpecOptions;
use tierline::h5::edit::FilterSpec;
use tierline::report::{AtomicOutput, Input, Output, Report};

use super::super::{Usage, grouped, is_same, size};
use super::{Args, Hdf5};

/// The largest level of gzip.
const LEVELS: u32 = 9;

/// Converts all inputs to one file.
pub(super) fn run(args: &Args, inputs: &[PathBuf], report: &mut Report) -> anyhow::Result<()> {
    let start = Instant::now();
    let output = args.output.as_deref().unwrap_or_default();
    let (file, group) = output.split_once("::").unwrap_or((output, "/"));
    let target = Path::new(file);
    let mode = match args.hdf5.mode {
        Mode::New if args.common.overwrite => Mode::Replace,
        mode => mode,
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let convert = Convert {
        mode,
        group: group.to_owned(),
        add_root_group: args.hdf5.add_root_group,
        overwrite_data: args.hdf5.overwrite_data,
        min_size: args.hdf5.min_size,
        chunks: chunks(&args.hdf5)?,
        filters: filters(&args.hdf5)?,
        links: args.hdf5.link_type,
        spec: SpecOptions {
            reading: if args.hdf5.strict { Reading::Strict } else { Reading::Compatible },
            double: args.hdf5.double,
        },
        threads: args.threads.unwrap_or(threads).max(1),
        ..Convert::default()
    };
    settings(report, &convert);
    if let Some(same) = inputs.iter().find(|input| is_same(input, target)) {
        let text = format!("{} is an input and the output", same.display());
        return Err(Usage(text).into());
    }
    if mode == Mode::Edit && !target.is_file() {
        anyhow::bail!("{file}: there is no such file to add to (mode r+)");
    }
    if args.dry_run {
        for input in inputs {
            println!("{} -> {output}", input.display());
        }
        return Ok(());
    }
    let mut messages = args.common.messages()?;
    messages.say_stale(target);
    // Files that are added to are copied, changed, and put in place.
    let adds = matches!(mode, Mode::Edit | Mode::Append) && target.is_file();
    let part = AtomicOutput::create(target, adds || mode != Mode::New)?;
    if adds {
        std::fs::copy(target, part.path())?;
    }
    let done = convert.run(inputs, part.path())?;
    let bytes = std::fs::metadata(part.path()).map_or(0, |metadata| metadata.len());
    part.commit()?;
    for warning in &done.warnings {
        messages.say(&format!("tierline: warning: {warning}"));
        report.warn(warning.clone());
    }
    let Converted { groups, datasets, links, .. } = done;
    let line = format!(
        "{file}: {} datasets in {} groups, {} links, {}",
        grouped(datasets),
        grouped(groups),
        grouped(links),
        size(bytes)
    );
    args.common.tell(&mut messages, &line);
    let seconds = start.elapsed().as_secs_f64();
    for input in inputs {
        let size = std::fs::metadata(input).map_or(0, |metadata| metadata.len());
        report.inputs.push(Input { path: input.clone(), size, digest: None, seconds });
    }
    let rows = [("datasets", datasets), ("groups", groups), ("links", links)];
    let rows = rows.map(|(name, count)| (name.to_owned(), count)).into();
    report.outputs.push(Output { path: target.to_path_buf(), size: bytes, rows });
    report.seconds = seconds;
    Ok(())
}

fn settings(report: &mut Report, convert: &Convert) {
    report.set("mode", format!("{:?}", convert.mode));
    report.set("group", &convert.group);
    report.set("add_root_group", convert.add_root_group);
    report.set("overwrite_data", convert.overwrite_data);
    report.set("spec", format!("{:?}", convert.spec));
    report.set("min_size", convert.min_size);
    report.set("chunks", format!("{:?}", convert.chunks));
    let filters: Vec<String> =
        convert.filters.iter().map(|f| format!("{} {:?}", f.id, f.parameters)).collect();
    report.set("filters", filters);
    report.set("threads", convert.threads);
}

/// Extents as a list, or found from the shape.
fn chunks(args: &Hdf5) -> anyhow::Result<Chunks> {
    let Some(text) = &args.chunks else { return Ok(Chunks::None) };
    if ["auto", "true"].contains(&text.to_ascii_lowercase().as_str()) {
        return Ok(Chunks::Auto);
    }
    let inner = text.trim().trim_start_matches(['(', '[']).trim_end_matches([')', ']']);
    let extents: Result<Vec<usize>, _> =
        inner.split(',').map(str::trim).filter(|t| !t.is_empty()).map(str::parse).collect();
    match extents {
        Ok(extents) if !extents.is_empty() && !extents.contains(&0) => Ok(Chunks::Exact(extents)),
        _ => Err(Usage(format!("--chunks: '{text}' is no list of extents")).into()),
    }
}

/// Filters in the order of h5py: shuffle, compression, checksum.
fn filters(args: &Hdf5) -> anyhow::Result<Vec<FilterSpec>> {
    let mut filters = Vec::new();
    if args.shuffle {
        filters.push(FilterSpec::new(FilterSpec::SHUFFLE, &[]));
    }
    if let Some(name) = &args.compression {
        let own = match (name.as_str(), name.parse::<i32>()) {
            ("gzip", _) | (_, Ok(FilterSpec::DEFLATE)) => {
                let level = args.compression_opts.unwrap_or(4);
                if level > LEVELS {
                    return Err(Usage(format!("--compression-opts {level} is above 9")).into());
                }
                FilterSpec::new(FilterSpec::DEFLATE, &[level])
            }
            (_, Ok(id)) if id > 0 => {
                let parameters: Vec<u32> = args.compression_opts.into_iter().collect();
                FilterSpec { id, parameters }
            }
            _ => {
                let text = format!("--compression: '{name}' is neither gzip nor a filter's number");
                return Err(Usage(text).into());
            }
        };
        if !own.is_known() {
            let id = own.id;
            anyhow::bail!("--compression {id}: the HDF5 library has no filter of this number");
        }
        filters.push(own);
    } else if args.compression_opts.is_some() {
        return Err(Usage("--compression-opts needs --compression".into()).into());
    }
    if args.fletcher32 {
        filters.push(FilterSpec::new(FilterSpec::FLETCHER32, &[]));
    }
    Ok(filters)
}
