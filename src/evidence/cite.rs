//! The raw text of places that were not kept while they were read: the rows of blamed calls.
//!
//! A call record is a few numbers in memory; only those that a report cites are read again, a plain
//! file at their offsets, a packed one in a single pass.

use std::collections::{BTreeMap, BTreeSet};

use super::{Evidence, Packing, Source};
use crate::event::{Citation, Place};
use crate::readers;

/// Reads the lines that stand at places. What cannot be read again is cited without its text.
pub fn lines(evidence: &Evidence, places: &BTreeSet<Place>) -> BTreeMap<Place, Citation> {
    let mut cited = BTreeMap::new();
    let mut by_source: BTreeMap<_, Vec<Place>> = BTreeMap::new();
    for place in places {
        by_source.entry(place.source).or_default().push(*place);
    }
    for (source, places) in by_source {
        if let Some(source) = evidence.source(source) {
            read(evidence, source, &places, &mut cited);
        }
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
    if let Some(texts) = readers::texts_at(source.kind, &mut handle.unpacked(source.packing), places) {
        cited.extend(texts.into_iter().map(|(place, text)| (place, Citation::new(place, &text))));
        return;
    }
    let mut buffer = vec![0; Citation::LONGEST];
    match source.packing {
        Packing::Plain => {
            for place in places {
                let got = handle.read_at(&mut buffer, place.offset).unwrap_or(0);
                keep(source, *place, &buffer[..got], cited);
            }
        }
        Packing::Gzip => {
            let mut inflated = handle.inflate();
            let mut window: Vec<u8> = Vec::new();
            let mut start = 0u64;
            let mut piece = vec![0; 64 * 1024];
            for place in places {
                let wanted = place.offset + Citation::LONGEST as u64;
                while start + (window.len() as u64) < wanted {
                    let got = inflated.fill(&mut piece);
                    if got == 0 {
                        break;
                    }
                    let unneeded =
                        usize::try_from(place.offset.saturating_sub(start)).unwrap_or(0).min(window.len());
                    window.drain(..unneeded);
                    start += unneeded as u64;
                    window.extend_from_slice(&piece[..got]);
                }
                let at = usize::try_from(place.offset.saturating_sub(start)).unwrap_or(usize::MAX);
                keep(source, *place, window.get(at..).unwrap_or_default(), cited);
            }
        }
    }
}

fn keep(source: &Source, place: Place, bytes: &[u8], cited: &mut BTreeMap<Place, Citation>) {
    let end = readers::record_length(source.kind, bytes);
    let line = bytes[..end].strip_suffix(b"\r").unwrap_or(&bytes[..end]);
    cited.insert(place, Citation::new(place, line));
}
