//! A place for one value whose type is chosen at run time: the stack is too small for some framers.

use core::mem::MaybeUninit;

/// `N` bytes for a value of any type.
#[repr(align(8))]
pub struct Place<const N: usize> {
    bytes: MaybeUninit<[u8; N]>,
}

impl<const N: usize> Place<N> {
    /// An empty place.
    pub const fn new() -> Self {
        Place { bytes: MaybeUninit::uninit() }
    }

    /// Puts the value there that `make` makes. It is never dropped.
    #[inline(always)]
    pub fn put<T>(&mut self, make: impl FnOnce() -> T) -> &mut T {
        const { assert!(size_of::<T>() <= N && align_of::<T>() <= 8, "the place is too small") };
        let at = self.bytes.as_mut_ptr().cast::<T>();
        // SAFETY: the bytes are large enough and aligned for a `T`, and borrowed as long as it is.
        unsafe {
            at.write(make());
            &mut *at
        }
    }
}

impl<const N: usize> Default for Place<N> {
    fn default() -> Self {
        Self::new()
    }
}
