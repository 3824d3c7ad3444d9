//! `sofia_reg_PROFILE.db` and `core.db`: who is registered, and how many logins there were.
//!
//! `sip_registrations` has one row for each user, and the last to register has it: that somebody is not there
//! says nothing. `sip_authentication` counts logins even where nothing is logged: `last_nc` is what the client
//! sent with its credentials, 1 from a phone. The files are read into memory and opened there.

use std::net::IpAddr;

use rusqlite::Connection;

use super::super::model::{Account, Binding, LiveCall, LoginCounts, Pbx, Problem};
use super::super::saved_output::calls;
use crate::event::{Citation, Instant, Place, SourceId};
use crate::evidence::{Evidence, Kind, Source};
use crate::sqlite;

/// A damaged tree may lead to the same pages over and over.
const MOST_ROWS: usize = 200_000;
/// A nonce is good for a minute: a phone uses one a few times, a guessing tool counts all its tries on it.
const MANY_USES: i64 = 16;

/// Returns whether a file is a database of registrations.
pub fn is_registration_database(path: &str, head: &[u8]) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    head.starts_with(sqlite::MAGIC)
        && ((name.starts_with("sofia_reg_") && name.ends_with(".db"))
            || [&b"CREATE TABLE sip_registrations"[..], b"CREATE TABLE registrations ("]
                .iter()
                .any(|table| memchr::memmem::find(head, table).is_some()))
}

/// Reads every database of registrations.
pub(in crate::pbx) fn read_all(evidence: &Evidence, pbx: &mut Pbx) {
    let sources = evidence
        .sources
        .iter()
        .filter(|source| source.kind == Kind::FreeSwitchDatabase && source.duplicate_of.is_none());
    for source in sources {
        if let Err(what) = read(evidence, source, pbx) {
            pbx.problems.push(Problem { path: source.file.path.clone(), what });
        }
    }
}

fn read(evidence: &Evidence, source: &Source, pbx: &mut Pbx) -> Result<(), String> {
    let handle = evidence.open(&source.file).map_err(|error| format!("cannot be read: {error}"))?;
    let connection =
        sqlite::open(sqlite::read(&handle)?).map_err(|error| format!("cannot be read: {error}"))?;
    let bindings =
        bindings(&connection, source.id, &pbx.accounts).map_err(|error| format!("read in part: {error}"));
    let counts = counts(&connection, source.id).map_err(|error| format!("read in part: {error}"));
    let core = core_bindings(&connection, source.id, &pbx.accounts)
        .map_err(|error| format!("read in part: {error}"));
    let live = channels(&connection, source.id).map_err(|error| format!("read in part: {error}"));
    pbx.live_calls.extend(live?);
    pbx.bindings.extend(bindings?);
    pbx.bindings.extend(core?);
    pbx.login_counts.extend(counts?);
    Ok(())
}

fn place(source: SourceId, text: &str) -> Citation {
    Citation::new(Place { source, offset: 0, line: 0 }, text.as_bytes())
}

/// Returns the account of a user: where two domains have one of that name, the domain is part of it.
fn account(user: String, domain: &str, accounts: &[Account]) -> String {
    let whole = format!("{user}@{domain}");
    if accounts.iter().any(|known| known.name == whole) { whole } else { user }
}

fn bindings(
    connection: &Connection,
    source: SourceId,
    accounts: &[Account],
) -> Result<Vec<Binding>, rusqlite::Error> {
    if !sqlite::has_plain_table(connection, "sip_registrations")? {
        return Ok(Vec::new());
    }
    let mut statement = connection.prepare(
        "SELECT sip_user, network_ip, network_port, user_agent, expires, contact, sip_host FROM sip_registrations NOT INDEXED",
    )?;
    let mut rows = statement.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()?.filter(|_| found.len() < MOST_ROWS) {
        let text = |column: usize| row.get::<_, Option<String>>(column).ok().flatten().unwrap_or_default();
        let (user, address, contact) = (text(0), text(1), text(5));
        let expires = row.get::<_, Option<i64>>(4).ok().flatten();
        let shown = format!("sip_registrations: {user} from {address}, {contact}");
        found.push(Binding {
            account: account(user, &text(6), accounts),
            address: address.parse::<IpAddr>().ok(),
            port: text(2).parse().ok(),
            user_agent: Some(text(3)).filter(|agent| !agent.is_empty()),
            expires: expires.map(Instant::from_seconds),
            place: place(source, &shown),
        });
    }
    Ok(found)
}

/// Reads `registrations` of `core.db`, which has those of all profiles.
fn core_bindings(
    connection: &Connection,
    source: SourceId,
    accounts: &[Account],
) -> Result<Vec<Binding>, rusqlite::Error> {
    if !sqlite::has_plain_table(connection, "registrations")? {
        return Ok(Vec::new());
    }
    let mut statement = connection.prepare(
        "SELECT reg_user, network_ip, network_port, expires, url, realm FROM registrations NOT INDEXED",
    )?;
    let mut rows = statement.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()?.filter(|_| found.len() < MOST_ROWS) {
        let text = |column: usize| row.get::<_, Option<String>>(column).ok().flatten().unwrap_or_default();
        let (user, address, url) = (text(0), text(1), text(4));
        let expires = row.get::<_, Option<i64>>(3).ok().flatten();
        found.push(Binding {
            address: address.parse::<IpAddr>().ok(),
            port: text(2).parse().ok(),
            user_agent: None,
            expires: expires.map(Instant::from_seconds),
            place: place(source, &format!("registrations: {user} from {address}, {url}")),
            account: account(user, &text(5), accounts),
        });
    }
    Ok(found)
}

/// Reads `channels` of `core.db`: the calls that were up when the file was copied.
fn channels(connection: &Connection, source: SourceId) -> Result<Vec<LiveCall>, rusqlite::Error> {
    let mut found = Vec::new();
    sqlite::each_row(connection, "channels", |_, row| {
        let text = |wanted: &str| {
            let value =
                row.iter().find(|(name, _)| *name == wanted).and_then(|(_, value)| sqlite::text(*value));
            String::from_utf8_lossy(&value.unwrap_or_default()).into_owned()
        };
        if found.len() < MOST_ROWS && text("direction") == "inbound" {
            let (name, address, dialed) = (text("name"), text("ip_addr"), text("dest"));
            let shown = format!("channels: {name} from {address} to {dialed}, since {}", text("created"));
            found.push(calls::of_database(&name, &address, &dialed, place(source, &shown)));
        }
    })?;
    Ok(found)
}

fn counts(connection: &Connection, source: SourceId) -> Result<Option<LoginCounts>, rusqlite::Error> {
    if !sqlite::has_plain_table(connection, "sip_authentication")? {
        return Ok(None);
    }
    let mut statement = connection.prepare("SELECT expires, last_nc FROM sip_authentication NOT INDEXED")?;
    let mut rows = statement.query([])?;
    let (mut challenges, mut logins, mut seen) = (0, 0, 0);
    let mut counted: Vec<(i64, i64)> = Vec::new();
    let mut answered: Vec<i64> = Vec::new();
    while let Some(row) = rows.next()?.filter(|_| seen < MOST_ROWS) {
        seen += 1;
        let (expires, uses) = (row.get(0).unwrap_or(0), row.get(1).unwrap_or(0i64));
        challenges += 1;
        logins += u64::from(uses > 0);
        answered.extend((uses > 0).then_some(expires));
        if uses >= MANY_USES && counted.len() < 8 {
            counted.push((expires, uses));
        }
    }
    counted.sort_unstable();
    answered.sort_unstable();
    let shown = format!(
        "sip_authentication: {challenges} challenges, {logins} of them answered with the right secret"
    );
    let most = counted.iter().map(|(_, uses)| *uses).max();
    let tools = counted.first().map(|(expires, _)| Instant::from_seconds(*expires));
    Ok(Some(LoginCounts {
        challenges,
        logins,
        most_uses: most,
        answered,
        tool_expires: tools,
        place: place(source, &shown),
    }))
}

#[cfg(test)]
mod tests {
    use rusqlite::MAIN_DB;

    use super::*;

    fn database(sql: &str) -> Connection {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(sql).unwrap();
        let bytes = connection.serialize(MAIN_DB).unwrap().to_vec();
        sqlite::open(bytes).unwrap()
    }

    #[test]
    fn registrations_and_logins_are_read() {
        let connection = database(
            "CREATE TABLE sip_registrations (sip_user, network_ip, network_port, user_agent, expires BIGINT, contact, sip_host);
             INSERT INTO sip_registrations VALUES ('1001', '198.51.100.7', '5061', 'Phone 1', 1795195074, 'x', 'pbx.example');
             CREATE TABLE sip_authentication (nonce, expires BIGINT, last_nc INTEGER);
             INSERT INTO sip_authentication VALUES ('a', 10, 0), ('b', 20, 1), ('c', 30, 128);",
        );
        let found = bindings(&connection, SourceId(0), &[]).unwrap();
        assert_eq!(found[0].account, "1001");
        assert_eq!(found[0].address, "198.51.100.7".parse().ok());
        assert_eq!(found[0].expires, Some(Instant::from_seconds(1_795_195_074)));
        let counts = counts(&connection, SourceId(0)).unwrap().unwrap();
        assert_eq!((counts.challenges, counts.logins, counts.most_uses), (3, 2, Some(128)));
        assert_eq!(counts.answered, [20, 30]);
    }

    #[test]
    fn the_core_database_tells_registrations_of_all_profiles() {
        let connection = database(
            "CREATE TABLE registrations (reg_user, realm, token, url, expires BIGINT, network_ip, network_port);
             INSERT INTO registrations VALUES ('1001', 'x', 't', 'sofia/internal/sip:1001@198.51.100.7:5061', 1795195074, '198.51.100.7', '5061');",
        );
        let found = core_bindings(&connection, SourceId(0), &[]).unwrap();
        assert_eq!((found[0].account.as_str(), found[0].port), ("1001", Some(5061)));
        assert_eq!(found[0].address, "198.51.100.7".parse().ok());
    }

    #[test]
    fn the_core_database_tells_the_calls_that_are_up() {
        let connection = database(
            "CREATE TABLE channels (uuid, direction, created, name, ip_addr, dest);
             INSERT INTO channels VALUES ('a', 'inbound', '2026-11-20 17:09:07', 'sofia/internal/1007@x', '203.0.113.7', '00882136432302'),
                ('b', 'outbound', '', 'sofia/external/00882136432302', '203.0.113.7', '00882136432302');",
        );
        let calls = channels(&connection, SourceId(0)).unwrap();
        assert_eq!(calls.len(), 1);
        assert_eq!(
            (calls[0].account.as_deref(), calls[0].leads_to.as_str()),
            (Some("1007"), "00882136432302")
        );
    }

    #[test]
    fn a_view_is_not_queried() {
        let connection = database(
            "CREATE VIEW sip_registrations AS WITH RECURSIVE n(a) AS (SELECT 1 UNION ALL SELECT a FROM n) SELECT * FROM n;",
        );
        assert!(bindings(&connection, SourceId(0), &[]).unwrap().is_empty());
    }
}
