use super::*;

fn lin(nodes: &[f64]) -> MapAxis {
    MapAxis::new("x", "deg", Interp::Lin, NodeType::Edges, nodes.to_vec()).unwrap()
}

#[test]
fn bins_of_coordinates() {
    let axis = lin(&[0.0, 1.0, 3.0, 4.0]);
    let cases = [(-0.1, None), (0.0, Some(0)), (1.0, Some(1)), (2.9, Some(1)), (4.0, None)];
    for (coord, expected) in cases {
        assert_eq!(axis.coord_to_idx(coord), expected, "{coord}");
        assert_eq!(axis.coord_to_bin(coord), expected, "{coord}");
    }
    assert_eq!(axis.coord_to_idx_clipped(9.0), Some(2));
    assert_eq!(axis.coord_to_idx_clipped(-9.0), Some(0));
    for bad in [f64::NAN, f64::INFINITY, -f64::INFINITY, 1e300] {
        assert_eq!(axis.coord_to_idx(bad), None);
        assert_eq!(axis.coord_to_bin(bad), None);
    }
    assert_eq!(axis.coord_to_idx_clipped(f64::NAN), None);
}

#[test]
fn falling_axes_work_too() {
    let axis = lin(&[4.0, 3.0, 1.0, 0.0]);
    for (coord, expected) in [(3.5, Some(0)), (3.0, Some(0)), (2.0, Some(1)), (-1.0, None)] {
        assert_eq!(axis.coord_to_idx(coord), expected, "{coord}");
    }
    assert_eq!(axis.coord_to_pix(2.0), 1.0);
    assert_eq!(axis.pix_to_coord(1.0), 2.0);
}

#[test]
fn phases_wrap() {
    let axis = MapAxis::from_bounds("phase", "", Interp::Lin, [0.0, 1.0], 4).unwrap();
    let axis = axis.periodic().unwrap();
    assert_eq!(axis.coord_to_idx(1.3), Some(1));
    assert_eq!(axis.coord_to_idx(1.0), Some(0));
    assert_eq!(axis.coord_to_idx(-0.1), Some(3));
    assert!((axis.coord_to_pix(1.3) - 0.7).abs() < 1e-12);
    assert!(axis.coord_to_idx(f64::NAN).is_none());
    assert!(MapAxis::from_bounds("e", "", Interp::Log, [1.0, 2.0], 4).unwrap().periodic().is_err());
}

#[test]
fn finer_and_coarser() {
    let axis = MapAxis::from_energy_bounds("energy", "TeV", [1.0, 10.0], 4, true).unwrap();
    let fine = axis.upsample(3).unwrap();
    assert_eq!(fine.n_bins(), 12);
    assert!(fine.downsample(3).unwrap().is_close(&axis));
    assert!(fine.downsample(5).is_err());
    assert!(axis.upsample(0).is_err() && axis.downsample(0).is_err());
    assert!(axis.upsample(usize::MAX).is_err());
    let one = axis.squash().unwrap();
    assert_eq!((one.n_bins(), one.edges().len()), (1, 2));
    let more = axis.pad([1, 2]).unwrap();
    assert_eq!(more.n_bins(), 7);
    assert!(more.slice(1..5).unwrap().is_close(&axis));
    assert!(more.slice(5..5).is_err() && more.slice(3..9).is_err());
    assert!(axis.pad([usize::MAX, 0]).is_err());
    let offsets = [0.0, 0.5, 1.0];
    let nodes = MapAxis::new("offset", "deg", Interp::Lin, NodeType::Center, offsets.to_vec());
    let nodes = nodes.unwrap();
    assert_eq!(nodes.pad([1, 1]).unwrap().nodes(), [-0.5, 0.0, 0.5, 1.0, 1.5]);
    assert_eq!(nodes.upsample(2).unwrap().nodes(), [0.0, 0.25, 0.5, 0.75, 1.0]);
    assert_eq!(nodes.slice(1..2).unwrap().nodes(), [0.5]);
}

#[test]
fn groups_round_to_edges() {
    let axis = lin(&[0.0, 1.0, 2.0, 3.0, 4.0]);
    let group = axis.group(&[-3.0, 1.2, 3.9, 9.0]).unwrap();
    assert_eq!(group.bins, [0..1, 1..4]);
    assert_eq!(group.axis.nodes(), [0.0, 1.0, 4.0]);
    // Half way goes to the even edge.
    assert_eq!(axis.group(&[0.5, 1.5]).unwrap().bins.first(), Some(&(0..2)));
    assert!(axis.group(&[1.1, 1.2]).is_err());
    assert!(axis.group(&[f64::NAN, 1.0]).is_err());
}

#[test]
fn axes_need_sense() {
    let new =
        |nodes: &[f64], interp| MapAxis::new("x", "", interp, NodeType::Edges, nodes.to_vec());
    assert!(new(&[1.0], Interp::Lin).is_err());
    assert!(new(&[1.0, 1.0], Interp::Lin).is_err());
    assert!(new(&[1.0, 3.0, 2.0], Interp::Lin).is_err());
    assert!(new(&[1.0, f64::NAN], Interp::Lin).is_err());
    assert!(new(&[-1.0, 1.0], Interp::Log).is_err());
    assert!(new(&[-1.0, 1.0], Interp::Lin).is_ok());
    assert!(MapAxis::from_energy_bounds("energy", "TeV", [1.0, 1.0], 3, false).is_err());
    assert!(MapAxis::from_energy_bounds("Energy", "TeV", [1.0, 2.0], 3, false).is_err());
    assert!(MapAxis::from_energy_bounds("energy", "TeV", [-1.0, 2.0], 3, false).is_err());
    assert!(MapAxis::from_bounds("x", "", Interp::Lin, [0.0, 1.0], usize::MAX).is_err());
}

#[test]
fn bins_of_a_decade() {
    for (ends, per_decade, expected) in [
        ([0.1, 40.0], 10, 27),
        ([0.05, 100.0], 20, 67),
        ([0.1, 100.0], 10, 30),
        ([0.01, 100.0], 10, 40),
        ([1.0, 10.0], 5, 5),
    ] {
        let axis = MapAxis::from_energy_bounds("energy", "TeV", ends, per_decade, true).unwrap();
        assert_eq!(axis.n_bins(), expected, "{ends:?}");
        assert_eq!(axis.nodes().last(), Some(&ends[1]));
    }
}
