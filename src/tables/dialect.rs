//! Whose SQL a dump is written in, told from its first bytes.

/// What differs between the systems, as far as rows go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dialect {
    /// Does a backslash escape in every string, as in MySQL?
    pub(super) has_backslashes: bool,
    /// Are line ends in strings always escaped, so that an open string at a line's end was cut?
    pub(super) escapes_line_ends: bool,
    /// Does `#` begin a comment?
    pub(super) has_hash_comments: bool,
    /// Are texts quoted `$tag$` that hold statements?
    pub(super) has_dollar_quotes: bool,
}

const MYSQL: Dialect = Dialect {
    has_backslashes: true,
    escapes_line_ends: false,
    has_hash_comments: true,
    has_dollar_quotes: false,
};
const STANDARD: Dialect = Dialect {
    has_backslashes: false,
    escapes_line_ends: false,
    has_hash_comments: false,
    has_dollar_quotes: true,
};

/// What programs write at the head of a dump of MySQL or MariaDB; all of them escape line ends.
const MYSQL_PROGRAMS: [&[u8]; 8] = [
    b"-- MySQL dump",
    b"-- MariaDB dump",
    b"/*!40",
    b"/*!50",
    b"/*!80",
    b"/*M!",
    b"-- phpMyAdmin SQL Dump",
    b"Source Server Type    : M",
];
/// What programs write at the head of dumps of the others.
const STANDARD_PROGRAMS: [&[u8]; 4] = [
    b"-- PostgreSQL database dump",
    b"SET standard_conforming_strings = on",
    b"PRAGMA foreign_keys=OFF;",
    b"BEGIN TRANSACTION;",
];

/// A head is judged by its first bytes.
const LOOKED_AT: usize = 4 * 1024;
/// Tables of telephone systems that stand for the rest where no program names itself.
const TELLING_TABLES: [&[u8]; 16] = [
    b"cdr",
    b"cel",
    b"sip",
    b"pjsip",
    b"iax",
    b"devices",
    b"sippeers",
    b"sip_buddies",
    b"ps_endpoints",
    b"ps_auths",
    b"ps_aors",
    b"v_extensions",
    b"v_gateways",
    b"ampusers",
    b"outbound_routes",
    b"trunks",
];

impl Dialect {
    /// Tells the dialect of a dump from its first bytes.
    pub(crate) fn of(head: &[u8]) -> Self {
        let first = head.get(..LOOKED_AT).unwrap_or(head);
        let has = |words: &[u8]| memchr::memmem::find(first, words).is_some();
        if MYSQL_PROGRAMS.iter().any(|program| has(program)) {
            return Dialect { escapes_line_ends: true, ..MYSQL };
        }
        let is_copy = lines(head).any(|line| line.starts_with(b"COPY ") && line.ends_with(b" FROM stdin;"));
        if is_copy || STANDARD_PROGRAMS.iter().any(|program| has(program)) {
            return STANDARD;
        }
        MYSQL
    }
}

/// Returns whether a file that begins with `head` is a dump of tables worth a look.
///
/// Programs install many files of statements that no server ever wrote: one without the head of a dump
/// counts only if it names a table of a telephone system.
pub(crate) fn looks_like_dump(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    if !begins_with_statement(head) {
        return false;
    }
    let first = head.get(..LOOKED_AT).unwrap_or(head);
    let has = |words: &&[u8]| memchr::memmem::find(first, words).is_some();
    let is_of_program = MYSQL_PROGRAMS.iter().chain(&STANDARD_PROGRAMS).any(has);
    let mut lines = lines(head);
    if is_of_program {
        return true;
    }
    lines.any(|line| {
        super::statement::table_of(line).is_some_and(|name| {
            TELLING_TABLES.iter().any(|known| known.eq_ignore_ascii_case(name.as_bytes()))
        })
    })
}

/// Returns whether the first line that is no comment begins a statement: a log that quotes one does not.
fn begins_with_statement(head: &[u8]) -> bool {
    const WORDS: [&str; 14] = [
        "SET ",
        "CREATE ",
        "DROP ",
        "USE ",
        "INSERT ",
        "REPLACE ",
        "BEGIN",
        "PRAGMA ",
        "START ",
        "LOCK ",
        "COPY ",
        "SELECT ",
        "DELETE ",
        "TRUNCATE ",
    ];
    let mut in_comment = false;
    for line in lines(head) {
        if in_comment {
            in_comment = memchr::memmem::find(line, b"*/").is_none();
            continue;
        }
        match line {
            b"" | [b'#', ..] | [b'-', b'-', ..] => {}
            [b'/', b'*', b'!' | b'M', ..] => return true,
            [b'/', b'*', rest @ ..] => in_comment = memchr::memmem::find(rest, b"*/").is_none(),
            [b'\\', ..] => {}
            line => {
                return WORDS.iter().any(|word| {
                    line.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word.as_bytes()))
                });
            }
        }
    }
    // Comments only: what programs write above the first statement may be long.
    MYSQL_PROGRAMS.iter().any(|program| memchr::memmem::find(head, program).is_some())
}

fn lines(head: &[u8]) -> impl Iterator<Item = &[u8]> {
    head.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii)
}
