//! Asterisk's internal database: which contacts it last knew.
//!
//! Since Asterisk 10 it is SQLite with one table, `astdb(key, value)`. `chan_sip` keeps
//! `/SIP/Registry/<peer>` = `address:port:expiry:user:contact`, `chan_iax2` the first three of these,
//! PJSIP's registrar `/registrar/contact/<aor>;@<hash>` = an object of JSON. FreePBX keeps forwards in families of
//! their own, and follow-me as `/AMPUSER/<extension>/followme/grplist` with `ddial` beside it, which is `EXTENSION`
//! where it is switched off (`modules/findmefollow`). The file is read into memory
//! and opened there: opening it by its path could write beside it.

use std::collections::BTreeSet;
use std::net::IpAddr;

use rusqlite::types::ValueRef;

use super::address::{host_and_port, of_uri};
use super::model::{Binding, Forward, Pbx, Problem};
use super::tables::numbers_of_list;
use crate::event::{Citation, Instant, Place, SourceId};
use crate::evidence::{Evidence, Kind, Source, ends_with_path};
use crate::sqlite::{self, LARGEST};
use crate::untrusted::Untrusted;

/// A damaged tree may lead to the same pages over and over.
const MOST_ROWS: usize = 1_000_000;
const MOST_BINDINGS: usize = 100_000;
const MOST_FORWARDS: usize = 10_000;
/// How calls are sent on by a follow-me.
const FOLLOW_ME: &str = "by follow-me";
/// The families in which FreePBX keeps forwards.
const FORWARDS: [(&str, &str); 4] = [
    ("/CF/", "always"),
    ("/CFB/", "when busy"),
    ("/CFU/", "when nobody answers"),
    ("/CFNA/", "when nobody answers"),
];

/// Returns whether a file is Asterisk's internal database.
pub fn is_internal_database(path: &str, head: &[u8]) -> bool {
    // The schema stands at the end of the first page, which may be longer than the head.
    head.starts_with(sqlite::MAGIC)
        && (ends_with_path(path, "astdb.sqlite3")
            || memchr::memmem::find(head, b"CREATE TABLE astdb").is_some())
}

/// Reads the live database; another copy only where the one before it cannot be read.
pub(super) fn read_all(evidence: &Evidence, pbx: &mut Pbx) {
    let mut sources: Vec<&Source> = evidence
        .sources
        .iter()
        .filter(|source| source.kind == Kind::AsteriskDatabase && source.duplicate_of.is_none())
        .collect();
    sources.sort_by_key(|source| {
        let path = source.file.path.as_str();
        (!ends_with_path(path, "var/lib/asterisk/astdb.sqlite3"), path.len(), path)
    });
    for source in sources {
        let problem = |what: String| Problem { path: source.file.path.clone(), what };
        let bytes = match evidence.read_small(source, LARGEST + 1) {
            Ok(bytes) if bytes.len() > LARGEST => {
                pbx.problems.push(problem("too large for an internal database: not read".to_owned()));
                continue;
            }
            Ok(bytes) => bytes,
            Err(error) => {
                pbx.problems.push(problem(format!("cannot be read: {error}")));
                continue;
            }
        };
        let (held, trouble) = held_by(source.id, bytes);
        let is_whole = trouble.is_none();
        pbx.problems.extend(trouble.map(problem));
        if is_whole || !held.bindings.is_empty() || !held.forwards.is_empty() {
            pbx.bindings = held.bindings;
            pbx.forwards.extend(held.forwards);
            pbx.without_pin = held.without_pin;
            return;
        }
    }
}

/// What one database holds.
#[derive(Default)]
struct Held {
    bindings: Vec<Binding>,
    forwards: Vec<Forward>,
    /// Extensions that no route asks for a PIN.
    without_pin: Vec<(String, Citation)>,
}

/// Returns what a database holds, and what went wrong on the way.
fn held_by(source: SourceId, bytes: Vec<u8>) -> (Held, Option<String>) {
    let Held { mut bindings, mut forwards, mut without_pin } = Held::default();
    let mut unfollowed = BTreeSet::new();
    let trouble = read_rows(bytes, |key, value| {
        if bindings.len() < MOST_BINDINGS {
            bindings.extend(binding(source, key, value));
        }
        if forwards.len() < MOST_FORWARDS {
            forwards.extend(forward(source, key, value));
            forwards.extend(follow_me(source, key, value));
        }
        if without_pin.len() < MOST_FORWARDS {
            without_pin.extend(free_of_pin(source, key, value));
        }
        if unfollowed.len() < MOST_FORWARDS && value == b"EXTENSION" {
            unfollowed.extend(extension_of(key, "ddial"));
        }
    })
    .err();
    forwards.retain(|held| held.when != FOLLOW_ME || !unfollowed.contains(&held.account));
    bindings.sort_by(|left: &Binding, right: &Binding| {
        (&left.account, &left.place.text).cmp(&(&right.account, &right.place.text))
    });
    forwards.sort_by(|left: &Forward, right: &Forward| left.place.text.cmp(&right.place.text));
    let trouble = trouble.map(|error| format!("read in part: {error}"));
    (Held { bindings, forwards, without_pin }, trouble)
}

/// Reads one row, if it is a forward: `/CF/201` = `00252...`.
fn forward(source: SourceId, key: &[u8], value: &[u8]) -> Option<Forward> {
    let text = Untrusted::from_bytes(key).raw().to_owned();
    let (account, when) =
        FORWARDS.iter().find_map(|(family, when)| Some((text.strip_prefix(family)?, *when)))?;
    let number = Untrusted::from_bytes(value).raw().trim().to_owned();
    let is_set = !account.is_empty() && !account.contains('/') && !number.is_empty();
    let place = Place { source, offset: 0, line: 0 };
    let place = Citation::new(place, &[key, b" = ", value].concat());
    is_set.then(|| Forward { account: account.to_owned(), number, when, place })
}

/// Reads one row, if it is the list of a follow-me: `/AMPUSER/201/followme/grplist` = `201-0025261200000#`.
fn follow_me(source: SourceId, key: &[u8], value: &[u8]) -> Vec<Forward> {
    let Some(account) = extension_of(key, "grplist") else { return Vec::new() };
    let list = Untrusted::from_bytes(value).raw().to_owned();
    let place = Citation::new(Place { source, offset: 0, line: 0 }, &[key, b" = ", value].concat());
    let forward = |number: &str| Forward {
        account: account.clone(),
        number: number.to_owned(),
        when: FOLLOW_ME,
        place: place.clone(),
    };
    numbers_of_list(&list).map(forward).collect()
}

/// Reads one row, if it frees an extension of routes' PINs: `/AMPUSER/201/pinless` = `NOPASSWD`.
fn free_of_pin(source: SourceId, key: &[u8], value: &[u8]) -> Option<(String, Citation)> {
    let text = Untrusted::from_bytes(key).raw().to_owned();
    let account = text.strip_prefix("/AMPUSER/")?.strip_suffix("/pinless")?.to_owned();
    let place = Citation::new(Place { source, offset: 0, line: 0 }, &[key, b" = ", value].concat());
    (value == b"NOPASSWD").then_some((account, place))
}

/// Returns the extension of a follow-me's setting.
fn extension_of(key: &[u8], setting: &str) -> Option<String> {
    let text = Untrusted::from_bytes(key).raw().to_owned();
    let (account, held) = text.strip_prefix("/AMPUSER/")?.split_once("/followme/")?;
    (held == setting).then(|| account.to_owned())
}

/// Calls back for each row; the rows before a damaged place count.
fn read_rows(bytes: Vec<u8>, mut take: impl FnMut(&[u8], &[u8])) -> Result<(), rusqlite::Error> {
    let connection = sqlite::open(bytes)?;
    if !sqlite::has_plain_table(&connection, "astdb")? {
        return Ok(());
    }
    let mut statement = connection.prepare("SELECT key, value FROM astdb NOT INDEXED")?;
    let mut rows = statement.query([])?;
    for _ in 0..MOST_ROWS {
        let Some(row) = rows.next()? else { break };
        if let (Some(key), Some(value)) = (bytes_of(row.get_ref(0)?), bytes_of(row.get_ref(1)?)) {
            take(key, value);
        }
    }
    Ok(())
}

fn bytes_of(value: ValueRef<'_>) -> Option<&[u8]> {
    match value {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Some(bytes),
        _ => None,
    }
}

/// Reads one row, if it is a contact.
fn binding(source: SourceId, key: &[u8], value: &[u8]) -> Option<Binding> {
    let key_text = Untrusted::from_bytes(key).raw().to_owned();
    let value_text = Untrusted::from_bytes(value).raw().to_owned();
    let place = Place { source, offset: 0, line: 0 };
    let place = Citation::new(place, &[key, b" = ", value].concat());
    if let Some(aor) = key_text.strip_prefix("/registrar/contact/") {
        return registrar(aor, &value_text, place);
    }
    let account =
        ["/SIP/Registry/", "/IAX/Registry/"].iter().find_map(|family| key_text.strip_prefix(family))?;
    let (address, port) = registry_address(&value_text)?;
    Some(Binding {
        account: account.to_owned(),
        address: Some(address),
        port,
        user_agent: None,
        expires: None,
        place,
    })
}

/// Reads `address:port:...`, an IPv6 address in brackets.
fn registry_address(value: &str) -> Option<(IpAddr, Option<u16>)> {
    let (address, rest) = match value.strip_prefix('[') {
        Some(inner) => inner.split_once(']')?,
        None => value.split_once(':')?,
    };
    let port = rest.trim_start_matches(':').split(':').next().unwrap_or_default();
    Some((address.parse().ok()?, port.parse().ok()))
}

fn registrar(aor: &str, value: &str, place: Citation) -> Option<Binding> {
    let json: serde_json::Value = serde_json::from_str(value).ok()?;
    let text =
        |name: &str| json.get(name).and_then(serde_json::Value::as_str).filter(|text| !text.is_empty());
    // `rewrite_contact` puts the sender's own address into the URI; the Via is what the sender wrote.
    let (host, port) = text("uri").map_or(("", None), |uri| host_and_port(of_uri(uri)));
    let by_uri = host.parse().ok().map(|address| (address, port));
    let by_via = || {
        let address = host_and_port(text("via_addr")?).0.parse().ok()?;
        Some((address, text("via_port").and_then(|port| port.parse().ok())))
    };
    let found: Option<(IpAddr, Option<u16>)> = by_uri.or_else(by_via);
    let name = text("endpoint").unwrap_or_else(|| aor.split(";@").next().unwrap_or_default());
    Some(Binding {
        account: name.to_owned(),
        address: found.map(|(address, _)| address),
        port: found.and_then(|(_, port)| port),
        user_agent: text("user_agent").map(str::to_owned),
        expires: text("expiration_time").and_then(|time| time.parse().ok()).map(Instant::from_seconds),
        place,
    })
}

#[cfg(test)]
mod tests {
    use rusqlite::{Connection, MAIN_DB};

    use super::*;

    fn database(rows: &[(&str, &str)]) -> Vec<u8> {
        let mut connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch("CREATE TABLE astdb (key VARCHAR(256), value VARCHAR(256), PRIMARY KEY(key))")
            .unwrap();
        for (key, value) in rows {
            connection.execute("INSERT INTO astdb VALUES (?1, ?2)", [key, value]).unwrap();
        }
        connection.serialize(MAIN_DB).unwrap().to_vec()
    }

    const ROWS: &[(&str, &str)] = &[
        ("/SIP/Registry/112", "172.27.3.32:5060:3600:112:sip:112@172.27.3.32:5060"),
        ("/SIP/Registry/113", "[2001:db8::7]:5062:3600:113:sip:113@[2001:db8::7]:5062"),
        ("/IAX/Registry/201", "192.0.2.9:4569:60"),
        (
            "/registrar/contact/402;@d6ee",
            r#"{"via_addr":"10.0.0.7","via_port":"5061","endpoint":"402","uri":"sip:402@198.51.100.7:49152;ob","user_agent":"Linphone/5.1.0","expiration_time":"1779258600"}"#,
        ),
        ("/CF/201", "0025261200000"),
        ("/CFB/202", ""),
        ("/AMPUSER/203/followme/grplist", "203-0025261200009#-204"),
        ("/AMPUSER/203/followme/ddial", "DIRECT"),
        ("/AMPUSER/205/followme/grplist", "205-0025261200010#"),
        ("/AMPUSER/205/followme/ddial", "EXTENSION"),
        ("/AMPUSER/206/pinless", "NOPASSWD"),
        ("/AMPUSER/207/pinless", ""),
        ("/pbx/UUID", "x"),
    ];

    #[test]
    fn contacts_of_all_drivers_are_read() {
        let bytes = database(ROWS);
        assert!(is_internal_database("x.db", &bytes));
        let (Held { bindings, forwards, without_pin }, trouble) = held_by(SourceId(0), bytes);
        assert_eq!(trouble, None);
        assert_eq!(without_pin.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["206"]);
        let forwards: Vec<String> =
            forwards.iter().map(|held| format!("{} {} {}", held.account, held.number, held.when)).collect();
        assert_eq!(forwards, ["203 0025261200009 by follow-me", "201 0025261200000 always"]);
        let seen: Vec<String> = bindings
            .iter()
            .map(|held| format!("{} {} {}", held.account, held.address.unwrap(), held.port.unwrap()))
            .collect();
        assert_eq!(
            seen,
            ["112 172.27.3.32 5060", "113 2001:db8::7 5062", "201 192.0.2.9 4569", "402 198.51.100.7 49152"]
        );
        let last = bindings.last().unwrap();
        assert_eq!(last.expires, Some(Instant::from_seconds(1_779_258_600)));
        assert_eq!(last.user_agent.as_deref(), Some("Linphone/5.1.0"));
    }

    #[test]
    fn a_view_is_not_queried() {
        let mut connection = Connection::open_in_memory().unwrap();
        let endless = "CREATE VIEW astdb AS WITH RECURSIVE n(key, value) AS (SELECT 1, 1 UNION ALL SELECT key, value FROM n) SELECT * FROM n";
        connection.execute_batch(endless).unwrap();
        let bytes = connection.serialize(MAIN_DB).unwrap().to_vec();
        assert!(held_by(SourceId(0), bytes).0.bindings.is_empty());
    }

    proptest::proptest! {
        #![proptest_config(proptest::test_runner::Config::with_cases(64))]
        #[test]
        fn damage_is_survived(at in 0_usize..8_192, byte in proptest::num::u8::ANY, cut in 0_usize..9_000) {
            let mut bytes = database(ROWS);
            if let Some(hit) = bytes.get_mut(at) {
                *hit = byte;
            }
            bytes.truncate(cut.max(1));
            let _ = held_by(SourceId(0), bytes);
        }
    }
}
