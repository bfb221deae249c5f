use super::*;

#[test]
fn further_files_are_numbered() {
    for (target, number, want) in [
        ("out.h5", 2, "out_2.h5"),
        ("dir.d/x_7.simtel.h5", 2, "dir.d/x_2.simtel.h5"),
        ("out", 11, "out_11"),
        ("a_b.h5", 3, "a_b_3.h5"),
        ("a_.h5", 3, "a__3.h5"),
    ] {
        assert_eq!(numbered(Path::new(target), number), Path::new(want));
    }
}
