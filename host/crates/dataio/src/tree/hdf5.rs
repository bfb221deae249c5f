//! An HDF5 file as a tree. Nothing is read before it is asked for.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use tierline_h5::browse::{self, Elements, Item, Kind};
use tierline_h5::tree::{ElementType, Reader};
use tierline_report::Limits;

use super::{
    Attr, Data, Dataset, DatasetInfo, Element, Filter, Group, Link, Node, Selection, Storage,
    Token, Tree, Values, Warnings,
};
use crate::{Error, Place};

/// The tree of an HDF5 file. Children and attributes are in the order of their names.
pub fn hdf5(path: &Path, limits: Limits) -> Result<Tree, Error> {
    let mut reader = Reader::open(path)?;
    reader.max_allocation = limits.max_allocation;
    let root = H5Group { item: reader.item("/")?, members: OnceLock::new() };
    let warnings = Warnings::default();
    Ok(Tree { path: path.to_path_buf(), root: Arc::new(root), hdf5: true, warnings })
}

fn attrs(item: &Item) -> Result<Vec<Attr>, Error> {
    let attr = |attr: browse::Attribute| {
        let value = Values { shape: attr.shape, data: data(attr.elements) };
        Attr { name: attr.name, value }
    };
    Ok(item.attributes()?.into_iter().map(attr).collect())
}

fn data(elements: Elements) -> Data {
    match elements {
        Elements::Plain(dtype, bytes) => Data::Plain { dtype, bytes },
        Elements::Texts(texts) => Data::Texts(texts),
        Elements::Other(what) => Data::Other(what),
    }
}

struct H5Group {
    item: Item,
    /// Names, sorted, and where they lead.
    members: OnceLock<Vec<(String, browse::Link)>>,
}

impl H5Group {
    fn members(&self) -> Result<&[(String, browse::Link)], Error> {
        if let Some(members) = self.members.get() {
            return Ok(members);
        }
        let mut members = self.item.members()?;
        members.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(self.members.get_or_init(|| members))
    }
}

impl Group for H5Group {
    fn names(&self) -> Result<Vec<String>, Error> {
        Ok(self.members()?.iter().map(|(name, _)| name.clone()).collect())
    }

    fn child(&self, name: &str) -> Result<Option<Node>, Error> {
        let members = self.members()?;
        let Ok(place) = members.binary_search_by(|(own, _)| own.as_str().cmp(name)) else {
            return Ok(None);
        };
        Ok(Some(match members[place].1.clone() {
            browse::Link::Soft(target) => Node::Link(Link::Soft(target)),
            browse::Link::External { file, path } => Node::Link(Link::External { file, path }),
            browse::Link::Hard => {
                let item = self.item.member(name)?;
                match item.kind() {
                    Kind::Group => {
                        Node::Group(Arc::new(H5Group { item, members: OnceLock::new() }))
                    }
                    Kind::Dataset => Node::Dataset(Arc::new(H5Dataset { item })),
                    Kind::Other => Node::Other("stored type".into()),
                }
            }
        }))
    }

    fn attrs(&self) -> Result<Vec<Attr>, Error> {
        attrs(&self.item)
    }

    fn token(&self) -> Option<Token> {
        self.item.identity().map(str::to_owned)
    }
}

struct H5Dataset {
    item: Item,
}

impl Dataset for H5Dataset {
    fn info(&self) -> Result<DatasetInfo, Error> {
        let details = self.item.details()?;
        let element = match details.element.kind {
            ElementType::Plain(dtype) => Element::Plain(dtype),
            ElementType::Text => Element::Text { utf8: details.element.utf8 },
            ElementType::Other(what) => Element::Other(what),
        };
        let filters = details.filters.into_iter();
        let storage = Storage {
            layout: details.layout,
            maxshape: details.maxshape,
            filters: filters.map(|(id, parameters)| Filter { id, parameters }).collect(),
            stored_bytes: details.stored_bytes,
            big_endian: details.element.big_endian,
            utf8: details.element.utf8,
        };
        Ok(DatasetInfo { element, shape: details.shape, storage: Some(storage) })
    }

    fn read(&self, selection: &Selection) -> Result<Values, Error> {
        let info = self.info()?;
        let selection = selection.clipped(&info.shape);
        let axis = |value: fn(&super::Span) -> usize| {
            selection.spans.iter().map(|span| value(span) as u64).collect::<Vec<_>>()
        };
        let (start, count) = (axis(|span| span.start), axis(|span| span.count));
        let elements = self.item.select(&start, &count, &axis(|span| span.step))?;
        if let Elements::Other(what) = elements {
            let (file, path) = self.item.place();
            let reason = format!("elements of type {what}");
            return Err(Error::unsupported(file, Place::Object(path.to_owned()), reason));
        }
        Ok(Values { shape: selection.shape(), data: data(elements) })
    }

    fn attrs(&self) -> Result<Vec<Attr>, Error> {
        attrs(&self.item)
    }

    fn token(&self) -> Option<Token> {
        self.item.identity().map(str::to_owned)
    }
}
