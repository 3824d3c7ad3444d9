//! Records of the carrier (`--carrier-cdr`): what it says was called through the trunk, and what it charged.
//!
//! Carriers let users choose columns and change their exports, so nothing is told by its position: `layout` says which
//! header means what, `table` opens whatever the file is packed, encoded and separated by, `record` makes a call of a
//! row. A header that is missing, or there twice, is an error that names it; a zone that the file does not tell is
//! asked for. Rows that are no calls are counted and located. What the records mean is for [`crate::reconcile`].

mod choose;
mod error;
mod layout;
mod moment;
mod record;
mod table;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

pub use error::CarrierError;
pub use record::{Billed, Direction};

use crate::clock::Zone;
use crate::event::Citation;
use crate::evidence::{Packing, Root};
use choose::Chosen;
use layout::Layout;

/// What a user says about the carrier's records.
#[derive(Clone, Debug, Default)]
pub struct CarrierOptions {
    /// The files.
    pub files: Vec<PathBuf>,
    /// A layout of the user's own.
    pub map: Option<PathBuf>,
    /// The zone of times that carry none, where the carrier's layout does not know it.
    pub zone: Option<String>,
}

/// One file of records.
#[derive(Clone, Debug)]
pub struct CarrierFile {
    /// As given.
    pub path: String,
    /// Whose layout it has.
    pub carrier: String,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// The calls, in the order of the file.
    pub calls: Vec<Billed>,
    /// Rows that are no calls: why, how many, and the lines of the first.
    pub unread: BTreeMap<&'static str, (u64, Vec<u64>)>,
    /// What else is to be said: encoding, zone, limits.
    pub notes: Vec<String>,
}

/// No file of records is read beyond so many bytes, unpacked.
const MOST_BYTES: usize = 256 * 1024 * 1024;
/// A JSON document takes many times its size in memory.
const MOST_JSON: usize = 64 * 1024 * 1024;
/// Calls of all files together; one takes about 500 bytes.
const MOST_CALLS: usize = 1_000_000;
/// Bytes of rows that are kept as proof.
const MOST_PROOF: usize = 128 * 1024 * 1024;
/// Lines named for each reason.
const MOST_LINES: usize = 5;
/// No layout is longer.
const MOST_LAYOUT: usize = 256 * 1024;

/// Reads all files that were given.
pub fn read(options: &CarrierOptions) -> Result<Vec<CarrierFile>, CarrierError> {
    let zone = options
        .zone
        .as_deref()
        .map(|text| Zone::from_text(text).ok_or_else(|| CarrierError::Zone { text: text.to_owned() }));
    let zone = zone.transpose()?;
    let map = options.map.as_deref().map(read_map).transpose()?;
    let mut room = Room { calls: MOST_CALLS, proof: MOST_PROOF };
    let mut files: Vec<CarrierFile> = Vec::new();
    for path in &options.files {
        let mut file = read_file(path, map.as_ref(), zone.as_ref(), &mut room)?;
        if let Some(same) = files.iter().find(|same| same.sha256 == file.sha256) {
            file.notes.push(format!("the same bytes as {}: counted once", same.path));
            file.calls.clear();
        }
        files.push(file);
    }
    Ok(files)
}

/// What may still be kept.
struct Room {
    calls: usize,
    proof: usize,
}

/// A user's layout with the path it stands in.
struct Map {
    path: String,
    layout: Layout,
}

fn open(path: &Path, most: usize) -> Result<(Vec<u8>, u64, String), CarrierError> {
    let shown = || path.to_string_lossy().into_owned();
    let unreadable = |cause: io::Error| CarrierError::Unreadable { path: shown(), cause };
    let handle = Root::open_given(path).map_err(unreadable)?;
    let mut first = [0; 6];
    let got = handle.read_at(&mut first, 0).map_err(unreadable)?;
    let packing = Packing::of(first.get(..got).unwrap_or_default());
    let bytes = handle.contents(packing).up_to(most + 1);
    if bytes.len() > most {
        return Err(CarrierError::TooLarge { path: shown(), most });
    }
    let mut digest = Sha256::new();
    let mut block = vec![0; 64 * 1024];
    let mut at = 0;
    loop {
        let got = handle.read_at(&mut block, at).map_err(unreadable)?;
        if got == 0 {
            break;
        }
        digest.update(block.get(..got).unwrap_or_default());
        at += got as u64;
    }
    let digest = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok((bytes, handle.size(), digest))
}

fn read_map(path: &Path) -> Result<Map, CarrierError> {
    let (bytes, _, _) = open(path, MOST_LAYOUT)?;
    let path = path.to_string_lossy().into_owned();
    let Ok(text) = String::from_utf8(bytes) else {
        return Err(CarrierError::Map { path, line: 1, what: "no UTF-8".to_owned() });
    };
    match Layout::read(&text) {
        Ok(layout) => Ok(Map { path, layout }),
        Err(bad) => Err(CarrierError::Map { path, line: bad.line, what: bad.what }),
    }
}

fn read_file(
    path: &Path,
    map: Option<&Map>,
    zone: Option<&Zone>,
    room: &mut Room,
) -> Result<CarrierFile, CarrierError> {
    let (text, size, sha256) = open(path, MOST_BYTES)?;
    let shown = path.to_string_lossy().into_owned();
    if text.trim_ascii_start().starts_with(b"{") && text.len() > MOST_JSON {
        return Err(CarrierError::TooLarge { path: shown, most: MOST_JSON });
    }
    let built_in = layout::built_in();
    let chosen = choose::choose(&shown, &text, map.map(|map| (map.path.as_str(), &map.layout)), &built_in)?;
    let zone = zone_of(&shown, &chosen, zone)?;
    let mut file = CarrierFile {
        path: shown,
        carrier: chosen.layout.carrier.clone(),
        bytes: size,
        sha256,
        calls: Vec::new(),
        unread: BTreeMap::new(),
        notes: Vec::new(),
    };
    file.notes.push(match zone {
        None => "each time carries its own zone".to_owned(),
        Some(zone) => format!("times without a zone are in {}", zone.name()),
    });
    take_rows(&mut file, &chosen, zone, room)?;
    Ok(file)
}

/// Returns the zone of times without one: the layout's own, or the one that was given where it has none.
fn zone_of<'z>(
    path: &str,
    chosen: &Chosen<'z>,
    given: Option<&'z Zone>,
) -> Result<Option<&'z Zone>, CarrierError> {
    let layout = chosen.layout;
    if let Some(zone) = &layout.zone {
        return Ok(Some(zone));
    }
    if given.is_none() && !layout.zone_in_text {
        return Err(CarrierError::ZoneAsked { path: path.to_owned(), carrier: layout.carrier.clone() });
    }
    Ok(given.filter(|_| !layout.zone_in_text))
}

fn take_rows(
    file: &mut CarrierFile,
    chosen: &Chosen<'_>,
    zone: Option<&Zone>,
    room: &mut Room,
) -> Result<(), CarrierError> {
    let plan = record::Plan { layout: chosen.layout, at: chosen.at, zone };
    let mut beyond = 0_u64;
    let mut first_bad: Option<(record::NoCall, u64, String)> = None;
    chosen.table.rows(&mut |row| {
        let row = match row {
            Ok(row) => row,
            Err((line, why)) => return note(&mut file.unread, why.words(), line),
        };
        let place = if row.line > 0 { row.line } else { row.number };
        match plan.read(&row.fields) {
            Ok(_) if room.calls == 0 => beyond += 1,
            Ok(call) => {
                room.calls -= 1;
                let kept = row.raw.get(..Citation::LONGEST).unwrap_or(row.raw);
                let kept = if kept.len() <= room.proof { kept } else { &[] };
                room.proof -= kept.len();
                let text = kept.into();
                file.calls.push(Billed { row: row.number, line: row.line, offset: row.offset, text, ..call });
            }
            Err(why) => {
                let value = plan.at.get(why.0 as usize).copied().flatten();
                let value = value.and_then(|index| row.fields.get(index)).cloned().unwrap_or_default();
                first_bad.get_or_insert((why, place, value));
                note(&mut file.unread, why.words(), place);
            }
        }
    });
    if beyond > 0 {
        file.notes.push(format!("{beyond} calls beyond the limit of {MOST_CALLS} were not read"));
    }
    // Not one row fits: the column is not what its name says.
    match first_bad {
        Some((why, line, value)) if file.calls.is_empty() => Err(CarrierError::WrongColumn {
            path: file.path.clone(),
            line,
            field: why.0.word(),
            header: chosen.header(why.0),
            what: why.words(),
            value: crate::untrusted::visible(&value.chars().take(40).collect::<String>()),
        }),
        _ => Ok(()),
    }
}

fn note(unread: &mut BTreeMap<&'static str, (u64, Vec<u64>)>, why: &'static str, line: u64) {
    let (count, lines) = unread.entry(why).or_default();
    *count += 1;
    if lines.len() < MOST_LINES {
        lines.push(line);
    }
}
