//! Sources that one thread reads from end to end: packed files, and records that span lines.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::pieces::{close, open};
use super::{LONGEST_RECORD, Scanning, Sink, State, lock, read_guarded};
use crate::evidence::{Contents, Handle, hole};
use crate::readers::{Access, CONTEXT, Chunk, Reader, Skipped, Why};

/// Reads one source from its beginning to its end, or to where it breaks.
pub(super) fn read<S: Sink>(scanning: &Scanning<'_, '_, S>, index: usize) {
    let state = &scanning.states[index];
    let Some(handle) = open(scanning, index) else { return };
    // A decoder that fails on hostile bytes costs this source and no other.
    let outcome = catch_unwind(AssertUnwindSafe(|| match &state.reader {
        Some(reader)
            if reader.access() == Access::AtWill && (state.source.is_random_access() || reader.unpacks()) =>
        {
            at_will(scanning, index, &handle, reader.as_ref());
        }
        _ => read_contents(scanning, index, &mut handle.contents(state.source.packing)),
    }));
    if outcome.is_err() {
        state.note("the reader failed on a part of it, and what follows is lost".to_owned());
    }
    if !state.source.is_random_access() {
        scanning.progress.advance(&state.source.file.path, state.source.file.bytes);
    }
    drop(handle);
    close(state);
}

/// Reads the bytes of one source.
pub(super) fn read_contents<S: Sink>(
    scanning: &Scanning<'_, '_, S>,
    index: usize,
    contents: &mut Contents<'_>,
) {
    let state = &scanning.states[index];
    let Some(reader) = &state.reader else { return };
    if reader.access() == Access::AtWill {
        return state
            .note("packed, and too large to be read so: unpack it and give the unpacked file".to_owned());
    }
    if reader.access() == Access::Stream {
        stream(scanning, index, contents, reader.as_ref());
        return contents.trouble().into_iter().for_each(|trouble| state.note(trouble));
    }
    let mut chunk = scanning.spare.chunk();
    chunk.bytes.clear();
    chunk.sparse = scanning.how.sparse;
    let mut offset = begin(state, contents, &mut chunk);
    if state.source.is_random_access() {
        scanning.progress.advance(&state.source.file.path, offset);
    }
    let mut left = Vec::new();
    loop {
        let filled = fill(contents, reader.as_ref(), scanning.how.piece, &mut chunk, &mut left);
        let mut length = chunk.records_bytes().len() as u64;
        if filled == Filled::EndlessLine {
            chunk.skipped.push(Skipped { offset: 0, line: 0, why: Why::TooLong });
            // What follows is read as what follows a line.
            chunk.bytes.push(b'\n');
            length += pass_line(contents, &mut left);
        }
        if let Err(failure) = read_guarded(reader.as_ref(), &mut chunk) {
            state.note(failure);
        } else {
            lock(&state.merged).merge(&chunk, offset);
        }
        offset += length;
        if state.source.is_random_access() {
            scanning.progress.advance(&state.source.file.path, length);
        }
        if filled == Filled::Last {
            break;
        }
        begin_next(&mut chunk, &mut left);
    }
    if let Some(trouble) = contents.trouble() {
        state.note(trouble);
    }
    scanning.spare.give_back(chunk, scanning.how.jobs);
}

/// Passes over the hole with which a log may begin, and returns where its records begin.
fn begin<S: Sink>(state: &State<'_, S>, contents: &mut Contents<'_>, chunk: &mut Chunk) -> u64 {
    let behind = (state.source.hole > 0).then(|| hole::pass_over(contents)).flatten();
    let Some((hole, bytes)) = behind else { return 0 };
    chunk.bytes = bytes;
    state.note(hole::note(hole));
    hole
}

/// Has a reader go through a file's bytes, unpacked, from its beginning.
fn stream<S: Sink>(
    scanning: &Scanning<'_, '_, S>,
    index: usize,
    contents: &mut Contents<'_>,
    reader: &dyn Reader,
) {
    let state = &scanning.states[index];
    let file = &state.source.file;
    let mut advanced = 0;
    let is_counted = state.source.is_random_access();
    let mut take = |chunk: &Chunk, offset: u64| {
        lock(&state.merged).merge(chunk, offset);
        if is_counted {
            let length = chunk.records_bytes().len() as u64;
            scanning.progress.advance(&file.path, length);
            advanced += length;
        }
    };
    for note in reader.read_stream(contents, scanning.how.piece, &mut take) {
        state.note(note);
    }
    if is_counted {
        scanning.progress.advance(&file.path, file.bytes.saturating_sub(advanced));
    }
}

/// Has a reader go through a file by itself.
fn at_will<S: Sink>(scanning: &Scanning<'_, '_, S>, index: usize, handle: &Handle, reader: &dyn Reader) {
    let state = &scanning.states[index];
    let mut take = |chunk: &Chunk, offset: u64| lock(&state.merged).merge(chunk, offset);
    for note in reader.read_file_among(handle, state.source, scanning.evidence, &mut take) {
        state.note(note);
    }
    scanning.progress.advance(&state.source.file.path, handle.size());
}

/// What a chunk was filled with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Filled {
    /// Records that others follow.
    More,
    /// The source's last records.
    Last,
    /// The beginning of one line, which is longer than any record.
    EndlessLine,
}

/// Adds bytes to the chunk until it holds a piece of whole records, and leaves the cut record in
/// `left`.
fn fill(
    contents: &mut Contents<'_>,
    reader: &dyn Reader,
    piece: usize,
    chunk: &mut Chunk,
    left: &mut Vec<u8>,
) -> Filled {
    left.clear();
    let mut wanted = piece;
    loop {
        let filled = chunk.bytes.len();
        chunk.bytes.resize(filled + wanted, 0);
        let got = contents.fill(&mut chunk.bytes[filled..]);
        chunk.bytes.truncate(filled + got);
        if got < wanted {
            chunk.at_end = true;
            return Filled::Last;
        }
        let held = chunk.records_bytes().len();
        let whole = reader.whole_records(chunk.records_bytes()).min(held);
        if whole > 0 || held > LONGEST_RECORD {
            let cut = chunk.context + if whole > 0 { whole } else { held };
            left.extend_from_slice(&chunk.bytes[cut..]);
            chunk.bytes.truncate(cut);
            // What readers of records that span lines make of such a one is theirs to tell.
            let is_of_lines = reader.access() == Access::Anywhere;
            return if whole == 0 && is_of_lines { Filled::EndlessLine } else { Filled::More };
        }
        wanted = held.max(piece);
    }
}

/// Passes over what is left of a line, and puts what was read behind it into `left`. Returns how many bytes that line
/// had still.
fn pass_line(contents: &mut Contents<'_>, left: &mut Vec<u8>) -> u64 {
    const STEP: usize = 64 * 1024;
    let mut passed = 0;
    loop {
        left.resize(STEP, 0);
        let got = contents.fill(left);
        left.truncate(got);
        if let Some(newline) = memchr::memchr(b'\n', left) {
            left.drain(..=newline);
            return passed + newline as u64 + 1;
        }
        passed += got as u64;
        if got < STEP {
            left.clear();
            return passed;
        }
    }
}

/// Turns the end of the chunk into context, and puts the cut record behind it.
fn begin_next(chunk: &mut Chunk, left: &mut Vec<u8>) {
    let sparse = chunk.sparse;
    let kept = chunk.bytes.len().min(CONTEXT);
    let mut bytes = std::mem::take(&mut chunk.bytes);
    bytes.drain(..bytes.len() - kept);
    bytes.append(left);
    chunk.clear();
    chunk.sparse = sparse;
    chunk.bytes = bytes;
    chunk.context = kept;
}
