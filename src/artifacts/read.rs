//! Every mark of the host with its proof.

use super::accounts;
use super::generated;
use super::judge::{self, Judged};
use super::keys;
use super::place::{self, Place};
use super::rows::{self, Change, Snapshot};
use super::shelf::Difference;
use crate::event::{Citation, Instant, Place as At, SourceId};
use crate::evidence::{Evidence, File, Kind, Source};
use crate::indicators::{self, Confidence, Indicator};

/// Bytes of a line that are shown.
const LONGEST_SHOWN: usize = 400;
/// Dialplan files are longer than a page; so much of each is looked at.
const MOST_DIALPLAN: usize = 4 * 1024 * 1024;

/// What a mark rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sign {
    /// A published mark of a campaign.
    Indicator,
    /// What it looks like.
    Shape,
    /// It has other bytes than its module's signature says.
    Changed,
    /// Its module's signature does not know it.
    Unlisted,
    /// A second user with the rights of root.
    RootUser,
    /// A user whose name is a campaign's.
    LoginUser,
    /// A key that logs in as a service.
    ServiceKey,
    /// A program that runs as root and is none of a distribution's.
    SetUser,
    /// Nobody may read it.
    Locked,
}

/// One mark of one file.
#[derive(Clone, Debug)]
pub struct Mark {
    /// What it rests on.
    pub sign: Sign,
    /// How sure it is.
    pub confidence: Confidence,
    /// What was seen, in words that go on from the file's name.
    pub says: String,
    /// The published mark.
    pub indicator: Option<&'static Indicator>,
    /// Where it stands.
    pub line: Citation,
}

/// A file of the host.
#[derive(Clone, Debug)]
pub struct Artifact {
    /// The source.
    pub source: SourceId,
    /// Its path below the evidence root.
    pub path: String,
    /// Its path on the disk.
    pub on_disk: String,
    /// What it is to the host.
    pub place: Place,
    /// When it was last written, as far as the copy kept it.
    pub modified: Option<Instant>,
    /// Who may read, write and run it: the bits of Unix, as far as the copy kept them.
    pub mode: Option<u32>,
    /// Is it newer than all pages beside it?
    pub is_newer: bool,
    /// Its marks.
    pub marks: Vec<Mark>,
    /// Where it begins, for statements about the whole of it.
    pub whole: Citation,
}

impl Artifact {
    /// Returns how sure the surest of its marks is.
    pub fn confidence(&self) -> Option<Confidence> {
        self.marks.iter().map(|mark| mark.confidence).max()
    }

    /// Returns whether it is a page that a web server runs.
    pub fn is_page(&self) -> bool {
        self.place == Place::Page
    }
}

/// All that the host's files and the panel's database say.
#[derive(Debug, Default)]
pub struct Artifacts {
    /// The files, in order of path.
    pub files: Vec<Artifact>,
    /// The rows of each dump, oldest first.
    pub snapshots: Vec<Snapshot>,
    /// Rows that came to be between two dumps.
    pub appeared: Vec<Change>,
    /// Pages of web roots that were looked at.
    pub pages: u64,
    /// Pages that were held against a module's signature.
    pub compared: u64,
    /// Files that a panel generates and did not write, each with its first line that says anything.
    pub hand_written: Vec<(String, Citation)>,
    /// Folders of modules that lie in a panel's web root.
    pub modules: Vec<String>,
    /// Logs that are there and empty.
    pub empty_logs: Vec<String>,
    /// What was not looked at.
    pub notes: Vec<String>,
}

impl Artifacts {
    /// Reads them all.
    pub fn read(evidence: &Evidence) -> Self {
        let code = &evidence.web_code;
        let mut notes = code.limits.clone();
        let snapshots = rows::read(evidence, &mut notes);
        let users: Vec<u8> =
            evidence.source_ending("", "etc/passwd").map(|source| source.head.clone()).unwrap_or_default();
        let mut files: Vec<Artifact> = Vec::new();
        for source in evidence.sources.iter().filter(|source| source.duplicate_of.is_none()) {
            files.extend(match source.kind {
                Kind::Artifact => Some(of_artifact(evidence, source, &users)),
                // What says how the server works may have been changed like anything else.
                Kind::HostFile | Kind::PanelFile | Kind::PanelDatabase
                    if place::of(&source.file, &source.head).is_some() =>
                {
                    Some(of_artifact(evidence, source, &users))
                }
                Kind::Configuration => of_dialplan(evidence, source),
                _ => None,
            });
        }
        let long = files.iter().filter(|file| {
            let source = evidence.source(file.source);
            !file.marks.is_empty()
                && source.is_some_and(|source| source.kind != Kind::Configuration && !source.is_head_all)
        });
        let long = long.count();
        if long > 0 {
            notes.push(format!(
                "of {long} marked files of the host only the first 64 KiB or less were looked at"
            ));
        }
        let appeared = rows::appeared(&snapshots);
        Artifacts {
            files,
            snapshots,
            appeared,
            pages: code.looked_at,
            compared: code.compared,
            hand_written: generated::without_banner(evidence),
            modules: code.modules.clone(),
            empty_logs: evidence.empty_logs.clone(),
            notes,
        }
    }
}

fn of_artifact(evidence: &Evidence, source: &Source, users: &[u8]) -> Artifact {
    let on_disk = place::on_disk(&source.file.placed).into_owned();
    let place = place::of(&source.file, &source.head).unwrap_or(Place::Named);
    let show = |at: Option<usize>| shown(source, place, at);
    let judged = judge::marks(&on_disk, place, &source.head, source.is_head_all);
    let mut marks: Vec<Mark> = judged.iter().map(|judged| mark(judged, show(judged.at))).collect();
    match place {
        Place::Users => marks.extend(accounts::odd(&source.head).into_iter().map(|odd| of_user(&odd, &show))),
        Place::Keys => marks.extend(of_keys(source, &on_disk, users, &show)),
        Place::SetUser => marks.extend(of_set_user(source, &on_disk, show(None))),
        _ => {}
    }
    if place == Place::Page && is_locked(&source.file) {
        let says = "may be read by nobody, the web server included".to_owned();
        let (sign, confidence) = (Sign::Locked, Confidence::Medium);
        marks.push(Mark { sign, confidence, says, indicator: None, line: show(None) });
    }
    for differing in evidence.web_code.differing.iter().filter(|it| it.path == source.file.path) {
        let (sign, confidence, says) = match differing.difference {
            Difference::Changed => {
                (Sign::Changed, Confidence::Medium, "has other bytes than when its module was signed")
            }
            Difference::Unlisted => {
                (Sign::Unlisted, Confidence::Medium, "is not among the files that its module was signed with")
            }
        };
        marks.push(Mark { sign, confidence, says: says.into(), indicator: None, line: show(None) });
        marks.extend(listed(evidence, differing.signature.0.as_str(), differing.signature.1).map(|line| {
            Mark {
                sign,
                confidence: Confidence::Low,
                says: "the signature's line".into(),
                indicator: None,
                line,
            }
        }));
    }
    Artifact {
        source: source.id,
        path: source.file.path.clone(),
        is_newer: evidence.web_code.newer.contains(&source.file.path),
        on_disk,
        place,
        modified: source.file.modified,
        mode: source.file.mode,
        marks,
        whole: show(None),
    }
}

/// Returns whether every right was taken off a page.
pub(super) fn is_locked(file: &File) -> bool {
    file.mode.is_some_and(|mode| mode & 0o777 == 0)
}

fn mark(judged: &Judged, line: Citation) -> Mark {
    Mark {
        sign: if judged.indicator.is_some() { Sign::Indicator } else { Sign::Shape },
        confidence: judged.confidence,
        says: judged.says.to_owned(),
        indicator: judged.indicator,
        line,
    }
}

fn of_user(odd: &accounts::Odd, show: &dyn Fn(Option<usize>) -> Citation) -> Mark {
    let name = crate::untrusted::visible(&odd.name);
    let (sign, says) = if odd.uid == 0 {
        (Sign::RootUser, format!("has a second user with the rights of root, {name}"))
    } else {
        (Sign::LoginUser, format!("has a user {name} who may log in"))
    };
    let place = show(Some(odd.at)).place;
    let line = Citation::new(place, format!("{name}:*:{}:", odd.uid).as_bytes());
    Mark { sign, confidence: odd.confidence, says, indicator: odd.indicator, line }
}

/// Keys that log in as a service.
fn of_keys(source: &Source, path: &str, users: &[u8], show: &dyn Fn(Option<usize>) -> Citation) -> Vec<Mark> {
    let home = path.split_once("/.ssh/").map_or("", |(home, _)| home);
    if !keys::is_of_service(path, accounts::owner_of_home(users, home)) {
        return Vec::new();
    }
    let free = keys::read(&source.head).into_iter().filter(|key| !key.is_bound);
    free.map(|key| Mark {
        sign: Sign::ServiceKey,
        confidence: Confidence::Medium,
        says: format!(
            "lets the holder of the key {} log in as a service",
            crate::untrusted::visible(&key.comment)
        ),
        indicator: None,
        line: show(Some(key.at)),
    })
    .collect()
}

/// Programs of distributions that run as root, whoever starts them.
const SET_USER: [&str; 48] = [
    "sudo",
    "su",
    "passwd",
    "chsh",
    "chfn",
    "newgrp",
    "gpasswd",
    "mount",
    "umount",
    "ping",
    "ping6",
    "pkexec",
    "crontab",
    "at",
    "fusermount",
    "fusermount3",
    "ntfs-3g",
    "ssh-keysign",
    "dbus-daemon-launch-helper",
    "polkit-agent-helper-1",
    "unix_chkpwd",
    "pam_timestamp_check",
    "usernetctl",
    "userhelper",
    "chage",
    "expiry",
    "sudoedit",
    "exim4",
    "exim",
    "sendmail",
    "sendmail.sendmail",
    "procmail",
    "lockdev",
    "mount.nfs",
    "mount.cifs",
    "pppd",
    "vmware-user-suid-wrapper",
    "staprun",
    "suexec",
    "traceroute6.iputils",
    "mtr",
    "mtr-packet",
    "arping",
    "cgexec",
    "snap-confine",
    "chrome-sandbox",
    "Xorg.wrap",
    "doas",
];

fn of_set_user(source: &Source, path: &str, line: Citation) -> Option<Mark> {
    let name = path.rsplit('/').next().unwrap_or_default();
    let is_system =
        ["/bin/", "/sbin/", "/usr/bin/", "/usr/sbin/", "/usr/lib/", "/usr/libexec/", "/lib/", "/usr/lib64/"];
    let is_system = is_system.iter().any(|folder| path.starts_with(folder));
    if is_system && SET_USER.contains(&name) {
        return None;
    }
    let is_root = source.file.mode.is_some();
    let confidence = if is_system { Confidence::Low } else { Confidence::Medium };
    is_root.then(|| Mark {
        sign: Sign::SetUser,
        confidence,
        says: "runs with its owner's rights whoever starts it, and is none of the programs that distributions ship so".into(),
        indicator: None,
        line,
    })
}

/// Marks of dialplan in a configuration file.
fn of_dialplan(evidence: &Evidence, source: &Source) -> Option<Artifact> {
    let has = indicators::of(indicators::Kind::Dialplan).next().is_some();
    let name = source.file.path.rsplit('/').next().unwrap_or_default();
    if !has || !(name.starts_with("extensions") || name.contains("_custom") || name.contains("_override")) {
        return None;
    }
    let text = match source.is_head_all {
        true => source.head.clone(),
        false => evidence.read_small(source, MOST_DIALPLAN).ok()?,
    };
    let judged = judge::of_dialplan(&text);
    if judged.is_empty() {
        return None;
    }
    let show = |at: Option<usize>| line_at(source.id, &text, at.unwrap_or(0));
    Some(Artifact {
        source: source.id,
        path: source.file.path.clone(),
        on_disk: place::on_disk(&source.file.placed).into_owned(),
        place: Place::Named,
        modified: source.file.modified,
        mode: source.file.mode,
        is_newer: false,
        marks: judged.iter().map(|judged| mark(judged, show(judged.at))).collect(),
        whole: show(None),
    })
}

/// Returns the line at a place of a file's text; without a place, where the file begins.
fn shown(source: &Source, place: Place, at: Option<usize>) -> Citation {
    const HIDDEN: &[u8] = b"(not shown: it may hold secrets)";
    let mut line = line_at(source.id, &source.head, at.unwrap_or(0));
    if at.is_none() {
        line.place.line = 0;
    }
    if place.is_secret() {
        line.text = HIDDEN.into();
    } else if line.text.is_empty() {
        // Without a text the file would be opened again for it.
        line.text = b"(an empty line)"[..].into();
    }
    line
}

fn line_at(source: SourceId, text: &[u8], at: usize) -> Citation {
    let at = at.min(text.len());
    let before = text.get(..at).unwrap_or_default();
    let start = memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1);
    let rest = text.get(start..).unwrap_or_default();
    let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len()).min(LONGEST_SHOWN);
    let line = 1 + memchr::memchr_iter(b'\n', text.get(..start).unwrap_or_default()).count();
    let masked =
        crate::secrets::masked(&String::from_utf8_lossy(rest.get(..end).unwrap_or_default())).into_owned();
    let place = At { source, offset: start as u64, line: u32::try_from(line).unwrap_or(u32::MAX) };
    Citation::new(place, masked.trim_end().as_bytes())
}

/// Returns the line of a signature that lists a file.
fn listed(evidence: &Evidence, path: &str, line: u32) -> Option<Citation> {
    let source = evidence.sources.iter().find(|source| source.file.path == path).filter(|_| line > 0)?;
    let mut lines = source.head.split(|&byte| byte == b'\n');
    let skipped: usize = lines.by_ref().take(line as usize - 1).map(|line| line.len() + 1).sum();
    lines.next().map(|_| line_at(source.id, &source.head, skipped))
}
