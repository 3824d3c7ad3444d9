//! Copies of one log: the same bytes under another name, or the beginning of a longer file.
//!
//! A backup of `/var/log` beside `/var/log`, an unpacked log beside its gz: every line would be told
//! twice, and so would those of a log and of last night's backup of it. Candidates share kind and head;
//! whether one really is the other's beginning is read in full.

use std::collections::{BTreeMap, BTreeSet};

use super::measures::Measures;
use super::{Evidence, Handle, Packing, Source, Unread};
use crate::event::SourceId;

/// A file shorter than this is not called the beginning of another: first lines may well be alike.
const SHORTEST_BEGINNING: u64 = 4 * 1024;
const PIECE: usize = 64 * 1024;
/// Pairs of sources whose comparison needs another pass over an archive.
const MOST_ASKED: usize = 10_000;
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
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for index in order {
        let first = groups.last().and_then(|group| group.first().copied());
        let is_like = |first| same_start(&evidence.sources[first], &evidence.sources[index]);
        match groups.last_mut().filter(|_| first.is_some_and(is_like)) {
            Some(group) => group.push(index),
            None => groups.push(vec![index]),
        }
    }
    groups.retain(|group| group.len() > 1);
    for group in &mut groups {
        longest_first(evidence, group);
    }
    let mut measures = Measures::default();
    ask(evidence, &groups, &mut measures);
    for group in groups {
        mark_group(evidence, &group, &mut measures);
    }
}

/// What a file and the beginning of it have in common: all of a short one.
fn start(source: &Source) -> &[u8] {
    source.head.get(..SHORTEST_BEGINNING as usize).unwrap_or(&source.head)
}

fn same_start(left: &Source, right: &Source) -> bool {
    left.kind == right.kind && start(left) == start(right) && !left.head.is_empty()
}

/// Puts a group in the order in which one may be the beginning of another before it.
fn longest_first(evidence: &Evidence, group: &mut [usize]) {
    // An unpacked size is only known by unpacking, so plain files come first, equal ones side by side; of
    // equals, what lies in a folder is read rather than its copy in an archive.
    group.sort_by(|&left, &right| {
        let key = |index: usize| {
            let source = &evidence.sources[index];
            let is_log = source.kind.has_records();
            let telling = if is_log { end_of(source) } else { &source.head[..] };
            let (length, is_streamed) =
                (std::cmp::Reverse(source.file.bytes), evidence.archive_of(source).is_some());
            let place = (is_streamed, source.file.container().is_some(), index);
            (!source.has_known_end(), source.packing, length, telling, place)
        };
        key(left).cmp(&key(right))
    });
}

/// Has the beginnings hashed of members that may begin with another source of their group.
fn ask(evidence: &mut Evidence, groups: &[Vec<usize>], measures: &mut Measures) {
    let mut asked: BTreeMap<SourceId, BTreeSet<u64>> = BTreeMap::new();
    let mut count = 0;
    for group in groups {
        for (at, &shorter) in group.iter().enumerate() {
            for &longer in &group[..at] {
                let (left, right) = (&evidence.sources[shorter], &evidence.sources[longer]);
                if evidence.archive_of(right).is_none() || !may_begin(left, right) {
                    continue;
                }
                count += 1;
                if count > MOST_ASKED {
                    break;
                }
                let length = measures.whole(evidence, left).map(|(length, _)| length);
                if let Some(length) = length.filter(|&length| length < right.file.bytes) {
                    asked.entry(right.id).or_default().insert(length);
                }
            }
        }
    }
    measures.ask(evidence, &asked);
    if count > MOST_ASKED {
        let why =
            format!("{count} members of archives begin alike: not all were compared, so a copy may count");
        evidence.trouble.push(Unread { path: evidence.given.join(", "), bytes: None, why });
    }
}

/// Compares each source of a group with the sources kept so far, longest first.
fn mark_group(evidence: &mut Evidence, group: &[usize], measures: &mut Measures) {
    let mut kept: Vec<usize> = Vec::new();
    let mut uncompared = 0;
    for &index in group {
        let near = kept.iter().skip(kept.len().saturating_sub(MOST_COMPARED));
        let original = near.copied().find(|&longer| begins(evidence, index, longer, measures));
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
        evidence.trouble.push(Unread { path, bytes, why });
    }
}

/// Returns whether heads and ends, as far as they are known, allow one to be the beginning of the other.
fn may_begin(shorter: &Source, longer: &Source) -> bool {
    let heads = shorter.head.len().min(longer.head.len());
    shorter.kind.has_records()
        && shorter.head[..heads] == longer.head[..heads]
        && !ends_differ(shorter, longer)
}

/// Tells by hashes whether one source is the beginning of the other.
fn begins_by_hash(evidence: &Evidence, shorter: &Source, longer: &Source, measures: &mut Measures) -> bool {
    if shorter.packing != Packing::Plain && longer.packing != Packing::Plain {
        return measures.same_packed(evidence, shorter, longer);
    }
    let Some((length, hash)) = measures.whole(evidence, shorter) else { return false };
    let Some((beginning, is_all)) = measures.beginning(evidence, longer, length) else { return false };
    length > 0 && beginning == hash && (is_all || length >= SHORTEST_BEGINNING)
}

/// Returns whether source `shorter` is the beginning, or the whole, of source `longer`.
fn begins(evidence: &Evidence, shorter: usize, longer: usize, measures: &mut Measures) -> bool {
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
    if evidence.archive_of(shorter).is_some() || evidence.archive_of(longer).is_some() {
        return begins_by_hash(evidence, shorter, longer, measures);
    }
    let (Ok(left), Ok(right)) = (evidence.open(&shorter.file), evidence.open(&longer.file)) else {
        return false;
    };
    if !holds_end_of(&right, longer, shorter) {
        return false;
    }
    let (mut left, mut right) = (left.contents(shorter.packing), right.contents(longer.packing));
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
    left.has_known_end()
        && right.has_known_end()
        && left.file.bytes == right.file.bytes
        && end_of(left) != end_of(right)
}

/// Returns whether the end of `shorter` stands in `longer` where it would if that began with it;
/// `true` where one of them is packed.
fn holds_end_of(handle: &Handle, longer: &Source, shorter: &Source) -> bool {
    if !shorter.is_random_access() || !longer.is_random_access() {
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
