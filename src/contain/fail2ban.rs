//! A jail of fail2ban with a filter that would have counted the failures of this very log.
//!
//! Facts relied on: fail2ban takes the date out of a line and leaves the brackets around it; `%` is written `%%` in its
//! files; a ban by `banaction_allports` is of one protocol, TCP unless told, so that SIP over UDP needs its own. Whoever
//! sends a packet writes a part of the line: each expression is tied to both ends of what the server itself writes, so
//! that nobody can have an innocent address banned by putting it into a name.

use super::script::{Head, push_wrapped};
use super::{Jail, LogForm, Output, Plan, Replayed, ScriptTurn};
use crate::fail2ban::Policy;
use crate::report::document::{counted, instant};

/// Name of jail and filter.
const NAME: &str = "tolltrace-sip";

/// What the jail asks for: five failures of a day ban for a week.
pub(crate) const POLICY: Policy = Policy { max_retry: 5, find_time: 86_400, ban_time: 604_800 };
/// Addresses named in the head.
const MOST_NAMED: usize = 10;

/// Says what the jail would have done here.
fn told(plan: &Plan, replay: &Replayed) -> Vec<String> {
    let mut lines = vec![
        "Tried on this evidence, by the tries of each hour (a try may leave several lines, which ban sooner):".to_owned(),
    ];
    let mut say = |words: String| lines.push(format!("- {words}"));
    for (address, hour, tries) in replay.banned.iter().take(MOST_NAMED) {
        let failures = counted(u64::from(*tries), "failure");
        say(format!("intruder {address}: banned after {failures}, in the hour from {}", instant(hour)));
    }
    for (address, most) in replay.missed.iter().take(MOST_NAMED) {
        say(match most {
            0 => format!("intruder {address}: never banned, it failed at nothing"),
            most => format!("intruder {address}: never banned, {most} of {} within a day", POLICY.max_retry),
        });
    }
    let left = (replay.banned.len().saturating_sub(MOST_NAMED)
        + replay.missed.len().saturating_sub(MOST_NAMED)) as u64;
    if left > 0 {
        say(format!("and {left} more of the intruders' addresses"));
    }
    if replay.tried > 0 {
        say(format!("of {} who tried and got nothing: {} banned", replay.tried, replay.tried_banned));
    }
    for (address, most) in replay.honest.iter().take(MOST_NAMED) {
        say(match *most >= POLICY.max_retry {
            _ if plan.known().any(|keep| keep.network.contains(address)) => format!(
                "nobody blames {address}, which stands in ignoreip and is never banned: {most} failures within a day, a stale password it may be"
            ),
            true => format!(
                "NOBODY BLAMES {address}, and it would have been banned: ask whose it is, and put it into ignoreip"
            ),
            false => format!(
                "nobody blames {address}, and it came near: {most} of {} within a day",
                POLICY.max_retry
            ),
        });
    }
    match replay.honest.len().saturating_sub(MOST_NAMED) {
        0 if replay.honest.is_empty() => {
            say("nobody else outside would have been banned, or came near".to_owned());
        }
        0 => {}
        more => say(format!("and {more} more whom nobody blames")),
    }
    lines
}

/// Writes jail and filter.
pub(super) fn files(plan: &Plan) -> Vec<Output> {
    let Some(jail) = &plan.jail else { return Vec::new() };
    vec![
        Output::new(
            "fail2ban/jail.d/tolltrace-sip.local",
            "a jail for the log that tells of most failures",
            jail_file(plan, jail),
        ),
        Output::new(
            "fail2ban/filter.d/tolltrace-sip.conf",
            "its filter, which matches this log's failures",
            filter_file(jail),
        ),
    ]
}

fn jail_file(plan: &Plan, jail: &Jail) -> String {
    let check = format!(
        "fail2ban-regex {} /etc/fail2ban/filter.d/{NAME}.conf; afterwards fail2ban-client status {NAME}",
        jail.log
    );
    let head = Head {
        title: "A jail for the log that tells of most failures here.",
        changes: "fail2ban bans an address from all ports, TCP and UDP, at the fifth failure of a day, for a week.",
        undo: "remove both files, then: fail2ban-client reload",
        check: &check,
        notes: &[
            "To use it: copy the folder fail2ban over /etc/fail2ban, then: fail2ban-client reload. Copied twice it is there once.",
            "Its own defaults (five in ten minutes, banned for ten minutes) let a guesser through who tries every few minutes.",
            "Private networks are never banned: phones with a stale password, and a router that stands for everybody behind it. A guesser inside has to be found by hand.",
            "Nor are those that the rules for SIP let in: carriers, one's own networks, and addresses from which accounts were used that nobody blames. Take one out of ignoreip that turns out to be a stranger's.",
            "It counts failures only: whoever brings the right secret is never counted, and many addresses with one try each stay below it.",
        ],
    };
    let mut exempt = vec!["127.0.0.1/8".to_owned(), "::1".to_owned()];
    // Whom the rules for SIP let in is not banned for a stale password either.
    exempt.extend(super::firewall::INSIDE.map(str::to_owned));
    exempt.extend(plan.known().map(|keep| keep.network.to_string()));
    exempt.dedup();
    let mut replayed = String::new();
    told(plan, &jail.replay).iter().for_each(|line| push_wrapped(&mut replayed, "#", line));
    let missing = match jail.form {
        LogForm::FreeSwitch => {
            "# FreeSWITCH tells of wrong secrets only with log-auth-failures=true in each SIP profile.\n"
        }
        LogForm::Proxy => {
            "# The lines are those that the site's own routing script prints: keep its xlog() as it is.\n"
        }
        LogForm::Asterisk | LogForm::AsteriskJson => {
            "# Keep the levels notice and warning in logger.conf for this file; where it has security as well, that counts too.\n"
        }
    };
    format!(
        "{head}{replayed}{missing}\n[{NAME}]\nenabled = true\nfilter = {NAME}\nlogpath = {log}\nbackend = auto\nmaxretry = {retries}\nfindtime = {find}\nbantime = {ban}\nignoreip = {exempt}\naction = %(banaction_allports)s[name=%(__name__)s-tcp, protocol=\"tcp\"]\n         %(banaction_allports)s[name=%(__name__)s-udp, protocol=\"udp\"]\n",
        head = head.remarks("#"),
        log = jail.log,
        retries = POLICY.max_retry,
        find = POLICY.find_time,
        ban = POLICY.ban_time,
        exempt = exempt.join(" "),
    )
}

/// What Asterisk writes before the name of the file that a message comes from, in logs (plain or not) and by syslog, the
/// date taken out.
const ASTERISK_HEAD: &str = r"^(?:\[[^\]]{0,40}\]|\s*\S+ \S+\[\d+\]:)\s*(?:NOTICE|WARNING|SECURITY|ERROR)\[\d+\](?:\[C-[0-9a-f]+\])?:? (?:\w+/)?";
/// What it writes behind that name: a line and a function, or nothing.
const ASTERISK_AT: &str = r"(?::\d+ (?:in )?\w+)?:\s";

/// Messages of Asterisk that tell of a failure: the file that writes it, and the message from the first word to the last.
///
/// A dialplan may log whatever a caller calls himself, so that a message counts from its own file only.
const ASTERISK: [(&str, &str); 9] = [
    (r"chan_sip\.c", r"Registration from '.*' failed for '<HOST>(?::\d+)?' - [\w /().,-]+$"),
    (
        r"chan_sip\.c",
        r"Call from '' \(<HOST>:\d+\) to extension '.*' rejected because extension not found in context '.*'\.?$",
    ),
    (
        r"(?:res_)?pjsip\w*\.c",
        r"Request '[A-Z]+' from '.*' failed for '<HOST>(?::\d+)?' \(callid: \S*\) - [\w .-]+$",
    ),
    (r"Ext\. \S+(?: @ \S+)?", r#""?Rejecting unknown SIP connection from <HOST>"?$"#),
    (
        r"manager\.c",
        r"<HOST> (?:failed to authenticate as|tried to authenticate with nonexistent user|failed to pass IP ACL as) '.*'$",
    ),
    (r"chan_iax2\.c", r"Host <HOST> failed to authenticate as .*$"),
    (r"chan_iax2\.c", r"No registration for peer '.*' \(from <HOST>\)$"),
    (r"chan_iax2\.c", r"Host <HOST> failed MD5 authentication for '.*' \(.*\)$"),
    (
        r"res_security_log\.c",
        r#"SecurityEvent="(?:InvalidAccountID|ChallengeResponseFailed|InvalidPassword)"(?:,(?!RemoteAddress=)\w+="[^"]*")*,RemoteAddress="IPV[46]/\w+/<HOST>/\d+"(?:,(?!RemoteAddress=)\w+="[^"]*")*$"#,
    ),
];

/// The same as JSON: quotes are escaped, and the line ends behind the message.
const ASTERISK_JSON: [&str; 3] = [
    r"Registration from '.*' failed for '<HOST>(?::\d+)?' - [\w /().,-]+",
    r"Call from '' \(<HOST>:\d+\) to extension '.*' rejected because extension not found in context '.*'\.?",
    r"Request '[A-Z]+' from '.*' failed for '<HOST>(?::\d+)?' \(callid: \S*\) - [\w .-]+",
];

/// FreeSWITCH's own lines have no identifier of a call before them; lines that a caller forged have.
const FREESWITCH: [&str; 2] = [
    r"^(?:\s*\S+ \S+\[\d+\]:)?(?:\s*[\d.]+%)?\s*\[WARN(?:ING)?\] (?:\[SOFIA\] )?\[?sofia_reg\.c:\d+\]? SIP auth failure \((?:REGISTER|INVITE)\) on sofia profile '[^']*' for \[.*\] from ip <HOST>$",
    r"^(?:\s*\S+ \S+\[\d+\]:)?(?:\s*[\d.]+%)?\s*\[WARN(?:ING)?\] (?:\[SOFIA\] )?\[?sofia_reg\.c:\d+\]? Can't find user \[.*\] from <HOST>$",
];

/// What a SIP proxy writes before a line of its script.
const PROXY_HEAD: &str =
    r"^\s*\S+ \S*(?:kamailio|opensips)(?:\[\d+\])?: (?:\w+: ?)?(?:\{\d+ \d+ \w+ \S*\} )?";

fn filter_file(jail: &Jail) -> String {
    let failures: Vec<String> = match jail.form {
        LogForm::Asterisk => ASTERISK
            .iter()
            .map(|(file, message)| format!("%(_head)s{file}%(_at)s{}", escaped(message)))
            .collect(),
        LogForm::AsteriskJson => {
            ASTERISK_JSON.iter().map(|one| format!(r#"%(_head)s{}\\n"\}}\}}$"#, escaped(one))).collect()
        }
        LogForm::FreeSwitch => FREESWITCH.iter().map(|one| escaped(one)).collect(),
        LogForm::Proxy => proxy(&jail.turns),
    };
    let head = match jail.form {
        LogForm::Asterisk => Some(ASTERISK_HEAD),
        LogForm::AsteriskJson => Some(
            r#"^\{"hostname":"[^"]*","timestamp":"[^"]*",.*"level":"(?:NOTICE|WARNING|SECURITY)","message":""#,
        ),
        LogForm::Proxy => Some(PROXY_HEAD),
        LogForm::FreeSwitch => None,
    };
    let about = Head {
        title: "What counts as a failed login in this log.",
        changes: "nothing by itself: jail.d/tolltrace-sip.local uses it.",
        undo: "remove it together with that file.",
        check: "fail2ban-regex LOG FILTER counts the lines that it matches.",
        notes: &[],
    };
    let mut head = head.map(|head| format!("_head = {}\n", escaped(head))).unwrap_or_default();
    if jail.form == LogForm::Asterisk {
        head.push_str(&format!("_at = {}\n", escaped(ASTERISK_AT)));
    }
    format!(
        "{}\n[Definition]\n{head}failregex = {}\nignoreregex =\n",
        about.remarks("#"),
        failures.join("\n            ")
    )
}

/// Writes a percent sign as fail2ban's files want it.
fn escaped(expression: &str) -> String {
    expression.replace('%', "%%")
}

/// Returns the expressions for the turns of a script, and for its flood detector.
fn proxy(turns: &[ScriptTurn]) -> Vec<String> {
    let cue_of = |turn: &ScriptTurn| {
        let is_word = turn.cue.starts_with(|letter: char| letter.is_ascii_alphanumeric());
        format!("{}{}", if is_word { r"\b" } else { "" }, turn.cue.replace('(', r"\("))
    };
    let cues: std::collections::BTreeSet<String> = turns.iter().map(cue_of).collect();
    let any = cues.into_iter().collect::<Vec<_>>().join("|");
    let mut expressions: Vec<String> = turns
        .iter()
        .map(|turn| {
            let cue = cue_of(turn);
            let words = turn.words.split(' ').take(3).collect::<Vec<_>>().join(" ");
            // Names and agents in the line are the sender's: where two places look like the address, either may be
            // forged, and the line counts against nobody.
            let once = format!(r"(?!.*(?:{any})\S.*(?:{any})\S)");
            format!(r"%(_head)s<script>: {once}{words}\b.*?{cue}<HOST>(?::\d+)?(?:[\s,;)]|$)")
        })
        .collect();
    expressions.sort();
    expressions.dedup();
    expressions.push(r"%(_head)s<script>: pike blocking \S+ from .*\(IP:<HOST>:\d+\)$".to_owned());
    expressions.push(
        r"%(_head)s(?:\w+ \[[\w.:]+\]: )?(?:\w+\(\): )?PIKE - BLOCKing ip <HOST>, node=\S+$".to_owned(),
    );
    expressions
}
