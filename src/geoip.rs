//! Country, city and network of an address, from files in MaxMind's format that the user gives.
//!
//! Vendors name the same things differently: MaxMind and DB-IP nest (`country.iso_code`, `city.names.en`,
//! `autonomous_system_number`), IPinfo and others do not (`country_code`, `city`, `asn` as `AS15169`). Several
//! files may be given, one for places and one for networks; the first that tells a thing is taken. Where an
//! address is now, or was when the file was built, need not be where it was at the time: the date of the file
//! is told. Files are read whole: a mapped file that shrinks kills the process.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use chrono::DateTime;
use maxminddb::Reader;
use serde::Serialize;
use serde_json::Value;

use crate::untrusted::visible;

/// The largest file that is read, in bytes; those of all cities take some 150 MB.
const LARGEST: u64 = 2 * 1024 * 1024 * 1024;
/// Letters kept of one name.
const LONGEST: usize = 100;

/// The files given.
#[derive(Debug, Default)]
pub struct GeoIp {
    readers: Vec<Reader<Vec<u8>>>,
    /// What each of them is.
    pub files: Vec<GeoFile>,
}

/// One file, as far as it could be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GeoFile {
    /// As given.
    pub path: String,
    /// What it says that it is, as `GeoLite2-City`.
    pub database: Option<String>,
    /// The day it was built on.
    pub built: Option<String>,
    /// Why it could not be used.
    pub trouble: Option<String>,
}

/// What is known of an address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Whereabouts {
    /// ISO 3166, two letters.
    pub country: Option<String>,
    /// The city.
    pub city: Option<String>,
    /// `AS64500` and its owner's name, as far as either is told.
    pub network: Option<String>,
}

impl Whereabouts {
    /// Returns what is known in words; `None` where nothing is.
    pub fn words(self) -> Option<String> {
        let known: Vec<String> = [self.country, self.city, self.network].into_iter().flatten().collect();
        (!known.is_empty()).then(|| known.join(", "))
    }
}

impl GeoIp {
    /// Opens files; one that cannot be used is told and the others go on.
    pub fn open(paths: &[PathBuf]) -> GeoIp {
        let mut all = GeoIp::default();
        for path in paths {
            let mut file = GeoFile {
                path: visible(&path.to_string_lossy()),
                database: None,
                built: None,
                trouble: None,
            };
            match reader(path) {
                Ok(reader) => {
                    let about = reader.metadata();
                    let built = i64::try_from(about.build_epoch).ok();
                    let built = built.and_then(|seconds| DateTime::from_timestamp(seconds, 0));
                    file.database = Some(short(&about.database_type));
                    file.built = built.map(|day| day.format("%Y-%m-%d").to_string());
                    all.readers.push(reader);
                }
                Err(why) => file.trouble = Some(why),
            }
            all.files.push(file);
        }
        all
    }

    /// Returns what the files say of an address, the first that tells a thing.
    pub fn look(&self, address: IpAddr) -> Whereabouts {
        let mut found = Whereabouts::default();
        for record in self.readers.iter().filter_map(|reader| record(reader, address)) {
            found.country = found.country.or_else(|| country(&record));
            found.city = found.city.or_else(|| name(&record, &["city"]));
            found.network = found.network.or_else(|| network(&record));
        }
        found
    }
}

fn reader(path: &Path) -> Result<Reader<Vec<u8>>, String> {
    let unreadable = |cause: std::io::Error| format!("cannot be read: {cause}");
    let about = std::fs::metadata(path).map_err(unreadable)?;
    if !about.is_file() || about.len() > LARGEST {
        return Err(format!("is no file, or larger than {LARGEST} bytes"));
    }
    let content = std::fs::read(path).map_err(unreadable)?;
    let damaged = |cause: maxminddb::MaxMindDbError| {
        format!("is no database in MaxMind's format, or damaged: {}", short(&cause.to_string()))
    };
    Reader::from_source(content).map_err(damaged)
}

/// Returns the record of an address; a damaged one is none.
fn record(reader: &Reader<Vec<u8>>, address: IpAddr) -> Option<Value> {
    reader.lookup(address).ok()?.decode().ok()?
}

fn country(record: &Value) -> Option<String> {
    let nested = ["country", "registered_country"]
        .into_iter()
        .find_map(|of| record.get(of).and_then(|country| country.get("iso_code")));
    let flat = ["country_code", "country"].into_iter().filter_map(|key| record.get(key));
    let code = nested
        .into_iter()
        .chain(flat)
        .filter_map(Value::as_str)
        .find(|code| code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_alphabetic()))?;
    Some(code.to_ascii_uppercase())
}

/// Returns a name that stands bare or in several languages.
fn name(record: &Value, keys: &[&str]) -> Option<String> {
    let found = keys.iter().find_map(|key| record.get(key))?;
    let names = found.get("names").and_then(|names| names.get("en"));
    names.or(Some(found)).and_then(Value::as_str).filter(|name| !name.is_empty()).map(short)
}

fn network(record: &Value) -> Option<String> {
    let number = ["autonomous_system_number", "asn", "as_number"].into_iter().find_map(|key| record.get(key));
    let number = number.and_then(|number| match number {
        Value::Number(number) => Some(format!("AS{number}")),
        Value::String(text) if text.starts_with("AS") => Some(short(text)),
        Value::String(text) if !text.is_empty() => Some(format!("AS{}", short(text))),
        _ => None,
    });
    let owners = ["autonomous_system_organization", "as_name", "organization", "org", "isp", "name"];
    let owner = name(record, &owners);
    match (number, owner) {
        (Some(number), Some(owner)) => Some(format!("{number} {owner}")),
        (number, owner) => number.or(owner),
    }
}

/// Returns so much of a text as is shown, with nothing hidden in it.
fn short(text: &str) -> String {
    visible(&text.chars().take(LONGEST).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A value as the format has it.
    enum Cell {
        Text(&'static str),
        U16(u16),
        U32(u32),
        U64(u64),
        Map(Vec<(&'static str, Cell)>),
        Array,
    }

    fn encoded(cell: &Cell) -> Vec<u8> {
        let with = |kind: u8, bytes: &[u8]| {
            let length = bytes.len() as u8;
            let head = if length < 29 { vec![kind << 5 | length] } else { vec![kind << 5 | 29, length - 29] };
            [head.as_slice(), bytes].concat()
        };
        match cell {
            Cell::Text(text) => with(2, text.as_bytes()),
            Cell::U16(number) => with(5, &number.to_be_bytes()),
            Cell::U32(number) => with(6, &number.to_be_bytes()),
            Cell::U64(number) => [&[8, 2], number.to_be_bytes().as_slice()].concat(),
            Cell::Array => vec![0, 4],
            Cell::Map(cells) => {
                let mut bytes = vec![7 << 5 | cells.len() as u8];
                for (key, value) in cells {
                    bytes.extend(encoded(&Cell::Text(key)));
                    bytes.extend(encoded(value));
                }
                bytes
            }
        }
    }

    /// Returns a database that knows 203.0.113.0/24.
    fn database(record: Vec<(&'static str, Cell)>) -> Vec<u8> {
        const NODES: u32 = 24;
        let network = u32::from_be_bytes([203, 0, 113, 0]);
        let mut bytes = Vec::new();
        for depth in 0..NODES {
            let bit = network >> (31 - depth) & 1;
            let next = if depth + 1 == NODES { NODES + 16 } else { depth + 1 };
            let sides = if bit == 0 { [next, NODES] } else { [NODES, next] };
            sides.iter().for_each(|side| bytes.extend(&side.to_be_bytes()[1..]));
        }
        bytes.extend([0; 16]);
        bytes.extend(encoded(&Cell::Map(record)));
        bytes.extend(b"\xab\xcd\xefMaxMind.com");
        bytes.extend(encoded(&Cell::Map(vec![
            ("binary_format_major_version", Cell::U16(2)),
            ("binary_format_minor_version", Cell::U16(0)),
            ("build_epoch", Cell::U64(1_772_928_000)),
            ("database_type", Cell::Text("Test-City")),
            ("description", Cell::Map(Vec::new())),
            ("ip_version", Cell::U16(4)),
            ("languages", Cell::Array),
            ("node_count", Cell::U32(NODES)),
            ("record_size", Cell::U16(24)),
        ])));
        bytes
    }

    fn city() -> Vec<u8> {
        let names = Cell::Map(vec![("names", Cell::Map(vec![("en", Cell::Text("Lyon\u{202e}"))]))]);
        let country = Cell::Map(vec![("iso_code", Cell::Text("FR"))]);
        database(vec![("city", names), ("country", country)])
    }

    fn networks() -> Vec<u8> {
        let owner = Cell::Text("Example Net");
        database(vec![("asn", Cell::Text("AS64500")), ("as_name", owner), ("country", Cell::Text("France"))])
    }

    #[test]
    fn several_vendors_and_a_damaged_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, content: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, content).unwrap();
            path
        };
        let whole = city();
        let paths = [
            folder.path().join("missing.mmdb"),
            file("cut.mmdb", &whole[..whole.len() / 2]),
            file("asn.mmdb", &networks()),
            file("city.mmdb", &whole),
        ];
        let geoip = GeoIp::open(&paths);
        let found = geoip.look("203.0.113.7".parse().unwrap());
        assert_eq!(found.country.as_deref(), Some("FR"));
        assert_eq!(found.network.as_deref(), Some("AS64500 Example Net"));
        let city = found.city.unwrap();
        assert!(city.starts_with("Lyon") && !city.contains('\u{202e}'), "{city}");
        assert_eq!(geoip.look("198.51.100.1".parse().unwrap()), Whereabouts::default());
        assert_eq!(geoip.look("2001:db8::1".parse().unwrap()), Whereabouts::default());
        let troubles: Vec<bool> = geoip.files.iter().map(|file| file.trouble.is_some()).collect();
        assert_eq!(troubles, [true, true, false, false]);
        assert_eq!(geoip.files[3].built.as_deref(), Some("2026-03-08"));
        assert_eq!(geoip.files[3].database.as_deref(), Some("Test-City"));
    }

    #[test]
    fn no_damage_stops_anything() {
        let whole = city();
        let address = "203.0.113.7".parse().unwrap();
        for index in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[index] ^= 0xff;
            if let Ok(reader) = Reader::from_source(damaged) {
                record(&reader, address);
            }
        }
    }
}
