//! Ways through a tree: a path with its links, and everything below a group.

use std::collections::HashMap;

use super::{Group, Link, MAX_DEPTH, MAX_LINKS, Node, Token, Tree};
use crate::{Error, Place};

/// One object on a walk.
pub struct Step<'a> {
    /// Its path.
    pub path: &'a str,
    /// Its name; empty for the root.
    pub name: &'a str,
    /// Groups above it on this walk.
    pub depth: usize,
    /// The object.
    pub node: &'a Node,
    /// The path under which the same object came before.
    pub seen: Option<&'a str>,
}

/// Whether a walk enters the group it has just shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visit {
    /// Yes.
    Enter,
    /// No.
    Skip,
}

/// The names of a path, the last first. Empty names and `.` mean nothing.
fn push_names(stack: &mut Vec<String>, path: &str) {
    let names = path.split('/').filter(|name| !name.is_empty() && *name != ".");
    stack.extend(names.rev().map(str::to_owned));
}

/// The path without links, and the object there.
pub(super) fn resolve(tree: &Tree, path: &str, follow: bool) -> Result<(String, Node), Error> {
    let (mut todo, mut links) = (Vec::new(), 0);
    push_names(&mut todo, path);
    // The groups above, with their names.
    let mut above: Vec<(String, Node)> = vec![(String::new(), Node::Group(tree.root().clone()))];
    let missing = || Error::missing(tree.path(), format!("object {path}"));
    while let Some(name) = todo.pop() {
        if name == ".." {
            above.truncate(above.len().max(2) - 1);
            continue;
        }
        let Some((_, Node::Group(group))) = above.last() else { return Err(missing()) };
        let Some(node) = group.child(&name)? else { return Err(missing()) };
        match node {
            Node::Link(_) if !follow && todo.is_empty() => above.push((name, node)),
            Node::Link(link) => {
                links += 1;
                if links > MAX_LINKS {
                    let place = Place::Object(path.to_owned());
                    let reason = format!("leads through more than {MAX_LINKS} links");
                    return Err(Error::malformed(tree.path(), place, reason));
                }
                match link {
                    Link::Soft(target) => {
                        if target.starts_with('/') {
                            above.truncate(1);
                        }
                        push_names(&mut todo, &target);
                    }
                    Link::External { file, path: inside } => {
                        let place = Place::Object(path.to_owned());
                        let reason = format!("links into another file, {file}:{inside}");
                        return Err(Error::unsupported(tree.path(), place, reason));
                    }
                }
            }
            node => above.push((name, node)),
        }
    }
    let names: Vec<&str> = above.iter().skip(1).map(|(name, _)| name.as_str()).collect();
    let real = format!("/{}", names.join("/"));
    above.pop().map(|(_, node)| (real, node)).ok_or_else(missing)
}

/// A group whose children are being shown.
struct Level {
    group: std::sync::Arc<dyn Group>,
    path: String,
    names: std::vec::IntoIter<String>,
}

impl Level {
    fn new(group: &std::sync::Arc<dyn Group>, path: &str) -> Result<Self, Error> {
        let names = group.names()?.into_iter();
        Ok(Level { group: group.clone(), path: path.trim_end_matches('/').to_owned(), names })
    }
}

pub(super) fn walk(
    tree: &Tree,
    path: &str,
    visit: &mut dyn FnMut(&Step<'_>) -> Result<Visit, Error>,
) -> Result<(), Error> {
    let (path, node) = resolve(tree, path, true)?;
    let mut seen: HashMap<Token, String> = HashMap::new();
    if let Some(token) = node.token() {
        seen.insert(token, path.clone());
    }
    let name = path.rsplit('/').next().unwrap_or_default();
    let entered = visit(&Step { path: &path, name, depth: 0, node: &node, seen: None })?;
    let mut levels = Vec::new();
    if let (Node::Group(group), Visit::Enter) = (&node, entered) {
        levels.push(Level::new(group, &path)?);
    }
    loop {
        let depth = levels.len();
        let Some(level) = levels.last_mut() else { return Ok(()) };
        let Some(name) = level.names.next() else {
            levels.pop();
            continue;
        };
        let Some(node) = level.group.child(&name)? else { continue };
        let path = format!("{}/{name}", level.path);
        let token = node.token();
        let before = token.as_ref().and_then(|token| seen.get(token)).map(String::as_str);
        let step = Step { path: &path, name: &name, depth, node: &node, seen: before };
        let entered = visit(&step)?;
        if before.is_some() {
            continue;
        }
        if let (Node::Group(group), Visit::Enter) = (&node, entered) {
            if depth >= MAX_DEPTH {
                let reason = format!("groups are nested deeper than {MAX_DEPTH}");
                return Err(Error::malformed(tree.path(), Place::Object(path), reason));
            }
            levels.push(Level::new(group, &path)?);
        }
        if let Some(token) = token {
            seen.insert(token, path);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use super::super::{Branch, Leaf, Values};
    use super::*;

    fn tree() -> Tree {
        let mut detector = Branch::class("NXdetector");
        detector.put_dataset("data", Leaf::new(Values::i64(&[2], [1, 2])));
        let mut measurement = Branch::new();
        measurement.put_link("info", "../detector");
        measurement.put_link("data", "/detector/./data");
        measurement.put_link("self", "self");
        measurement.put_link("nowhere", "/detector/none");
        let mut root = Branch::new();
        root.put_group("measurement", measurement);
        root.put_group("detector", detector);
        Tree::new(Path::new("a.dat"), Arc::new(root))
    }

    #[test]
    fn links_are_followed_to_their_end() {
        let tree = tree();
        let values = tree.dataset("/measurement/data").unwrap().read_all().unwrap();
        assert_eq!(values.get_i64(1), Some(2));
        assert_eq!(tree.real_path("measurement/info/data").unwrap(), "/detector/data");
        assert_eq!(tree.real_path("/detector/../../measurement/").unwrap(), "/measurement");
        assert!(matches!(tree.node("/measurement/info").unwrap(), Node::Link(Link::Soft(_))));
        assert!(tree.group("/measurement/info").is_ok());
        let error = |path| tree.get(path).err().map(|error| error.to_string()).unwrap();
        assert_eq!(error("/none"), "a.dat: there is no object /none");
        assert_eq!(error("/detector/data/x"), "a.dat: there is no object /detector/data/x");
        assert_eq!(error("/measurement/nowhere"), "a.dat: there is no object /measurement/nowhere");
        assert!(error("/measurement/self").contains("more than 64 links"));
    }

    #[test]
    fn a_walk_shows_parents_first() {
        let mut shown = Vec::new();
        let mut visit = |step: &Step<'_>| {
            shown.push((step.depth, step.path.to_owned()));
            Ok(if step.name == "measurement" { Visit::Skip } else { Visit::Enter })
        };
        tree().walk("/", &mut visit).unwrap();
        let expected = [(0, "/"), (1, "/measurement"), (1, "/detector"), (2, "/detector/data")];
        assert_eq!(shown, expected.map(|(depth, path)| (depth, path.to_owned())));
    }
}
