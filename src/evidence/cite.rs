//! The raw text of places that were not kept while they were read: the rows of blamed calls.
//!
//! A call record is a few numbers in memory; only those that a report cites are read again, a plain
//! file at their offsets, a packed one in a single pass.

use std::collections::{BTreeMap, BTreeSet};

use super::{Contents, Evidence, Handle, Source};
use crate::event::{Citation, Place};
use crate::pbx::Pbx;
use crate::readers::{self, Access, Chunk, Cites, Reader};

/// Reads the lines that stand at places. What cannot be read again is cited without its text.
pub fn lines(evidence: &Evidence, places: &BTreeSet<Place>) -> BTreeMap<Place, Citation> {
    let mut cited = BTreeMap::new();
    let mut by_source: BTreeMap<_, Vec<Place>> = BTreeMap::new();
    for place in places {
        by_source.entry(place.source).or_default().push(*place);
    }
    let mut by_archive: BTreeMap<usize, Vec<&Source>> = BTreeMap::new();
    for (&id, places) in &by_source {
        let Some(source) = evidence.source(id) else { continue };
        match evidence.archive_of(source) {
            Some(archive) => by_archive.entry(archive).or_default().push(source),
            None => read(evidence, source, places, &mut cited),
        }
    }
    for (archive, sources) in by_archive {
        // What cannot be read a second time is cited without its text.
        let _ = evidence.pass(archive, &sources, &mut |source, mut contents| {
            let places = by_source.get(&source.id).map(Vec::as_slice).unwrap_or_default();
            read_on(source, &mut contents, places, &mut cited);
        });
    }
    for place in places {
        cited.entry(*place).or_insert_with(|| Citation::new(*place, b""));
    }
    cited
}

/// Reads the line that stands at one place.
pub fn line(evidence: &Evidence, place: Place) -> Option<Citation> {
    lines(evidence, &BTreeSet::from([place])).remove(&place)
}

fn read(evidence: &Evidence, source: &Source, places: &[Place], cited: &mut BTreeMap<Place, Citation>) {
    let Ok(handle) = evidence.open(&source.file) else { return };
    if source.kind.is_binary()
        && let Some(opened) = readers::reader_for(source, &Pbx::default(), None)
        && opened.reader.access() == Access::AtWill
    {
        return again(evidence, source, &handle, opened.reader.as_ref(), places, cited);
    }
    if !source.is_random_access() || source.kind.is_database() {
        return read_on(source, &mut handle.contents(source.packing), places, cited);
    }
    let mut buffer = vec![0; Citation::LONGEST];
    for place in places {
        let got = handle.read_at(&mut buffer, place.offset).unwrap_or(0);
        keep(source, *place, &buffer[..got], cited);
    }
}

/// Reads what stands at places, which are in order, out of bytes that come one after the other.
fn read_on(
    source: &Source,
    contents: &mut Contents<'_>,
    places: &[Place],
    cited: &mut BTreeMap<Place, Citation>,
) {
    if let Some(Cites::Rows(texts_at)) = source.kind.cites() {
        let texts = texts_at(contents, places);
        cited.extend(texts.into_iter().map(|(place, text)| (place, Citation::new(place, &text))));
        return;
    }
    let mut window: Vec<u8> = Vec::new();
    let mut start = 0u64;
    let mut piece = vec![0; 64 * 1024];
    for place in places {
        let wanted = place.offset + Citation::LONGEST as u64;
        while start + (window.len() as u64) < wanted {
            let got = contents.fill(&mut piece);
            if got == 0 {
                break;
            }
            let unneeded = usize::try_from(place.offset.saturating_sub(start)).unwrap_or(0).min(window.len());
            window.drain(..unneeded);
            start += unneeded as u64;
            window.extend_from_slice(&piece[..got]);
        }
        let at = usize::try_from(place.offset.saturating_sub(start)).unwrap_or(usize::MAX);
        keep(source, *place, window.get(at..).unwrap_or_default(), cited);
    }
}

/// Has a file gone through once more whose records stand nowhere as text, and keeps those at the places.
fn again(
    evidence: &Evidence,
    source: &Source,
    handle: &Handle,
    reader: &dyn Reader,
    places: &[Place],
    cited: &mut BTreeMap<Place, Citation>,
) {
    let wanted: BTreeMap<u64, Place> = places.iter().map(|place| (place.offset, *place)).collect();
    let mut take = |chunk: &Chunk, base: u64| {
        let entries = chunk.entries.iter().map(|entry| (entry.offset, entry.length));
        for (offset, length) in entries.chain(chunk.rows.iter().map(|row| (row.offset, row.length))) {
            let Some(place) = wanted.get(&(base + u64::from(offset))) else { continue };
            let text = chunk.records_bytes().get(offset as usize..(offset + length) as usize);
            cited.insert(*place, Citation::new(*place, text.unwrap_or_default()));
        }
    };
    // It was gone through before: should that fail now, places are cited without their text.
    let read = || reader.read_file_among(handle, source, evidence, &mut take);
    let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(read));
}

fn keep(source: &Source, place: Place, bytes: &[u8], cited: &mut BTreeMap<Place, Citation>) {
    let end = match source.kind.cites() {
        Some(Cites::Piece(length)) => length(bytes),
        _ => memchr::memchr(b'\n', bytes).unwrap_or(bytes.len()),
    };
    let line = bytes[..end].strip_suffix(b"\r").unwrap_or(&bytes[..end]);
    cited.insert(place, Citation::new(place, line));
}
