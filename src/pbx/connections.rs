//! Connections that were up when the evidence was collected: what `ss` and `netstat` printed, and what Velociraptor's
//! `Linux.Network.Netstat` and `NetstatEnriched` reported.
//!
//! Telephony over UDP has none; a web shell, the manager interface, SSH and SIP over TCP have. What lies in a folder of a
//! disk was printed who knows when, and is passed over.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use serde_json::Value;

use super::model::{Pbx, Problem};
use crate::artifacts::place::is_off_disk;
use crate::event::{Citation, Place, SourceId};
use crate::evidence::{Evidence, Kind};

/// Bytes of a list that are read.
const LONGEST: usize = 8 * 1024 * 1024;
/// Connections of one case.
const MOST: usize = 50_000;
/// The longest name of a program that is kept, in bytes.
const LONGEST_NAME: usize = 64;
/// Lines in which the heading stands.
const LOOKED_AT: usize = 20;

/// A connection with another machine.
#[derive(Clone, Debug)]
pub struct Connection {
    /// The port of this host.
    pub own_port: u16,
    /// The other machine.
    pub address: IpAddr,
    /// Its port.
    pub port: u16,
    /// The program that holds it, where the list tells.
    pub program: Option<String>,
    /// Where it stands.
    pub place: Citation,
}

/// Returns whether a file is such a list, from its path and its first bytes.
pub fn is_connection_list(path: &str, head: &[u8]) -> bool {
    let text = String::from_utf8_lossy(head);
    is_off_disk(path) && text.lines().take(LOOKED_AT).any(|line| is_heading(line) || is_reported(line))
}

fn is_heading(line: &str) -> bool {
    let begins = ["Netid ", "State ", "Proto "].iter().any(|word| line.starts_with(word));
    begins && line.contains("Recv-Q") && line.contains("Local Address")
}

fn is_reported(line: &str) -> bool {
    line.starts_with('{') && ["\"Laddr\"", "\"Raddr\"", "\"Status\""].iter().all(|name| line.contains(name))
}

/// Reads the lists of the evidence; several may tell of one connection.
pub(super) fn read_all(evidence: &Evidence, pbx: &mut Pbx) {
    let mut found: BTreeMap<(IpAddr, u16, u16), Connection> = BTreeMap::new();
    for source in evidence.sources.iter().filter(|source| source.kind == Kind::Connections) {
        let bytes = match evidence.read_small(source, LONGEST) {
            Ok(bytes) => bytes,
            Err(error) => {
                let what = format!("cannot be read: {error}");
                pbx.problems.push(Problem { path: source.file.path.clone(), what });
                continue;
            }
        };
        for connection in of(source.id, &bytes) {
            let key = (connection.address, connection.port, connection.own_port);
            let is_better = |held: &Connection| held.program.is_none() && connection.program.is_some();
            if found.get(&key).map_or(found.len() < MOST, is_better) {
                found.insert(key, connection);
            }
        }
    }
    pbx.connections = found.into_values().collect();
}

fn of(source: SourceId, bytes: &[u8]) -> Vec<Connection> {
    let mut found = Vec::new();
    let mut offset = 0;
    for (number, raw) in bytes.split_inclusive(|&byte| byte == b'\n').enumerate() {
        let place = Place { source, offset, line: u32::try_from(number + 1).unwrap_or(u32::MAX) };
        offset += raw.len() as u64;
        let line = String::from_utf8_lossy(raw);
        let read = if line.starts_with('{') { reported(&line) } else { printed(&line) };
        let Some((own, other, program)) = read.filter(|_| found.len() < MOST) else { continue };
        let program = program.filter(|name| name.len() <= LONGEST_NAME);
        let (address, own_port) = (other.ip().to_canonical(), own.port());
        // What a host says to itself is no connection with another.
        if address != own.ip().to_canonical() && !address.is_loopback() {
            let place = Citation::new(place, raw.trim_ascii());
            found.push(Connection { own_port, address, port: other.port(), program, place });
        }
    }
    found
}

type Read = (SocketAddr, SocketAddr, Option<String>);

/// Reads `ESTAB 0 0 192.0.2.1:22 203.0.113.9:40022 users:(("sshd",pid=812,fd=4))` of `ss`, whatever stands before it, or
/// `tcp 0 0 192.0.2.1:22 203.0.113.9:40022 ESTABLISHED 812/sshd: root` of `netstat`.
fn printed(line: &str) -> Option<Read> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let (own, program) = match words.iter().take(2).position(|word| *word == "ESTAB") {
        Some(state) => {
            let quoted = words.get(state + 5).and_then(|users| users.split('"').nth(1));
            (state + 3, quoted.map(str::to_owned))
        }
        None => {
            let is_up = words.first()?.starts_with("tcp") && words.get(5) == Some(&"ESTABLISHED");
            let holder = words.get(6..)?.iter().find_map(|word| word.split_once('/'));
            let holder = holder.filter(|(id, _)| id.bytes().all(|byte| byte.is_ascii_digit()));
            (is_up.then_some(3)?, holder.map(|(_, name)| name.trim_end_matches(':').to_owned()))
        }
    };
    Some((socket(words.get(own)?)?, socket(words.get(own + 1)?)?, program))
}

/// Reads `192.0.2.1:5060`, `[2001:db8::1]:5061`, `2001:db8::1:5061` of `netstat`, `10.0.0.1%eth0:22`.
fn socket(text: &str) -> Option<SocketAddr> {
    let (address, port) = text.rsplit_once(':')?;
    let address = address.trim_start_matches('[').trim_end_matches(']');
    let address = address.split('%').next()?;
    Some(SocketAddr::new(address.parse().ok()?, port.parse().ok()?))
}

/// Reads a row of Velociraptor's, whose addresses are texts or objects of `IP` and `Port`.
fn reported(line: &str) -> Option<Read> {
    let row: Value = serde_json::from_str(line).ok()?;
    if !row.get("Status")?.as_str()?.starts_with("ESTAB") {
        return None;
    }
    let socket = |address: &str, port: &str| {
        let held = row.get(address)?;
        let text = held.as_str().or_else(|| held.get("IP")?.as_str())?;
        let number = row.get(port).or_else(|| held.get("Port"))?.as_u64()?;
        Some(SocketAddr::new(text.parse().ok()?, u16::try_from(number).ok()?))
    };
    let program = row.pointer("/ProcInfo/Name").and_then(Value::as_str).map(str::to_owned);
    Some((socket("Laddr", "Lport")?, socket("Raddr", "Rport")?, program))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<String> {
        assert!(is_connection_list("live_response/network/list.txt", text.as_bytes()), "{text}");
        assert!(!is_connection_list("rootfs/root/list.txt", text.as_bytes()), "{text}");
        of(SourceId(0), text.as_bytes())
            .iter()
            .map(|one| {
                let program = one.program.as_deref().unwrap_or("-");
                format!("{} {}:{} {program} {}", one.own_port, one.address, one.port, one.place.place.line)
            })
            .collect()
    }

    #[test]
    fn connections_are_read_in_every_form() {
        let ss = "\
Netid State  Recv-Q Send-Q Local Address:Port   Peer Address:Port Process
udp   UNCONN 0      0            0.0.0.0:5060        0.0.0.0:*    users:((\"asterisk\",pid=812,fd=14))
tcp   LISTEN 0      128          0.0.0.0:22          0.0.0.0:*    users:((\"sshd\",pid=700,fd=3))
tcp   ESTAB  0      0          192.0.2.1:5038    203.0.113.9:40022 users:((\"asterisk\",pid=812,fd=20))
tcp   ESTAB  0      0   [::ffff:192.0.2.1]:443 [::ffff:203.0.113.9]:40023
tcp   ESTAB  0      0          127.0.0.1:5038    127.0.0.1:40022 users:((\"asterisk\",pid=812,fd=21))
tcp   ESTAB  0      0          192.0.2.1:5038    192.0.2.1:40022
";
        let expected = ["5038 203.0.113.9:40022 asterisk 4", "443 203.0.113.9:40023 - 5"];
        assert_eq!(told(ss), expected);
        let tcp_alone = "\
State  Recv-Q Send-Q Local Address:Port  Peer Address:Port Process
ESTAB  0      0      10.0.0.5%eth0:22    203.0.113.9:40022 users:((\"sshd\",pid=812,fd=4))
";
        assert_eq!(told(tcp_alone), ["22 203.0.113.9:40022 sshd 2"]);
        let netstat = "\
Active Internet connections (servers and established)
Proto Recv-Q Send-Q Local Address           Foreign Address         State       PID/Program name
tcp        0      0 0.0.0.0:22              0.0.0.0:*               LISTEN      700/sshd
tcp        0      0 192.0.2.1:22            203.0.113.9:40022       ESTABLISHED 812/sshd: root@pts/0
tcp6       0      0 2001:db8::1:443         2001:db8::9:40023       ESTABLISHED 33 91234 900/httpd
tcp        0      0 192.0.2.1:22            203.0.113.9:40024       TIME_WAIT   -
";
        assert_eq!(told(netstat), ["22 203.0.113.9:40022 sshd 4", "443 2001:db8::9:40023 httpd 5"]);
        let reported = "\
{\"Laddr\":\"192.0.2.1\",\"Lport\":22,\"Raddr\":\"203.0.113.9\",\"Rport\":40022,\"Pid\":812,\"Status\":\"ESTAB\",\"ProcInfo\":{\"Name\":\"sshd\"}}
{\"Laddr\":{\"IP\":\"192.0.2.1\",\"Port\":22},\"Raddr\":{\"IP\":\"203.0.113.9\",\"Port\":40023},\"Status\":\"ESTAB\"}
{\"Laddr\":\"192.0.2.1\",\"Lport\":22,\"Raddr\":\"0.0.0.0\",\"Rport\":0,\"Status\":\"LISTEN\"}
";
        assert_eq!(told(reported), ["22 203.0.113.9:40022 sshd 1", "22 203.0.113.9:40023 - 2"]);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read(text in "(ESTAB |tcp 0 0 |ESTABLISHED |\\{\"Raddr\":|203\\.0\\.113\\.9:40|[ -~é]|\n){0,60}") {
            let _ = of(SourceId(0), text.as_bytes());
        }
    }
}
