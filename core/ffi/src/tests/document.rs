//! Documents of C.

use std::cell::RefCell;
use std::ptr::{null, null_mut};

use tierline_core::Node as _;

use super::Memory;
use super::log::{Log, sink, text};
use crate::document::{Node, NodeCalls};
use crate::format::{TIERLINE_COMPASS_ROWS_ROOM, tierline_compass_rows};
use crate::rows::{tierline_rows_document, tierline_rows_new};
use crate::status::{StreamError, TIERLINE_NULL, Text};

/// A node as C has it: the library's part first.
#[repr(C)]
struct TestNode {
    node: Node,
    name: &'static str,
    text: &'static str,
    children: Vec<TestNode>,
}

static CALLS: NodeCalls =
    NodeCalls { get: Some(get), child: Some(child), text: Some(node_text), integer: Some(integer) };

/// # Safety
/// The node is the start of a `TestNode`.
unsafe fn whole<'n>(node: *const Node) -> &'n TestNode {
    // SAFETY: as the caller promises.
    unsafe { &*node.cast() }
}

unsafe extern "C" fn get(node: *const Node, name: Text) -> *const Node {
    // SAFETY: all nodes here are test nodes.
    let children = unsafe { &whole(node).children };
    let found = children.iter().find(|child| child.name == text(name));
    found.map_or(null(), |child| (&raw const *child).cast())
}

unsafe extern "C" fn child(node: *const Node, i: usize, name: *mut Text) -> *const Node {
    // SAFETY: all nodes here are test nodes.
    let children = unsafe { &whole(node).children };
    let Some(child) = children.get(i) else { return null() };
    // SAFETY: room for a text is handed in.
    unsafe { name.write(Text::new(child.name)) };
    (&raw const *child).cast()
}

unsafe extern "C" fn node_text(node: *const Node, out: *mut Text) -> bool {
    // SAFETY: all nodes here are test nodes; room for a text is handed in.
    let node = unsafe {
        out.write(Text::new(whole(node).text));
        whole(node)
    };
    !node.text.is_empty()
}

unsafe extern "C" fn integer(node: *const Node, out: *mut i64) -> bool {
    // SAFETY: all nodes here are test nodes.
    let Ok(number) = unsafe { whole(node) }.text.parse() else { return false };
    // SAFETY: room for a number is handed in.
    unsafe { out.write(number) };
    true
}

#[test]
fn documents_are_looked_into() {
    let leaf = |name, text| TestNode { node: Node { calls: &CALLS }, name, text, children: vec![] };
    let tree = TestNode { children: vec![leaf("a", "12"), leaf("b", "")], ..leaf("", "") };
    // SAFETY: a test node starts with a node.
    let node = unsafe { &*(&raw const tree).cast::<Node>() };
    assert_eq!(node.get("a").and_then(|a| a.int()), Some(12));
    assert_eq!(node.get("a").and_then(|a| a.text()), Some("12"));
    assert!(node.get("c").is_none() && node.text().is_none() && node.int().is_none());
    let names: Vec<&str> = node.children().map(|(name, _)| name).collect();
    assert_eq!(names, ["a", "b"]);
    for calls in [null(), &NodeCalls { get: None, child: None, text: None, integer: None }] {
        let nothing = Node { calls };
        assert!(nothing.get("a").is_none() && nothing.child(0).is_none());
        assert!(nothing.text().is_none() && nothing.int().is_none());
    }
    let mut memory = Memory::new(TIERLINE_COMPASS_ROWS_ROOM);
    let (mut rows, log) = (null_mut(), RefCell::new(Log::new()));
    let mut error = StreamError::NONE;
    let (at, room) = (memory.at(), TIERLINE_COMPASS_ROWS_ROOM);
    // SAFETY: memory that is there, a node with its functions, and a sink.
    unsafe {
        tierline_rows_new(at, room, &tierline_compass_rows, &mut rows);
        let status = tierline_rows_document(rows, node, &sink(&log), &mut error);
        assert_eq!(status, error.status);
        let none = tierline_rows_document(rows, null(), null(), null_mut());
        assert_eq!(none, TIERLINE_NULL);
    }
}
