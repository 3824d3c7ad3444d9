//! Readers driven over all sources: in parallel, in bounded memory.
//!
//! A plain file is cut into pieces of [`PIECE`] that several threads read; what they understood
//! reaches the source's sink piece by piece in the order of the file, so that nothing depends on
//! threads or cuts. A packed file, and a format whose records span lines or refer to what stands before
//! them, is read by one thread from end to end, and so is a packed archive with all that is wanted of it.
//! [`Hashing`] reads the same bytes beside it.

mod cover;
mod hash;
mod pass;
mod pieces;
mod queue;
mod whole;

use std::sync::{Condvar, Mutex, PoisonError};

use crate::case::Progress;
use crate::evidence::{Evidence, Source};
use crate::readers::{Access, Chunk, Reader};

pub use cover::{Coverage, UnparsedCount};
pub use hash::{Hashed, Hashing};

/// How much of a file is read at a time: small enough to stay near the processor until it is understood, and large
/// enough that what stands before it for context does not matter.
pub const PIECE: usize = 512 * 1024;
/// Nothing that is a record is longer; the rest of such a line is passed over.
const LONGEST_RECORD: usize = 8 * 1024 * 1024;

/// Takes what was understood of one source, in the order of the source.
pub trait Sink: Send {
    /// Takes the records of one chunk; `base` is where the chunk's first record stands.
    fn take(&mut self, chunk: &Chunk, base: Base);
}

impl<A: Sink, B: Sink> Sink for (A, B) {
    fn take(&mut self, chunk: &Chunk, base: Base) {
        self.0.take(chunk, base);
        self.1.take(chunk, base);
    }
}

impl<S: Sink> Sink for Option<S> {
    fn take(&mut self, chunk: &Chunk, base: Base) {
        if let Some(sink) = self {
            sink.take(chunk, base);
        }
    }
}

/// Where a chunk begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Base {
    /// Bytes before the chunk's first record.
    pub offset: u64,
    /// Lines before the chunk's first record.
    pub line: u64,
}

/// One source to be read.
pub struct Task<'a, S> {
    /// The source.
    pub source: &'a Source,
    /// Its reader; `None` for a source that no reader is for.
    pub reader: Option<Box<dyn Reader>>,
    /// Where what it tells goes.
    pub sink: S,
}

/// One source that was read.
#[derive(Debug)]
pub struct Done<'a, S> {
    /// The source.
    pub source: &'a Source,
    /// The sink with what it took.
    pub sink: S,
    /// What was read, passed over and damaged.
    pub coverage: Coverage,
}

/// How to read.
#[derive(Clone, Copy, Debug)]
pub struct How {
    /// Threads.
    pub jobs: usize,
    /// Make only the entries that the folding sink keeps?
    pub sparse: bool,
    /// Bytes of a piece; [`PIECE`] but in tests.
    pub piece: usize,
}

/// Reads all tasks and returns them in the order given; on the threads of the pool it is called in, if that has as
/// many as are asked for.
pub fn scan<'a, S: Sink>(
    evidence: &Evidence,
    tasks: Vec<Task<'a, S>>,
    how: How,
    progress: &dyn Progress,
) -> std::io::Result<Vec<Done<'a, S>>> {
    let jobs = how.jobs.max(1);
    let read = tasks.iter().filter(|task| task.reader.is_some());
    progress.begin(read.map(|task| task.source.file.bytes).sum());
    let states: Vec<State<'a, S>> = tasks.into_iter().map(State::new).collect();
    let queue = queue::Queue::new(evidence, &states, how);
    let spare = pieces::Spare::default();
    let scanning = Scanning { evidence, states: &states, how, progress, spare };
    let work = || {
        // Whoever is busy with something else meanwhile is not waited for.
        rayon::scope(|scope| (0..jobs).for_each(|_| scope.spawn(|_| queue.work(&scanning))));
    };
    // What is read leaves room behind, which each thread has for itself and can use again.
    if rayon::current_thread_index().is_some() && rayon::current_num_threads() == jobs {
        work();
    } else {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(jobs).build();
        pool.map_err(std::io::Error::other)?.install(work);
    }
    progress.end();
    Ok(states.into_iter().map(State::done).collect())
}

/// What all threads share.
struct Scanning<'s, 'a, S> {
    evidence: &'s Evidence,
    states: &'s [State<'a, S>],
    how: How,
    progress: &'s dyn Progress,
    spare: pieces::Spare,
}

/// One source while it is read.
struct State<'a, S> {
    source: &'a Source,
    reader: Option<Box<dyn Reader>>,
    order: Mutex<pieces::Order>,
    /// Signals that pieces were taken from `order`.
    moved: Condvar,
    merged: Mutex<Merged<S>>,
    handle: Mutex<pieces::Shared>,
}

/// What the source has told so far.
struct Merged<S> {
    sink: S,
    lines: u64,
    coverage: Coverage,
}

impl<S: Sink> Merged<S> {
    /// Hands a chunk to the sink and accounts for it.
    fn merge(&mut self, chunk: &Chunk, offset: u64) {
        let base = Base { offset, line: self.lines };
        self.coverage.add(chunk, base);
        self.sink.take(chunk, base);
        self.lines += u64::from(chunk.lines);
    }
}

impl<'a, S: Sink> State<'a, S> {
    fn new(task: Task<'a, S>) -> Self {
        State {
            source: task.source,
            reader: task.reader,
            order: Mutex::default(),
            moved: Condvar::new(),
            merged: Mutex::new(Merged { sink: task.sink, lines: 0, coverage: Coverage::default() }),
            handle: Mutex::default(),
        }
    }

    /// May threads read pieces of it side by side?
    fn is_cut(&self) -> bool {
        let reads_anywhere = |reader: &dyn Reader| reader.access() == Access::Anywhere;
        self.source.is_random_access()
            && self.source.hole == 0
            && self.reader.as_deref().is_some_and(reads_anywhere)
    }

    fn note(&self, note: String) {
        lock(&self.merged).coverage.note(note);
    }

    fn done(self) -> Done<'a, S> {
        let merged = self.merged.into_inner().unwrap_or_else(PoisonError::into_inner);
        Done { source: self.source, sink: merged.sink, coverage: merged.coverage }
    }
}

/// Locks; a thread that died while it held the lock left whole values behind.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lets a reader read a chunk; should it fail, the chunk is lost and nothing else.
fn read_guarded(reader: &dyn Reader, chunk: &mut Chunk) -> Result<(), String> {
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| reader.read(chunk)));
    outcome.map_err(|_| "the reader failed on a part of it, which is lost".to_owned())
}
