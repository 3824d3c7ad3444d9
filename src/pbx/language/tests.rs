//! The language as `main/config.c` reads it, one statement of that file at a time.

use super::{Document, Loader};
use crate::evidence::{Evidence, MemoryFile, Root};
use crate::pbx::directory::Directory;
use crate::pbx::tests::shared;

/// Reads `sip.conf` with the files beside it, or the part of it that panels write; returns it and the problems.
fn load(files: &[(&str, &[u8])]) -> (Document, Vec<String>) {
    let files: Vec<MemoryFile> = files
        .iter()
        .map(|(name, bytes)| MemoryFile {
            path: Box::leak(format!("etc/asterisk/{name}").into_boxed_str()),
            bytes: Box::leak(bytes.to_vec().into_boxed_slice()),
            is_link: false,
        })
        .collect();
    let root = Root::Memory(Box::leak(files.into_boxed_slice()));
    let evidence = Evidence::from_roots(vec!["memory".into()], vec![root]);
    let directory = Directory::find(&evidence).expect("there is configuration");
    let mut loader = Loader::new(&directory);
    let document = loader
        .load("sip.conf", &[(Some("general"), "sip_general_additional.conf")])
        .expect("the file is there");
    let problems = loader.take_problems();
    (document, problems.iter().map(|problem| format!("{}: {}", problem.path, problem.what)).collect())
}

/// Returns every value of a setting in all sections of a name.
fn values<'a>(document: &'a Document, section: &str, name: &'a str) -> Vec<&'a str> {
    document.named(section).flat_map(|section| section.all(name)).collect()
}

#[test]
fn a_section_without_a_header_is_cited_by_no_line() {
    let (document, _) = load(&[("sip_general_additional.conf", b";----;\nsecret=Hidden-1\n")]);
    let cited = document.named("general").next().expect("a section").citation();
    assert_eq!(cited.place.line, 0);
    let shown = String::from_utf8_lossy(&cited.text).into_owned();
    assert!(shown.contains("[general]") && !shown.contains("Hidden"), "{shown}");
}

#[test]
fn the_torture_file_gives_what_asterisk_would_hold() {
    let Some(folder) = shared("corpora/syntax-torture") else { return };
    let bytes = |name: &str| std::fs::read(folder.join(name)).unwrap();
    let (torture, included, globbed) =
        (bytes("torture.conf"), bytes("torture_inc.conf"), bytes("torture_glob_a.conf"));
    let (document, problems) =
        load(&[("sip.conf", &torture), ("torture_inc.conf", &included), ("torture_glob_a.conf", &globbed)]);
    for (section, name, wanted) in [
        ("general", "context", vec!["public"]),
        ("general", "realm", vec!["pbx;one"]),
        ("general", "bindport", vec!["5060"]),
        ("general", "externip", vec!["203.0.113.1"]),
        ("general", "allow", vec!["!all,ulaw", "alaw,g722"]),
        ("1001", "permit", vec!["10.0.0.0/255.0.0.0", "0.0.0.0/0.0.0.0"]),
        ("1002", "secret", vec!["Template-Secret-1"]),
        ("1002", "nat", vec!["force_rport,comedia"]),
        ("1002", "setvar", vec!["a=bc"]),
        ("dup", "type", vec!["friend"]),
        ("ext-local", "same", vec!["n,System(echo;id)"]),
        ("ext-local", "same=>n(label)", vec![]),
        ("ext-local", "include", vec!["from-internal,09:00-17:00,mon-fri,*,*"]),
        ("name with space", "key with space", vec!["value with = and"]),
        ("name with space", "hidden", vec![]),
    ] {
        let wanted: Vec<&str> = wanted;
        let seen = values(&document, section, name);
        // Of `same => n,...` two stand there.
        let seen: Vec<&str> = if name == "same" { seen.into_iter().take(1).collect() } else { seen };
        assert_eq!(seen, wanted, "[{section}] {name}");
    }
    assert_eq!(document.last("1001", "secret"), Some("1001"));
    assert_eq!(document.last("1003", "secret"), Some("own;semi#hash"));
    assert_eq!(document.named("dup").count(), 2);
    assert_eq!(document.named("not-a-section").count() + document.named("tmpl-base").count(), 0);
    for section in document.sections() {
        let shown = section.settings.iter().all(|setting| !setting.value.contains("must-not-be-seen"));
        assert!(shown, "[{}]", section.name);
    }
    let line = document.named("1003").next().unwrap().settings.last().unwrap().place.line;
    assert_eq!(
        torture.split(|byte| *byte == b'\n').nth(line as usize - 1),
        Some(&b"secret=own\\;semi#hash"[..])
    );
    assert_eq!(problems.iter().filter(|problem| problem.contains("#exec")).count(), 2, "{problems:?}");
    assert_eq!(problems.iter().filter(|problem| problem.contains("ends nowhere")).count(), 1, "{problems:?}");
    assert_eq!(problems.len(), 3, "{problems:?}");
}

#[test]
fn the_other_torture_files_give_what_asterisk_would_hold() {
    let Some(folder) = shared("corpora/syntax-torture") else { return };
    let of = |name: &str| load(&[("sip.conf", &std::fs::read(folder.join(name)).unwrap())]);
    assert_eq!(values(&of("torture_bom_crlf.conf").0, "bom", "secret"), ["crlf-and-bom"]);
    let (stray, problems) = of("torture_stray_close.conf");
    assert_eq!(stray.named("lost").count(), 0);
    assert_eq!(values(&stray, "back", "secret"), ["visible-again"]);
    assert_eq!(values(&stray, "a", "x"), ["1"]);
    assert!(problems.is_empty(), "{problems:?}");
    for name in [
        "testsuite_tests-apps-queues-redirect_pjsip.conf",
        "testsuite_tests-channels-pjsip-basic_calls-incoming-nominal-peer_in_dialog_auths_pjsip.conf",
    ] {
        let (document, problems) = of(name);
        assert!(problems.is_empty(), "{name}: {problems:?}");
        let endpoints = document.sections().filter(|section| section.last("type") == Some("endpoint"));
        assert!(endpoints.count() > 0, "{name}");
    }
}

#[test]
fn a_backslash_is_a_sign_but_before_a_semicolon_and_at_the_start() {
    let (document, _) = load(&[("sip.conf", b"[a]\nx = c:\\d\\;e ;f\n\\[b = 1\n\\#c = 2\n")]);
    assert_eq!(values(&document, "a", "x"), ["c:\\d;e"]);
    assert_eq!(values(&document, "a", "[b"), ["1"]);
    assert_eq!(values(&document, "a", "#c"), ["2"]);
}

#[test]
fn lines_are_skipped_whole_beyond_8190_characters() {
    let line = |length: usize| format!("x={}\n", "y".repeat(length - 2));
    let text = format!("[a]\n{}{}", line(8_190), line(8_191));
    let (document, problems) = load(&[("sip.conf", text.as_bytes())]);
    assert_eq!(values(&document, "a", "x").len(), 1);
    assert_eq!(problems.len(), 1, "{problems:?}");
}

#[test]
fn sections_are_added_to_where_the_filter_fits() {
    let text = b"[x]\ntype=endpoint\n[x]\ntype=aor\n[x](+type=aor)\nmax_contacts=2\n[x](+)\ncontext=in\n\
                 [y](+)\na=1\n[z](none)\nb=2\n[general]  junk(x)\nc=3\n";
    let (document, problems) = load(&[("sip.conf", text)]);
    let held: Vec<Vec<&str>> = document
        .named("x")
        .map(|section| section.settings.iter().map(|setting| setting.name.as_str()).collect())
        .collect();
    assert_eq!(held, [vec!["type", "context"], vec!["type", "max_contacts"]]);
    // Asterisk throws the whole file away for either; what it says is read all the same.
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert_eq!(values(&document, "general", "c"), ["3"]);
}

#[test]
fn what_is_added_to_a_value_keeps_its_blank() {
    let (document, _) = load(&[("sip.conf", b"[a]\nx = 1\nx = 2\nx += 3\ny += 4\nz => 5\n")]);
    assert_eq!(values(&document, "a", "x"), ["1", "2 3"]);
    assert_eq!(values(&document, "a", "y"), ["4"]);
    assert_eq!(values(&document, "a", "z"), ["5"]);
}

#[test]
fn includes_go_on_in_the_section_of_whoever_includes() {
    let (document, problems) = load(&[
        ("sip.conf", b"[a]\n#INCLUDE part.conf\ny=2\n#include \"gone.conf\"\n#tryinclude gone_too.conf\n#include <d_*.conf>\n"),
        ("part.conf", b"x=1\n[b]\n"),
        ("d_1.conf", b"[c]\n"),
        ("d_2.conf", b"z=3\n"),
    ]);
    assert_eq!(values(&document, "a", "x"), ["1"]);
    assert_eq!(values(&document, "b", "y"), ["2"]);
    assert_eq!(values(&document, "c", "z"), ["3"]);
    assert_eq!(problems, ["etc/asterisk/sip.conf:4: includes what is not in the evidence: gone.conf"]);
}

#[test]
fn commands_are_told_and_never_run() {
    let (document, problems) = load(&[("sip.conf", b"[a]\n#exec /bin/echo x=1\n")]);
    assert!(values(&document, "a", "x").is_empty());
    assert!(problems[0].contains("/bin/echo") && problems[0].contains("execincludes"), "{problems:?}");
}
