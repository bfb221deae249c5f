//! Chains of signal processors: any configuration is built or refused, and runs on three rows.

use serde_json::Value as Json;
use tierline_raw::dsp::Chain;
use tierline_table::{Array, Attrs, Column, Table, WaveformTable};

/// The input is the text of a configuration.
pub fn run(data: &[u8]) {
    let Ok(config) = serde_json::from_slice::<Json>(data) else { return };
    let database = config.get("database").cloned().unwrap_or_default();
    let table = table();
    let Ok(chain) = Chain::build(&config, &table, &database) else { return };
    let Ok(columns) = chain.run(&table) else { return };
    assert_eq!(columns.len(), chain.outputs().len());
    for (column, declared) in columns.iter().zip(chain.outputs()) {
        assert_eq!(column.name, declared.name);
        if let Column::Array(array) = &column.column {
            assert_eq!(array.data.len(), array.row_bytes() * table.rows);
        }
    }
}

/// Three waveforms of 64 samples, with what a digitizer says of them.
fn table() -> Table {
    let samples: Vec<u16> =
        (0..3 * 64).map(|i| 1000 + (i * 31) % 37 + 10 * (i % 64 / 32)).collect();
    let values = Array::from_u16(&samples).reshaped(&[64]);
    let times = Array::from_f64(&[16.0; 3]);
    let waveform = WaveformTable::new(Array::from_f64(&[0.0; 3]), times, values);
    let mut table = Table::new();
    let waveform = waveform.into_table().expect("a waveform table");
    table.push("waveform", Attrs::new(), waveform).expect("a first column");
    let baseline = Array::from_u16(&[1000, 1001, 999]);
    table.push("baseline", Attrs::new(), baseline).expect("a column of three rows");
    table
}

/// Inputs to start from.
pub fn seeds() -> Vec<Vec<u8>> {
    let configs = [
        r#"{"outputs": ["bl", "wf_blsub", "m"], "processors": {
            "bl": {"function": "mean", "module": "numpy", "args": ["waveform[0:20]", 1, "bl"], "unit": "ADC"},
            "wf_blsub": {"function": "bl_subtract", "module": "dspeed.processors", "args": ["waveform", "baseline", "wf_blsub"]},
            "a, b, c, m": {"function": "min_max", "module": "dspeed.processors", "args": ["wf_blsub", "a", "b", "c", "m"]}}}"#,
        r#"{"outputs": ["t"], "processors": {
            "p": {"function": "pole_zero", "module": "dspeed.processors", "args": ["waveform", "db.pz.tau", "p"], "defaults": {"db.pz.tau": "27 * us"}},
            "t": {"function": "trap_norm", "module": "dspeed.processors", "args": ["p", "5*16*ns", 4, "t(64, 'f')"]},
            "w": "waveform + 3 * baseline"}}"#,
    ];
    configs.map(|text| text.as_bytes().to_vec()).into()
}
