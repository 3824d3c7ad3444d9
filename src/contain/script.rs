//! What scripts have in common: what stands first in each, and the guard of those that a shell runs.

use super::words::remark;

/// What stands first in a script.
pub(super) struct Head<'a> {
    /// What it is.
    pub(super) title: &'a str,
    /// What it changes.
    pub(super) changes: &'a str,
    /// How to undo it.
    pub(super) undo: &'a str,
    /// How to check it.
    pub(super) check: &'a str,
    /// What else must be known before it is used.
    pub(super) notes: &'a [&'a str],
}

/// A line of a remark is no longer than a screen is wide.
const WIDTH: usize = 110;

impl Head<'_> {
    /// Returns it as remarks, each behind a mark.
    pub(super) fn remarks(&self, mark: &str) -> String {
        let mut text = String::new();
        let mut say = |words: &str| push_wrapped(&mut text, mark, words);
        say(self.title);
        say(&format!("What it changes: {}", self.changes));
        say(&format!("How to undo it: {}", self.undo));
        say(&format!("How to check it: {}", self.check));
        self.notes.iter().for_each(|note| say(note));
        say("Written by tolltrace from the evidence, and run by nobody so far: read it before you use it.");
        text
    }
}

/// Adds the program's own words as remarks, broken at blanks.
pub(super) fn push_wrapped(text: &mut String, mark: &str, words: &str) {
    let mut line = String::new();
    for word in words.split_whitespace() {
        if !line.is_empty() && line.len() + word.len() >= WIDTH {
            text.push_str(&format!("{mark} {line}\n"));
            line.clear();
            line.push_str("  ");
        }
        if !line.trim().is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    text.push_str(&format!("{mark} {line}\n"));
}

/// Adds text of the evidence as one remark.
pub(super) fn push_remark(text: &mut String, mark: &str, words: &str) {
    text.push_str(&format!("{mark} {}\n", remark(words)));
}

/// Begins a script for sh: it only shows what it would do until it is given the word `now`.
pub(super) fn sh(head: &Head<'_>) -> String {
    format!("#!/bin/sh\n{}\n{GUARD}", head.remarks("#"))
}

/// Keeps what a program answers as `$listed`, and ends the script where it does not answer: an empty list would read
/// as if nothing were up.
pub(super) fn ask(program: &str, command: &str, file: &str) -> String {
    ASKING.replace("PROGRAM", program).replace("COMMAND", command).replace("FILE", file)
}

const ASKING: &str = r#"listed=$(COMMAND 2>&1) || {
    printf '%s\n' "$listed" | cat -v >&2
    echo 'PROGRAM does not answer: nothing was done. Are you root, and does it run on this machine?' >&2
    echo 'In a container: docker exec CONTAINER sh -c "$(cat FILE)" sh now' >&2
    exit 1
}
"#;

/// Runs what stands behind it only when the script was given the word.
const GUARD: &str = r#"set -u
case "${1-}" in
    now) really=yes ;;
    '') really=no; echo "Only shown; to do it: sh $0 now" ;;
    *) echo "usage: sh $0 [now]" >&2; exit 2 ;;
esac
run() {
    if [ "$really" = yes ]; then
        "$@"
    else
        printf 'would run:'
        printf " '%s'" "$@"
        printf '\n'
    fi
}

"#;
