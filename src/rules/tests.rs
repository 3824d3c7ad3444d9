//! Rules as files: mistakes are pointed at, samples are tried, windows count as a plain search would.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use toml::Spanned;

use super::*;
use crate::case::{try_sample, try_samples};
use crate::playbook::load;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    check: Vec<Check>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Check {
    id: Spanned<String>,
    #[serde(rename = "match")]
    looks_for: Match,
    #[serde(default)]
    sample: Vec<Sample>,
}

fn about(id: &Spanned<String>) -> About {
    About {
        id: kept(id.get_ref()),
        span: id.span(),
        title: "A rule".into(),
        playbook: "test".into(),
        severity: Severity::High,
        confidence: Confidence::Medium,
        attack: vec!["T1110.001"],
        advice: None,
        false_positives: None,
        missing: Some("Look elsewhere.".into()),
        is_off: false,
    }
}

fn file(text: &str) -> File {
    toml::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn compiled(file: &File) -> Result<Rules, Vec<Mistake>> {
    let written: Vec<(About, &Match)> =
        file.check.iter().map(|check| (about(&check.id), &check.looks_for)).collect();
    Rules::new(&written)
}

/// Tries every sample of a file and returns what came of those that do not hold.
fn failing(text: &str) -> Vec<String> {
    let file = file(text);
    let rules = compiled(&file).unwrap_or_else(|mistakes| panic!("{mistakes:?}\n{text}"));
    let mut failing = Vec::new();
    for check in &file.check {
        for sample in &check.sample {
            let bytes = sample.text(&|_| Err("there are no files here".into())).unwrap();
            let id = check.id.get_ref();
            let tried = try_sample(&rules, id, *sample.expect.get_ref(), None, &bytes).unwrap();
            if !tried.holds {
                failing.push(format!("{id}: {}", tried.told));
            }
        }
    }
    failing
}

/// A rule that is right but for what a test puts into it.
fn with(lines: &str) -> String {
    format!("[[check]]\nid = \"a\"\n[check.match]\n{lines}\n")
}

#[test]
fn samples_of_built_in_rules_hold() {
    let tried = try_samples(&load::built_in(), &[]).unwrap();
    let mut expected: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for sample in &tried {
        assert!(sample.holds, "{}", sample.told.show(&sample.source.path(), &sample.source.text));
        expected.entry(&sample.rule).or_default().insert(sample.expect.word());
    }
    assert!(!expected.is_empty() && expected.values().all(|both| both.len() == 2), "{expected:?}");
    let playbooks = load::load(&[]).unwrap();
    assert!(!playbooks.rules.need_every_step(), "a built-in rule must not make every reading slower");
}

#[test]
fn mistakes_are_pointed_at() {
    let sip = "source = \"sip\"\n";
    let cases = [
        (String::new(), "the rule names no source", "\"a\"", "source = "),
        ("source = \"spi\"\nwhere = []".into(), "unknown source `spi`", "\"spi\"", "did you mean `sip`?"),
        (
            format!("{sip}where = [{{ field = \"adress\", eq = \"192.0.2.1\" }}]"),
            "unknown field `adress`",
            "\"adress\"",
            "did you mean `address`?",
        ),
        (
            format!("{sip}where = [{{ field = \"disposition\", eq = \"ANSWERED\" }}]"),
            "no record of sip tells `disposition`",
            "\"disposition\"",
            "call records",
        ),
        (
            "source = \"cdr\"\nwhere = [{ field = \"agent\", contains = \"x\" }]".into(),
            "no record of cdr tells `agent`",
            "\"agent\"",
            "all but call records",
        ),
        (
            format!("{sip}where = [{{ field = \"action\", eq = \"auth-faild\" }}]"),
            "unknown action `auth-faild`",
            "\"auth-faild\"",
            "did you mean `auth-failed`?",
        ),
        (
            format!("{sip}where = [{{ field = \"agent\", regex = \"(\" }}]"),
            "the expression does not compile: unclosed group",
            "\"(\"",
            "look-around",
        ),
        (
            format!("{sip}where = [{{ field = \"agent\", regex = \"a(?=b)\" }}]"),
            "the expression does not compile",
            "\"a(?=b)\"",
            "look-around",
        ),
        (
            format!("{sip}where = [{{ field = \"agent\", regex = \".*\" }}]"),
            "the expression fits every text",
            "\".*\"",
            "told = true",
        ),
        (
            format!("{sip}where = [{{ field = \"agent\", regex = \"^.\" }}]"),
            "the expression fits every text",
            "\"^.\"",
            "told = true",
        ),
        (
            format!("{sip}where = [{{ field = \"agent\", contains = \"\" }}]"),
            "`contains` is given nothing",
            "\"\"",
            "every text",
        ),
        (
            format!("{sip}where = [{{ field = \"address\", contains = \"192.\" }}]"),
            "`contains` cannot be asked of `address`",
            "\"192.\"",
            "cidr",
        ),
        (
            format!("{sip}where = [{{ field = \"address\", cidr = \"0.0.0.0/0\" }}]"),
            "holds every address",
            "\"0.0.0.0/0\"",
            "told = true",
        ),
        (
            format!("{sip}where = [{{ field = \"address\", cidr = \"10.0.0\" }}]"),
            "`10.0.0` is no network",
            "\"10.0.0\"",
            "198.51.100.0/24",
        ),
        (
            format!("{sip}where = [{{ field = \"port\", above = 5 }}, {{ field = \"account\", above = 5 }}]"),
            "`above` cannot be asked of `account`",
            "5",
            "contains",
        ),
        (
            format!("{sip}where = [{{ field = \"time\", outside_hours = \"7-19\" }}]"),
            "`7-19` are no hours",
            "\"7-19\"",
            "07:00-19:00",
        ),
        (format!("{sip}where = [{{ field = \"agent\" }}]"), "nothing is said of `agent`", "{ field", "regex"),
        (format!("{sip}within = \"5m\""), "nothing is counted", "\"5m\"", "count"),
        (
            format!("{sip}within = \"5 min\"\ncount = {{ at_least = 2 }}"),
            "no span of time",
            "\"5 min\"",
            "90s",
        ),
        (format!("{sip}count = {{ at_least = 0 }}"), "cannot be counted", "{ at_least", "from 1"),
        (
            format!("{sip}count = {{ at_least = 2 }}\nsum = {{ field = \"seconds\", at_least = 2 }}"),
            "measures one thing",
            "{ field",
            "two rules",
        ),
        (
            format!("{sip}sum = {{ field = \"account\", at_least = 2 }}"),
            "no number to add up",
            "\"account\"",
            "seconds",
        ),
        (
            format!("{sip}group_by = [\"message\"]\ncount = {{ at_least = 2 }}"),
            "another in every record",
            "\"message\"",
            "address",
        ),
        (sip.into(), "fits every record", "\"a\"", "where"),
        ("sequence = [\"b\", \"a\"]\nwithin = \"1h\"".into(), "unknown rule `b`", "\"b\"", "did you mean"),
        ("sequence = [\"a\", \"a\"]\nwithin = \"1h\"".into(), "is a sequence itself", "\"a\"", "records"),
        ("sequence = [\"a\"]".into(), "two rules at least", "[\"a\"]", ""),
    ];
    for (lines, message, at, hint) in cases {
        let text = with(&lines);
        let mistakes = compiled(&file(&text)).map(|_| ()).unwrap_err();
        let told = |(_, error): &&Mistake| error.message.contains(message);
        let Some((_, error)) = mistakes.iter().find(told) else { panic!("{message}: {mistakes:?}") };
        assert!(text[error.span.clone()].starts_with(at), "{message}: at {:?}", &text[error.span.clone()]);
        let given = error.hint.as_deref().unwrap_or_default();
        assert!(
            given.contains(hint) || hint.starts_with("did you mean") && given.starts_with("one of"),
            "{error:?}"
        );
    }
}

#[test]
fn what_a_rule_cannot_have_is_refused_by_the_form() {
    for lines in
        ["souce = \"sip\"", "source = true", "count = 20", "where = [{ field = \"a\", equals = \"b\" }]"]
    {
        assert!(toml::from_str::<File>(&with(lines)).is_err(), "{lines}");
    }
    let twice = format!("{0}{0}", with("source = \"sip\"\nwhere = [{ field = \"agent\", eq = \"x\" }]"));
    let mistakes = compiled(&file(&twice)).map(|_| ()).unwrap_err();
    assert_eq!(mistakes[0].1.message, "the id `a` stands twice");
}

const FAILURE: &str = "[{year}-{month}-{day} {hh}:{mm}:{ss}] NOTICE[1638] chan_sip.c: Registration from \
                       '<sip:{n}@x>' failed for '198.51.100.4' - Wrong password";

#[test]
fn counts_slide() {
    let rule = |within: &str, samples: &str| {
        format!(
            "[[check]]\nid = \"a\"\n[check.match]\nsource = \"sip\"\nwhere = [{{ field = \"action\", eq = \
             \"auth-failed\" }}]\ngroup_by = [\"address\"]\nwithin = \"{within}\"\ncount = {{ at_least = 20 }}\n{samples}"
        )
    };
    let sample = |expect: &str, repeat: u64, every: &str| {
        format!(
            "[[check.sample]]\nexpect = \"{expect}\"\nrepeat = {repeat}\nevery = \"{every}\"\nline = '''{FAILURE}'''\n"
        )
    };
    let holds =
        rule("1m", &[sample("hit", 20, "3s"), sample("miss", 19, "3s"), sample("miss", 40, "4s")].concat());
    assert_eq!(failing(&holds), Vec::<String>::new());
    let wrong = rule("1m", &[sample("miss", 20, "3s"), sample("hit", 19, "3s")].concat());
    let told = failing(&wrong);
    assert_eq!(told.len(), 2);
    assert!(
        told[0].starts_with(
            "a: found: 20 records in 1 group (read as asterisk-log: 20 understood; the first says"
        ),
        "{told:?}"
    );
    assert!(told[1].contains("19 records that fit, 19 of 20 together at most"), "{told:?}");
    assert!(
        told[1].contains("action `auth-failed`, service `sip`, address 198.51.100.4, account `1`"),
        "{told:?}"
    );
}

#[test]
fn a_sample_that_no_reader_knows_does_not_hold() {
    let text = with(
        "source = \"sip\"\nwhere = [{ field = \"account\", eq = \"1\" }]\n[[check.sample]]\nexpect = \"miss\"\nline = \"no log at all\"",
    );
    let told = failing(&text);
    assert!(told[0].contains("no reader knows these records"), "{told:?}");
    // Nothing was looked at where the records are of something else.
    let of_calls = text.replace("no log at all", FAILURE).replace("source = \"sip\"", "source = \"cdr\"");
    let told = failing(&of_calls);
    assert!(told[0].contains("not checked: No file of the evidence tells of that; a record of it would stand in: cdr. Look elsewhere."), "{told:?}");
}

#[test]
fn values_sums_and_sequences() {
    let call = r#""","206","0088216{n}","from-internal","""x"" <206>","SIP/206-0","SIP/201-1","Dial","SIP/201,15","{year}-{month}-{day} {hh}:{mm}:{ss}","{year}-{month}-{day} {hh}:{mm}:{ss}","{year}-{month}-{day} {hh}:{mm}:{ss}",107,100,"ANSWERED","DOCUMENTATION","{epoch}.0","""#;
    let text = format!(
        "[[check]]\nid = \"names\"\nmatch.source = \"sip\"\nmatch.group_by = [\"address\"]\nmatch.within = \"1m\"\n\
         match.distinct = {{ field = \"account\", at_least = 5 }}\n\
         [[check.sample]]\nexpect = \"hit\"\nrepeat = 5\nevery = \"15s\"\nline = '''{FAILURE}'''\n\
         [[check.sample]]\nexpect = \"miss\"\nrepeat = 5\nevery = \"16s\"\nline = '''{FAILURE}'''\n\
         [[check.sample]]\nexpect = \"miss\"\nrepeat = 50\nevery = \"1s\"\nline = '''{same}'''\n\
         [[check]]\nid = \"long\"\nmatch.source = \"cdr\"\nmatch.where = [{{ field = \"number\", starts = \"0088216\" }}]\n\
         match.group_by = [\"account\"]\nmatch.within = \"1h\"\nmatch.sum = {{ field = \"seconds\", at_least = 300 }}\n\
         [[check.sample]]\nexpect = \"hit\"\nrepeat = 3\nevery = \"30m\"\nline = '''{call}'''\n\
         [[check.sample]]\nexpect = \"miss\"\nrepeat = 3\nevery = \"31m\"\nline = '''{call}'''\n\
         [[check]]\nid = \"wrong\"\nmatch.source = \"sip\"\nmatch.where = [{{ field = \"action\", eq = \"auth-failed\" }}]\n\
         [[check]]\nid = \"right\"\nmatch.source = \"sip\"\nmatch.where = [{{ field = \"action\", eq = \"registered\" }}]\n\
         [[check]]\nid = \"then\"\nmatch.group_by = [\"account\"]\nmatch.within = \"1h\"\nmatch.sequence = [\"wrong\", \"wrong\", \"right\"]\n\
         [[check.sample]]\nexpect = \"hit\"\nline = '''{guessed}'''\n\
         [[check.sample]]\nexpect = \"miss\"\nline = '''{mistyped}'''\n\
         [[check.sample]]\nexpect = \"miss\"\nline = '''{other}'''\n",
        same = FAILURE.replace("{n}", "100"),
        guessed = [WRONG, WRONG, RIGHT].concat(),
        mistyped = [WRONG, RIGHT, &WRONG.replace("09:00", "09:20")].concat(),
        other = [WRONG, WRONG, &RIGHT.replace("'205'", "'206'")].concat(),
    );
    assert_eq!(failing(&text), Vec::<String>::new());
}

const WRONG: &str = "[2026-03-02 09:00:00] NOTICE[1638] chan_sip.c: Registration from '<sip:205@x>' failed for '198.51.100.4' - Wrong password\n";
const RIGHT: &str =
    "[2026-03-02 09:10:00] VERBOSE[1638] chan_sip.c:     -- Registered SIP '205' at 198.51.100.4:5060\n";

#[test]
fn what_a_record_does_not_say_is_no_ground() {
    let rule = |condition: &str, expect: &str| {
        format!(
            "[[check]]\nid = \"a\"\nmatch.source = \"sip\"\nmatch.where = [{{ {condition} }}]\n\
             [[check.sample]]\nexpect = \"{expect}\"\nline = '''{FAILURE}'''\n"
        )
    };
    for (condition, expect) in [
        ("field = \"agent\", not_contains = \"polycom\"", "miss"),
        ("field = \"agent\", contains = \"polycom\"", "miss"),
        ("field = \"agent\", told = false", "hit"),
        ("field = \"address\", not_cidr = [\"10.0.0.0/8\"]", "hit"),
        ("field = \"address\", not_cidr = [\"198.51.100.0/24\"]", "miss"),
        ("field = \"address\", any = [\"198.51.100.4\", \"198.51.100.5\"]", "hit"),
        ("field = \"reason\", eq = \"WRONG PASSWORD\"", "hit"),
        ("field = \"reason\", ends = \".password\"", "miss"),
        ("field = \"reason\", regex = \"^Wrong .assword$\"", "hit"),
        ("field = \"message\", contains = \"REGISTRATION from\", not_contains = \"203.0.113\"", "hit"),
        ("field = \"account\", eq = 1", "hit"),
        ("field = \"time\", outside_hours = \"08:00-18:00\"", "miss"),
        ("field = \"time\", outside_hours = \"18:00-08:00\"", "hit"),
    ] {
        assert_eq!(failing(&rule(condition, expect)), Vec::<String>::new(), "{condition}");
    }
}

#[test]
fn expressions_cost_no_more_than_the_text_is_long() {
    let text = with(
        "source = \"sip\"\nwhere = [{ field = \"account\", regex = [\"^(a+)+$\", \"(x|xx|xxx)+y\"] }]\n[[check.sample]]\nexpect = \"miss\"\nrepeat = 200\nline = '''HOSTILE'''",
    );
    let name = format!("{}!{}", "a".repeat(2_000), "x".repeat(2_000));
    let begun = std::time::Instant::now();
    assert_eq!(failing(&text.replace("HOSTILE", &FAILURE.replace("{n}", &name))), Vec::<String>::new());
    assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
}
