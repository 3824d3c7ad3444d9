//! How long logs are kept, as the host's logrotate is set: `/etc/logrotate.conf` and `/etc/logrotate.d`.
//!
//! Facts relied on (logrotate(8)): a block is a list of paths, in one or several lines, before `{`; `daily`, `weekly`,
//! `monthly` and `yearly` say how often, `rotate N` how many old files are kept, `maxage N` that files older than so
//! many days go; what stands before any block holds for all; with `size` alone the time says nothing; what stands
//! between `prerotate` or `postrotate` and `endscript` is a script. What logrotate.conf sets holds in every file of the
//! folder; without any word logs are rotated weekly and none is kept.

use crate::event::{Citation, Place};
use crate::evidence::{Evidence, Source, ends_with_path};

/// Such files have a few dozen lines.
const LARGEST: usize = 64 * 1024;
/// Files read, and blocks kept.
const MOST_FILES: usize = 500;
const MOST_KEPT: usize = 500;

/// For how long the logs of one block are kept.
#[derive(Clone, Debug)]
pub struct LogRotation {
    /// Its paths, as written.
    pub logs: Vec<String>,
    /// For so many days.
    pub days: u32,
    /// Where it stands.
    pub place: Citation,
}

/// Returns whether a file says how logs are rotated.
pub fn is_rotation_file(path: &str) -> bool {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    ends_with_path(path, "etc/logrotate.conf") || ends_with_path(folder, "etc/logrotate.d")
}

/// Reads all of them.
pub(super) fn read_all(evidence: &Evidence) -> Vec<LogRotation> {
    let files = || {
        let files = evidence.sources.iter().filter(|source| source.duplicate_of.is_none());
        files.filter(|source| is_rotation_file(&source.file.placed)).take(MOST_FILES)
    };
    let is_main = |source: &&Source| ends_with_path(&source.file.placed, "etc/logrotate.conf");
    let text = |source: &Source| {
        let bytes = evidence.read_small(source, LARGEST).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let (mut kept, mut common) = (Vec::new(), Rule::default());
    for source in files().filter(|source| is_main(source)) {
        common = read(source, &text(source), common, &mut kept);
    }
    for source in files().filter(|source| !is_main(source)) {
        read(source, &text(source), common, &mut kept);
    }
    kept.truncate(MOST_KEPT);
    kept
}

/// What directives say so far.
#[derive(Clone, Copy)]
struct Rule {
    /// Days between two rotations; `None` where the size decides.
    every: Option<u32>,
    /// Old files that are kept.
    files: u32,
    /// Days after which they go.
    most: Option<u32>,
}

impl Default for Rule {
    fn default() -> Self {
        Rule { every: Some(7), files: 0, most: None }
    }
}

impl Rule {
    fn take_in(&mut self, line: &str) {
        let (word, value) = line.split_once([' ', '\t', '=']).unwrap_or((line, ""));
        let number = || value.trim().trim_start_matches('=').trim().parse::<u32>().ok();
        match word.to_ascii_lowercase().as_str() {
            "hourly" | "daily" => self.every = Some(1),
            "weekly" => self.every = Some(7),
            "monthly" => self.every = Some(30),
            "yearly" => self.every = Some(365),
            "size" => self.every = None,
            "rotate" => self.files = number().unwrap_or(self.files),
            "maxage" => self.most = number().or(self.most),
            _ => {}
        }
    }

    /// Returns for how many days something is kept: in the file written to, and in old ones.
    fn days(&self, is_hourly: bool) -> Option<u32> {
        let files = if is_hourly { self.files / 24 } else { self.files };
        let days = files.max(1).saturating_mul(self.every?);
        Some(self.most.map_or(days, |most| days.min(most)))
    }
}

/// Reads one file and returns what it sets for all.
fn read(source: &Source, text: &str, common: Rule, kept: &mut Vec<LogRotation>) -> Rule {
    let (mut common, mut offset, mut is_script) = (common, 0_u64, false);
    let mut paths: Vec<String> = Vec::new();
    let mut block: Option<(Rule, bool, Place)> = None;
    let mut first: Option<Place> = None;
    for (raw, number) in text.split_inclusive('\n').zip(1_u32..) {
        let place = Place { source: source.id, offset, line: number };
        offset += raw.len() as u64;
        let line = raw.trim();
        is_script |= ["prerotate", "postrotate", "firstaction", "lastaction", "preremove"].contains(&line);
        if line == "endscript" {
            is_script = false;
        } else if is_script || line.is_empty() || line.starts_with('#') {
            continue;
        } else if let Some((rule, is_hourly, _)) = &mut block {
            *is_hourly |= line == "hourly";
            rule.take_in(line);
        } else if line.starts_with(['/', '"', '\'']) || line.starts_with('{') {
            let listed = line.trim_end_matches('{').split_whitespace();
            paths.extend(listed.map(|path| path.trim_matches(['"', '\'']).to_owned()));
            first = first.or(Some(place));
            if line.ends_with('{') {
                block = first.take().map(|first| (common, false, first));
            }
        } else {
            common.take_in(line);
        }
        if line.ends_with('}') {
            if let Some((rule, is_hourly, place)) = block.take()
                && let Some(days) = rule.days(is_hourly)
            {
                let logs = std::mem::take(&mut paths);
                kept.push(LogRotation { logs, days, place: Citation::new(place, b"") });
            }
            paths.clear();
        }
    }
    common
}

#[cfg(test)]
mod tests {
    use super::super::tests::read_texts;

    fn kept(files: &[(&str, &str)]) -> Vec<(String, u32)> {
        let pbx = read_texts(files);
        pbx.rotations.iter().map(|held| (held.logs.join(" "), held.days)).collect()
    }

    #[test]
    fn days_are_those_of_all_the_files_that_are_kept() {
        let main = "weekly\nrotate 4\ninclude /etc/logrotate.d\n/var/log/wtmp {\n  monthly\n  rotate 1\n}\n";
        let own = "/var/log/asterisk/messages\n/var/log/asterisk/full {\n  daily\n  rotate 7\n  postrotate\n    \
                   weekly\n  endscript\n}\n/var/log/httpd/*log {\n  missingok\n}\n/var/log/a {\n size 10M\n}\n";
        assert_eq!(
            kept(&[("etc/logrotate.d/asterisk", own), ("etc/logrotate.conf", main)]),
            [
                ("/var/log/wtmp".to_owned(), 30),
                ("/var/log/asterisk/messages /var/log/asterisk/full".to_owned(), 7),
                ("/var/log/httpd/*log".to_owned(), 28),
            ]
        );
    }

    #[test]
    fn an_age_shortens_and_hours_are_parts_of_days() {
        let own = "/var/log/asterisk/full {\n  daily\n  rotate 60\n  maxage 5\n}\n\"/var/log/asterisk/q\" {\n  hourly\n  rotate 48\n}\n/var/log/asterisk/x {\n";
        assert_eq!(
            kept(&[("etc/logrotate.d/asterisk", own)]),
            [("/var/log/asterisk/full".to_owned(), 5), ("/var/log/asterisk/q".to_owned(), 2)]
        );
    }
}
