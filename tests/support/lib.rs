//! What the tests share: a row sink that keeps everything, a driver that checks the contract of framers and assemblers,
//! composed streams, and the way to the real recordings.

pub mod bad;
pub mod data;
pub mod drive;
pub mod plist;
pub mod record;
pub mod simtel;
pub mod streams;

/// Runs on a thread whose stack holds the largest assembler (ORCA's, several MB before it is boxed).
///
/// # Panics
/// With the panic of `test`, and where no thread can be made.
pub fn big_stack<T: Send>(test: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let builder = std::thread::Builder::new().stack_size(256 << 20);
        match builder.spawn_scoped(scope, test).map(std::thread::ScopedJoinHandle::join) {
            Ok(Ok(out)) => out,
            Ok(Err(panic)) => std::panic::resume_unwind(panic),
            Err(error) => panic!("no thread: {error}"),
        }
    })
}
