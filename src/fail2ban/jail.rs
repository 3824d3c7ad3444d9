//! Jails: what each watches, what it counts, and when it bans.
//!
//! Facts relied on: without the options a jail is off, counts five failures in ten minutes and bans for ten
//! (`client/jailreader.py`, `server/failmanager.py`); `filter = NAME[option=value]`; times are seconds or
//! `10m`, `1h 30m`, `1w` (`MyTime.str2seconds`); a `logpath` is a pattern, with ` tail` or ` head` behind it.

use std::collections::BTreeMap;

use ipnet::IpNet;

use super::counting::Policy;
use super::expand;
use super::files::Files;
use super::filter::Filter;
use super::ini::Ini;
use crate::event::Citation;

/// Jails of one installation; the stock file has about a hundred.
const MOST_JAILS: usize = 1_000;
/// What fail2ban does where no file says.
const DEFAULT: Policy = Policy { max_retry: 5, find_time: 600, ban_time: 600 };
/// Words in the name of a jail or its filter that say it watches a phone system, not its web panel.
const PHONE_WORDS: [&str; 8] =
    ["asterisk", "freeswitch", "kamailio", "opensips", "sip", "pbx", "voip", "ami"];
/// Folders that phone systems log to.
const PHONE_LOGS: [&str; 3] = ["/log/asterisk/", "/log/freeswitch/", "/freeswitch/log/"];
/// Words that say it watches a panel.
const PANEL_WORDS: [&str; 4] = ["gui", "apache", "nginx", "http"];

/// fail2ban's configuration.
#[derive(Clone, Debug, Default)]
pub struct Configuration {
    /// Its jails, in order of name.
    pub jails: Vec<Jail>,
}

impl Configuration {
    /// Returns the jails that watch a phone system.
    pub fn phone_jails(&self) -> impl Iterator<Item = &Jail> {
        self.jails.iter().filter(|jail| jail.is_for_phones())
    }
}

/// One jail.
#[derive(Clone, Debug)]
pub struct Jail {
    /// Its name.
    pub name: String,
    /// Is it switched on?
    pub is_enabled: bool,
    /// The name of its filter.
    pub filter_name: String,
    /// Its filter; `None` where its file is not there or names what is not there.
    pub filter: Option<Filter>,
    /// The logs that it reads, as patterns.
    pub log_paths: Vec<String>,
    /// Does it read the journal instead?
    pub reads_journal: bool,
    /// When it bans.
    pub policy: Policy,
    /// Networks that it never bans.
    pub exempt: Vec<IpNet>,
    /// Does it do anything when it bans?
    pub has_action: bool,
    /// The line that switches it on or off, or its header.
    pub switch: Citation,
    /// The line that names its log, or its header.
    pub log_line: Citation,
    /// The line that sets its threshold, or its header.
    pub threshold_line: Citation,
    /// The line that names its filter, or its header.
    pub filter_line: Citation,
    /// The line that exempts networks.
    pub exempt_line: Citation,
}

impl Jail {
    fn is_for_phones(&self) -> bool {
        let names = format!("{} {}", self.name, self.filter_name).to_ascii_lowercase();
        let words: Vec<&str> = names.split(|letter: char| !letter.is_ascii_alphanumeric()).collect();
        let has = |wanted: &[&str]| {
            wanted.iter().any(|wanted| {
                words.iter().any(|word| word == wanted || wanted.len() > 3 && word.starts_with(wanted))
            })
        };
        let reads = |path: &String| PHONE_LOGS.iter().any(|folder| path.contains(folder));
        (has(&PHONE_WORDS) || self.log_paths.iter().any(reads)) && !has(&PANEL_WORDS)
    }
}

/// Reads the jails.
pub(super) fn configuration(files: &Files<'_>, ini: &Ini) -> Configuration {
    let named = ini.sections().filter(|(name, _)| !matches!(*name, "DEFAULT" | "INCLUDES"));
    let jails = named.take(MOST_JAILS).map(|(name, header)| jail(files, ini, name, header));
    Configuration { jails: jails.collect() }
}

fn jail(files: &Files<'_>, ini: &Ini, name: &str, header: &Citation) -> Jail {
    let text = |option: &str| expand::option(ini, name, option).and_then(Result::ok);
    let line =
        |option: &str| ini.raw(name, option).map_or_else(|| header.clone(), |value| value.cited.clone());
    let (filter_name, options) = with_options(&text("filter").unwrap_or_default());
    let (max_retry, find_time, ban_time) = (text("maxretry"), text("findtime"), text("bantime"));
    let policy = Policy {
        max_retry: max_retry.and_then(|text| text.trim().parse().ok()).unwrap_or(DEFAULT.max_retry),
        find_time: find_time.and_then(|text| seconds(&text)).unwrap_or(DEFAULT.find_time),
        ban_time: ban_time.and_then(|text| seconds(&text)).unwrap_or(DEFAULT.ban_time),
    };
    let is_enabled = text("enabled").is_some_and(|value| is_true(&value));
    let mut jail = Jail {
        name: name.to_owned(),
        is_enabled,
        filter_name,
        filter: None,
        log_paths: text("logpath").unwrap_or_default().lines().filter_map(log_path).collect(),
        reads_journal: text("backend").is_some_and(|backend| backend.trim().starts_with("systemd")),
        policy,
        exempt: exempt(&text("ignoreip").unwrap_or_default()),
        // An action that names what is not here is one all the same.
        has_action: expand::option(ini, name, "action")
            .is_some_and(|action| action.is_err() || action.is_ok_and(|action| !action.trim().is_empty())),
        switch: line("enabled"),
        log_line: line("logpath"),
        threshold_line: line("maxretry"),
        filter_line: line("filter"),
        exempt_line: line("ignoreip"),
    };
    // Compiling the hundred stock filters would take longer than all the rest.
    if jail.is_for_phones() {
        jail.filter = filter(files, &jail.filter_name, &options, text("failregex").as_deref());
    }
    jail
}

/// Reads a filter: its own options, those in `[Init]`, and over them what the jail gives it.
fn filter(
    files: &Files<'_>,
    name: &str,
    given: &BTreeMap<String, String>,
    own: Option<&str>,
) -> Option<Filter> {
    let Some(ini) = files.load(&format!("filter.d/{name}")) else {
        return own.map(|failures| Filter::new("", failures, ""));
    };
    let mut options = BTreeMap::new();
    for section in ["DEFAULT", "Init", "Definition"] {
        for option in ini.names(section) {
            if let Some(Ok(value)) = expand::option(&ini, section, option) {
                options.insert(option.to_owned(), value);
            }
        }
    }
    options.extend(given.iter().map(|(name, value)| (name.clone(), value.clone())));
    let text = |option: &str| {
        let raw = options.get(option).map_or("", String::as_str);
        expand::tags(&ini, &options, raw).ok()
    };
    let failures = match own {
        Some(own) => own.to_owned(),
        None => text("failregex")?,
    };
    Some(Filter::new(&text("prefregex")?, &failures, &text("ignoreregex")?))
}

/// Splits `name[option=value, other="a,b"]`.
fn with_options(text: &str) -> (String, BTreeMap<String, String>) {
    let (name, rest) = text.trim().split_once('[').unwrap_or((text.trim(), ""));
    let rest = rest.trim_end().trim_end_matches(']');
    let mut options = BTreeMap::new();
    let mut quote = None;
    let pieces = rest.split(|letter: char| {
        match quote {
            Some(open) if letter == open => quote = None,
            None if matches!(letter, '"' | '\'') => quote = Some(letter),
            _ => {}
        }
        letter == ',' && quote.is_none()
    });
    for piece in pieces {
        if let Some((name, value)) = piece.split_once('=') {
            let value = value.trim().trim_matches(['"', '\'']);
            options.insert(name.trim().to_ascii_lowercase(), value.to_owned());
        }
    }
    (name.trim().to_owned(), options)
}

fn log_path(line: &str) -> Option<String> {
    let path = line.trim();
    let path = path.strip_suffix(" tail").or_else(|| path.strip_suffix(" head")).unwrap_or(path).trim();
    (!path.is_empty()).then(|| path.to_owned())
}

/// Reads the networks; names of hosts, which need a network to be resolved, are left out.
fn exempt(text: &str) -> Vec<IpNet> {
    let words = text.split([' ', ',', '\n', '\t']).filter(|word| !word.is_empty());
    let network = |word: &str| {
        let address = || word.parse().ok().map(|address: std::net::IpAddr| IpNet::from(address));
        word.parse().ok().or_else(address)
    };
    words.filter_map(network).collect()
}

fn is_true(value: &str) -> bool {
    matches!(value.trim().to_ascii_lowercase().as_str(), "true" | "yes" | "on" | "1")
}

/// Reads a time: `600`, `-1`, `10m`, `1h 30m`, `1d12h`.
fn seconds(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Ok(seconds) = text.parse() {
        return Some(seconds);
    }
    let mut total = 0_i64;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.len()
            - rest.trim_start_matches(|letter: char| letter.is_ascii_digit() || letter == '-').len();
        let number: i64 = rest.get(..digits)?.parse().ok()?;
        rest = rest.get(digits..)?.trim_start();
        let letters = rest.len() - rest.trim_start_matches(|letter: char| letter.is_ascii_alphabetic()).len();
        let unit = match rest.get(..letters)? {
            "" | "s" | "ss" | "sec" | "second" | "seconds" => 1,
            "m" | "mi" | "min" | "minute" | "minutes" => 60,
            "h" | "ho" | "hr" | "hour" | "hours" => 3_600,
            "d" | "da" | "day" | "days" => 86_400,
            "w" | "we" | "week" | "weeks" => 604_800,
            "mo" | "mon" | "month" | "months" => 2_629_800,
            "y" | "ye" | "year" | "years" => 31_557_600,
            _ => return None,
        };
        total = total.checked_add(number.checked_mul(unit)?)?;
        rest = rest.get(letters..)?.trim_start();
    }
    (!text.is_empty()).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_options_are_read() {
        for (text, wanted) in [
            ("600", Some(600)),
            ("-1", Some(-1)),
            ("10m", Some(600)),
            ("1h 30m", Some(5_400)),
            ("1w", Some(604_800)),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(seconds(text), wanted, "{text}");
        }
        let (name, options) = with_options(r#"asterisk[mode="a,b", x=1]"#);
        assert_eq!(name, "asterisk");
        assert_eq!(
            options,
            BTreeMap::from([("mode".to_owned(), "a,b".to_owned()), ("x".to_owned(), "1".to_owned())])
        );
        assert_eq!(exempt("127.0.0.1/8 ::1, pbx.example 192.0.2.7").len(), 3);
        assert_eq!(log_path("/var/log/asterisk/full tail").as_deref(), Some("/var/log/asterisk/full"));
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_a_time_or_none(text in ".{0,20}") {
            let _ = (seconds(&text), with_options(&text), log_path(&text));
        }
    }
}
