//! Work spread over threads whose results come back in order, with a step in between that sees them in order.
//!
//! Every item goes through `first` on some thread, through `between` on the calling thread in the order of the
//! input, through `second` on some thread, and to `last` on the calling thread in the order of the input. At
//! most a few items per thread are on their way, so that memory is bounded.

use std::collections::VecDeque;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;

use crate::Error;

/// Items on their way for each thread.
const PER_THREAD: usize = 2;

/// What is done with an item, step by step. `Scratch` is memory that a thread keeps.
pub(super) trait Stages: Sync {
    /// What comes in.
    type Input: Send;
    /// What is between the steps.
    type Half: Send;
    /// What comes out.
    type Output: Send;
    /// Memory of a thread.
    type Scratch: Default;

    /// The first step.
    fn first(&self, input: Self::Input, scratch: &mut Self::Scratch) -> Self::Half;

    /// The second step.
    fn second(&self, half: Self::Half, scratch: &mut Self::Scratch) -> Self::Output;
}

enum Job<S: Stages> {
    First(usize, S::Input),
    Second(usize, S::Half),
}

enum Done<S: Stages> {
    Half(usize, S::Half),
    Output(usize, S::Output),
    /// A thread ended that should not have.
    Lost,
}

/// Jobs that wait for a thread.
struct Jobs<S: Stages> {
    waiting: Mutex<(VecDeque<Job<S>>, bool)>,
    more: Condvar,
}

impl<S: Stages> Jobs<S> {
    fn push(&self, job: Job<S>) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        match job {
            // What is half done is finished first.
            Job::Second(..) => waiting.0.push_front(job),
            Job::First(..) => waiting.0.push_back(job),
        }
        self.more.notify_one();
    }

    fn close(&self) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).1 = true;
        self.more.notify_all();
    }

    fn next(&self) -> Option<Job<S>> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(job) = waiting.0.pop_front() {
                return Some(job);
            }
            if waiting.1 {
                return None;
            }
            waiting = self.more.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Closes the queue however the calling thread leaves, so that the others end.
struct CloseOnDrop<'a, S: Stages>(&'a Jobs<S>);

impl<S: Stages> Drop for CloseOnDrop<'_, S> {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// Tells the calling thread that this one ends too early.
struct TellLost<S: Stages>(Sender<Done<S>>);

impl<S: Stages> Drop for TellLost<S> {
    fn drop(&mut self) {
        if thread::panicking() {
            let _ = self.0.send(Done::Lost);
        }
    }
}

/// An item on its way.
enum Slot<S: Stages> {
    Working,
    Half(S::Half),
    Output(S::Output),
}

/// Runs all items through the stages. `inputs` yields them until `None`; an error of it or of `last` ends the run.
pub(super) fn run<S: Stages>(
    stages: &S,
    threads: usize,
    mut inputs: impl FnMut() -> Result<Option<S::Input>, Error>,
    mut between: impl FnMut(&mut S::Half),
    mut last: impl FnMut(S::Output) -> Result<(), Error>,
) -> Result<(), Error> {
    if threads <= 1 {
        let mut scratch = S::Scratch::default();
        while let Some(input) = inputs()? {
            let mut half = stages.first(input, &mut scratch);
            between(&mut half);
            last(stages.second(half, &mut scratch))?;
        }
        return Ok(());
    }
    let jobs = Jobs { waiting: Mutex::new((VecDeque::new(), false)), more: Condvar::new() };
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..threads {
            let (jobs, sender) = (&jobs, sender.clone());
            scope.spawn(move || work(stages, jobs, sender));
        }
        drop(sender);
        let _close = CloseOnDrop(&jobs);
        schedule(&jobs, &receiver, threads * PER_THREAD, (&mut inputs, &mut between, &mut last))
    })
}

fn work<S: Stages>(stages: &S, jobs: &Jobs<S>, sender: Sender<Done<S>>) {
    let tell = TellLost(sender);
    let mut scratch = S::Scratch::default();
    while let Some(job) = jobs.next() {
        let done = match job {
            Job::First(index, input) => Done::Half(index, stages.first(input, &mut scratch)),
            Job::Second(index, half) => Done::Output(index, stages.second(half, &mut scratch)),
        };
        if tell.0.send(done).is_err() {
            return;
        }
    }
}

/// The calling thread's part.
type Steps<'a, S> = (
    &'a mut dyn FnMut() -> Result<Option<<S as Stages>::Input>, Error>,
    &'a mut dyn FnMut(&mut <S as Stages>::Half),
    &'a mut dyn FnMut(<S as Stages>::Output) -> Result<(), Error>,
);

fn schedule<S: Stages>(
    jobs: &Jobs<S>,
    receiver: &Receiver<Done<S>>,
    most: usize,
    (inputs, between, last): Steps<'_, S>,
) -> Result<(), Error> {
    // Items on their way; the first one has the number `written`, those before `halved` passed `between`.
    let mut slots: VecDeque<Slot<S>> = VecDeque::new();
    let (mut written, mut halved, mut more) = (0, 0, true);
    loop {
        while more && slots.len() < most {
            match inputs()? {
                Some(input) => {
                    jobs.push(Job::First(written + slots.len(), input));
                    slots.push_back(Slot::Working);
                }
                None => more = false,
            }
        }
        if slots.is_empty() {
            return Ok(());
        }
        let (index, slot) = match receiver.recv() {
            Ok(Done::Half(index, half)) => (index, Slot::Half(half)),
            Ok(Done::Output(index, output)) => (index, Slot::Output(output)),
            Ok(Done::Lost) | Err(_) => return Err(Error::Thread),
        };
        if let Some(place) = slots.get_mut(index - written) {
            *place = slot;
        }
        while let Some(place) = slots.get_mut(halved - written) {
            match std::mem::replace(place, Slot::Working) {
                Slot::Half(mut half) => {
                    between(&mut half);
                    jobs.push(Job::Second(halved, half));
                    halved += 1;
                }
                other => {
                    *place = other;
                    break;
                }
            }
        }
        while let Some(Slot::Output(_)) = slots.front() {
            if let Some(Slot::Output(output)) = slots.pop_front() {
                written += 1;
                last(output)?;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Adds what has been seen before, in order, and takes longer for some items.
    struct Sum;

    impl Stages for Sum {
        type Input = u64;
        type Half = (u64, u64);
        type Output = (u64, u64);
        type Scratch = ();

        fn first(&self, input: u64, (): &mut ()) -> (u64, u64) {
            if input.is_multiple_of(7) {
                thread::sleep(std::time::Duration::from_micros(300));
            }
            assert!(input != 1000, "the end of this thread is part of the test");
            (input, 0)
        }

        fn second(&self, half: (u64, u64), (): &mut ()) -> (u64, u64) {
            if half.0.is_multiple_of(5) {
                thread::sleep(std::time::Duration::from_micros(200));
            }
            half
        }
    }

    fn run_sum(threads: usize, from: u64, to: u64, stop: u64) -> Result<Vec<(u64, u64)>, Error> {
        let (mut next, mut sum, mut all) = (from..to, 0, Vec::new());
        let last = |output: (u64, u64)| {
            all.push(output);
            if output.0 == stop { Err(Error::parameter("stop", "here")) } else { Ok(()) }
        };
        let between = |half: &mut (u64, u64)| {
            sum += half.0;
            half.1 = sum;
        };
        run(&Sum, threads, || Ok(next.next()), between, last).map(|()| all)
    }

    #[test]
    fn order_does_not_depend_on_threads() {
        let expected: Vec<(u64, u64)> = (1..=200).map(|n| (n, n * (n + 1) / 2)).collect();
        for threads in [0, 1, 2, 5] {
            assert_eq!(run_sum(threads, 1, 201, 0).unwrap(), expected, "{threads} threads");
        }
    }

    #[test]
    fn errors_end_the_run() {
        for threads in [1, 3] {
            assert!(run_sum(threads, 1, 201, 50).is_err());
        }
        let failing = || Err(Error::parameter("input", "broken"));
        assert!(run(&Sum, 2, failing, |_| (), |_| Ok(())).is_err());
    }

    #[test]
    #[should_panic(expected = "a scoped thread panicked")]
    fn a_thread_that_fails_is_noticed() {
        let _ = run_sum(2, 990, 1010, 0);
    }
}
