//! Loom's atomics, made when they are first used: a constant can't hold one.
//!
//! Loom looks only at the last access to an atomic to find orders worth trying, and so misses the other thread's reading
//! where a thread reads before it writes. Here every access takes its turn first, in which all depend on one another: so every
//! order is tried. The turn is relaxed, nothing becomes visible by it.

use std::sync::OnceLock;
use std::sync::atomic::Ordering;

loom::lazy_static! {
    static ref TURN: loom::sync::atomic::AtomicUsize = loom::sync::atomic::AtomicUsize::new(0);
}

macro_rules! lazy {
    ($name:ident $value:ty) => {
        pub(crate) struct $name {
            modelled: OnceLock<loom::sync::atomic::$name>,
            initial: $value,
        }

        impl $name {
            pub(crate) const fn new(initial: $value) -> Self {
                Self { modelled: OnceLock::new(), initial }
            }

            fn get(&self) -> &loom::sync::atomic::$name {
                TURN.fetch_add(0, Ordering::Relaxed);
                self.modelled.get_or_init(|| loom::sync::atomic::$name::new(self.initial))
            }

            pub(crate) fn load(&self, order: Ordering) -> $value {
                self.get().load(order)
            }

            pub(crate) fn store(&self, value: $value, order: Ordering) {
                self.get().store(value, order);
            }
        }
    };
}

lazy!(AtomicBool bool);
lazy!(AtomicUsize usize);

impl AtomicBool {
    pub(crate) fn swap(&self, value: bool, order: Ordering) -> bool {
        self.get().swap(value, order)
    }
}

impl AtomicUsize {
    pub(crate) fn fetch_add(&self, value: usize, order: Ordering) -> usize {
        self.get().fetch_add(value, order)
    }

    pub(crate) fn fetch_sub(&self, value: usize, order: Ordering) -> usize {
        self.get().fetch_sub(value, order)
    }
}
