//! The coordination of the queue of records on loom's atomics: the text of bbqueue itself, of the version that is linked.
//!
//! `tests/ring.rs` runs the queue on it in every order of two threads, as far as the bound in there allows;
//! `tests/threads.rs` runs it on real threads and atomics.

mod lazy;

macro_rules! coordination {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[allow(missing_docs, clippy::all, clippy::undocumented_unsafe_blocks)]
        pub mod $name {
            include!(concat!(env!("OUT_DIR"), "/", stringify!($name), ".rs"));
        }
    )*};
}

coordination! {
    /// bbqueue's own, with modelled atomics.
    cas
    /// The same with a fault: what was committed is not published.
    commit_relaxed
    /// The same with a fault: what was released is not published.
    release_relaxed
    /// The same with a fault: the mark of the end is moved after the record is published.
    write_before_last
    /// The same with a fault: the producer overtakes the consumer.
    inverted_over_read
}
