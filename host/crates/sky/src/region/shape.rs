//! Shapes in a plane, apart from where they are.

/// A shape around a centre. Sizes are in degrees for regions of the sky and in pixels for those of images; angles, in degrees, are
/// counted from the longitude or x axis, towards latitude or y.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Shape {
    /// No extent.
    Point,
    /// A circle.
    Circle {
        /// Radius.
        radius: f64,
    },
    /// An ellipse.
    Ellipse {
        /// Full axes: along the angle, and across.
        size: [f64; 2],
        /// Angle of the first axis.
        angle: f64,
    },
    /// A rectangle.
    Rectangle {
        /// Full sizes: along the angle, and across.
        size: [f64; 2],
        /// Angle of the first side.
        angle: f64,
    },
    /// What is between two circles.
    CircleAnnulus {
        /// Radius of the inner one.
        inner: f64,
        /// Radius of the outer one.
        outer: f64,
    },
    /// What is between two ellipses.
    EllipseAnnulus {
        /// Full axes of the inner one.
        inner: [f64; 2],
        /// Full axes of the outer one.
        outer: [f64; 2],
        /// Angle of the first axis of both.
        angle: f64,
    },
    /// What is between two rectangles.
    RectangleAnnulus {
        /// Full sizes of the inner one.
        inner: [f64; 2],
        /// Full sizes of the outer one.
        outer: [f64; 2],
        /// Angle of the first side of both.
        angle: f64,
    },
}

/// Offsets along and across a direction.
#[inline]
fn turned([dx, dy]: [f64; 2], angle: f64) -> [f64; 2] {
    let (sin, cos) = angle.to_radians().sin_cos();
    [cos * dx + sin * dy, sin * dx - cos * dy]
}

fn in_ellipse(at: [f64; 2], size: [f64; 2], angle: f64) -> bool {
    let [a, b] = turned(at, angle);
    (2.0 * a / size[0]).powi(2) + (2.0 * b / size[1]).powi(2) <= 1.0
}

fn in_rectangle(at: [f64; 2], size: [f64; 2], angle: f64) -> bool {
    let [a, b] = turned(at, angle);
    a.abs() < size[0] * 0.5 && b.abs() < size[1] * 0.5
}

impl Shape {
    /// The outline with what is inside.
    fn outer(self) -> Shape {
        match self {
            Shape::CircleAnnulus { outer, .. } => Shape::Circle { radius: outer },
            Shape::EllipseAnnulus { outer, angle, .. } => Shape::Ellipse { size: outer, angle },
            Shape::RectangleAnnulus { outer, angle, .. } => Shape::Rectangle { size: outer, angle },
            other => other,
        }
    }

    /// What is left out inside.
    fn inner(self) -> Option<Shape> {
        match self {
            Shape::CircleAnnulus { inner, .. } => Some(Shape::Circle { radius: inner }),
            Shape::EllipseAnnulus { inner, angle, .. } => {
                Some(Shape::Ellipse { size: inner, angle })
            }
            Shape::RectangleAnnulus { inner, angle, .. } => {
                Some(Shape::Rectangle { size: inner, angle })
            }
            _ => None,
        }
    }

    /// All sizes.
    pub(crate) fn sizes(self) -> Vec<f64> {
        match self {
            Shape::Point => Vec::new(),
            Shape::Circle { radius } => vec![radius],
            Shape::Ellipse { size, .. } | Shape::Rectangle { size, .. } => size.to_vec(),
            Shape::CircleAnnulus { inner, outer } => vec![inner, outer],
            Shape::EllipseAnnulus { inner, outer, .. }
            | Shape::RectangleAnnulus { inner, outer, .. } => [inner, outer].concat(),
        }
    }

    /// Angle; 0 where there is none.
    pub(crate) fn angle(self) -> f64 {
        match self {
            Shape::Point | Shape::Circle { .. } | Shape::CircleAnnulus { .. } => 0.0,
            Shape::Ellipse { angle, .. }
            | Shape::Rectangle { angle, .. }
            | Shape::EllipseAnnulus { angle, .. }
            | Shape::RectangleAnnulus { angle, .. } => angle,
        }
    }

    /// Whether the kind is the same, and sizes and angle are within `tolerance`.
    pub(crate) fn is_close(self, other: Shape, tolerance: f64) -> bool {
        let near = |(a, b): (f64, f64)| (a - b).abs() <= tolerance;
        std::mem::discriminant(&self) == std::mem::discriminant(&other)
            && self.sizes().into_iter().zip(other.sizes()).all(near)
            && near((self.angle(), other.angle()))
    }

    /// The same, larger by a factor and turned.
    #[must_use]
    pub(crate) fn scaled(self, factor: f64, turn: f64) -> Self {
        let both = |size: [f64; 2]| size.map(|one| one * factor);
        match self {
            Shape::Point => Shape::Point,
            Shape::Circle { radius } => Shape::Circle { radius: radius * factor },
            Shape::Ellipse { size, angle } => {
                Shape::Ellipse { size: both(size), angle: angle + turn }
            }
            Shape::Rectangle { size, angle } => {
                Shape::Rectangle { size: both(size), angle: angle + turn }
            }
            Shape::CircleAnnulus { inner, outer } => {
                Shape::CircleAnnulus { inner: inner * factor, outer: outer * factor }
            }
            Shape::EllipseAnnulus { inner, outer, angle } => {
                let (inner, outer) = (both(inner), both(outer));
                Shape::EllipseAnnulus { inner, outer, angle: angle + turn }
            }
            Shape::RectangleAnnulus { inner, outer, angle } => {
                let (inner, outer) = (both(inner), both(outer));
                Shape::RectangleAnnulus { inner, outer, angle: angle + turn }
            }
        }
    }

    /// Whether an offset from the centre is inside. Nothing is in a point.
    pub fn contains(self, offset: [f64; 2]) -> bool {
        match self {
            Shape::Point => false,
            Shape::Circle { radius } => offset[0].hypot(offset[1]) < radius,
            Shape::Ellipse { size, angle } => in_ellipse(offset, size, angle),
            Shape::Rectangle { size, angle } => in_rectangle(offset, size, angle),
            _ => {
                let hole = self.inner().is_some_and(|inner| inner.contains(offset));
                self.outer().contains(offset) && !hole
            }
        }
    }

    /// Area.
    pub fn area(self) -> f64 {
        match self {
            Shape::Point => 0.0,
            Shape::Circle { radius } => std::f64::consts::PI * radius * radius,
            Shape::Ellipse { size, .. } => std::f64::consts::FRAC_PI_4 * size[0] * size[1],
            Shape::Rectangle { size, .. } => size[0] * size[1],
            _ => self.outer().area() - self.inner().map_or(0.0, Shape::area),
        }
    }

    /// Half the sizes in x and y of the box around it.
    pub(crate) fn half_box(self) -> [f64; 2] {
        match self.outer() {
            Shape::Circle { radius } => [radius; 2],
            Shape::Ellipse { size, angle } => {
                let (sin, cos) = angle.to_radians().sin_cos();
                let [a, b] = size.map(|one| one * 0.5);
                [(a * cos).hypot(b * sin), (a * sin).hypot(b * cos)]
            }
            Shape::Rectangle { size, angle } => {
                let (sin, cos) = angle.to_radians().sin_cos();
                let [a, b] = size.map(|one| one * 0.5);
                [(a * cos).abs() + (b * sin).abs(), (a * sin).abs() + (b * cos).abs()]
            }
            _ => [0.0; 2],
        }
    }
}

/// Whether a point is inside a polygon: a line from it to the right crosses the outline an odd number of times.
pub(crate) fn in_polygon(vertices: &[[f64; 2]], [x, y]: [f64; 2]) -> bool {
    let mut inside = false;
    let mut from = vertices.last();
    for to in vertices {
        if let Some(from) = from {
            let crosses = (to[1] > y) != (from[1] > y);
            if crosses && x < (from[0] - to[0]) * (y - to[1]) / (from[1] - to[1]) + to[0] {
                inside = !inside;
            }
        }
        from = Some(to);
    }
    inside
}

/// Area of a polygon.
pub(crate) fn polygon_area(vertices: &[[f64; 2]]) -> f64 {
    let next = vertices.iter().cycle().skip(1);
    let twice: f64 = vertices.iter().zip(next).map(|(a, b)| a[0] * b[1] - b[0] * a[1]).sum();
    (0.5 * twice).abs()
}
