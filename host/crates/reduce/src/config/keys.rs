//! The keys that a configuration may have.

use serde_json::Value;

/// A key with those below it; none below: anything may be there.
struct Key(&'static str, &'static [Key]);

const CIRCLE: &[Key] = &[Key("frame", &[]), Key("lon", &[]), Key("lat", &[]), Key("radius", &[])];
const SKYDIR: &[Key] = &[Key("frame", &[]), Key("lon", &[]), Key("lat", &[])];
const AXIS: &[Key] = &[Key("min", &[]), Key("max", &[]), Key("nbins", &[])];
const RANGE: &[Key] = &[Key("min", &[]), Key("max", &[])];
const TIMES: &[Key] = &[Key("start", &[]), Key("stop", &[])];

const KEYS: &[Key] = &[
    Key(
        "general",
        &[
            Key("log", &[]),
            Key("outdir", &[]),
            Key("n_jobs", &[]),
            Key("datasets_file", &[]),
            Key("models_file", &[]),
        ],
    ),
    Key(
        "observations",
        &[
            Key("datastore", &[]),
            Key("obs_ids", &[]),
            Key("obs_file", &[]),
            Key("obs_cone", CIRCLE),
            Key("obs_time", TIMES),
            Key("required_irf", &[]),
        ],
    ),
    Key(
        "datasets",
        &[
            Key("type", &[]),
            Key("stack", &[]),
            Key(
                "geom",
                &[
                    Key(
                        "wcs",
                        &[
                            Key("skydir", SKYDIR),
                            Key("binsize", &[]),
                            Key("width", &[Key("width", &[]), Key("height", &[])]),
                            Key("binsize_irf", &[]),
                        ],
                    ),
                    Key("selection", &[Key("offset_max", &[])]),
                    Key("axes", &[Key("energy", AXIS), Key("energy_true", AXIS)]),
                ],
            ),
            Key("map_selection", &[]),
            Key("background", &[Key("method", &[]), Key("exclusion", &[]), Key("parameters", &[])]),
            Key("safe_mask", &[Key("methods", &[]), Key("parameters", &[])]),
            Key("on_region", CIRCLE),
            Key("containment_correction", &[]),
        ],
    ),
    Key("fit", &[Key("fit_range", RANGE)]),
    Key("flux_points", &[Key("energy", AXIS), Key("source", &[]), Key("parameters", &[])]),
    Key(
        "excess_map",
        &[Key("correlation_radius", &[]), Key("parameters", &[]), Key("energy_edges", AXIS)],
    ),
    Key(
        "light_curve",
        &[
            Key("time_intervals", TIMES),
            Key("energy_edges", AXIS),
            Key("source", &[]),
            Key("parameters", &[]),
        ],
    ),
    Key("metadata", &[]),
];

/// Refuses keys that are none.
pub(super) fn check(config: &Value) -> Result<(), String> {
    check_below(config, KEYS, "")
}

fn check_below(value: &Value, keys: &[Key], place: &str) -> Result<(), String> {
    if keys.is_empty() || value.is_null() {
        return Ok(());
    }
    let Value::Object(map) = value else {
        let place = if place.is_empty() { "the configuration" } else { place };
        return Err(format!("{place}: expected keys and values"));
    };
    for (name, value) in map {
        let own = if place.is_empty() { name.clone() } else { format!("{place}.{name}") };
        match keys.iter().find(|key| key.0 == name) {
            Some(key) => check_below(value, key.1, &own)?,
            None => {
                let names = keys.iter().map(|key| key.0);
                return Err(format!("{own} is no key; {}", nearest(name, names)));
            }
        }
    }
    Ok(())
}

/// A hint at the name that was meant.
pub(crate) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    let near = known
        .clone()
        .max_by(|a, b| strsim::jaro_winkler(a, name).total_cmp(&strsim::jaro_winkler(b, name)));
    match near.filter(|near| strsim::jaro_winkler(near, name) > 0.7) {
        Some(near) => format!("did you mean {near}?"),
        None => format!("known are {}", known.collect::<Vec<_>>().join(", ")),
    }
}
