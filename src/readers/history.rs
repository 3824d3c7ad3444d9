//! What users typed at a shell or at a database's client: `.bash_history`, `.mysql_history` and their kin.
//!
//! bash writes a command a line and, where `HISTTIMEFORMAT` is set, `#` and the epoch in the line before it;
//! zsh with `EXTENDED_HISTORY` writes `: 1755782400:0;command`. Without either, only the order is told. A
//! history is written when its shell ends, and whoever wrote it can change it. The clients of databases write
//! one of the same form, a statement a line, blanks in it as `\\040` where they are built with libedit.

use super::found::Found;
use super::{Access, Chunk, Cites, Content, Format, Opened, Reader, Skipped, Tells, Why, text};
use crate::event::{Action, Instant, Service};

/// How a history is told and read. No content tells it: a command is any text.
pub(super) static FORMAT: Format = Format {
    word: "shell-history",
    tells: Tells::Host,
    content: Content::Text,
    cites: Cites::Line,
    looks_like: |path, _| NAMES.contains(&path.rsplit('/').next().unwrap_or(path)),
    open: |opening| Some(Opened::certain(History { user: user(opening.path).as_bytes().to_vec() })),
};

const NAMES: [&str; 8] = [
    ".bash_history",
    ".zsh_history",
    ".zhistory",
    ".sh_history",
    ".ash_history",
    ".mysql_history",
    ".mariadb_history",
    ".psql_history",
];
/// The first line of a history that libedit writes, which has no command.
const LIBEDIT: &[u8] = b"_HiStOrY_V2_";
/// No command that a person types is longer, in bytes.
const LONGEST: usize = 64 * 1024;

/// Returns whose home a history lies in.
fn user(path: &str) -> &str {
    path.rsplit('/').nth(1).unwrap_or_default()
}

struct History {
    user: Vec<u8>,
}

impl Reader for History {
    fn access(&self) -> Access {
        Access::InOrder
    }

    /// A stamp stays with the command behind it.
    fn whole_records(&self, bytes: &[u8]) -> usize {
        let mut end = memchr::memrchr(b'\n', bytes).map_or(0, |newline| newline + 1);
        while let Some(line) =
            last_line(bytes.get(..end).unwrap_or_default()).filter(|line| stamp(line).is_some())
        {
            end -= line.len() + 1;
        }
        end
    }

    fn read(&self, chunk: &mut Chunk) {
        let bytes = std::mem::take(&mut chunk.bytes);
        let records = bytes.get(chunk.context..).unwrap_or_default();
        chunk.scratch.extend_from_slice(&self.user);
        let mut at = None;
        let mut offset = 0;
        for raw in records.split_inclusive(|&byte| byte == b'\n') {
            let (start, number) = (offset, chunk.lines);
            offset += raw.len();
            chunk.lines += u32::from(raw.ends_with(b"\n"));
            let line = raw.trim_ascii_end();
            if let Some(told) = stamp(line) {
                at = Some(told);
                chunk.records += 1;
            } else if line.len() > LONGEST || line.contains(&0) {
                let why = Why::of_line(raw, LONGEST);
                chunk.skipped.push(Skipped { offset: start as u32, line: number, why });
                at = None;
            } else if line.is_empty() || line == LIBEDIT {
                at = None;
            } else {
                let (told, command) = extended(line).map_or((at, line), |(at, command)| (Some(at), command));
                let mut found = Found::new(Action::Command, Service::Host).because("typed at a shell");
                (found.exact, found.detail) = (told, Some(command));
                let mut entry = found.entry(records, 0);
                if !self.user.is_empty() {
                    entry.account.start = records.len() as u32;
                    entry.account.length = self.user.len() as u32;
                }
                (entry.offset, entry.length, entry.line) = (start as u32, line.len() as u32, number);
                chunk.entries.push(entry);
                chunk.records += 1;
                at = None;
            }
        }
        chunk.bytes = bytes;
    }
}

fn last_line(lines: &[u8]) -> Option<&[u8]> {
    let inside = lines.strip_suffix(b"\n")?;
    inside.get(memchr::memrchr(b'\n', inside).map_or(0, |newline| newline + 1)..)
}

/// Reads `#1755782400`.
fn stamp(line: &[u8]) -> Option<Instant> {
    let digits =
        line.trim_ascii_end().strip_prefix(b"#").filter(|digits| (9..=10).contains(&digits.len()))?;
    text::number::<u32>(digits).map(|seconds| Instant::from_seconds(i64::from(seconds)))
}

/// Reads `: 1755782400:0;command`.
fn extended(line: &[u8]) -> Option<(Instant, &[u8])> {
    let (seconds, rest) = text::split_once(line.strip_prefix(b": ")?, b":")?;
    let (duration, command) = text::split_once(rest, b";")?;
    text::number::<u64>(duration)?;
    let seconds = text::number::<u32>(seconds)?;
    Some((Instant::from_seconds(i64::from(seconds)), command))
}
