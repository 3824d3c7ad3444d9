//! Numbers abroad refused but for a list of countries, in the language of each product; emergency numbers first.
//!
//! Facts relied on: within a context the narrower pattern is tried first, and a context's own extensions before its
//! includes, whatever the order in the file; FreePBX looks in `from-internal-custom` before its outbound routes;
//! FreeSWITCH takes the first extension whose condition holds unless it says `continue`, in the order of file names.
//! One's own country's numbers may be dialled with its code, as phones' address books hold them.
//! What was dialled is filtered before it is used again: behind a pattern that ends with a dot it may be anything.

use super::script::Head;
use super::words::{Digits, Name};
use super::{Leads, Outbound, Plan};

/// Area codes of calls that are charged to the caller's bill in the North American plan.
const PAID_AREAS: [&str; 2] = ["900", "976"];

/// Returns every prefix behind which a number abroad or an emergency number may stand: none, and the outside lines.
fn before(outbound: &Outbound) -> Vec<String> {
    std::iter::once(String::new()).chain(outbound.outside.iter().map(ToString::to_string)).collect()
}

/// Returns all that a number abroad may begin with, the longest first: `0011` before `00`, and an outside line's `0`
/// with `00` before `00` alone.
fn openers(outbound: &Outbound) -> Vec<String> {
    let prefixes = || outbound.international.iter().map(Digits::as_str).chain(["+"]);
    let mut openers: Vec<String> = before(outbound)
        .iter()
        .flat_map(|line| prefixes().map(move |prefix| format!("{line}{prefix}")))
        .collect();
    openers.sort_by(|left, right| (right.len(), left).cmp(&(left.len(), right)));
    openers.dedup();
    openers
}

/// Returns the country codes that numbers may go out to: one's own, then those of honest calls.
fn open_codes(outbound: &Outbound) -> Vec<(&Digits, &str)> {
    let home = outbound.home_code.iter().map(|code| (code, outbound.home_name.unwrap_or_default()));
    let called = outbound.called.iter().filter(|country| Some(&country.code) != outbound.home_code.as_ref());
    home.chain(called.map(|country| (&country.code, country.name))).collect()
}

/// Returns the area codes behind code 1 that are refused though it is open; from elsewhere none is dialled to pay.
fn closed_areas(outbound: &Outbound) -> Vec<Digits> {
    let paid = PAID_AREAS.iter().filter(|_| outbound.is_north_american);
    outbound.costly_areas.iter().cloned().chain(paid.filter_map(|area| Digits::new(area))).collect()
}

/// Says what goes on as before.
fn at_home(outbound: &Outbound) -> &'static str {
    if outbound.is_north_american {
        "numbers of one's own country go on as before, but for 900 and 976 and for area codes of the North American plan outside the United States and Canada (territories of the United States included)"
    } else {
        "numbers of one's own country go on as before"
    }
}

/// Writes the dialplan of Asterisk or FreePBX.
pub(super) fn asterisk(plan: &Plan) -> String {
    let outbound = &plan.outbound;
    let (undo, use_it) = if outbound.has_panel_routes {
        (
            "take the lines out of extensions_custom.conf again, then: asterisk -rx 'dialplan reload'",
            "To use it: put it into /etc/asterisk/extensions_custom.conf (the panel leaves that file alone), then: asterisk -rx 'dialplan reload'. A context from-internal-custom that is there already is added to, not replaced.",
        )
    } else {
        (
            "give the accounts their old context back, and reload",
            "To use it: include it at the end of extensions.conf, give each account the context with tolltrace- before its old one (context=tolltrace-...), then: asterisk -rx 'dialplan reload' and reload the channel driver.",
        )
    };
    let stuck: Vec<&str> = outbound.stuck().into_iter().map(Digits::as_str).collect();
    let missing = format!(
        "NOT every emergency number goes out by this dialplan: {}. This file cannot change that; see routes.md, and make a route for each FIRST.",
        stuck.join(", ")
    );
    let mut notes = vec![use_it];
    if !stuck.is_empty() {
        notes.push(&missing);
    }
    let changes = format!("what is dialled from the contexts below; {}.", at_home(outbound));
    let head = Head {
        title: "Numbers abroad are refused but for the countries listed; emergency numbers are not (Asterisk).",
        changes: &changes,
        undo,
        check: "asterisk -rx 'dialplan show 0025261000000@CONTEXT' leads to tolltrace-refused, and an emergency number does not.",
        notes: &notes,
    };
    let mut text = head.remarks(";");
    if !outbound.knows_emergency {
        text.push_str(
            "; The country is not known: write its own emergency numbers below before this is used.\n",
        );
    }
    if outbound.has_panel_routes {
        if let Some(routes) = Name::new("outbound-allroutes") {
            context(&mut text, outbound, "from-internal-custom", &routes, false);
        }
    } else {
        for old in &outbound.contexts {
            context(&mut text, outbound, &format!("tolltrace-{old}"), old, true);
        }
    }
    text.push_str("\n[tolltrace-refused]\nexten => s,1,NoOp(a number abroad was refused)\nexten => s,n,Congestion(5)\nexten => s,n,Hangup(21)\n");
    text
}

fn context(text: &mut String, outbound: &Outbound, new: &str, old: &Name, includes: bool) {
    text.push_str(&format!("\n[{new}]\n; emergency numbers first\n"));
    for line in before(outbound) {
        for number in &outbound.emergency {
            let dialed = format!("{line}{number}");
            let is_extension = line.is_empty() && outbound.extensions.contains(number);
            if is_extension && (!includes || outbound.stuck().contains(&number)) {
                text.push_str(&format!(
                    "; {number} is an extension here and rings that, as before: give it another number, or nobody who dials {number} reaches help.\n"
                ));
                continue;
            }
            text.push_str(&emergency(outbound, old.as_str(), &dialed, number.as_str()));
        }
    }
    let again = format!("Goto({old},${{FILTER(0-9+,${{EXTEN}})}},1)");
    text.push_str(
        "; one's own country, and countries that honest calls went to: strike out those that need not be called\n",
    );
    for opener in openers(outbound) {
        for (code, name) in open_codes(outbound) {
            text.push_str(&format!("exten => _{opener}{code}.,1,{again} ; {}\n", plain(name)));
        }
    }
    text.push_str("; all other numbers abroad, and those that cost as if they were\n");
    let refused = "Goto(tolltrace-refused,s,1)";
    for opener in openers(outbound) {
        text.push_str(&format!("exten => _{opener}.,1,{refused}\n"));
        // Narrower than a country's pattern: code 1 is open to all of these otherwise.
        for area in closed_areas(outbound) {
            text.push_str(&format!("exten => _{opener}1{area}.,1,{refused}\n"));
        }
    }
    for line in before(outbound) {
        if outbound.is_north_american {
            for area in closed_areas(outbound) {
                text.push_str(&format!(
                    "exten => _{line}1{area}NXXXXXX,1,{refused}\nexten => _{line}{area}NXXXXXX,1,{refused}\n"
                ));
            }
        }
    }
    if includes {
        text.push_str(&format!("include => {old}\n"));
    }
}

/// Sends an emergency number on to where it goes out; where it does not, that is said, and nothing claimed.
fn emergency(outbound: &Outbound, old: &str, dialed: &str, number: &str) -> String {
    let why = match outbound.leads(old, dialed) {
        Some(Leads::Out { .. } | Leads::Unknown) | None => {
            return format!("exten => {dialed},1,Goto({old},{dialed},1)\n");
        }
        // Behind an outside line nobody misses what goes out without it.
        Some(_) if dialed != number => return String::new(),
        Some(Leads::OutAs { number, .. }) => {
            format!("goes out as {}, which is no emergency number", super::words::remark(number.raw()))
        }
        Some(Leads::Inside { pattern, .. }) => {
            format!("meets {}, from which no trunk was found", super::words::remark(pattern.raw()))
        }
        Some(Leads::Nowhere) => "has no route".to_owned(),
    };
    format!(
        "; {dialed} {why} in {old}. Make one first, with your own trunk:\n; exten => {dialed},1,Dial(PJSIP/{number}@TRUNK)   (chan_sip: Dial(SIP/TRUNK/{number}))\n"
    )
}

/// A country's name without what a file may read.
fn plain(name: &str) -> String {
    super::words::remark(name)
}

/// Joins digits as alternatives of an expression.
fn either<'d>(digits: impl IntoIterator<Item = &'d Digits>) -> String {
    digits.into_iter().map(Digits::as_str).collect::<Vec<_>>().join("|")
}

/// An optional outside line.
fn line(outbound: &Outbound) -> String {
    let line = either(&outbound.outside);
    if line.is_empty() { line } else { format!("(?:{line})?") }
}

/// An expression for numbers abroad whose country is not on the list, and for no emergency number.
fn foreign(outbound: &Outbound) -> String {
    let line = line(outbound);
    let all = openers(outbound);
    // What is dialled is read by the longest opener alone: of `0011` the first half is no `00`.
    let alone = |opener: &String| {
        let longer = all.iter().filter_map(|other| other.strip_prefix(opener.as_str()));
        let longer: Vec<&str> = longer.filter(|rest| !rest.is_empty()).collect();
        let not = if longer.is_empty() { String::new() } else { format!("(?!{})", longer.join("|")) };
        format!("{opener}{not}").replace('+', "[+]")
    };
    let opener = all.iter().map(alone).collect::<Vec<_>>().join("|");
    let areas = either(&closed_areas(outbound));
    // Code 1 opens North America, and none of the islands that share it.
    let narrowed = |(code, _): (&Digits, &str)| match code.as_str() {
        "1" if !areas.is_empty() => format!("1(?!{areas})"),
        code => code.to_owned(),
    };
    let allowed: Vec<String> = open_codes(outbound).into_iter().map(narrowed).collect();
    let allowed = allowed.join("|");
    let not = if allowed.is_empty() { String::new() } else { format!("(?!{allowed})") };
    let emergency = either(&outbound.emergency);
    let spared = if emergency.is_empty() { String::new() } else { format!("(?!{line}(?:{emergency})$)") };
    let mut expression = format!("^{spared}(?:(?:{opener}){not}[0-9]");
    if outbound.is_north_american {
        expression.push_str(&format!("|{line}1?(?:{areas})[2-9][0-9]{{6}}$"));
    }
    expression + ")"
}

/// Writes the dialplan of FreeSWITCH.
pub(super) fn freeswitch(plan: &Plan) -> String {
    let outbound = &plan.outbound;
    let changes = format!("what is dialled in the context that the file is put into; {}.", at_home(outbound));
    let head = Head {
        title: "Numbers abroad are refused but for the countries listed; emergency numbers are not (FreeSWITCH).",
        changes: &changes,
        undo: "remove the file, then: fs_cli -x reloadxml",
        check: "fs_cli -x 'xml_locate dialplan' has it; a call to a number abroad ends with CALL_REJECTED.",
        notes: &[
            "Whether an emergency number has a route here was not followed: place a test call as your carrier allows it, before and after.",
            "To use it: save it as dialplan/default/00_tolltrace_outbound.xml (before all other files of that folder, and of each context that phones use), then: fs_cli -x reloadxml",
        ],
    };
    let mut text = String::from("<include>\n  <!--\n");
    text.push_str(&head.remarks("   "));
    for country in &outbound.called {
        text.push_str(&format!("    allowed: {} {}\n", country.code, plain(country.name)));
    }
    if !outbound.knows_emergency {
        text.push_str(
            "    The country is not known: write its own emergency numbers below before this is used.\n",
        );
    }
    text.push_str("  -->\n");
    let emergency = either(&outbound.emergency);
    let line = either(&outbound.outside);
    let line = if line.is_empty() { String::new() } else { format!("(?:{line})?") };
    text.push_str(&format!(
        "  <extension name=\"tolltrace_emergency\" continue=\"true\">\n    <condition field=\"destination_number\" expression=\"^{line}(?:{emergency})$\">\n      <action application=\"log\" data=\"NOTICE emergency call\"/>\n    </condition>\n  </extension>\n"
    ));
    text.push_str(&format!(
        "  <extension name=\"tolltrace_refuse_abroad\">\n    <condition field=\"destination_number\" expression=\"{}\">\n      <action application=\"hangup\" data=\"CALL_REJECTED\"/>\n    </condition>\n  </extension>\n</include>\n",
        foreign(outbound)
    ));
    text
}

/// Writes the route of Kamailio or OpenSIPS.
pub(super) fn proxy(plan: &Plan) -> String {
    let outbound = &plan.outbound;
    let changes = format!("INVITEs that the routing script gives to this route; {}.", at_home(outbound));
    let head = Head {
        title: "Numbers abroad are refused but for the countries listed; emergency numbers are not (Kamailio, OpenSIPS).",
        changes: &changes,
        undo: "take the route and the line that calls it out again, and restart the proxy.",
        check: "kamailio -c (opensips -C) reads the script without a complaint; a call to a number abroad is answered with 403.",
        notes: &[
            "Whether an emergency number has a route here was not followed: place a test call as your carrier allows it, before and after.",
            "To use it: put the route at the end of the script, and call it behind the authentication: if (is_method(\"INVITE\")) { route(TOLLTRACE_OUT); }",
        ],
    };
    let mut text = head.remarks("#");
    if !outbound.knows_emergency {
        text.push_str(
            "# The country is not known: write its own emergency numbers below before this is used.\n",
        );
    }
    let line = either(&outbound.outside);
    // POSIX expressions: no group without a capture, and no looking ahead.
    let line = if line.is_empty() { String::new() } else { format!("({line})?") };
    text.push_str(&format!(
        "route[TOLLTRACE_OUT] {{\n    # emergency numbers first\n    if ($rU =~ \"^{line}({})$\") {{\n        return;\n    }}\n",
        either(&outbound.emergency)
    ));
    let refuse = "        sl_send_reply(\"403\", \"Destination not allowed\");\n        exit;\n    }\n";
    let areas = either(&closed_areas(outbound));
    if outbound.is_north_american {
        text.push_str("    # islands and others that share code 1 and cost as calls abroad do\n");
        text.push_str(&format!("    if ($rU =~ \"^{line}1?({areas})[2-9][0-9]{{6}}$\") {{\n{refuse}"));
    }
    let codes: Vec<&str> = open_codes(outbound).into_iter().map(|(code, _)| code.as_str()).collect();
    if !codes.is_empty() {
        text.push_str(
            "    # one's own country, and countries that honest calls went to: strike out those that need not be called\n",
        );
    }
    // The longest first: what begins with 0011 is not to be read by 00.
    for opener in openers(outbound) {
        let opener = opener.replace('+', "[+]");
        if !areas.is_empty() && codes.contains(&"1") {
            text.push_str(&format!("    if ($rU =~ \"^{opener}1({areas})\") {{\n{refuse}"));
        }
        if !codes.is_empty() {
            let allowed = codes.join("|");
            text.push_str(&format!("    if ($rU =~ \"^{opener}({allowed})\") {{\n        return;\n    }}\n"));
        }
        text.push_str(&format!("    if ($rU =~ \"^{opener}[0-9]\") {{\n{refuse}"));
    }
    text.push_str("}\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contain::Country;

    fn digits(words: &[&str]) -> Vec<Digits> {
        words.iter().filter_map(|word| Digits::new(word)).collect()
    }

    /// Returns whether the expression of FreeSWITCH's file refuses a number.
    fn refuses(outbound: &Outbound, number: &str) -> bool {
        fancy_regex::Regex::new(&foreign(outbound)).unwrap().is_match(number).unwrap()
    }

    #[test]
    fn a_number_is_read_by_the_longest_prefix_and_no_emergency_number_is_refused() {
        let called = vec![Country { code: Digits::new("33").unwrap(), name: "France", calls: 1 }];
        let australia = Outbound {
            emergency: digits(&["000", "112"]),
            outside: digits(&["0"]),
            international: digits(&["00", "0011"]),
            home_code: Digits::new("61"),
            called,
            ..Outbound::default()
        };
        for open in
            ["000", "0000", "112", "0011331234", "00331234", "00331234567", "000331234", "+61299990000"]
        {
            assert!(!refuses(&australia, open), "{open}");
        }
        for abroad in
            ["001125261000000", "0025261000000", "00025261000000", "+25261000000", "0001125261000000"]
        {
            assert!(refuses(&australia, abroad), "{abroad}");
        }
    }

    #[test]
    fn ones_own_country_is_open_by_its_code_and_what_costs_is_not() {
        let american = Outbound {
            emergency: digits(&["911"]),
            international: digits(&["00", "011"]),
            home_code: Digits::new("1"),
            is_north_american: true,
            costly_areas: digits(&["876"]),
            ..Outbound::default()
        };
        for open in ["+13125550123", "01113125550123", "13125550123", "911"] {
            assert!(!refuses(&american, open), "{open}");
        }
        for costly in ["+18765550123", "+19005550123", "8765550123", "01125261000000", "0118765550123"] {
            assert!(refuses(&american, costly), "{costly}");
        }
    }

    #[test]
    fn an_extension_with_an_emergency_number_goes_on_ringing() {
        let routes = Name::new("outbound-allroutes").unwrap();
        let office = Outbound {
            emergency: digits(&["110", "112"]),
            extensions: digits(&["112"]),
            outside: digits(&["0"]),
            ..Outbound::default()
        };
        let mut text = String::new();
        context(&mut text, &office, "from-internal-custom", &routes, false);
        assert!(!text.contains("exten => 112,"), "{text}");
        assert!(text.contains("; 112 is an extension here"), "{text}");
        for line in ["exten => 110,1,", "exten => 0112,1,"] {
            assert!(text.contains(line), "{line}: {text}");
        }
    }
}
