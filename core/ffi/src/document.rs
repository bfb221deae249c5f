//! Text headers that the caller parsed: property lists, XML settings.
//!
//! The caller's node starts with a `tierline_node`, which points to the functions that look into it.

use core::ffi::c_char;
use core::slice;

use crate::status::Text;

/// The first member of a node of the caller's.
#[repr(C)]
#[derive(Debug)]
pub struct Node {
    /// What can be asked of it.
    pub calls: *const NodeCalls,
}

/// What can be asked of a node. A function that is NULL finds nothing. Texts and nodes live as long as the node.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct NodeCalls {
    /// First child of this name, or NULL.
    pub get: Option<unsafe extern "C" fn(node: *const Node, name: Text) -> *const Node>,
    /// Child number `i` and its name (empty in a list), or NULL.
    pub child:
        Option<unsafe extern "C" fn(node: *const Node, i: usize, name: *mut Text) -> *const Node>,
    /// The node as UTF-8 text; false where it is none.
    pub text: Option<unsafe extern "C" fn(node: *const Node, text: *mut Text) -> bool>,
    /// The node as an integer, booleans as 0 and 1; false where it is none.
    pub integer: Option<unsafe extern "C" fn(node: *const Node, value: *mut i64) -> bool>,
}

impl Node {
    fn calls(&self) -> Option<&NodeCalls> {
        // SAFETY: who hands a node in promises that it points to its functions, or to nothing.
        unsafe { self.calls.as_ref() }
    }

    /// Text that lives as long as the node.
    fn borrow(&self, text: Text) -> Option<&str> {
        if text.len == 0 {
            return Some("");
        }
        if text.at.is_null() || isize::try_from(text.len).is_err() {
            return None;
        }
        // SAFETY: the node's functions hand out text that lives as long as the node; not NULL.
        let bytes = unsafe { slice::from_raw_parts(text.at.cast::<u8>(), text.len) };
        core::str::from_utf8(bytes).ok()
    }
}

const EMPTY: Text = Text { at: core::ptr::null::<c_char>(), len: 0 };

impl tierline_core::Node for Node {
    fn get(&self, name: &str) -> Option<&Self> {
        let get = self.calls()?.get?;
        // SAFETY: the node's own function; what it answers is NULL or lives as long as the node.
        unsafe { get(self, Text::new(name)).as_ref() }
    }

    fn child(&self, i: usize) -> Option<(&str, &Self)> {
        let child = self.calls()?.child?;
        let mut name = EMPTY;
        // SAFETY: the node's own function; what it answers is NULL or lives as long as the node.
        let node = unsafe { child(self, i, &raw mut name).as_ref() }?;
        Some((self.borrow(name)?, node))
    }

    fn text(&self) -> Option<&str> {
        let function = self.calls()?.text?;
        let mut text = EMPTY;
        // SAFETY: the node's own function.
        unsafe { function(self, &raw mut text) }.then_some(())?;
        self.borrow(text)
    }

    fn int(&self) -> Option<i64> {
        let integer = self.calls()?.integer?;
        let mut value = 0;
        // SAFETY: the node's own function.
        unsafe { integer(self, &raw mut value) }.then_some(value)
    }
}
