//! Index files: a damaged one is refused or read, packet by packet, without a panic.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use tierline_raw::index::{BuildIndex, Index, path_beside};
use tierline_tests::streams;

/// Folder of the recording, its name, and its index.
static MADE: OnceLock<(tempfile::TempDir, PathBuf, Vec<u8>)> = OnceLock::new();

fn made() -> &'static (tempfile::TempDir, PathBuf, Vec<u8>) {
    MADE.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let stream = streams::all().into_iter().find(|stream| stream.format == "FCIO");
        let recording = folder.path().join("a.fcio");
        std::fs::write(&recording, stream.expect("an FCIO stream").bytes).expect("room");
        let index = index_of(&recording);
        (folder, recording, index)
    })
}

fn index_of(recording: &Path) -> Vec<u8> {
    BuildIndex::default().run(recording, None).expect("the recording has an index");
    std::fs::read(path_beside(recording)).expect("the index is beside it")
}

/// The input is a list of changes to the index of a recording (offset in three bytes, value), or an index as a whole.
pub fn run(data: &[u8]) {
    let (_, recording, index) = made();
    let mut bytes = index.clone();
    match data.split_first() {
        Some((0, whole)) => bytes = whole.to_vec(),
        Some((_, changes)) => {
            for change in changes.as_chunks::<4>().0 {
                let at = u32::from_le_bytes([change[0], change[1], change[2], 0]) as usize;
                let at = at % bytes.len();
                bytes[at] = change[3];
            }
        }
        None => {}
    }
    let path = recording.with_extension("tlx");
    std::fs::write(&path, &bytes).expect("room");
    let Ok(Some(mut index)) = Index::open_at(recording, &path) else { return };
    for number in (0..index.packets().min(100)).chain([u64::MAX]) {
        if let Ok(Some(packet)) = index.packet(number) {
            let _ = index.read(&packet);
        }
    }
}

/// Inputs to start from.
pub fn seeds() -> Vec<Vec<u8>> {
    let (.., index) = made();
    vec![[&[0], index.as_slice()].concat(), vec![1, 40, 0, 0, 3]]
}
