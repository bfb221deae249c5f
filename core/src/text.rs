//! Text headers (property lists, XML settings) as a tree that somebody else parsed.
//!
//! `core` can't hold a header of 270 kB. On the host a library parses it and `core` reads what it needs through
//! [`Node`]; a front end passes the text on and does without.

/// A node of a parsed document: a dictionary, a list or a value.
pub trait Node: Sized {
    /// First child of this name.
    fn get(&self, name: &str) -> Option<&Self>;

    /// Child number `i`, with its name (empty in a list).
    fn child(&self, i: usize) -> Option<(&str, &Self)>;

    /// The node as text.
    fn text(&self) -> Option<&str>;

    /// The node as an integer (booleans count as 0 and 1).
    fn int(&self) -> Option<i64>;

    /// All children, in order.
    fn children(&self) -> Children<'_, Self> {
        Children { node: self, next: 0 }
    }

    /// Follows a path of names.
    fn find(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |node, name| node.get(name))
    }
}

/// Iterator over the children of a [`Node`].
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Children<'a, N> {
    node: &'a N,
    next: usize,
}

impl<'a, N: Node> Iterator for Children<'a, N> {
    type Item = (&'a str, &'a N);

    fn next(&mut self) -> Option<Self::Item> {
        let child = self.node.child(self.next)?;
        self.next = self.next.wrapping_add(1);
        Some(child)
    }
}
