//! Free text, read word by word: what is a number, a name, an address of one's own is replaced, the rest is copied.

use std::ops::Range;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::indicators;

use super::pseudonyms::{Kind, LEAST_DIGITS, Pseudonyms};

/// Who wrote a text: that decides what a bare number in it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Voice {
    /// The program: figures in its sentences are counts.
    Program,
    /// Whoever wrote the record.
    Evidence,
    /// A path, in which eight digits may be the day of a rotation.
    Path,
}

/// The pieces of a text, the first that fits; what fits none is copied.
const PIECES: &str = concat!(
    // A hardware address: its first half looks like a time.
    r"(?P<mac>\b(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}\b)",
    // A UUID; stamps of every form, with their offset from UTC; the id of a call record.
    r"|(?P<keep>\b[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\b",
    r"|\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?",
    r"|\b\d{1,2}/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d(?: [+-]\d{4})?",
    r"|\b[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d+)?",
    r"|\b\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?\b",
    r"|\b1\d{9}\.\d+\b",
    // A day as SQLite counts them (Julian), with its fraction.
    r"|\b2[45]\d{5}\.\d+\b",
    // The nonce of a challenge, which begins with the second of it.
    r#"|"1\d{9}/[0-9a-f]+")"#,
    r"|(?P<mail>[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)",
    r"|(?P<address>\d{1,3}(?:\.\d{1,3}){3}|(?:[0-9A-Fa-f]{0,4}:){2,7}(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f]{0,4}))",
    r"|(?P<grouped>\+\d{1,3}(?:[ .-]\(?\d{2,5}\)?){2,5})",
    r"|(?P<word>\+?[\pL\pN_]+)",
);

/// Where a record says that what follows is a name, as the first group.
const NAMES: [&str; 7] = [
    // "Jane Doe" <201>, and the same within a cell of CSV; what begins with a comma or has an equals sign stands
    // between the cells or the fields of a record
    r#""([^"<>,=][^"<>=]{0,79}?)"{1,3}\s*<"#,
    // fullname = Jane Doe, callerid=Jane Doe <201>, caller_id_name="Jane Doe"
    r#"(?i)\b(?:full_?name|caller_?id|caller_?id_?name|cid_?name|display_?name|effective_caller_id_name|outbound_caller_id_name|first_?name|last_?name|e?mail)"?\s*(?:=>?|:)\s*["']?([^"'<>,;|&=\r\n]{1,80})"#,
    // name="effective_caller_id_name" value="Jane Doe"
    r#"(?i)caller_id_name"\s+value="([^"]{1,80})""#,
    // CALLERID(name)=Jane Doe
    r#"(?i)CALLERID\(name\)(?:=|", ")([^"),|]{1,80})"#,
    // 201 => ***,Jane Doe,jane@example.com
    r"^\s*\d+\s*=>\s*[^,]*,([^,@]{1,80})",
    // account.1.display_name = Jane Doe
    r#"(?i)\b(?:displayname|label)\s*=\s*["']?([^"'<>,;\r\n]{1,80})"#,
    // From: "Jane Doe" and From: Jane Doe <sip:...>
    r#"(?i)\b(?:From|To|Contact):\s*([^"<>:;@]{2,80}?)\s*<"#,
];

/// Where a path names one of the people of the machine, as the first group: their home.
const HOME: &str = r"(?:^|[^\pL\pN_])home/([\pL\pN_.-]+)/";

/// Where a record names the machine, as the first group.
const HOSTS: [&str; 3] = [
    // a line of syslog begins with it
    r"^(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT\S+) ([\w.-]+) [\w./-]+(?:\[\d+\])?:",
    // a line of a web server with several names, `pbx.example:443 192.0.2.7 - - [`
    r"^([\w.-]*[A-Za-z][\w.-]*):\d{1,5} [0-9A-Fa-f.:]+ \S+ \S+ \[",
    // the page that a request came from, most often one of the same server
    r#"" \d{3} (?:\d+|-) "https?://([\w.-]*[A-Za-z][\w.-]*)"#,
];

static PIECE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(PIECES).ok());
static WORD: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"(?P<word>\+?[\pL\pN_]+)").ok());
static NAME: LazyLock<Vec<Regex>> =
    LazyLock::new(|| NAMES.iter().filter_map(|form| Regex::new(form).ok()).collect());
static HOME_OF: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(HOME).ok());
static HOST_NAME: LazyLock<Vec<Regex>> =
    LazyLock::new(|| HOSTS.iter().filter_map(|form| Regex::new(form).ok()).collect());

/// Words behind which a figure is an account, and before which it is a count.
const ACCOUNT_BEFORE: [&str; 10] = [
    "account",
    "accounts",
    "extension",
    "extensions",
    "user",
    "users",
    "mailbox",
    "mailboxes",
    "endpoint",
    "peer",
];
const COUNT_AFTER: [&str; 38] = [
    "account",
    "accounts",
    "address",
    "addresses",
    "answered",
    "bytes",
    "call",
    "calls",
    "days",
    "digits",
    "distinct",
    "entries",
    "failed",
    "file",
    "files",
    "fraudulent",
    "further",
    "hours",
    "intrusions",
    "line",
    "lines",
    "messages",
    "minutes",
    "more",
    "names",
    "other",
    "others",
    "percent",
    "places",
    "record",
    "records",
    "requests",
    "seconds",
    "times",
    "tries",
    "try",
    "wrong",
    "years",
];

/// Fewer digits than this behind letters are a number in a series, as in `line2`.
const LEAST_OF_A_NAME: usize = 3;

/// Returns whether a character can stand within a word.
pub(super) fn is_of_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// Returns a text with pseudonyms in it.
pub(super) fn redacted(text: &str, voice: Voice, pseudonyms: &mut Pseudonyms) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut at = 0;
    for (span, kind) in names(text, voice, pseudonyms) {
        if span.start < at {
            continue;
        }
        push_pieces(&mut shown, text, at..span.start, voice, pseudonyms);
        let name = text.get(span.clone()).unwrap_or_default();
        shown.push_str(&named(name, kind, pseudonyms));
        at = span.end;
    }
    push_pieces(&mut shown, text, at..text.len(), voice, pseudonyms);
    shown
}

/// Returns what stands for a name; a number in its place is one.
fn named(name: &str, kind: Kind, pseudonyms: &mut Pseudonyms) -> String {
    let is_number = !name.is_empty() && name.chars().all(|c| c.is_ascii_digit() || "+ -()*#".contains(c));
    match kind {
        _ if is_number => pseudonyms.number(name),
        // `***`, and names that a masked secret or an empty field left.
        _ if !name.chars().any(char::is_alphanumeric) => name.to_owned(),
        // What a program for attacks calls itself is nobody's name.
        Kind::Name if !indicators::of_text(indicators::Kind::Phone, name.as_bytes()).is_empty() => {
            name.to_owned()
        }
        Kind::Account => pseudonyms.account(name),
        kind => pseudonyms.of(kind, name),
    }
}

/// Finds names, in the order in which they stand.
fn names(text: &str, voice: Voice, pseudonyms: &Pseudonyms) -> Vec<(Range<usize>, Kind)> {
    let mut found = Vec::new();
    let mut find = |form: &Regex, kind: Kind| {
        let mut from = 0;
        while let Some(group) = form.captures_at(text, from).and_then(|captures| captures.get(1)) {
            let trimmed = group.as_str().trim_end();
            found.push((group.start()..group.start() + trimmed.len(), kind));
            // What follows a name may lead to the next one. An empty one must not hold the search up.
            from = group.end().max(from + 1);
            while !text.is_char_boundary(from) {
                from += 1;
            }
            if from > text.len() {
                break;
            }
        }
    };
    if let Some(people) = pseudonyms.people() {
        find(people, Kind::Name);
    }
    if let Some(phrases) = pseudonyms.phrases() {
        find(phrases, Kind::Account);
    }
    // In a record it is more often a page of the web server.
    if let Some(home) = HOME_OF.as_ref().filter(|_| voice != Voice::Evidence) {
        find(home, Kind::Account);
    }
    if voice == Voice::Evidence {
        NAME.iter().for_each(|form| find(form, Kind::Name));
        HOST_NAME.iter().for_each(|form| find(form, Kind::Host));
    }
    found.sort_by_key(|(span, kind)| (span.start, std::cmp::Reverse(span.end), *kind));
    found
}

fn push_pieces(
    shown: &mut String,
    text: &str,
    span: Range<usize>,
    voice: Voice,
    pseudonyms: &mut Pseudonyms,
) {
    let Some(form) = PIECE.as_ref() else { return };
    let mut at = span.start;
    let part = text.get(..span.end).unwrap_or_default();
    while let Some(found) = form.captures_at(part, at) {
        let Some(whole) = found.get(0) else { break };
        shown.push_str(part.get(at..whole.start()).unwrap_or_default());
        let around = Around { text, start: whole.start(), end: whole.end() };
        let piece = piece(&found, &around, voice, pseudonyms);
        shown.push_str(&piece);
        at = whole.end();
    }
    shown.push_str(part.get(at..).unwrap_or_default());
}

/// A piece and what stands beside it.
struct Around<'t> {
    text: &'t str,
    start: usize,
    end: usize,
}

impl<'t> Around<'t> {
    fn before(&self) -> &'t str {
        self.text.get(..self.start).unwrap_or_default()
    }

    fn after(&self) -> &'t str {
        self.text.get(self.end..).unwrap_or_default()
    }

    fn stands_alone(&self) -> bool {
        !self.before().chars().next_back().is_some_and(is_of_word)
            && !self.after().chars().next().is_some_and(is_of_word)
    }
}

fn piece(found: &Captures<'_>, around: &Around<'_>, voice: Voice, pseudonyms: &mut Pseudonyms) -> String {
    let whole = found.get(0).map_or("", |whole| whole.as_str());
    if found.name("keep").is_some() {
        whole.to_owned()
    } else if found.name("mac").is_some() {
        pseudonyms.of(Kind::Mac, &whole.to_ascii_lowercase().replace('-', ":"))
    } else if found.name("mail").is_some() {
        mail(whole, around, voice, pseudonyms)
    } else if found.name("address").is_some() {
        match whole.parse() {
            Ok(_) if is_of_a_browser(around) => whole.to_owned(),
            Ok(address) if around.stands_alone() => pseudonyms.address(address).to_string(),
            _ => words(whole, around, voice, pseudonyms),
        }
    } else if found.name("grouped").is_some() {
        pseudonyms.number(whole)
    } else {
        word(whole, around, voice, pseudonyms)
    }
}

/// Is it the version of a browser, which has the form of an address?
fn is_of_a_browser(around: &Around<'_>) -> bool {
    ["Chrome/", "Chromium/", "Edg/", "Firefox/", "OPR/", "Safari/", "Version/"]
        .iter()
        .any(|browser| around.before().ends_with(browser))
}

/// Reads what looks like an address and is none, word by word.
fn words(text: &str, around: &Around<'_>, voice: Voice, pseudonyms: &mut Pseudonyms) -> String {
    let Some(form) = WORD.as_ref() else { return String::new() };
    let mut shown = String::new();
    let mut at = 0;
    for found in form.find_iter(text) {
        shown.push_str(text.get(at..found.start()).unwrap_or_default());
        let (start, end) = (around.start + found.start(), around.start + found.end());
        shown.push_str(&word(found.as_str(), &Around { text: around.text, start, end }, voice, pseudonyms));
        at = found.end();
    }
    shown.push_str(text.get(at..).unwrap_or_default());
    shown
}

/// `201@pbx.example` of SIP and `jane@example.com` of mail: who, and whose machine.
fn mail(whole: &str, around: &Around<'_>, voice: Voice, pseudonyms: &mut Pseudonyms) -> String {
    let Some((who, host)) = whole.rsplit_once('@') else { return String::new() };
    let start = around.start;
    let of_who = Around { text: around.text, start, end: start + who.len() };
    let masked = words(who, &of_who, voice, pseudonyms);
    let is_sip = around.before().to_ascii_lowercase().ends_with("sip:")
        || around.before().to_ascii_lowercase().ends_with("sips:");
    match host.parse() {
        Ok(address) => format!("{masked}@{}", pseudonyms.address(address)),
        // Of a mail the whole is somebody's name.
        Err(_) if !is_sip && masked == who => {
            format!("{}@{}", pseudonyms.of(Kind::Name, who), pseudonyms.of(Kind::Host, host))
        }
        Err(_) => format!("{masked}@{}", pseudonyms.of(Kind::Host, host)),
    }
}

fn word(word: &str, around: &Around<'_>, voice: Voice, pseudonyms: &mut Pseudonyms) -> String {
    let digits = word.trim_start_matches('+');
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return figure(word, digits, around, voice, pseudonyms);
    }
    if pseudonyms.is_account(word) {
        return pseudonyms.account(word);
    }
    let mut shown = String::with_capacity(word.len());
    let mut start = around.start;
    for part in word.split_inclusive('_') {
        let bare = part.trim_end_matches('_');
        let beside = Around { text: around.text, start, end: start + bare.len() };
        shown.push_str(&part_of_word(bare, &beside, voice, pseudonyms));
        shown.push_str(part.get(bare.len()..).unwrap_or_default());
        start += part.len();
    }
    shown
}

/// Reads what stands between the underlines of a word, as in `reg_0015654a1c45` and `phone_201`.
fn part_of_word(part: &str, around: &Around<'_>, voice: Voice, pseudonyms: &mut Pseudonyms) -> String {
    if let Some(hardware) = hardware_address(part) {
        let (prefix, address) = part.split_at(hardware);
        return format!("{prefix}{}", pseudonyms.of(Kind::Mac, &address.to_ascii_lowercase()));
    }
    let letters = part.trim_end_matches(|letter: char| letter.is_ascii_digit());
    let digits = part.get(letters.len()..).unwrap_or_default();
    if letters.is_empty() && !digits.is_empty() {
        return figure(part, digits, around, voice, pseudonyms);
    }
    // A file's name may hold the account beside letters, as `phone201.cfg`.
    if voice == Voice::Path && pseudonyms.is_account(digits) && digits.len() >= LEAST_OF_A_NAME {
        return format!("{letters}{}", pseudonyms.account(digits));
    }
    if pseudonyms.is_account(part) { pseudonyms.account(part) } else { part.to_owned() }
}

/// Returns where in `0015654a1c45` or `SEP0015654A1C45` the hardware address begins.
fn hardware_address(word: &str) -> Option<usize> {
    let start = word.len().checked_sub(12)?;
    let (prefix, address) = word.split_at_checked(start)?;
    let is_address = address.bytes().all(|byte| byte.is_ascii_hexdigit())
        && address.bytes().any(|byte| byte.is_ascii_digit())
        && prefix.bytes().all(|byte| byte.is_ascii_alphabetic());
    is_address.then_some(start)
}

/// Reads a run of digits: a number, an account, or a figure that is nobody's.
fn figure(
    word: &str,
    digits: &str,
    around: &Around<'_>,
    voice: Voice,
    pseudonyms: &mut Pseudonyms,
) -> String {
    let keeps = if digits.len() >= LEAST_DIGITS {
        is_counter(digits, around)
            || is_day(digits) && (voice == Voice::Path || is_of_a_name(around))
            || voice == Voice::Program && is_count(around)
    } else {
        !pseudonyms.is_account(word)
            || is_part_of_a_figure(around)
            || voice == Voice::Program && is_count(around)
    };
    if keeps { word.to_owned() } else { pseudonyms.number(word) }
}

/// The number of a channel (`PJSIP/201-00000012`) or of a call (`C-00000012`).
fn is_counter(digits: &str, around: &Around<'_>) -> bool {
    digits.len() == 8 && digits.starts_with("000") && around.before().ends_with('-')
}

/// `20260308`, as rotated logs are named.
fn is_day(digits: &str) -> bool {
    let number = |range: Range<usize>| digits.get(range).and_then(|digits| digits.parse::<u32>().ok());
    digits.len() == 8
        && number(0..4).is_some_and(|year| (1990..2100).contains(&year))
        && number(4..6).is_some_and(|month| (1..=12).contains(&month))
        && number(6..8).is_some_and(|day| (1..=31).contains(&day))
}

/// Does it stand in a file's name, as the day in `messages-20260308`?
fn is_of_a_name(around: &Around<'_>) -> bool {
    let mut before = around.before().chars().rev();
    matches!(before.next(), Some('-' | '.' | '_')) && before.next().is_some_and(char::is_alphabetic)
}

/// Is it half of `20.50`, or the line of `full:20`?
fn is_part_of_a_figure(around: &Around<'_>) -> bool {
    let mut before = around.before().chars().rev();
    let mut after = around.after().chars();
    let digit = |character: Option<char>| character.is_some_and(|character| character.is_ascii_digit());
    match (before.next(), after.next()) {
        (Some('.'), _) if digit(before.next()) => true,
        (_, Some('.')) if digit(after.next()) => true,
        (Some(':'), _) => {
            before.next().is_some_and(|character| character.is_ascii_alphanumeric())
            // `sip:201` names an account.
            && !["sip", "sips", "tel"].iter().any(|scheme| around.before().trim_end_matches(':').ends_with(scheme))
        }
        _ => false,
    }
}

fn is_count(around: &Around<'_>) -> bool {
    let before = around.before().trim_end().rsplit(|c: char| !is_of_word(c)).next().unwrap_or_default();
    let after = around.after();
    let rest = after.strip_prefix(' ').unwrap_or_default();
    let next: String = rest.chars().take_while(|c| is_of_word(*c)).collect();
    // `305 of them`, `3 of 305 calls`, `12 in all`; `9998 of [ext-local]` and `301 in mac.cfg` are accounts.
    let is_share = ["of them", "of its", "of the ", "in all"].iter().any(|words| rest.starts_with(words))
        || rest.strip_prefix("of ").is_some_and(|of| of.starts_with(|c: char| c.is_ascii_digit()));
    !ACCOUNT_BEFORE.contains(&before.to_ascii_lowercase().as_str())
        && (is_share || COUNT_AFTER.contains(&next.as_str()) || after.starts_with('%'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::report::redact::OwnWords;
    use crate::report::sample;

    fn pseudonyms() -> Pseudonyms {
        let own = OwnWords {
            accounts: ["20", "201", "acme", "north office"].map(str::to_owned).to_vec(),
            people: vec!["Jane Doe".to_owned(), "Łukasz".to_owned()],
        };
        Pseudonyms::new(&sample::report(), &own)
    }

    fn line(text: &str, voice: Voice) -> String {
        redacted(text, voice, &mut pseudonyms())
    }

    #[test]
    fn every_form_compiles() {
        assert!(PIECE.is_some() && WORD.is_some());
        assert_eq!(HOST_NAME.len(), HOSTS.len());
        assert_eq!(NAME.len(), NAMES.len());
        assert!(COUNT_AFTER.is_sorted());
    }

    #[test]
    fn lines_keep_their_form() {
        for (text, shown) in [
            (
                "[Sep 10 02:37:41] VERBOSE[26018] x.c: Added contact 'sip:201@198.51.100.4:6070' to AOR '201' with expiration of 600 seconds",
                "[Sep 10 02:37:41] VERBOSE[26018] x.c: Added contact 'sip:account-1@0.0.0.1:6070' to AOR 'account-1' with expiration of 600 seconds",
            ),
            (
                r#""","201","0034911234567","x","""Jane Doe"" <201>","PJSIP/201-00000012""#,
                r#""","account-1","number-1","x","""name-1"" <account-1>","PJSIP/account-1-00000012""#,
            ),
            ("201 => ***,Mary Major,mary@acme.example", "account-1 => ***,name-1,name-2@host-1"),
            ("callerid = John Roe <34911234567>", "callerid = name-1 <number-1>"),
            (
                r#"<param name="effective_caller_id_name" value="John Roe"/>"#,
                r#"<param name="effective_caller_id_name" value="name-1"/>"#,
            ),
            ("Mar  7 02:00:00 pbx-roe sshd[201]: x", "Mar  7 02:00:00 host-1 sshd[account-1]: x"),
            (
                r#"pbx.acme.example:443 198.51.100.4 - - [22/Aug/2025:03:17:31 -0400] "GET /x HTTP/1.1" 200 9 "http://pbx.acme.example/y" "-""#,
                r#"host-1:443 0.0.0.1 - - [22/Aug/2025:03:17:31 -0400] "GET /x HTTP/1.1" 200 9 "http://host-1/y" "-""#,
            ),
            ("expires=2461347.853214;q=1", "expires=2461347.853214;q=1"),
            (
                "1741388045.20 and +34 911 234 567 and 00:15:65:4a:1c:45",
                "1741388045.20 and number-1 and mac-1",
            ),
            (
                "asterisk-20250825.sql, Chrome/120.0.0.0, 198.51.100.4",
                "asterisk-20250825.sql, Chrome/120.0.0.0, 0.0.0.1",
            ),
            ("[Fri Aug 22 03:10:02.123456 2025] x", "[Fri Aug 22 03:10:02.123456 2025] x"),
            ("std::fs, 2001:db8::99", "std::fs, 100::1"),
            ("+881835211000 and 9011881835211000", "+881835211000 and 9011881835211000"),
            ("Jane Doe Jane Doe, Łukasz; Łukaszek", "name-1 name-1, name-2; Łukaszek"),
            ("over north office, acme_1", "over account-1, account-2_1"),
            (
                r#"EventVersion="1",AccountID="<unknown>",Challenge="1757344805/68c1cf""#,
                r#"EventVersion="1",AccountID="<unknown>",Challenge="1757344805/68c1cf""#,
            ),
            (
                r#"'OPTIONS' from '"sipvicious" <sip:100@1.1.1.1>' failed"#,
                r#"'OPTIONS' from '"sipvicious" <sip:100@1.1.1.1>' failed"#,
            ),
        ] {
            assert_eq!(line(text, Voice::Evidence), shown);
        }
    }

    #[test]
    fn counts_are_no_accounts() {
        let told = line(
            "20 calls by extension 20, 20.50 EUR at 20:20, 1234567 records, see full:20; 201 of them, 20 of 300",
            Voice::Program,
        );
        assert_eq!(
            told,
            "20 calls by extension account-1, 20.50 EUR at 20:20, 1234567 records, see full:20; 201 of them, 20 of 300"
        );
        let told = line("yealink: 201 in 0015654a1c45.cfg, by 201 of [ext-local]", Voice::Program);
        assert_eq!(told, "yealink: account-1 in mac-1.cfg, by account-1 of [ext-local]");
    }

    #[test]
    fn a_home_names_somebody() {
        let told =
            line("home/itadmin/.ssh/authorized_keys, root1/home/j.doe/x, /home/itadmin/y", Voice::Path);
        assert_eq!(told, "home/account-1/.ssh/authorized_keys, root1/home/account-2/x, /home/account-1/y");
        let told = line("a key in /home/itadmin/.ssh/authorized_keys", Voice::Program);
        assert_eq!(told, "a key in /home/account-1/.ssh/authorized_keys");
        assert_eq!(line("var/home.conf/x/y, myhome/x/y", Voice::Path), "var/home.conf/x/y, myhome/x/y");
    }

    #[test]
    fn paths_stay_readable() {
        let told = line(
            "var/log/asterisk/full-20260308, srv/tftp/0015654a1c45.cfg, voicemail/default/201/INBOX, \
             tftpboot/reg_0004f2b1c340.cfg, phone_201.xml, phone201.xml, in_0034911234567_1.wav, root1/line20",
            Voice::Path,
        );
        assert_eq!(
            told,
            "var/log/asterisk/full-20260308, srv/tftp/mac-1.cfg, voicemail/default/account-1/INBOX, \
             tftpboot/reg_mac-2.cfg, phone_account-1.xml, phoneaccount-1.xml, in_number-1_1.wav, root1/line20"
        );
    }

    proptest! {
        // Expressions are built anew for each case.
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn no_text_breaks_it_and_no_account_is_left(before in "\\PC{0,20}", after in "[^0-9.]\\PC{0,20}") {
            let text = format!("{before} '201'{after}");
            for voice in [Voice::Program, Voice::Evidence, Voice::Path] {
                let told = line(&text, voice);
                prop_assert!(!told.contains("'201'"), "{}", told);
            }
        }

        #[test]
        fn numbers_do_not_pass(number in "[1-9][0-9]{6,13}", voice in 0..3usize) {
            let voice = [Voice::Program, Voice::Evidence, Voice::Path][voice];
            prop_assume!(!is_day(&number) && !number.ends_with("881835211000"));
            let told = line(&format!("from <{number}> to"), voice);
            prop_assert!(!told.contains(&number), "{}", told);
        }
    }
}
