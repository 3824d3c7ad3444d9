//! Web requests that may be an intruder's: those that fit a published mark, those to pages that bear one, and
//! bare requests to pages that were not there before. All others are only counted, elsewhere.
//!
//! A person's browser says from which page it comes; who talks to a page left behind does not. A request
//! is *bare* where it sends something and names no page before.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::downloads::Downloads;
use super::panel_edits::PanelEdits;
use crate::event::{Citation, Instant};
use crate::indicators;

/// Pairs of address and mark, or of page and address, that are counted one by one.
const MOST_PAIRS: usize = 16_384;
/// Pages whose absence is remembered.
const MOST_MISSING: usize = 8_192;
/// Instants of requests to one page from one address that are kept: a call is joined to one of them.
const MOST_INSTANTS: usize = 10_000;
/// Lines kept of one pair.
const MOST_LINES: usize = 3;
/// No path of a page is longer.
const LONGEST_PATH: usize = 512;

/// Pages of the evidence that bear a mark, by their names: whose paths on the disk end as a request's does.
#[derive(Debug, Default)]
pub struct MarkedPages {
    by_name: BTreeMap<Vec<u8>, Vec<Vec<u8>>>,
}

impl MarkedPages {
    /// Collects paths on the disk.
    pub fn new<'p>(paths: impl Iterator<Item = &'p str>) -> Self {
        let mut pages = MarkedPages::default();
        for path in paths {
            let path = path.to_ascii_lowercase().into_bytes();
            let name = path.rsplit(|&byte| byte == b'/').next().unwrap_or_default().to_vec();
            pages.by_name.entry(name).or_default().push(path);
        }
        pages
    }

    /// Returns the page that a request's path, decoded and in small letters, leads to.
    fn of(&self, path: &[u8]) -> Option<&[u8]> {
        let name = path.rsplit(|&byte| byte == b'/').next().unwrap_or_default();
        let known = self.by_name.get(name)?;
        known.iter().find(|known| known.ends_with(path)).map(Vec::as_slice)
    }
}

/// A request as its line tells it.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// When.
    pub at: Instant,
    /// By whom.
    pub address: IpAddr,
    /// Method and status: `POST 200`.
    pub outcome: &'a str,
    /// What was asked for.
    pub target: &'a [u8],
    /// Does it say from which page it comes?
    pub has_referrer: bool,
}

/// How often one address sent requests that fit one mark.
#[derive(Clone, Debug)]
pub struct Attack {
    /// All of them.
    pub count: u64,
    /// Those that the server did not turn away.
    pub answered: u64,
    /// The first.
    pub first: Instant,
    /// The last.
    pub last: Instant,
    /// The first that was answered, and the last.
    pub reached: Option<(Instant, Instant)>,
    /// When they were answered, in order of the log; the first few thousand.
    pub instants: Vec<Instant>,
    /// Lines, those that were answered first.
    pub lines: Vec<Citation>,
}

/// How one address used one page.
#[derive(Clone, Debug)]
pub struct Visits {
    /// Requests that sent something.
    pub uses: u64,
    /// Requests that only looked.
    pub looks: u64,
    /// The first.
    pub first: Instant,
    /// The last.
    pub last: Instant,
    /// When something was sent, in order of the log; the first few thousand.
    pub instants: Vec<Instant>,
    /// Lines.
    pub lines: Vec<Citation>,
}

/// What one address did at the panel's login.
#[derive(Clone, Debug, Default)]
pub struct Logins {
    /// Wrong passwords before the first right one, or all of them.
    pub refused: u64,
    /// The first wrong one.
    pub first_refused: Option<Instant>,
    /// The last of those.
    pub last_refused: Option<Instant>,
    /// The line that tells of the first.
    pub refused_line: Option<Citation>,
    /// The first that was accepted.
    pub accepted: Option<(Instant, Citation)>,
}

/// What a source tells of such requests.
#[derive(Debug, Default)]
pub struct Web {
    /// By address and mark, which is its place among all indicators.
    pub attacks: BTreeMap<(IpAddr, usize), Attack>,
    /// Requests to pages, by the page's path on the disk where it bears a mark, else by the path asked for.
    pub pages: BTreeMap<(Box<[u8]>, IpAddr), Visits>,
    /// The first time that a page was not there.
    pub missing: BTreeMap<Box<[u8]>, (Instant, Citation)>,
    /// When a page failed in the database for an address, first.
    pub failed: BTreeMap<IpAddr, (Instant, Citation)>,
    /// Logins at the panel, by address and user.
    pub logins: BTreeMap<(IpAddr, Box<[u8]>), Logins>,
    /// When an address worked in FreePBX's panel first: it answers this to those only who are logged in.
    pub sessions: BTreeMap<IpAddr, (Instant, Citation)>,
    /// What addresses that campaigns worked from asked for: how often, and the first lines.
    pub published: BTreeMap<IpAddr, (u64, Vec<Citation>)>,
    /// Files with secrets that were given out.
    pub downloads: Downloads,
    /// Requests that wrote an extension in the panel.
    pub edits: PanelEdits,
    /// Were there requests at all?
    pub has_requests: bool,
    /// Requests beyond the limits.
    pub beyond: u64,
}

impl Web {
    /// Takes a request.
    pub fn request(&mut self, request: &Request<'_>, pages: &MarkedPages, line: &dyn Fn() -> Citation) {
        self.has_requests = true;
        let (method, status) = request.outcome.split_once(' ').unwrap_or((request.outcome, ""));
        let status: u16 = status.parse().unwrap_or(0);
        let decoded = indicators::decoded(method.as_bytes(), request.target);
        for mark in indicators::of_request(&decoded) {
            self.attack(request, mark, status, line);
        }
        let target = decoded.get(method.len() + 1..).unwrap_or_default();
        let end = memchr::memchr(b'?', target).unwrap_or(target.len());
        let path = target.get(..end).unwrap_or_default();
        if path.len() > LONGEST_PATH || !path.starts_with(b"/") {
            return;
        }
        let is_asked =
            (200..300).contains(&status) && request.has_referrer && path.ends_with(b"/admin/ajax.php");
        // What a page of the panel was sent is answered by its form for the login, unless somebody is logged in.
        let is_sent = (method, status) == ("POST", 302)
            && path.ends_with(b"/admin/config.php")
            && memchr::memmem::find(target, b"display=").is_some();
        if is_asked || is_sent {
            self.session(request, line);
        }
        let marked = pages.of(path);
        let is_page = marked.is_some() || is_page(path);
        match status {
            404 | 410 if is_page => self.absent(path, request.at, line),
            200..=399 if is_page => {
                let is_bare =
                    !request.has_referrer && (method == "POST" || (method == "GET" && end < target.len()));
                // Of pages without a mark only bare requests by POST count: a panel's own come from its pages.
                if marked.is_some() || (is_bare && method == "POST") {
                    let sends = if marked.is_some() { method == "POST" || end < target.len() } else { true };
                    self.visit(marked.unwrap_or(path), request, sends, line);
                }
            }
            _ => {}
        }
    }

    fn attack(&mut self, request: &Request<'_>, mark: usize, status: u16, line: &dyn Fn() -> Citation) {
        let key = (request.address, mark);
        if self.attacks.len() >= MOST_PAIRS && !self.attacks.contains_key(&key) {
            self.beyond += 1;
            return;
        }
        // A query that breaks a page is answered with 500 just where it was reached.
        let is_answered = matches!(status, 200..=399 | 500);
        let attack = self.attacks.entry(key).or_insert_with(|| Attack {
            count: 0,
            answered: 0,
            first: request.at,
            last: request.at,
            reached: None,
            instants: Vec::new(),
            lines: Vec::new(),
        });
        attack.count += 1;
        attack.first = attack.first.min(request.at);
        attack.last = attack.last.max(request.at);
        if is_answered {
            if attack.answered == 0 {
                attack.lines.clear();
            }
            attack.answered += 1;
            if attack.instants.len() < MOST_INSTANTS {
                attack.instants.push(request.at);
            }
            let (first, last) = attack.reached.unwrap_or((request.at, request.at));
            attack.reached = Some((first.min(request.at), last.max(request.at)));
        }
        if attack.lines.len() < MOST_LINES && (is_answered || attack.answered == 0) {
            attack.lines.push(line());
        }
    }

    /// Takes what an address did that a campaign worked from.
    pub fn published(&mut self, address: IpAddr, line: &dyn Fn() -> Citation) {
        let (count, lines) = self.published.entry(address).or_default();
        *count += 1;
        if lines.len() < MOST_LINES {
            lines.push(line());
        }
    }

    fn session(&mut self, request: &Request<'_>, line: &dyn Fn() -> Citation) {
        if let Some((first, kept)) = self.sessions.get_mut(&request.address) {
            if request.at < *first {
                (*first, *kept) = (request.at, line());
            }
        } else if self.sessions.len() < MOST_PAIRS {
            self.sessions.insert(request.address, (request.at, line()));
        }
    }

    fn absent(&mut self, path: &[u8], at: Instant, line: &dyn Fn() -> Citation) {
        if let Some((first, kept)) = self.missing.get_mut(path) {
            if at < *first {
                (*first, *kept) = (at, line());
            }
        } else if self.missing.len() < MOST_MISSING {
            self.missing.insert(path.into(), (at, line()));
        }
    }

    fn visit(&mut self, page: &[u8], request: &Request<'_>, sends: bool, line: &dyn Fn() -> Citation) {
        let key = (page.into(), request.address);
        if self.pages.len() >= MOST_PAIRS && !self.pages.contains_key(&key) {
            self.beyond += 1;
            return;
        }
        let at = request.at;
        let visits = self.pages.entry(key).or_insert_with(|| Visits {
            uses: 0,
            looks: 0,
            first: at,
            last: at,
            instants: Vec::new(),
            lines: Vec::new(),
        });
        visits.first = visits.first.min(at);
        visits.last = visits.last.max(at);
        let count = if sends { &mut visits.uses } else { &mut visits.looks };
        *count += 1;
        if sends && visits.instants.len() < MOST_INSTANTS {
            visits.instants.push(at);
        }
        if visits.lines.len() < MOST_LINES {
            visits.lines.push(line());
        }
    }

    /// Takes a line of the error log: a page whose query of the database broke.
    pub fn error(&mut self, address: IpAddr, at: Instant, said: &[u8], line: &dyn Fn() -> Citation) {
        const BROKEN: [&[u8]; 3] = [b"SQLSTATE[", b"error in your SQL syntax", b"XPATH syntax error"];
        let is_broken = BROKEN.iter().any(|words| memchr::memmem::find(said, words).is_some());
        if is_broken && self.failed.len() < MOST_PAIRS {
            self.failed.entry(address).or_insert_with(|| (at, line()));
        }
    }

    /// Takes a login at the panel.
    pub fn login(
        &mut self,
        address: IpAddr,
        user: &[u8],
        at: Instant,
        is_accepted: bool,
        line: &dyn Fn() -> Citation,
    ) {
        let user = user.get(..LONGEST_PATH).unwrap_or(user);
        let key = (address, user.into());
        if self.logins.len() >= MOST_PAIRS && !self.logins.contains_key(&key) {
            self.beyond += 1;
            return;
        }
        let logins = self.logins.entry(key).or_default();
        match (is_accepted, &logins.accepted) {
            (true, None) => logins.accepted = Some((at, line())),
            (false, None) => {
                logins.refused += 1;
                if logins.first_refused.is_none_or(|first| at < first) {
                    logins.first_refused = Some(at);
                    logins.refused_line = Some(line());
                }
                logins.last_refused = logins.last_refused.max(Some(at));
            }
            _ => {}
        }
    }

    /// Adds what another source tells.
    pub fn add(&mut self, other: &Web) {
        self.has_requests |= other.has_requests;
        self.beyond += other.beyond;
        self.downloads.add(&other.downloads);
        self.edits.add(&other.edits);
        for (key, attack) in &other.attacks {
            self.attacks.entry(*key).and_modify(|known| known.add(attack)).or_insert_with(|| attack.clone());
        }
        for (key, visits) in &other.pages {
            self.pages
                .entry(key.clone())
                .and_modify(|known| known.add(visits))
                .or_insert_with(|| visits.clone());
        }
        for (path, (at, line)) in &other.missing {
            let known = self.missing.entry(path.clone()).or_insert_with(|| (*at, line.clone()));
            if at < &known.0 {
                *known = (*at, line.clone());
            }
        }
        for (address, (at, line)) in &other.failed {
            self.failed.entry(*address).or_insert_with(|| (*at, line.clone()));
        }
        for (address, (count, lines)) in &other.published {
            let (known, kept) = self.published.entry(*address).or_default();
            *known += count;
            kept.extend(lines.iter().take(MOST_LINES - kept.len().min(MOST_LINES)).cloned());
        }
        for (address, (at, line)) in &other.sessions {
            let known = self.sessions.entry(*address).or_insert_with(|| (*at, line.clone()));
            if at < &known.0 {
                *known = (*at, line.clone());
            }
        }
        for (key, logins) in &other.logins {
            let known = self.logins.entry(key.clone()).or_default();
            known.refused += logins.refused;
            known.last_refused = known.last_refused.max(logins.last_refused);
            if let Some(new) =
                logins.first_refused.filter(|new| known.first_refused.is_none_or(|at| *new < at))
            {
                known.first_refused = Some(new);
                known.refused_line.clone_from(&logins.refused_line);
            }
            if known
                .accepted
                .as_ref()
                .is_none_or(|(at, _)| logins.accepted.as_ref().is_some_and(|(new, _)| new < at))
            {
                known.accepted = logins.accepted.clone().or(known.accepted.take());
            }
        }
    }

    /// Returns what an address did at the login of the panel or of its users' pages, by the name that it gave.
    pub fn logins_of(&self, address: IpAddr) -> impl Iterator<Item = (&[u8], &Logins)> {
        let from = self.logins.range((address, Box::default())..);
        let of_address = from.take_while(move |((other, _), _)| *other == address);
        of_address.map(|((_, user), logins)| (user.as_ref(), logins))
    }

    /// Returns how many wrong passwords an address gave there.
    pub fn refused_of(&self, address: IpAddr) -> u64 {
        self.logins_of(address).map(|(_, logins)| logins.refused).sum()
    }

    /// Returns who asked for a page, by its path on the disk or as asked for.
    pub fn visitors(&self, page: &[u8]) -> Vec<(IpAddr, &Visits)> {
        let from = (page.into(), IpAddr::from([0, 0, 0, 0]));
        let of_page = self.pages.range(from..).take_while(|((path, _), _)| **path == *page);
        of_page.map(|((_, address), visits)| (*address, visits)).collect()
    }

    /// Returns the pages that were asked for.
    pub fn asked(&self) -> BTreeSet<&[u8]> {
        self.pages.keys().map(|(path, _)| path.as_ref()).collect()
    }
}

impl Attack {
    fn add(&mut self, other: &Attack) {
        self.count += other.count;
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        if self.answered == 0 && other.answered > 0 {
            self.lines.clear();
        }
        self.answered += other.answered;
        self.reached = match (self.reached, other.reached) {
            (Some((first, last)), Some((start, end))) => Some((first.min(start), last.max(end))),
            (known, new) => known.or(new),
        };
        self.instants.extend(&other.instants);
        self.instants.sort_unstable();
        self.instants.truncate(MOST_INSTANTS);
        let is_wanted = self.answered == 0 || other.answered > 0;
        self.lines.extend(other.lines.iter().filter(|_| is_wanted).cloned());
        self.lines.truncate(MOST_LINES);
    }
}

impl Visits {
    fn add(&mut self, other: &Visits) {
        self.uses += other.uses;
        self.looks += other.looks;
        if other.first < self.first {
            self.lines.splice(0..0, other.lines.iter().cloned());
        } else {
            self.lines.extend(other.lines.iter().cloned());
        }
        self.lines.truncate(MOST_LINES);
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        self.instants.extend(&other.instants);
        self.instants.sort_unstable();
        self.instants.truncate(MOST_INSTANTS);
    }
}

/// Returns whether a path is that of a program.
fn is_page(path: &[u8]) -> bool {
    [&b".php"[..], b".phtml", b".php5", b".cgi", b".pl"].iter().any(|end| path.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Place, SourceId};

    fn ask(web: &mut Web, second: i64, outcome: &str, target: &str) {
        let pages = MarkedPages::new(["/var/www/html/Modular.php"].into_iter());
        let at = Instant::from_seconds(second);
        let address = IpAddr::from([203, 0, 113, 66]);
        let request = Request { at, address, outcome, target: target.as_bytes(), has_referrer: false };
        let place = Place { source: SourceId(0), offset: second as u64, line: second as u32 };
        web.request(&request, &pages, &|| Citation::new(place, target.as_bytes()));
    }

    #[test]
    fn requests_are_kept_by_what_they_mean() {
        let mut web = Web::default();
        ask(&mut web, 1, "GET 404", "/modular.php");
        ask(&mut web, 2, "GET 401", "/admin/ajax.php?module=a%5Cb");
        ask(&mut web, 3, "GET 500", "/admin/ajax.php?module=a%5Cb");
        ask(&mut web, 4, "POST 200", "/modular.php");
        ask(&mut web, 5, "GET 200", "/modular.php");
        ask(&mut web, 6, "POST 200", "/other.php");
        ask(&mut web, 7, "GET 200", "/index.php");
        let exploit: Vec<&Attack> = web.attacks.values().collect();
        assert!(exploit.iter().any(|attack| attack.count == 2 && attack.answered == 1));
        assert_eq!(web.asked(), BTreeSet::from([&b"/other.php"[..], b"/var/www/html/modular.php"]));
        let (_, visits) = web.visitors(b"/var/www/html/modular.php").first().copied().expect("visits");
        assert_eq!((visits.uses, visits.looks), (1, 1));
        assert!(web.missing.contains_key(&b"/modular.php"[..]));
    }

    proptest::proptest! {
        #[test]
        fn any_target_is_taken(target in "\\PC{0,200}", second in 0_i64..1_000) {
            let mut web = Web::default();
            ask(&mut web, second, "POST 200", &target);
            ask(&mut web, second, "no method", &target);
        }
    }
}
