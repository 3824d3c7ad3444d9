//! Files that were asked for, and by whom.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::IpAddr;

use super::hash;
use crate::event::{Citation, Instant, Service};

/// Addresses counted one by one.
const MOST_ADDRESSES: usize = 65_536;
/// Files kept by name for each address: more than any server has phones.
const MOST_FILES: usize = 20_000;
/// How soon a server answers, stamps of whole seconds allowed for.
const ANSWER_SECONDS: i64 = 1;
/// Files kept by name for all addresses; each takes about 300 bytes.
const MOST_FILES_OF_ALL: usize = 100_000;
/// Files kept by name for every address, however many the others asked for.
const LEAST_FILES: usize = 4;
/// No file name is longer: TFTP's requests have one packet.
const LONGEST_NAME: usize = 512;
/// Names of missing files told apart for each address: enough to tell a walk from a phone that asks for the
/// same optional files at every start.
const MOST_MISSING: usize = 64;
/// Requests of one address whose refusal may still follow.
const MOST_PENDING: usize = 64;

/// What one address asked for.
#[derive(Clone, Debug, Default)]
pub struct Client {
    /// Files it was given, with time and line: the first ones, each name once.
    pub given: Vec<Fetch>,
    /// How many files it was given.
    pub given_count: u64,
    /// Files it asked for at the very end of the log, where the answer may be missing.
    pub unanswered: Vec<Fetch>,
    /// How often a file was not there.
    pub missing: u64,
    /// How often a file was refused for want of a password or a right.
    pub refused: u64,
    /// First request.
    pub first: Option<Instant>,
    /// Last request.
    pub last: Option<Instant>,
    /// Lines of the first requests that failed.
    pub missing_lines: Vec<Citation>,
    /// Requests whose outcome is still open, with what tells them apart: a refusal follows in a line of
    /// its own.
    pending: VecDeque<(u64, Fetch)>,
    /// Hashes of the names of [`Client::given`].
    known: BTreeSet<u64>,
    /// Hashes of the names of files that are not there, the first few.
    absent: BTreeSet<u64>,
}

/// A file that was given out.
#[derive(Clone, Debug)]
pub struct Fetch {
    /// When.
    pub at: Instant,
    /// Its name as asked for.
    pub file: Box<[u8]>,
    /// From which service.
    pub service: Service,
    /// Did the client give a user's name and password?
    pub has_password: bool,
    /// The line.
    pub line: Citation,
}

impl Fetch {
    /// Returns what the same fetch has in another log: its second and its name.
    fn key(&self) -> (i64, Box<[u8]>) {
        (self.at.seconds(), self.file.clone())
    }
}

/// All requests of one source.
#[derive(Debug, Default)]
pub struct Fetches {
    /// By address.
    pub clients: BTreeMap<IpAddr, Client>,
    /// Services whose requests the source tells, of phones or of others.
    pub services: BTreeSet<Service>,
    /// Requests of addresses beyond the limit.
    pub beyond: u64,
    /// Files of one address that were counted but not kept by name.
    pub nameless: u64,
    /// Files kept, given or asked for.
    kept: usize,
}

impl Fetches {
    fn client(&mut self, address: IpAddr, at: Instant) -> Option<&mut Client> {
        if self.clients.len() >= MOST_ADDRESSES && !self.clients.contains_key(&address) {
            self.beyond += 1;
            return None;
        }
        let client = self.clients.entry(address).or_default();
        client.first = Some(client.first.map_or(at, |first| first.min(at)));
        client.last = Some(client.last.map_or(at, |last| last.max(at)));
        Some(client)
    }

    /// Notes that `address` was given a file, where one line tells request and answer.
    pub fn given(&mut self, address: IpAddr, fetch: Fetch) {
        let is_full = self.kept >= MOST_FILES_OF_ALL;
        let Some(client) = self.client(address, fetch.at) else { return };
        if is_full && client.given.len() >= LEAST_FILES || fetch.file.len() > LONGEST_NAME {
            client.given_count += 1;
            self.nameless += 1;
            return;
        }
        let given = client.give(fetch);
        self.kept += 1;
        self.note(given);
    }

    /// Notes that `address` was refused a file that may be there.
    pub fn refused(&mut self, address: IpAddr, at: Instant) {
        if let Some(client) = self.client(address, at) {
            client.refused += 1;
        }
    }

    /// Notes that a file that `address` asked for is not there, where one line tells request and answer.
    pub fn absent(&mut self, address: IpAddr, file: &[u8], at: Instant, line: Citation) {
        if let Some(client) = self.client(address, at) {
            client.miss(hash(&file), line);
        }
    }

    /// Notes that `address` asked for a file; `session` tells the request from others of the same address.
    pub fn asked(&mut self, address: IpAddr, session: &[u8], fetch: Fetch) {
        let is_full = self.kept >= MOST_FILES_OF_ALL;
        let Some(client) = self.client(address, fetch.at) else { return };
        if is_full && client.given.len() + client.pending.len() >= LEAST_FILES
            || fetch.file.len() > LONGEST_NAME
        {
            client.given_count += 1;
            self.nameless += 1;
            return;
        }
        client.pending.push_back((hash(&session), fetch));
        let given = if client.pending.len() > MOST_PENDING { client.give_oldest() } else { Given::Nothing };
        self.kept += 1;
        self.note(given);
    }

    fn note(&mut self, given: Given) {
        self.kept -= usize::from(matches!(given, Given::Again | Given::Nameless));
        self.nameless += u64::from(given == Given::Nameless);
    }

    /// Notes that a file that `address` asked for is not there; `file` is empty where the line has no name.
    pub fn missing(&mut self, address: IpAddr, session: &[u8], file: &[u8], at: Instant, line: Citation) {
        let mut was_kept = false;
        if let Some(client) = self.client(address, at) {
            let session = hash(&session);
            let place = client
                .pending
                .iter()
                .rposition(|(asked, fetch)| *asked == session && (file.is_empty() || *fetch.file == *file));
            let asked = place.and_then(|place| client.pending.remove(place));
            was_kept = asked.is_some();
            // A refusal without a name and without its request tells no more than that it is another one.
            let name = asked.map_or_else(
                || if file.is_empty() { session } else { hash(&file) },
                |(_, asked)| hash(&asked.file),
            );
            client.miss(name, line);
        }
        self.kept -= usize::from(was_kept);
    }

    /// Counts the requests that nothing refused as given, but for those with which the log ends: it does
    /// so at `end`, and the refusal may be cut off.
    pub fn settle(&mut self, end: Option<Instant>) {
        for client in self.clients.values_mut() {
            let is_open = |fetch: &Fetch| end.is_none_or(|end| end.seconds_since(fetch.at) <= ANSWER_SECONDS);
            let (open, known): (VecDeque<_>, VecDeque<_>) =
                std::mem::take(&mut client.pending).into_iter().partition(|(_, fetch)| is_open(fetch));
            client.pending = known;
            client.unanswered = open.into_iter().map(|(_, fetch)| fetch).collect();
            while !client.pending.is_empty() {
                self.nameless += u64::from(client.give_oldest() == Given::Nameless);
            }
        }
    }
}

/// What became of a request that nothing refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Given {
    /// There was none.
    Nothing,
    /// Its name is kept.
    Kept,
    /// Its name was kept already.
    Again,
    /// There was no room for its name.
    Nameless,
}

impl Client {
    /// Returns how many requests it made.
    pub fn requests(&self) -> u64 {
        self.given_count + self.missing + self.refused + self.unanswered.len() as u64
    }

    /// Counts the oldest open request as given.
    fn give_oldest(&mut self) -> Given {
        self.pending.pop_front().map_or(Given::Nothing, |(_, fetch)| self.give(fetch))
    }

    fn give(&mut self, fetch: Fetch) -> Given {
        self.given_count += 1;
        if self.known.contains(&hash(&fetch.file)) {
            return Given::Again;
        }
        if self.given.len() >= MOST_FILES {
            return Given::Nameless;
        }
        self.known.insert(hash(&fetch.file));
        self.given.push(fetch);
        Given::Kept
    }

    fn miss(&mut self, name: u64, line: Citation) {
        self.missing += 1;
        if self.absent.len() < MOST_MISSING {
            self.absent.insert(name);
        }
        if self.missing_lines.len() < 2 {
            self.missing_lines.push(line);
        }
    }

    /// Returns how many different files it asked for that are not there, counted up to a limit.
    pub fn absent_names(&self) -> u64 {
        self.absent.len() as u64
    }

    /// Adds what another file of the same log tells of the same client.
    pub fn add(&mut self, other: Client) {
        self.given_count += other.given_count;
        self.missing += other.missing;
        self.refused += other.refused;
        self.join(&other);
        self.unanswered.extend(other.unanswered);
        self.given.extend(other.given);
    }

    /// Takes in what another log tells of the same client: the same again, or something else.
    pub fn take_fuller(&mut self, other: Client) {
        self.given_count = self.given_count.max(other.given_count);
        self.missing = self.missing.max(other.missing);
        self.refused = self.refused.max(other.refused);
        self.join(&other);
        let known: BTreeSet<(i64, Box<[u8]>)> = self.given.iter().map(Fetch::key).collect();
        self.given.extend(other.given.into_iter().filter(|fetch| !known.contains(&fetch.key())));
        // What another log tells the answer of is no longer open.
        let known: BTreeSet<(i64, Box<[u8]>)> =
            self.given.iter().chain(&self.unanswered).map(Fetch::key).collect();
        self.unanswered.extend(other.unanswered.into_iter().filter(|fetch| !known.contains(&fetch.key())));
    }

    fn join(&mut self, other: &Client) {
        self.missing_lines.extend(other.missing_lines.iter().cloned());
        let room = MOST_MISSING.saturating_sub(self.absent.len());
        self.absent.extend(other.absent.iter().take(room));
        self.first = [self.first, other.first].into_iter().flatten().min();
        self.last = self.last.max(other.last);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Place, SourceId};

    fn line() -> Citation {
        Citation::new(Place { source: SourceId(0), offset: 0, line: 1 }, b"")
    }

    fn given(tell: impl FnOnce(&mut Fetches, IpAddr)) -> Vec<String> {
        let address = IpAddr::from([192, 0, 2, 9]);
        let mut fetches = Fetches::default();
        tell(&mut fetches, address);
        fetches.settle(Some(Instant::from_seconds(60)));
        let names = fetches.clients[&address].given.iter();
        names.map(|fetch| String::from_utf8_lossy(&fetch.file).into_owned()).collect()
    }

    fn ask(fetches: &mut Fetches, address: IpAddr, session: &[u8], file: &str) {
        let fetch = Fetch {
            at: Instant(0),
            file: file.as_bytes().into(),
            service: Service::Tftp,
            has_password: false,
            line: line(),
        };
        fetches.asked(address, session, fetch);
    }

    #[test]
    fn a_refusal_takes_back_the_request_of_its_own_process() {
        let names = given(|fetches, address| {
            ask(fetches, address, b"in.tftpd[7]", "nope.cfg");
            ask(fetches, address, b"in.tftpd[8]", "phone.cfg");
            fetches.missing(address, b"in.tftpd[7]", b"", Instant(0), line());
        });
        assert_eq!(names, ["phone.cfg"]);
    }

    #[test]
    fn the_request_that_a_log_ends_with_is_not_known_to_be_granted() {
        let address = IpAddr::from([192, 0, 2, 9]);
        for (end, given) in [(0, 0), (1, 0), (2, 1)] {
            let mut fetches = Fetches::default();
            ask(&mut fetches, address, b"in.tftpd[7]", "phone.cfg");
            fetches.settle(Some(Instant::from_seconds(end)));
            let client = &fetches.clients[&address];
            assert_eq!((client.given.len(), client.unanswered.len()), (given, 1 - given), "{end}");
            assert_eq!(client.requests(), 1);
        }
    }

    #[test]
    fn a_refusal_with_a_name_takes_back_that_file_only() {
        let names = given(|fetches, address| {
            ask(fetches, address, b"dnsmasq-tftp[7]", "phone.cfg");
            fetches.missing(address, b"dnsmasq-tftp[7]", b"nope.cfg", Instant(0), line());
        });
        assert_eq!(names, ["phone.cfg"]);
    }

    #[test]
    fn a_file_that_is_gone_later_was_given_all_the_same() {
        let names = given(|fetches, address| {
            let fetch = Fetch {
                at: Instant(0),
                file: (*b"/phone.cfg").into(),
                service: Service::Web,
                has_password: false,
                line: line(),
            };
            fetches.given(address, fetch);
            fetches.absent(address, b"/phone.cfg", Instant(1), line());
            fetches.refused(address, Instant(2));
        });
        assert_eq!(names, ["/phone.cfg"]);
    }

    #[test]
    fn the_same_optional_file_is_one_name() {
        let address = IpAddr::from([192, 0, 2, 9]);
        let mut fetches = Fetches::default();
        for start in 0..9 {
            fetches.absent(address, b"/001565aabbcc-web.cfg", Instant(start), line());
        }
        assert_eq!((fetches.clients[&address].missing, fetches.clients[&address].absent_names()), (9, 1));
    }

    #[test]
    fn many_other_files_do_not_hide_one() {
        let names = given(|fetches, address| {
            for number in 0..5_000 {
                ask(fetches, address, b"", &format!("{number}.cfg"));
                ask(fetches, address, b"", "again.cfg");
            }
            ask(fetches, address, b"", "phone.cfg");
        });
        assert!(names.iter().any(|name| name == "phone.cfg"));
        assert_eq!(names.len(), 5_002, "each name is kept once");
    }
}
