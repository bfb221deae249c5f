//! Groups and datasets that are no part of an HDF5 file.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Attr, Dataset, DatasetInfo, Element, Group, Link, Node, Selection, Values};
use crate::Error;

/// A group in memory: children in the order in which they were put.
#[derive(Clone, Default)]
pub struct Branch {
    attrs: Vec<Attr>,
    children: Vec<(String, Node)>,
    places: HashMap<String, usize>,
}

impl Branch {
    /// A group without attributes.
    pub fn new() -> Self {
        Self::default()
    }

    /// A group with the attribute `NX_class`.
    pub fn class(class: &str) -> Self {
        Branch::new().with_attr(Attr::text("NX_class", class))
    }

    /// The same with one more attribute.
    #[must_use]
    pub fn with_attr(mut self, attr: Attr) -> Self {
        self.attrs.push(attr);
        self
    }

    /// Puts a child. One of the same name is replaced and keeps its place.
    pub fn put(&mut self, name: &str, node: Node) {
        match self.places.get(name) {
            Some(place) => self.children[*place].1 = node,
            None => {
                self.places.insert(name.to_owned(), self.children.len());
                self.children.push((name.to_owned(), node));
            }
        }
    }

    /// Puts a group.
    pub fn put_group(&mut self, name: &str, group: impl Group + 'static) {
        self.put(name, Node::Group(Arc::new(group)));
    }

    /// Puts a dataset: a [`Leaf`], or any other.
    pub fn put_dataset(&mut self, name: &str, dataset: impl Dataset + 'static) {
        self.put(name, Node::Dataset(Arc::new(dataset)));
    }

    /// Puts a soft link.
    pub fn put_link(&mut self, name: &str, target: &str) {
        self.put(name, Node::Link(Link::Soft(target.to_owned())));
    }

    /// Whether there is a child of this name.
    pub fn contains(&self, name: &str) -> bool {
        self.places.contains_key(name)
    }
}

impl Group for Branch {
    fn names(&self) -> Result<Vec<String>, Error> {
        Ok(self.children.iter().map(|(name, _)| name.clone()).collect())
    }

    fn child(&self, name: &str) -> Result<Option<Node>, Error> {
        Ok(self.places.get(name).map(|place| self.children[*place].1.clone()))
    }

    fn attrs(&self) -> Result<Vec<Attr>, Error> {
        Ok(self.attrs.clone())
    }
}

type Reading = Arc<dyn Fn(&Selection) -> Result<Values, Error> + Send + Sync>;

/// A dataset in memory, or one that a function reads.
#[derive(Clone)]
pub struct Leaf {
    info: DatasetInfo,
    attrs: Vec<Attr>,
    content: Content,
}

#[derive(Clone)]
enum Content {
    Memory(Values),
    Lazy(Reading),
}

impl Leaf {
    /// A dataset of values at hand.
    pub fn new(values: Values) -> Self {
        let info =
            DatasetInfo { element: values.element(), shape: values.shape.clone(), storage: None };
        Leaf { info, attrs: Vec::new(), content: Content::Memory(values) }
    }

    /// A dataset that is read when asked for: the function gets a selection inside the shape and gives
    /// values of its shape.
    pub fn lazy(
        element: Element,
        shape: &[usize],
        read: impl Fn(&Selection) -> Result<Values, Error> + Send + Sync + 'static,
    ) -> Self {
        let info = DatasetInfo { element, shape: shape.to_vec(), storage: None };
        Leaf { info, attrs: Vec::new(), content: Content::Lazy(Arc::new(read)) }
    }

    /// The same with one more attribute.
    #[must_use]
    pub fn with_attr(mut self, attr: Attr) -> Self {
        self.attrs.push(attr);
        self
    }
}

impl Dataset for Leaf {
    fn info(&self) -> Result<DatasetInfo, Error> {
        Ok(self.info.clone())
    }

    fn read(&self, selection: &Selection) -> Result<Values, Error> {
        match &self.content {
            Content::Memory(values) => Ok(values.select(selection)),
            Content::Lazy(read) => read(&selection.clipped(&self.info.shape)),
        }
    }

    fn attrs(&self) -> Result<Vec<Attr>, Error> {
        Ok(self.attrs.clone())
    }
}
