//! Copies of one log: the same bytes under another name, or the beginning of a longer file.
//!
//! A backup of `/var/log` beside `/var/log`, an unpacked log beside its gz: every line would be told
//! twice. Candidates share kind and head; whether one really is the other's beginning is read in full.

use super::bytes::{Handle, Packing};
use super::{Evidence, Source};
use crate::event::SourceId;

/// A file shorter than this is not called the beginning of another: first lines may well be alike.
const SHORTEST_BEGINNING: u64 = 4 * 1024;
const PIECE: usize = 64 * 1024;
/// Bytes at a file's end that are compared before all others.
const COMPARED_END: usize = 256;

/// Files that begin alike and that one more is compared with: a log is rotated and copied a few times.
const MOST_COMPARED: usize = 64;

/// Marks every source whose bytes another source has as well.
pub(super) fn mark(evidence: &mut Evidence) {
    let mut order: Vec<usize> = (0..evidence.sources.len()).collect();
    order.sort_by(|&left, &right| {
        let key = |index: usize| evidence.sources.get(index).map(|source| (source.kind, start(source)));
        key(left).cmp(&key(right)).then(left.cmp(&right))
    });
    let same_start = |evidence: &Evidence, left: usize, right: usize| {
        let (left, right) = (&evidence.sources[left], &evidence.sources[right]);
        left.kind == right.kind && start(left) == start(right) && !left.head.is_empty()
    };
    let mut from = 0;
    while from < order.len() {
        let mut to = from + 1;
        while to < order.len() && same_start(evidence, order[from], order[to]) {
            to += 1;
        }
        mark_group(evidence, &order[from..to]);
        from = to;
    }
}

/// What a file and the beginning of it have in common: all of a short one.
fn start(source: &Source) -> &[u8] {
    source.head.get(..SHORTEST_BEGINNING as usize).unwrap_or(&source.head)
}

/// Compares each source of a group with the sources kept so far, longest first.
fn mark_group(evidence: &mut Evidence, group: &[usize]) {
    if group.len() < 2 {
        return;
    }
    let mut group = group.to_vec();
    // An unpacked size is only known by unpacking, so plain files come first; equal ones stand side by
    // side.
    group.sort_by(|&left, &right| {
        let key = |index: usize| {
            let source = &evidence.sources[index];
            let is_log = source.kind.has_records();
            let telling = if is_log { end_of(source) } else { &source.head[..] };
            (source.packing, std::cmp::Reverse(source.file.bytes), telling, index)
        };
        key(left).cmp(&key(right))
    });
    let mut kept: Vec<usize> = Vec::new();
    let mut uncompared = 0;
    for index in group {
        let near = kept.iter().skip(kept.len().saturating_sub(MOST_COMPARED));
        let original = near.copied().find(|&longer| begins(evidence, index, longer));
        uncompared += usize::from(original.is_none() && kept.len() > MOST_COMPARED);
        match original {
            Some(longer) => evidence.sources[index].duplicate_of = Some(SourceId(longer as u16)),
            None => kept.push(index),
        }
    }
    let first = kept.first().and_then(|&index| evidence.sources.get(index));
    if let Some(first) = first.filter(|first| uncompared > 0 && first.kind.has_records()) {
        let why = format!(
            "{uncompared} more files begin like this one than are compared: copies among them count twice"
        );
        let (path, bytes) = (first.file.path.clone(), Some(first.file.bytes));
        evidence.trouble.push(super::Unread { path, bytes, why });
    }
}

/// Returns whether source `shorter` is the beginning, or the whole, of source `longer`.
fn begins(evidence: &Evidence, shorter: usize, longer: usize) -> bool {
    let (shorter, longer) = (&evidence.sources[shorter], &evidence.sources[longer]);
    if ends_differ(shorter, longer) {
        return false;
    }
    let heads = shorter.head.len().min(longer.head.len());
    if shorter.head[..heads] != longer.head[..heads] || !shorter.kind.has_records() {
        return shorter.head == longer.head
            && shorter.file.bytes == longer.file.bytes
            && whole_is_head(shorter);
    }
    let (Ok(left), Ok(right)) = (evidence.open(&shorter.file), evidence.open(&longer.file)) else {
        return false;
    };
    if !holds_end_of(&right, longer, shorter) {
        return false;
    }
    let (mut left, mut right) =
        (Contents::new(&left, shorter.packing), Contents::new(&right, longer.packing));
    let (mut mine, mut theirs) = (vec![0; PIECE], vec![0; PIECE]);
    let mut length = 0;
    loop {
        let got = left.fill(&mut mine);
        let other = right.fill(&mut theirs[..got]);
        if got != other || mine[..got] != theirs[..other] {
            return false;
        }
        length += got as u64;
        if got < PIECE {
            let same_length = right.fill(&mut theirs[..1]) == 0;
            return length > 0 && (same_length || length >= SHORTEST_BEGINNING);
        }
    }
}

/// The last bytes of a plain file, which tell most files apart that begin alike.
fn end_of(source: &Source) -> &[u8] {
    source.tail.get(source.tail.len().saturating_sub(COMPARED_END)..).unwrap_or_default()
}

/// Returns whether two plain files of one length end differently.
fn ends_differ(left: &Source, right: &Source) -> bool {
    let both_plain = left.packing == Packing::Plain && right.packing == Packing::Plain;
    both_plain && left.file.bytes == right.file.bytes && end_of(left) != end_of(right)
}

/// Returns whether the end of `shorter` stands in `longer` where it would if that began with it;
/// `true` where one of them is packed.
fn holds_end_of(handle: &Handle, longer: &Source, shorter: &Source) -> bool {
    if shorter.packing != Packing::Plain || longer.packing != Packing::Plain {
        return true;
    }
    let end = end_of(shorter);
    let mut found = [0; COMPARED_END];
    let found = &mut found[..end.len()];
    let offset = shorter.file.bytes.saturating_sub(end.len() as u64);
    handle.read_at(found, offset).is_ok_and(|got| found.get(..got) == Some(end))
}

fn whole_is_head(source: &Source) -> bool {
    source.file.bytes <= source.head.len() as u64
}

/// The unpacked bytes of a file, in order.
enum Contents<'a> {
    Plain { handle: &'a Handle, offset: u64 },
    Gzip(Box<super::Inflated<'a>>),
}

impl<'a> Contents<'a> {
    fn new(handle: &'a Handle, packing: Packing) -> Self {
        match packing {
            Packing::Plain => Contents::Plain { handle, offset: 0 },
            Packing::Gzip => Contents::Gzip(Box::new(handle.inflate())),
        }
    }

    fn fill(&mut self, buffer: &mut [u8]) -> usize {
        match self {
            Contents::Plain { handle, offset } => {
                let got = handle.read_at(buffer, *offset).unwrap_or(0);
                *offset += got as u64;
                got
            }
            Contents::Gzip(inflated) => inflated.fill(buffer),
        }
    }
}
