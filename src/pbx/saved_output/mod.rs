//! What somebody saved of the server's own commands: who was registered when the evidence was taken, and which calls
//! were up.
//!
//! Read are `sip show peers`, `iax2 show peers`, `pjsip show contacts` (and the contacts in `pjsip show endpoints` and
//! `aors`), FreeSWITCH's `sofia status profile NAME reg` and `show registrations`, and the lists of [`calls`]. Asterisk
//! cuts a long contact to fit its column, so an address counts only where something follows it.
//! `pjsip show registrations` and `sip show registry` list the server's own registrations with carriers: no phone's.

pub(super) mod calls;

use super::address::{host_and_port, of_uri};
use super::model::{Binding, Pbx, Problem};
use crate::event::{Citation, Instant, Place, SourceId};
use crate::evidence::{Evidence, Kind};

/// Bytes of a file that are read.
const LONGEST: usize = 4 * 1024 * 1024;
/// Contacts of one file.
const MOST_BINDINGS: usize = 20_000;
/// What a file of one of the commands has in its beginning.
const MARKS: [&[u8]; 5] = [
    b"Name/username ",
    b"Name/Username ",
    b"Contact:  <Aor/ContactUri",
    b"Registrations:\n====",
    b"reg_user,realm,token,url,expires,network_ip,network_port",
];
/// Bytes in which they stand.
const LOOKED_AT: usize = 4 * 1024;

/// Returns whether a file begins as the saved output of a command does that is read here.
pub fn is_saved_output(head: &[u8]) -> bool {
    let first = head.get(..LOOKED_AT).unwrap_or(head);
    MARKS.iter().any(|mark| memchr::memmem::find(first, mark).is_some()) || calls::is_list(first)
}

/// Reads the contacts that every saved output names.
pub(super) fn read_all(evidence: &Evidence, pbx: &mut Pbx) {
    let is_one =
        |source: &&crate::evidence::Source| source.kind == Kind::SavedOutput && source.duplicate_of.is_none();
    for source in evidence.sources.iter().filter(is_one) {
        match evidence.read_small(source, LONGEST) {
            Ok(bytes) => {
                pbx.bindings.extend(bindings(source.id, &bytes));
                pbx.live_calls.extend(calls::of(source.id, &bytes));
            }
            Err(error) => {
                let what = format!("cannot be read: {error}");
                pbx.problems.push(Problem { path: source.file.path.clone(), what });
            }
        }
    }
}

fn bindings(source: SourceId, bytes: &[u8]) -> Vec<Binding> {
    let mut found: Vec<Binding> = Vec::new();
    let (mut user, mut agent) = (String::new(), None);
    let mut offset = 0;
    for (number, raw) in bytes.split_inclusive(|&byte| byte == b'\n').enumerate() {
        let line = String::from_utf8_lossy(raw);
        let line = line.trim();
        let place = Place { source, offset, line: u32::try_from(number + 1).unwrap_or(u32::MAX) };
        offset += raw.len() as u64;
        if found.len() >= MOST_BINDINGS {
            break;
        }
        let place = || Citation::new(place, raw.trim_ascii());
        match line.split_once(':').map(|(name, value)| (name, value.trim())) {
            // The name of an item comes before its address.
            Some(("User", value)) => {
                (user, agent) = (value.split('@').next().unwrap_or_default().to_owned(), None);
            }
            Some(("Agent", value)) => agent = Some(value.to_owned()),
            Some(("IP", value)) if !user.is_empty() => {
                let account = std::mem::take(&mut user);
                found.push(Binding { user_agent: agent.take(), ..bound(&account, value, place()) });
            }
            Some(("Port", value)) => {
                if let Some(last) = found.last_mut().filter(|last| last.port.is_none()) {
                    last.port = value.parse().ok();
                }
            }
            Some(("Contact", value)) => found.extend(contact(value, place)),
            _ => found.extend(peer(line, place).or_else(|| registration(line, place))),
        }
    }
    found.retain(|binding| binding.address.is_some());
    found
}

fn bound(account: &str, address: &str, place: Citation) -> Binding {
    Binding {
        account: account.to_owned(),
        address: address.parse().ok(),
        port: None,
        user_agent: None,
        expires: None,
        place,
    }
}

/// Reads `304/sip:304@198.51.100.7:49152;ob  d1f3c9bbf2 Avail 12.345`.
fn contact(value: &str, place: impl Fn() -> Citation) -> Option<Binding> {
    let (account, rest) = value.split_once('/')?;
    let uri = rest.split_whitespace().next()?;
    let after_user = uri.split_once('@').map_or(uri, |(_, after)| after);
    // Nothing behind the address: it may be cut.
    let is_whole = after_user.trim_start_matches("sip:").contains([':', ';', '>']);
    let (host, _) = host_and_port(of_uri(uri));
    is_whole.then(|| bound(account, host, place()))
}

/// Reads `304/304  198.51.100.7  D  Auto (No)  No  A  5060  OK (12 ms)`, of IAX2 with a `(D)`; only what is marked so
/// registered.
fn peer(line: &str, place: impl Fn() -> Citation) -> Option<Binding> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [name, address, "D" | "(D)", rest @ ..] = words.as_slice() else { return None };
    let account = name.split('/').next().unwrap_or(name);
    let port = rest.iter().find_map(|word| word.parse().ok());
    Some(Binding { port, ..bound(account, address, place()) })
}

/// Reads `1001,realm,token,url,1795195074,198.51.100.7,5060,udp,pbx01,`.
fn registration(line: &str, place: impl Fn() -> Citation) -> Option<Binding> {
    let fields: Vec<&str> = line.split(',').collect();
    let [user, _, _, _, expires, address, port, _, ..] = fields.as_slice() else { return None };
    let expires = expires.parse().ok().map(Instant::from_seconds)?;
    Some(Binding { port: port.parse().ok(), expires: Some(expires), ..bound(user, address, place()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<String> {
        assert!(is_saved_output(text.as_bytes()), "{text}");
        let found = bindings(SourceId(0), text.as_bytes());
        let shown = |held: &Binding| {
            let address = held.address.map(|address| address.to_string()).unwrap_or_default();
            format!(
                "{} {address} {:?} {:?} {}",
                held.account, held.port, held.user_agent, held.place.place.line
            )
        };
        found.iter().map(shown).collect()
    }

    #[test]
    fn contacts_of_asterisk_are_read() {
        let peers = "\
Name/username             Host                                    Dyn Forcerport Comedia    ACL Port     Status      Description
304/304                   198.51.100.7                             D  Auto (No)  No          A  49152    OK (12 ms)
305                       (Unspecified)                            D  Auto (No)  No             0        UNKNOWN
carrier                   203.0.113.4                                 Auto (No)  No             5060     Unmonitored
3 sip peers [Monitored: 1 online, 1 offline Unmonitored: 1 online, 0 offline]
";
        assert_eq!(told(peers), ["304 198.51.100.7 Some(49152) None 2"]);
        let iax = "\
Name/Username    Host                                          Mask                                      Port          Status       Description
branch           198.51.100.9                             (D)  (null)                                    4569          OK (31 ms)
carrier/us       203.0.113.4                              (S)  (null)                                    4569          Unmonitored
";
        assert_eq!(told(iax), ["branch 198.51.100.9 Some(4569) None 2"]);
        let contacts = "
  Contact:  <Aor/ContactUri..............................> <Hash....> <Status> <RTT(ms)..>
==========================================================================================

  Contact:  304/sip:304@198.51.100.7:49152;ob             d1f3c9bbf2 Avail        12.345
  Contact:  305/sip:305@198.51.100.20                      d1f3c9bbf3 NonQual         nan

Objects found: 2
";
        assert_eq!(told(contacts), ["304 198.51.100.7 None None 5"]);
    }

    #[test]
    fn registrations_of_freeswitch_are_read() {
        let status = "
Registrations:
=================================================================================================
Call-ID:    \t35a26a7c@198.51.100.7
User:       \t1001@pbx.example
Contact:    \t\"\" <sip:1001@10.0.0.5:5060>
Agent:      \tPhone 1.2
Status:     \tRegistered(UDP)(unknown) EXP(2026-11-20 17:57:54) EXPSECS(3580)
IP:         \t198.51.100.7
Port:       \t5061

Total items returned: 1
";
        assert_eq!(told(status), ["1001 198.51.100.7 Some(5061) Some(\"Phone 1.2\") 9"]);
        let shown = "reg_user,realm,token,url,expires,network_ip,network_port,network_proto,hostname,metadata
1001,pbx.example,35a,sofia/internal/sip:1001@10.0.0.5:5060,1795195074,198.51.100.7,5061,udp,pbx01,

1 total.
";
        assert_eq!(told(shown), ["1001 198.51.100.7 Some(5061) None 2"]);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read(text in "(Contact:|User:|IP:|Name/username|[ -~]|\n){0,80}") {
            let _ = bindings(SourceId(0), text.as_bytes());
        }
    }
}
