//! Addresses of data against the table of silx.

use serde_json::{Value, json};
use tierline::dataio::tree::Pick;
use tierline::dataio::url::DataUrl;
use tierline_tests::data::shared;

fn golden() -> Option<Value> {
    let text = std::fs::read(shared("golden/dataio/silx_urls.json")?).unwrap();
    Some(serde_json::from_slice(&text).unwrap())
}

fn described(pick: &Pick) -> Value {
    match pick {
        Pick::Index(index) => json!(index),
        Pick::Ellipsis => json!("..."),
        Pick::Slice { start, stop, step } => json!({"start": start, "stop": stop, "step": step}),
    }
}

#[test]
fn addresses_are_taken_apart_as_silx_does() {
    let Some(golden) = golden() else { return };
    for expected in golden["parse"].as_array().unwrap() {
        let text = expected["url"].as_str().unwrap();
        let url = DataUrl::parse(text);
        let found = json!({
            "url": text,
            "valid": url.check().is_ok(),
            "scheme": url.scheme,
            "file_path": url.file_path,
            "data_path": url.data_path,
            "slice": url.slice.as_ref().map(|picks| picks.iter().map(described).collect::<Vec<_>>()),
            "absolute": url.is_absolute(),
        });
        assert_eq!(found, *expected);
    }
}

#[test]
fn addresses_are_built_as_silx_does() {
    let Some(golden) = golden() else { return };
    for expected in golden["build"].as_array().unwrap() {
        let text = |key: &str| expected["kw"][key].as_str().map(str::to_owned);
        let pick = |value: &Value| match value {
            Value::Number(index) => Pick::Index(index.as_i64().unwrap()),
            Value::String(_) => Pick::Ellipsis,
            slice => Pick::Slice {
                start: slice["start"].as_i64(),
                stop: slice["stop"].as_i64(),
                step: slice["step"].as_i64(),
            },
        };
        let slice = expected["kw"]["data_slice"].as_array();
        let url = DataUrl {
            scheme: text("scheme"),
            file_path: text("file_path").unwrap(),
            data_path: text("data_path"),
            slice: slice.map(|picks| picks.iter().map(pick).collect()),
            ..DataUrl::default()
        };
        assert_eq!(url.to_string(), expected["path"].as_str().unwrap());
        assert_eq!(DataUrl::parse(&url.to_string()), url);
    }
}
