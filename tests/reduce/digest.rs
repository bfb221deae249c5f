//! Datasets beside the digests of the peer's.

use serde_json::Value;
use tierline::reduce::dataset::{Dataset, IrfMap};
use tierline::reduce::geom::Geom;
use tierline::reduce::map::{Map, Mask, n_planes};

use super::stored::{number, numbers};

/// How near values have to be.
#[derive(Clone, Copy)]
pub(super) struct Near {
    pub(super) relative: f64,
    /// What is below counts as this much.
    pub(super) floor: f64,
}

pub(super) const EXACT: Near = Near { relative: 0.0, floor: 1.0 };

pub(super) const fn relative(relative: f64) -> Near {
    Near { relative, floor: 1e-30 }
}

pub(super) const fn absolute(absolute: f64) -> Near {
    Near { relative: absolute, floor: 1.0 }
}

/// Differences of a dataset from a digest, and what was looked at.
#[derive(Default)]
pub(super) struct Differences {
    pub(super) found: Vec<String>,
    pub(super) checked: usize,
}

impl Differences {
    pub(super) fn value(&mut self, what: &str, found: f64, wanted: f64, near: Near) {
        self.checked += 1;
        let same = found == wanted || (found.is_nan() && wanted.is_nan());
        let difference = (found - wanted).abs() / wanted.abs().max(near.floor);
        if !same && (difference.is_nan() || difference > near.relative) {
            self.found.push(format!("{what}: {found:e} for {wanted:e} ({difference:.1e})"));
        }
    }

    fn geom(&mut self, what: &str, geom: &Geom, digest: &Value) {
        let Geom::Wcs(geom) = geom else {
            return self.region_axes(what, geom, digest);
        };
        let shape: Vec<f64> = geom.shape().iter().map(|n| *n as f64).collect();
        if shape != numbers(&digest["shape"]) {
            self.found.push(format!("{what}: shape {shape:?} for {}", digest["shape"]));
        }
        let wcs = geom.wcs();
        for (key, values) in
            [("crval", wcs.crval()), ("crpix", wcs.crpix()), ("cdelt", wcs.cdelt())]
        {
            for (k, wanted) in numbers(&digest[key]).into_iter().enumerate() {
                self.value(&format!("{what}: {key}{k}"), values[k], wanted, absolute(1e-9));
            }
        }
        self.axes(what, geom.axes(), &digest["axes"]);
    }

    fn region_axes(&mut self, what: &str, geom: &Geom, digest: &Value) {
        self.axes(what, geom.axes(), &digest["axes"]);
    }

    fn axes(&mut self, what: &str, axes: &[tierline::sky::MapAxis], digest: &Value) {
        let wanted = digest.as_array().unwrap();
        assert_eq!(axes.len(), wanted.len(), "{what}: axes");
        for (axis, wanted) in axes.iter().zip(wanted) {
            assert_eq!(axis.name(), wanted["name"], "{what}");
            let nodes = numbers(&wanted["nodes"]);
            let own = if wanted["node_type"] == "edges" { axis.edges() } else { axis.centers() };
            assert_eq!(own.len(), nodes.len(), "{what}: {}", axis.name());
            for (own, node) in own.iter().zip(nodes) {
                self.value(&format!("{what}: axis {}", axis.name()), *own, node, relative(1e-12));
            }
        }
    }

    pub(super) fn map(&mut self, what: &str, map: &Map, digest: &Value, near: Near) {
        self.geom(what, &map.geom, &digest["geom"]);
        self.values(what, &map.values.to_f64(), n_planes(&map.geom), digest, near);
    }

    pub(super) fn mask(&mut self, what: &str, mask: &Mask, digest: &Value) {
        let values: Vec<f64> = mask.values.iter().map(|set| f64::from(u8::from(*set))).collect();
        self.values(what, &values, n_planes(&mask.geom), digest, EXACT);
    }

    /// Cells of a map but for some pixels of its image.
    pub(super) fn map_but(
        &mut self,
        what: &str,
        map: &Map,
        digest: &Value,
        near: Near,
        left_out: &[bool],
    ) {
        self.geom(what, &map.geom, &digest["geom"]);
        let places = numbers(&digest["sample_flat_index_c_order"]);
        for (at, wanted) in places.iter().zip(numbers(&digest["sample_value"])) {
            let at = *at as usize;
            if !left_out[at % left_out.len()] {
                self.value(&format!("{what}: cell {at}"), map.values.get(at), wanted, near);
            }
        }
    }

    pub(super) fn values(
        &mut self,
        what: &str,
        values: &[f64],
        planes: usize,
        digest: &Value,
        near: Near,
    ) {
        let finite = || values.iter().copied().filter(|value| !value.is_nan());
        let sums = |values: &[f64]| values.iter().copied().filter(|v| !v.is_nan()).sum::<f64>();
        let mut one = |key: &str, found: f64, near: Near| {
            if !digest[key].is_null() {
                self.value(&format!("{what}: {key}"), found, number(&digest[key]), near);
            }
        };
        one("n_nan", values.iter().filter(|value| value.is_nan()).count() as f64, EXACT);
        one("sum", sums(values), near);
        one("min", finite().fold(f64::INFINITY, f64::min), near);
        one("max", finite().fold(f64::NEG_INFINITY, f64::max), near);
        if let Some(wanted) = digest.get("sum_image_plane").filter(|wanted| wanted.is_array()) {
            let wanted = numbers(wanted);
            assert_eq!(wanted.len(), planes, "{what}: planes");
            let n = values.len() / planes.max(1);
            for (plane, wanted) in values.chunks_exact(n.max(1)).zip(wanted) {
                self.value(&format!("{what}: sum of a plane"), sums(plane), wanted, near);
            }
        }
        let (places, wanted): (Vec<usize>, Vec<f64>) = match digest.get("values_c_order") {
            Some(all) => ((0..values.len()).collect(), numbers(all)),
            None => {
                let places = numbers(&digest["sample_flat_index_c_order"]);
                let wanted = numbers(&digest["sample_value"]);
                (places.into_iter().map(|at| at as usize).collect(), wanted)
            }
        };
        assert_eq!(places.len(), wanted.len(), "{what}: samples");
        for (at, wanted) in places.into_iter().zip(wanted) {
            self.value(&format!("{what}: cell {at}"), values[at], wanted, near);
        }
    }

    fn irf(&mut self, what: &str, irf: &Option<IrfMap>, digest: &Value, near: [Near; 2]) {
        let exposure = format!("{what}_exposure");
        match irf {
            _ if digest[what].is_null() => {}
            Some(irf) => {
                self.map(what, &irf.map, &digest[what], near[0]);
                if !digest[&exposure].is_null() {
                    self.map(&exposure, &irf.exposure, &digest[&exposure], near[1]);
                }
            }
            None => self.found.push(format!("{what} is missing")),
        }
    }

    /// All members that a digest has. `single`: of one observation, else stacked.
    pub(super) fn dataset(&mut self, dataset: &Dataset, digest: &Value, single: bool) {
        let near = relative(if single { 1e-9 } else { 2e-6 });
        self.map("counts", &dataset.counts, &digest["counts"], EXACT);
        if let Some(exposure) = &dataset.exposure {
            self.map("exposure", exposure, &digest["exposure"], near);
        }
        let background = if single { relative(1e-6) } else { relative(2e-6) };
        if let (Some(map), false) = (&dataset.background, digest["background"].is_null()) {
            self.map("background", map, &digest["background"], background);
        }
        if let Some(mask) = &dataset.mask_safe {
            self.mask("mask_safe", mask, &digest["mask_safe"]);
        }
        self.irf("psf", &dataset.psf, digest, [near, near]);
        let edisp = absolute(if single { 1e-7 } else { 2e-6 });
        self.irf("edisp", &dataset.edisp, digest, [edisp, near]);
        if let (Some(livetime), false) = (dataset.livetime_s, digest["livetime_s"].is_null()) {
            self.value("livetime", livetime, number(&digest["livetime_s"]), relative(1e-12));
        }
        if let (Some(gti), false) = (&dataset.gti, digest["gti_time_sum_s"].is_null()) {
            let wanted = number(&digest["gti_time_sum_s"]);
            self.value("gti", gti.time_sum(), wanted, relative(1e-9));
        }
        if digest["info_dict"].is_object() {
            self.info(dataset, &digest["info_dict"], single);
        }
    }

    fn info(&mut self, dataset: &Dataset, digest: &Value, single: bool) {
        let info = dataset.info().unwrap();
        let near = relative(if single { 1e-6 } else { 3e-6 });
        let wanted = |key: &str| match &digest[key] {
            Value::String(text) => text.split(' ').next().unwrap().parse().unwrap(),
            other => number(other),
        };
        for (key, found) in [
            ("counts", info.counts as f64),
            ("background", info.background),
            ("npred", info.npred),
            ("npred_background", info.npred_background),
            ("exposure_min", info.exposure_min),
            ("exposure_max", info.exposure_max),
            ("livetime", info.livetime_s),
            ("ontime", info.ontime_s),
            ("counts_rate", info.counts_rate),
            ("background_rate", info.background_rate),
            ("n_bins", info.n_bins as f64),
            ("n_fit_bins", info.n_fit_bins as f64),
            ("stat_sum", info.stat_sum),
        ] {
            self.value(&format!("info {key}"), found, wanted(key), near);
        }
        // Differences of numbers that are near each other.
        let scale = info.counts.max(1) as f64;
        let loose = Near { relative: near.relative, floor: scale };
        self.value("info excess", info.excess, wanted("excess"), loose);
        self.value("info sqrt_ts", info.sqrt_ts, wanted("sqrt_ts"), absolute(1e-4));
    }

    /// Fails where there are any.
    pub(super) fn assert_none(self, what: &str) {
        let shown: Vec<_> = self.found.iter().take(12).collect();
        let (n, checked) = (self.found.len(), self.checked);
        assert!(n == 0, "{what}: {n} of {checked} differ: {shown:#?}");
        println!("{what}: {checked} values");
    }
}
