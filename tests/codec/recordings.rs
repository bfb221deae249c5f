//! The traces of the real recordings.

use tierline_core::Shape;
use tierline_tests::big_stack;
use tierline_tests::drive::{Feed, drive};

/// What it is, format, file, and the size in Rice32 as a fraction of the raw size.
pub(super) const ALL: [(&str, &str, &str, f64); 4] = [
    ("FCIO, silicon photomultipliers", "FCIO", "daq/L200-comm-20211130-phy-spms.fcio", 0.316),
    ("FCIO, germanium", "FCIO", "daq/l200-p06-r007-cal-20230725T202227Z.fcio", 0.399),
    ("CoMPASS", "CoMPASS", "daq/compass_test_data.BIN", 0.316),
    ("ORCA, FlashCam germanium", "ORCA", "daq/L200-comm-20220519-phy-geds.orca", 0.612),
];

/// Every trace, in the order of the stream.
pub(super) fn traces(format: &str, bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut traces = Vec::new();
    let sink = big_stack(|| drive(format, bytes, &Feed::WHOLE)).sink;
    for row in sink.rows {
        let table = &sink.tables[&(row.table.layout, row.table.list)];
        let cells = row.cells.into_iter();
        traces.extend(
            cells
                .filter(|(column, _)| matches!(table.fields[*column].shape, Shape::Samples(_)))
                .map(|(_, bytes)| bytes),
        );
    }
    traces
}
