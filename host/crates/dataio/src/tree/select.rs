//! Which elements of a dataset are meant.

use std::fmt;
use std::ops::Range;

/// Equally spaced places on one axis: `start`, `start + step`, … (`count` of them).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The first place.
    pub start: usize,
    /// How many.
    pub count: usize,
    /// Distance between two, at least 1.
    pub step: usize,
}

impl Span {
    /// A whole axis.
    pub fn all(length: usize) -> Self {
        Span { start: 0, count: length, step: 1 }
    }

    /// The part of it that lies on an axis.
    fn clipped(self, length: usize) -> Self {
        let step = self.step.max(1);
        let start = self.start.min(length);
        Span { start, count: self.count.min((length - start).div_ceil(step)), step }
    }
}

/// One [`Span`] for each axis of a dataset, slowest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// The spans.
    pub spans: Vec<Span>,
}

impl Selection {
    /// Everything.
    pub fn all(shape: &[usize]) -> Self {
        Selection { spans: shape.iter().map(|length| Span::all(*length)).collect() }
    }

    /// Some rows of the slowest axis, everything of the others.
    pub fn rows(shape: &[usize], rows: Range<usize>) -> Self {
        let mut all = Self::all(shape);
        if let Some(first) = all.spans.first_mut() {
            *first = Span { start: rows.start, count: rows.len(), step: 1 };
        }
        all
    }

    /// Shape of what is selected.
    pub fn shape(&self) -> Vec<usize> {
        self.spans.iter().map(|span| span.count).collect()
    }

    /// Whether it is everything of a shape.
    pub fn is_all(&self, shape: &[usize]) -> bool {
        *self == Self::all(shape)
    }

    /// What lies inside a shape. Missing spans are whole axes.
    #[must_use]
    pub fn clipped(&self, shape: &[usize]) -> Self {
        let span = |(axis, length): (usize, &usize)| match self.spans.get(axis) {
            Some(span) => span.clipped(*length),
            None => Span::all(*length),
        };
        Selection { spans: shape.iter().enumerate().map(span).collect() }
    }

    /// Calls for every run of neighbouring elements of an array of `shape`, in C order.
    pub(super) fn runs(&self, shape: &[usize], take: &mut dyn FnMut(Range<usize>)) {
        if self.spans.iter().any(|span| span.count == 0) {
            return;
        }
        let Some((inner, outer)) = self.spans.split_last() else { return take(0..1) };
        let mut strides = vec![1; shape.len()];
        for axis in (1..shape.len()).rev() {
            strides[axis - 1] = strides[axis] * shape[axis];
        }
        let mut place = vec![0; outer.len()];
        loop {
            let row = |(axis, span): (usize, &Span)| {
                (span.start + place[axis] * span.step) * strides[axis]
            };
            let first = inner.start + outer.iter().enumerate().map(row).sum::<usize>();
            match inner.step {
                1 => take(first..first + inner.count),
                step => (0..inner.count).for_each(|i| take(first + i * step..first + i * step + 1)),
            }
            // The next place, the last axis running fastest.
            let Some(axis) =
                (0..outer.len()).rev().find(|axis| place[*axis] + 1 < outer[*axis].count)
            else {
                return;
            };
            place[axis] += 1;
            place[axis + 1..].fill(0);
        }
    }
}

/// What is wanted of one axis, in Python's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pick {
    /// One place, from the end if negative; the axis goes away.
    Index(i64),
    /// `start:stop:step`.
    Slice {
        /// The first place, from the end if negative.
        start: Option<i64>,
        /// The place after the last, from the end if negative.
        stop: Option<i64>,
        /// The distance.
        step: Option<i64>,
    },
    /// `...`: all axes that are not named.
    Ellipsis,
}

impl Pick {
    /// Picks with commas between, as Python writes them inside brackets: `1,:,-3::2,...`. The error tells
    /// what is wrong.
    pub fn parse_list(text: &str) -> Result<Vec<Pick>, String> {
        text.split(',').map(|word| Pick::parse(word.trim())).collect()
    }

    fn parse(word: &str) -> Result<Pick, String> {
        let bad = || format!("'{word}' is no index, no slice 'a:b:c' and not '...'");
        let number = |word: &str| match word.trim() {
            "" => Ok(None),
            word => word.parse().map(Some).map_err(|_| bad()),
        };
        if word == "..." {
            return Ok(Pick::Ellipsis);
        }
        let parts: Vec<&str> = word.splitn(4, ':').collect();
        match parts[..] {
            [index] => number(index)?.map(Pick::Index).ok_or_else(bad),
            [start, stop] => {
                Ok(Pick::Slice { start: number(start)?, stop: number(stop)?, step: None })
            }
            [start, stop, step] => {
                Ok(Pick::Slice { start: number(start)?, stop: number(stop)?, step: number(step)? })
            }
            _ => Err(bad()),
        }
    }

    /// Picks as [`parse_list`](Self::parse_list) reads them.
    pub fn list(picks: &[Pick]) -> String {
        picks.iter().map(Pick::to_string).collect::<Vec<_>>().join(",")
    }

    /// The selection that picks make of an array of `shape`, and the shape of the result, without the
    /// axes of single places. The error tells what is wrong.
    pub fn apply(picks: &[Pick], shape: &[usize]) -> Result<(Selection, Vec<usize>), String> {
        let named = picks.iter().filter(|pick| **pick != Pick::Ellipsis).count();
        if picks.len() - named > 1 {
            return Err("a slice has one '...' at most".to_owned());
        }
        let Some(free) = shape.len().checked_sub(named) else {
            return Err(format!("{named} axes are sliced, the dataset has {}", shape.len()));
        };
        let (mut spans, mut result) = (Vec::new(), Vec::new());
        let whole = |spans: &mut Vec<Span>, result: &mut Vec<usize>| {
            for _ in 0..free {
                let length = shape[spans.len()];
                spans.push(Span::all(length));
                result.push(length);
            }
        };
        for pick in picks {
            let axis = spans.len();
            match *pick {
                Pick::Ellipsis => whole(&mut spans, &mut result),
                Pick::Index(index) => spans.push(single(index, axis, shape[axis])?),
                Pick::Slice { start, stop, step } => {
                    let span = slice(start, stop, step, shape[axis])?;
                    spans.push(span);
                    result.push(span.count);
                }
            }
        }
        if picks.len() == named {
            whole(&mut spans, &mut result);
        }
        Ok((Selection { spans }, result))
    }
}

impl fmt::Display for Pick {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |number: &Option<i64>| number.map_or_else(String::new, |n| n.to_string());
        match self {
            Pick::Index(index) => write!(f, "{index}"),
            Pick::Ellipsis => f.write_str("..."),
            Pick::Slice { start, stop, step: None } => write!(f, "{}:{}", text(start), text(stop)),
            Pick::Slice { start, stop, step } => {
                write!(f, "{}:{}:{}", text(start), text(stop), text(step))
            }
        }
    }
}

fn single(index: i64, axis: usize, length: usize) -> Result<Span, String> {
    let place = if index < 0 { index.saturating_add_unsigned(length as u64) } else { index };
    match usize::try_from(place) {
        Ok(start) if start < length => Ok(Span { start, count: 1, step: 1 }),
        _ => Err(format!("index {index} is outside axis {axis} of {length}")),
    }
}

fn slice(
    start: Option<i64>,
    stop: Option<i64>,
    step: Option<i64>,
    length: usize,
) -> Result<Span, String> {
    let step = step.unwrap_or(1);
    let Some(step) = usize::try_from(step).ok().filter(|step| *step > 0) else {
        return Err(format!("a slice has a step of 1 or more, not {step}"));
    };
    let place = |place: i64| {
        let place = if place < 0 { place.saturating_add_unsigned(length as u64) } else { place };
        usize::try_from(place.max(0)).unwrap_or(length).min(length)
    };
    let start = start.map_or(0, place);
    let stop = stop.map_or(length, place).max(start);
    Ok(Span { start, count: (stop - start).div_ceil(step), step })
}

#[cfg(test)]
mod tests {
    use super::super::Values;
    use super::*;

    fn slice(start: Option<i64>, stop: Option<i64>, step: Option<i64>) -> Pick {
        Pick::Slice { start, stop, step }
    }

    #[test]
    fn picks_select_as_numpy_does() {
        let values = Values::i64(&[2, 3, 4], 0..24);
        let picked = |picks: &[Pick]| {
            let (selection, shape) = Pick::apply(picks, &values.shape).unwrap();
            let selected = values.select(&selection);
            (shape, (0..selected.len()).filter_map(|i| selected.get_i64(i)).collect::<Vec<_>>())
        };
        assert_eq!(picked(&[Pick::Index(-1), Pick::Index(0)]), (vec![4], vec![12, 13, 14, 15]));
        assert_eq!(
            picked(&[Pick::Ellipsis, Pick::Index(1)]),
            (vec![2, 3], vec![1, 5, 9, 13, 17, 21])
        );
        let every_other = slice(None, None, Some(2));
        let picks = [Pick::Index(0), slice(Some(-2), None, None), every_other];
        assert_eq!(picked(&picks), (vec![2, 2], vec![4, 6, 8, 10]));
        assert_eq!(picked(&[slice(Some(5), Some(1), None)]), (vec![0, 3, 4], vec![]));
        assert_eq!(picked(&[]).1.len(), 24);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let shape = [2, 3];
        for (picks, message) in [
            (vec![Pick::Index(2)], "index 2 is outside axis 0 of 2"),
            (vec![Pick::Index(-3)], "index -3 is outside axis 0 of 2"),
            (vec![Pick::Index(i64::MIN)], "is outside axis 0"),
            (vec![Pick::Index(0); 3], "3 axes are sliced, the dataset has 2"),
            (vec![Pick::Ellipsis; 2], "one '...'"),
            (vec![slice(None, None, Some(0))], "not 0"),
            (vec![slice(None, None, Some(-1))], "not -1"),
        ] {
            let error = Pick::apply(&picks, &shape).unwrap_err();
            assert!(error.contains(message), "{error}");
        }
    }
}
