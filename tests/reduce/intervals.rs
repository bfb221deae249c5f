//! Several ranges of time in one reduction.

use tierline::reduce::analysis::{Analysis, Reduced};
use tierline::reduce::config::AnalysisConfig;
use tierline::report::Limits;
use tierline_tests::data::shared;

/// Reduces run 23592, which starts at 21:53:56, and 23559 of the night before, in some ranges of time.
fn reduced(times: &str, kind: &str, stack: bool) -> Option<Reduced> {
    let store = shared("data/reduce/hess-dl3-dr1")?;
    let text = format!(
        "observations: {{datastore: '{}', obs_ids: [23592, 23559], obs_time: {times}}}
datasets:
  type: {kind}
  stack: {stack}
  geom:
    wcs: {{skydir: {{frame: icrs, lon: 83.63 deg, lat: 22.01 deg}}, binsize: 0.1 deg}}
    axes: {{energy: {{min: 1 TeV, max: 10 TeV, nbins: 2}}}}
  on_region: {{frame: icrs, lon: 83.63 deg, lat: 22.01 deg, radius: 0.11 deg}}
  background: {{method: {}}}
",
        store.display(),
        if kind == "1d" { "reflected" } else { "null" }
    );
    let config = AnalysisConfig::parse(&text).unwrap();
    let analysis = Analysis::new(&config, std::path::Path::new(""), &Limits::default()).unwrap();
    Some(analysis.run(&mut |_| Ok(())).unwrap())
}

/// Two ranges with one observation in both, and one observation in the first only.
const TWO: &str = "{start: ['2004-12-01', '2004-12-08T22:00:00'], \
                   stop: ['2004-12-08T22:00:00', '2004-12-08T22:10:00']}";
const ONE: &str = "{start: '2004-12-01', stop: '2004-12-08T22:10:00'}";

#[test]
fn adjacent_ranges_are_one() {
    for kind in ["3d", "1d"] {
        let Some(two) = reduced(TWO, kind, false) else { return };
        let (one, stacked) = (reduced(ONE, kind, true).unwrap(), reduced(TWO, kind, true).unwrap());
        let names: Vec<&str> = two.datasets.iter().map(|dataset| dataset.name.as_str()).collect();
        let prefix = if kind == "3d" { "obs_" } else { "" };
        let wanted = ["23592_1", "23559_1", "23592_2"].map(|name| format!("{prefix}{name}"));
        assert_eq!(names, wanted);
        assert_eq!((&two.used[..], two.left_out.len()), (&[23592, 23559][..], 0));
        let (a, b) = (&one.datasets[0], &stacked.datasets[0]);
        assert!(a.counts.sum() > 50.0);
        assert_eq!(a.counts.values, b.counts.values);
        let near = |a: f64, b: f64| (a / b - 1.0).abs() < 1e-6;
        assert!(near(a.livetime_s.unwrap(), b.livetime_s.unwrap()));
        let (a, b) = (a.exposure.as_ref().unwrap(), b.exposure.as_ref().unwrap());
        assert!(near(a.sum(), b.sum()), "{} {}", a.sum(), b.sum());
    }
}

#[test]
fn what_is_in_no_range_is_not_reduced() {
    let times = "{start: ['2004-12-08', '2004-12-09'], stop: ['2004-12-09', '2004-12-10']}";
    let Some(found) = reduced(times, "3d", false) else { return };
    assert_eq!((&found.used[..], found.datasets.len()), (&[23592][..], 1));
    assert_eq!(found.datasets[0].name, "obs_23592_1");
    assert!(found.left_out.is_empty(), "{:?}", found.left_out);
}
