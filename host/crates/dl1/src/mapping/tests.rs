use super::*;
use crate::instrument::geometry_tests::{hexagons, squares};

fn mapper(geometry: &CameraGeometry, kind: MapperKind) -> ImageMapper {
    ImageMapper::new(geometry, kind, None).unwrap()
}

#[test]
fn names_are_those_of_the_peer() {
    for (kind, name) in MapperKind::ALL {
        assert_eq!((MapperKind::parse(name).unwrap(), kind.name()), (kind, name));
    }
    assert_eq!(MapperKind::parse("bilinear").unwrap(), MapperKind::Bilinear);
    let error = MapperKind::parse("Linear").unwrap_err().to_string();
    assert!(error.contains("BilinearMapper"), "{error}");
}

#[test]
fn squares_lie_as_they_are_with_the_largest_y_at_the_top() {
    let geometry = squares(4, 4);
    let image: Vec<f32> = (0..16).map(|pixel| pixel as f32).collect();
    let grid = mapper(&geometry, MapperKind::Square).map(&image).unwrap();
    assert_eq!(grid[..4], [12.0, 13.0, 14.0, 15.0]);
    assert_eq!(grid[12..], [0.0, 1.0, 2.0, 3.0]);
    // A quarter turn of the pixels turns the image back.
    let turned = CameraGeometry { pix_rotation_deg: 90.0, ..geometry };
    let grid = mapper(&turned, MapperKind::Square).map(&image).unwrap();
    assert_eq!(grid[..4], [0.0, 4.0, 8.0, 12.0]);
}

#[test]
fn hexagons_have_a_cell_each_or_four() {
    let geometry = hexagons(3);
    let image: Vec<f32> = (1..=geometry.n_pixels()).map(|pixel| pixel as f32).collect();
    for (kind, cells, weight) in [
        (MapperKind::Axial, 1, 1.0),
        (MapperKind::Shifting, 1, 1.0),
        (MapperKind::Oversampling, 4, 0.25),
    ] {
        let grid = mapper(&geometry, kind).map(&image).unwrap();
        for value in &image {
            let found = grid.iter().filter(|cell| **cell == value * weight).count();
            let others = image.iter().filter(|other| **other * weight == value * weight).count();
            assert_eq!(found, cells * others, "{kind:?}: {value}");
        }
        let sum: f32 = grid.iter().sum();
        assert_eq!(sum, image.iter().sum::<f32>(), "{kind:?}");
    }
    // Shifted rows keep their order: the middle one is the longest, from left to right.
    let shifted = mapper(&geometry, MapperKind::Shifting);
    let grid = shifted.map(&image).unwrap();
    let middle: Vec<f32> = grid.chunks(shifted.shape()).nth(shifted.shape() / 2).unwrap().to_vec();
    let lit: Vec<f32> = middle.into_iter().filter(|value| *value > 0.0).collect();
    assert_eq!(lit, [16.0, 17.0, 18.0, 19.0, 20.0, 21.0, 22.0]);
}

#[test]
fn interpolation_keeps_what_is_even() {
    let geometry = hexagons(5);
    let ones = vec![1.0; geometry.n_pixels()];
    for kind in
        [MapperKind::NearestNeighbor, MapperKind::Bilinear, MapperKind::Bicubic, MapperKind::Rebin]
    {
        for shape in [None, Some(20)] {
            let mapper = ImageMapper::new(&geometry, kind, shape).unwrap();
            assert!(shape.is_none_or(|shape| mapper.shape() == shape));
            let grid = mapper.map(&ones).unwrap();
            let centre = grid[mapper.shape() / 2 * (mapper.shape() + 1)];
            let near = grid[mapper.shape() / 2 * (mapper.shape() + 1) + 1];
            assert!(centre > 0.0 && (centre / near - 1.0).abs() < 1e-5, "{kind:?}: {centre}");
            if kind != MapperKind::Bilinear {
                assert!((centre - 1.0).abs() < 1e-5, "{kind:?}: {centre}");
            }
            assert!(grid.iter().all(|value| (-0.3..=1.3).contains(value)), "{kind:?}");
        }
    }
}

#[test]
fn channels_lie_side_by_side() {
    let mapper = mapper(&squares(4, 4), MapperKind::Square);
    let mut grid = vec![9.0; 32];
    mapper.map_channel(&[1.0; 16], &mut grid, 0, 2).unwrap();
    mapper.map_channel(&[2.0; 16], &mut grid, 1, 2).unwrap();
    assert!(grid.chunks(2).all(|cell| cell == [1.0, 2.0]));
    assert!(mapper.map_channel(&[1.0; 15], &mut grid, 0, 2).is_err());
    assert!(mapper.map_channel(&[1.0; 16], &mut grid, 2, 2).is_err());
    assert!(mapper.map(&[1.0; 17]).is_err());
}

#[test]
fn what_can_not_be_mapped_is_refused() {
    let refused = |geometry: &CameraGeometry, kind, shape| {
        ImageMapper::new(geometry, kind, shape).unwrap_err().to_string()
    };
    assert!(refused(&hexagons(3), MapperKind::Square, None).contains("for square pixels"));
    assert!(refused(&squares(4, 4), MapperKind::Axial, None).contains("for hexagonal pixels"));
    assert!(refused(&hexagons(3), MapperKind::Axial, Some(9)).contains("extent that the pixels"));
    assert!(refused(&hexagons(3), MapperKind::Rebin, Some(0)).contains("a grid of 0 cells"));
    assert!(refused(&hexagons(3), MapperKind::Rebin, Some(1 << 30)).contains("cells"));
    let mut wrong = hexagons(3);
    wrong.pix_x[2] = f64::NAN;
    assert!(refused(&wrong, MapperKind::Bilinear, None).contains("no number"));
    wrong.pix_x.truncate(3);
    wrong.pix_y.truncate(3);
    wrong.pix_x[2] = 0.0;
    assert!(refused(&wrong, MapperKind::Bilinear, None).contains("too few"));
    let mut line = hexagons(3);
    line.pix_y.fill(0.0);
    assert!(refused(&line, MapperKind::Bilinear, None).contains("on one line"));
}

proptest::proptest! {
    #[test]
    fn no_places_do_harm(
        places in proptest::collection::vec((-30i16..30, -30i16..30), 4..40),
        square in proptest::bool::ANY,
        rotation in -400.0..400.0,
    ) {
        let pixels = || places.iter();
        let geometry = CameraGeometry {
            name: "odd".into(),
            pix_x: pixels().map(|(x, _)| f64::from(*x) / 100.0).collect(),
            pix_y: pixels().map(|(_, y)| f64::from(*y) / 70.0).collect(),
            pix_area: vec![1.0; places.len()],
            pix_type: if square { PixelShape::Square } else { PixelShape::Hexagon },
            pix_rotation_deg: rotation,
            cam_rotation_deg: 0.0,
        };
        for (kind, _) in MapperKind::ALL {
            // Ten by ten points to a cell are many.
            if kind != MapperKind::Rebin
                && let Ok(mapper) = ImageMapper::new(&geometry, kind, None)
            {
                let grid = mapper.map(&vec![1.0; places.len()]).unwrap();
                proptest::prop_assert_eq!(grid.len(), mapper.shape() * mapper.shape());
            }
        }
    }
}
