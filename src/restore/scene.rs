//! What the gates are judged on: the new evidence, and what is known of the intrusion from both cases.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::ops::Bound;

use super::earlier::{Earlier, Past, PastFinding, instant};
use crate::artifacts::place::on_disk;
use crate::case::Ground;
use crate::event::{Citation, Instant};
use crate::evidence::Evidence;
use crate::reconstruct::world::World;
use crate::report::document;
use crate::report::model::{Finding, Proof, Report, Severity, When};
use crate::untrusted::visible;

/// Whose words a gate speaks in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Product {
    Asterisk,
    Switch,
    Proxy,
}

impl Product {
    pub(super) fn of(world: &World<'_>) -> Self {
        match (world.is_freeswitch(), world.has_proxy()) {
            (true, _) => Product::Switch,
            // A proxy may stand before an Asterisk that is in the evidence too.
            (false, true) if !world.has_asterisk_log() => Product::Proxy,
            _ => Product::Asterisk,
        }
    }
}

/// All that the gates may ask.
pub struct Scene<'a> {
    /// The new evidence as it was read.
    pub(super) ground: &'a Ground<'a>,
    /// Its report.
    pub(super) report: &'a Report,
    /// The case that was made of the intrusion.
    pub(super) earlier: Option<&'a Earlier>,
    /// The incidents of both.
    pub(super) past: Vec<Past>,
    /// After this instant nothing of the intruder may be seen.
    pub(super) clean_since: Option<Instant>,
    /// Did the user ask for that instant?
    pub(super) is_asked: bool,
    /// The paths of all files of the new evidence on the disk that they are of.
    paths: BTreeSet<String>,
    /// The sizes of those that are of a known kind, by path.
    read: BTreeMap<String, u64>,
    /// The paths of the others: files of no known kind, links, what could not be opened.
    not_read: BTreeSet<String>,
}

impl<'a> Scene<'a> {
    /// Puts it together. Without `--clean-since` it counts from the last sign of somebody who was in.
    pub fn new(ground: &'a Ground<'a>, report: &'a Report, earlier: Option<&'a Earlier>) -> Self {
        let of_earlier = earlier.map(|earlier| earlier.incidents.as_slice()).unwrap_or_default();
        // What only the new evidence tells of must not move the instant after which nothing may be seen.
        let new: Vec<Past> = report.incidents.iter().map(Past::from).collect();
        let told = if of_earlier.is_empty() { new.as_slice() } else { of_earlier };
        let last = told.iter().filter_map(|past| past.last_sign).max();
        // Where nobody was in, there is nobody to come back.
        let was_in = earlier.filter(|earlier| !earlier.incidents.is_empty());
        let last = last.or(was_in.and_then(|earlier| earlier.ends));
        let is_asked = ground.clean_since.is_some();
        let clean_since = ground.clean_since.or(last);
        let past = of_earlier.iter().cloned().chain(new).collect();
        let evidence = ground.evidence;
        let (read, not_read) = (read(evidence), not_read(evidence));
        let paths = read.keys().chain(&not_read).cloned().collect();
        Scene { ground, report, earlier, past, clean_since, is_asked, paths, read, not_read }
    }

    /// Returns whether any incident came by one of these ways.
    pub(super) fn came_by(&self, vectors: &[&str]) -> bool {
        self.past.iter().any(|past| vectors.contains(&past.vector.as_str()))
    }

    /// Returns the accounts that were taken over, those left out that the intruder made himself.
    pub(super) fn taken(&self) -> BTreeSet<&str> {
        let made: BTreeSet<&str> =
            self.subjects(&["unknown-admin", "account-made-by-intruder", "unknown-manager-user"]);
        let all = self.past.iter().flat_map(|past| &past.accounts).map(String::as_str);
        all.filter(|account| !made.contains(account)).collect()
    }

    /// Returns the intruders' addresses, and whether each got in.
    pub(super) fn addresses(&self) -> BTreeMap<IpAddr, bool> {
        let mut addresses = BTreeMap::new();
        for (address, is_inside) in self.past.iter().flat_map(|past| &past.addresses) {
            *addresses.entry(*address).or_insert(false) |= is_inside;
        }
        addresses
    }

    /// Returns the findings of the new evidence with one of these ids.
    pub(super) fn found<'s>(&'s self, ids: &'s [&str]) -> impl Iterator<Item = &'s Finding> {
        self.report.findings.iter().filter(move |finding| ids.contains(&finding.id))
    }

    /// Returns the findings of the earlier case with one of these ids.
    pub(super) fn found_earlier<'s>(&'s self, ids: &'s [&str]) -> impl Iterator<Item = &'s PastFinding> {
        let all = self.earlier.into_iter().flat_map(|earlier| &earlier.findings);
        all.filter(move |finding| ids.contains(&finding.id.as_str()))
    }

    /// Returns whom or what findings of either case with one of these ids are about.
    pub(super) fn subjects(&self, ids: &[&str]) -> BTreeSet<&str> {
        let new = self.report.findings.iter().filter(|finding| ids.contains(&finding.id));
        let old = self.earlier.into_iter().flat_map(|earlier| &earlier.findings);
        let old = old.filter(|finding| ids.contains(&finding.id.as_str()));
        new.map(|finding| finding.subject.raw()).chain(old.map(|finding| finding.subject.as_str())).collect()
    }

    /// Shows a citation as proof.
    pub(super) fn proof(&self, citation: &Citation) -> Option<Proof> {
        (self.ground.show)(citation)
    }

    /// Shows an instant in the zone of the case.
    pub(super) fn shown(&self, at: Option<Instant>) -> Option<When> {
        at.and_then(|at| (self.ground.when)(at))
    }

    /// Shows an instant in words.
    pub(super) fn time(&self, at: Instant) -> String {
        self.shown(Some(at)).map_or_else(|| "-".to_owned(), |when| document::instant(&when))
    }

    /// Returns when the new evidence ends.
    pub(super) fn ends(&self) -> Option<Instant> {
        self.report.case.evidence_ends.map(instant)
    }

    /// Returns whether Asterisk's, FreeSWITCH's or a proxy's configuration is in the evidence.
    pub(super) fn has_configuration(&self) -> bool {
        !self.ground.world.pbx.accounts.is_empty() || !self.ground.world.pbx.settings.looked_at.is_empty()
    }

    /// Returns why an account or its settings may stand where nobody looked.
    pub(super) fn unread_accounts(&self) -> Option<String> {
        /// How the names of files begin that have accounts, and of those that include none.
        const OF_ACCOUNTS: [&str; 8] =
            ["pjsip", "sip", "iax", "users", "freeswitch", "vars", "kamailio", "opensips"];
        const OF_OTHERS: [&str; 8] =
            ["extensions", "features", "logger", "cdr", "cel", "queue", "voicemail", "music"];
        let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
        let begins = |path: &str, with: &[&str]| with.iter().any(|begin| name(path).starts_with(begin));
        let is_of_these = |path: &str| begins(path, &OF_ACCOUNTS);
        let mut unread = self.ground.world.pbx.unread.iter();
        let told = unread.find(|unread| !begins(&unread.path, &OF_OTHERS));
        let told = told.map(|unread| format!("{}: {}", visible(&unread.path), visible(&unread.what)));
        told.or_else(|| {
            let mut known = self.not_read.iter();
            let path = known.find(|path| lies_with_a_phone_system(path) && is_of_these(path))?;
            Some(format!("{} was not read", visible(path)))
        })
    }

    /// Returns whether a file of that path of the disk was looked at from end to end.
    pub(super) fn has_read(&self, path: &str) -> bool {
        /// Longer files of the host are looked at in part; of those of the phone system 4 MiB.
        const WHOLE: u64 = 64 * 1024;
        const WHOLE_CONFIGURATION: u64 = 4 * 1024 * 1024;
        let path = on_disk(path);
        let longest = if path.starts_with("/etc/") { WHOLE_CONFIGURATION } else { WHOLE };
        self.read.get(path.as_ref()).is_some_and(|bytes| *bytes <= longest)
    }

    /// Returns whether files of the folder that a path of the disk lies in, or beside it, are in the evidence: only
    /// then does it say something that one is not there. Of one that is there it says something if it was read.
    pub(super) fn covers(&self, path: &str) -> bool {
        if self.paths.contains(on_disk(path).as_ref()) {
            return self.has_read(path);
        }
        let path = on_disk(path);
        let mut parts = path.trim_start_matches('/').split('/');
        let (Some(top), Some(below)) = (parts.next(), parts.next()) else { return false };
        if parts.next().is_none() {
            // A file of a top folder itself.
            return self.has_file(&format!("/{top}/"));
        }
        if path.starts_with("/var/www/") && self.ground.world.artifacts.pages > 0 {
            return true;
        }
        self.has_file(&format!("/{top}/{below}/")) || self.is_whole_disk()
    }

    /// Returns whether this looks like the copy of a whole disk, not of some folders of it.
    fn is_whole_disk(&self) -> bool {
        self.has_file("/etc/passwd") && (self.has_file("/usr/") || self.has_file("/bin/"))
    }

    /// Returns whether any file of the evidence lies below that path of the disk.
    pub(super) fn has_file(&self, begins: &str) -> bool {
        let from = self.paths.range::<str, _>((Bound::Included(begins), Bound::Unbounded));
        from.take(1).any(|path| path.starts_with(begins))
    }

    /// Returns what was not looked at.
    pub(super) fn limits(&self) -> Vec<String> {
        let mut limits = self.report.limits.clone();
        if let Some(earlier) = self.earlier {
            limits.push(format!(
                "the earlier case is taken as it is: SHA-256 of its manifest {}; compare it with what was written down then",
                earlier.fingerprint
            ));
        }
        match self.earlier.map(|earlier| earlier.kept.as_ref()) {
            None => limits.push(
                "without --case CASE nothing tells which secrets, files and settings are new: what only a comparison shows is not told"
                    .to_owned(),
            ),
            Some(None) => limits.push("the earlier case kept nothing of its secrets (secrets.json)".to_owned()),
            Some(Some(kept)) if kept.left_out > 0 => {
                limits.push(format!("the earlier case kept nothing of {} of its secrets", kept.left_out));
            }
            Some(Some(_)) => {}
        }
        limits
    }
}

/// Returns whether a file of `/etc` lies with a phone system's own and is read by it: `/etc/default/kamailio` and a rule of
/// logrotate for it hold no account, and FreeSWITCH reads no file but `.xml`.
fn lies_with_a_phone_system(path: &str) -> bool {
    const FOLDERS: [&str; 5] = ["asterisk", "freeswitch", "fusionpbx", "kamailio", "opensips"];
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let is_of_switch = folder.contains("/freeswitch") || folder.contains("/fusionpbx");
    (!is_of_switch || path.ends_with(".xml"))
        && folder
            .strip_prefix("/etc/")
            .is_some_and(|below| FOLDERS.iter().any(|name| below.split('/').any(|part| part == *name)))
}

fn read(evidence: &Evidence) -> BTreeMap<String, u64> {
    let sources = evidence.sources.iter();
    sources.map(|source| (on_disk(&source.file.placed).into_owned(), source.file.bytes)).collect()
}

fn not_read(evidence: &Evidence) -> BTreeSet<String> {
    // An empty file, as panels ship them, hides nothing.
    let others =
        evidence.unrecognised.iter().chain(&evidence.trouble).filter(|unread| unread.bytes != Some(0));
    let others = others.map(|unread| unread.path.as_str());
    let links = evidence.links.iter().map(|link| link.path.as_str());
    others.chain(links).map(|path| on_disk(path).into_owned()).collect()
}

/// Returns whether a finding is one that must be gone.
pub(super) fn is_grave(severity: Severity) -> bool {
    severity <= Severity::High
}

/// Names some of many, each once.
pub(super) fn some<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    const MOST_NAMED: usize = 10;
    let names: BTreeSet<&str> = names.into_iter().collect();
    let named: Vec<String> = names.iter().take(MOST_NAMED).map(|name| visible(name)).collect();
    match names.len().saturating_sub(MOST_NAMED) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}
