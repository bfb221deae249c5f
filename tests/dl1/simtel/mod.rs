//! Every number of real files of sim_telarray, as the peer reads them.

mod describe;
mod value;

use serde_json::Value as Json;
use tierline::dl1::Error;
use tierline::dl1::simtel::{Options, SimtelFile};

use super::{SIMTEL, content, pair};
use describe::{describe_event, describe_file};
use value::Checker;

/// Reads JSON with numbers that Python writes and JSON does not have.
fn read_json(bytes: &[u8]) -> Json {
    let text = std::str::from_utf8(bytes).unwrap();
    let text = text.replace("-Infinity", "\"-inf\"").replace("Infinity", "\"inf\"");
    serde_json::from_str(&text.replace("NaN", "\"nan\"")).unwrap()
}

#[test]
fn everything_equals_the_peers() {
    let mut leaves = 0;
    for name in SIMTEL {
        let Some((input, golden)) = pair(name, "simtel_parsed", ".simtel.json.gz") else { return };
        let golden = read_json(&content(&golden));
        let mut file = SimtelFile::open(&input, Options::default()).unwrap();
        let mut events = Vec::new();
        let mut truncated = false;
        for event in file.by_ref() {
            match event {
                Ok(event) => events.push(describe_event(&event)),
                Err(Error::Truncated { .. }) => truncated = true,
                Err(error) => panic!("{error}"),
            }
        }
        let notes = file.take_notes();
        assert!(notes.is_empty(), "{}", notes[0]);
        assert_eq!(truncated, name == "test_lasercal_v3.simtel.gz", "{name}");
        let ours = describe_file(&file, events);
        let mut checker = Checker::default();
        checker.check(&ours, &golden, name);
        assert!(checker.differences.is_empty(), "{}", checker.report());
        leaves += checker.leaves;
    }
    assert!(leaves > 10_000, "{leaves} entries");
    eprintln!("{leaves} entries");
}
