//! Whole dialplans: what they hold, whom they let out, and that hostile ones end.

use super::walk::{self, DoorKind, Outlet, numbers_of, walk};
use super::*;
use crate::evidence::Evidence;
use crate::pbx::Pbx;
use crate::pbx::tests::read_texts;

/// Reads files that are given as name and text.
fn pbx(files: &[(&str, &str)]) -> Pbx {
    let paths: Vec<String> = files.iter().map(|(name, _)| format!("etc/asterisk/{name}")).collect();
    let files: Vec<_> = paths.iter().zip(files).map(|(path, (_, text))| (path.as_str(), *text)).collect();
    read_texts(&files)
}

pub(super) fn dialplan(text: &str) -> Dialplan {
    pbx(&[("extensions.conf", text)]).dialplan
}

fn describe(outlet: &Outlet<'_>) -> String {
    let doors: Vec<&str> = outlet
        .doors
        .iter()
        .map(|door| match door.kind {
            DoorKind::Menu => "menu",
            DoorKind::Disa(_) => "disa",
            DoorKind::Mailbox => "mailbox",
        })
        .collect();
    format!("{} [{}] by {} {}", outlet.extension, outlet.context, outlet.trunk, doors.join(">"))
        .trim_end()
        .to_owned()
}

fn outlets(dialplan: &Dialplan, context: &str) -> Vec<String> {
    let reached = walk(dialplan, context, Numbers::any(), &|name| name.len() == 3, &mut { walk::ALL_WALKS });
    assert!(!reached.is_cut);
    let mut outlets: Vec<String> = reached.outlets.iter().map(describe).collect();
    outlets.sort();
    outlets.dedup();
    outlets
}

const OFFICE: &str = "
[globals]
TRUNK=carrier
[in]
exten => 5125550100,1,Goto(menu,s,1)
[menu]
exten => s,1,Answer()
 same => n(again),Background(hello)
 same => n,WaitExten(8)
exten => _3XX,1,Dial(PJSIP/${EXTEN},20)
exten => 9,1,Goto(second,1,1)
[second]
exten => 1,1,DISA(4711,outside)
[outside]
exten => _011X.,1,Dial(PJSIP/${EXTEN}@${TRUNK},90)
exten => _1NXXNXXXXXX,1,Dial(PJSIP/${EXTEN}@${TRUNK},90)
[phones]
include => outside,09:00-17:00,mon-fri,*,*
exten => _9.,1,Dial(PJSIP/${EXTEN:1}@${TRUNK})
exten => _9911,1,Dial(PJSIP/911@${TRUNK})
";

#[test]
fn a_caller_gets_out_by_the_doors_that_are_written() {
    let plan = dialplan(OFFICE);
    assert_eq!(
        outlets(&plan, "in"),
        ["_011X. [outside] by carrier menu>disa", "_1NXXNXXXXXX [outside] by carrier menu>disa"]
    );
    let reached = walk(&plan, "in", Numbers::any(), &|_| false, &mut { walk::ALL_WALKS });
    let abroad = numbers_of("_011252X.");
    assert_eq!(reached.outlets.iter().filter(|outlet| outlet.numbers.meets(&abroad)).count(), 1);
    let reached = walk(&plan, "phones", Numbers::any(), &|_| false, &mut { walk::ALL_WALKS });
    let lets = |outlet: &&Outlet<'_>| outlet.numbers.meets(&abroad) && outlet.extension == "_9.";
    assert_eq!(reached.outlets.iter().filter(lets).count(), 1, "the 9 is cut off");
}

#[test]
fn a_number_meets_the_extension_that_asterisk_would_choose() {
    let plan = dialplan(OFFICE);
    let meets = |context: &str, number: &str, at: Option<Moment>| {
        plan.find(context, number, None, at)
            .map(|found| format!("{} [{}]", found.extension.pattern.text(), found.context))
    };
    let noon = Moment { minute: 600, weekday: 1, day: 2, month: 3 };
    let (day, night) = (Some(noon), Some(Moment { minute: 60, ..noon }));
    assert_eq!(meets("phones", "9911", day).as_deref(), Some("_9911 [phones]"));
    assert_eq!(meets("phones", "9011252612", day).as_deref(), Some("_9. [phones]"));
    assert_eq!(meets("phones", "011252612", day).as_deref(), Some("_011X. [outside]"));
    assert_eq!(meets("phones", "011252612", night), None);
    assert_eq!(meets("nowhere", "1", day), None);
    let line = plan.find("outside", "011252612", None, None).unwrap().extension.place().unwrap().place.line;
    assert_eq!(line, 15);
}

#[test]
fn a_mailbox_that_dials_out_is_a_door_and_its_pin_is_weighed() {
    let extensions = "
[in]
exten => _X.,1,VoiceMailMain()
[vm-out]
exten => _9.,1,Goto(out,${EXTEN:1},1)
[out]
exten => _00X.,1,Dial(SIP/faraway/${EXTEN})
";
    let voicemail = "[general]\ncallback=vm-out\n[default]\n201 => 201,A,,,dialout=vm-out\n202 => 84613907,B\n203 => 1111,C\n204 => 5839,D\n";
    let pbx = pbx(&[("extensions.conf", extensions), ("voicemail.conf", voicemail)]);
    assert_eq!(outlets(&pbx.dialplan, "in"), ["_00X. [out] by faraway mailbox"]);
    let weak: Vec<&str> = pbx
        .dialplan
        .mailboxes
        .iter()
        .filter(|mailbox| matches!(mailbox.pin, Pin::Weak(_)))
        .map(|mailbox| mailbox.name.as_str())
        .collect();
    assert_eq!(weak, ["201", "203"]);
    let shown: String = pbx
        .dialplan
        .mailboxes
        .iter()
        .map(|mailbox| String::from_utf8_lossy(&mailbox.place.text).into_owned() + &format!("{mailbox:?}"))
        .collect();
    assert!(!shown.contains("84613907") && !shown.contains("5839"));
}

#[test]
fn a_pin_never_shows() {
    let plan = dialplan("[in]\nexten => 1,1,DISA(84613907,out)\n same => n,Authenticate(73920184)\n");
    for step in plan.contexts["in"].extensions.iter().flat_map(|extension| extension.steps.values()) {
        let text = String::from_utf8_lossy(&step.place.text).into_owned() + &step.arguments;
        assert!(!text.contains("84613907") && !text.contains("73920184"), "{text}");
        assert_eq!(step.pin, Some(Pin::Fair));
    }
}

#[test]
fn a_panels_files_are_read_in_its_order_and_the_override_wins() {
    let extensions = "#include extensions_override_freepbx.conf\n#include extensions_additional.conf\n#include extensions_custom.conf\n";
    let over = "[from-internal-custom]\nexten => _X.,1,Dial(SIP/rogue/${EXTEN})\n";
    let additional = "
[globals]
OUT_1=PJSIP/line
[from-internal]
include => from-internal-custom
include => outrt-1 ; outside
[outrt-1]
exten => _9.,1,Macro(user-callerid,LIMIT)
exten => _9.,n,Macro(dialout-trunk,1,${EXTEN:1},,off)
exten => _9.,n,Macro(outisbusy,)
[from-internal-custom]
exten => _X.,1,NoOp(never reached)
";
    let pbx = pbx(&[
        ("extensions.conf", extensions),
        ("extensions_override_freepbx.conf", over),
        ("extensions_additional.conf", additional),
        ("extensions_custom.conf", "; nothing\n[x]\n"),
    ]);
    assert_eq!(
        outlets(&pbx.dialplan, "from-internal"),
        ["_9. [outrt-1] by line", "_X. [from-internal-custom] by rogue"]
    );
}

#[test]
fn priorities_labels_hints_and_callers_are_told() {
    let plan = dialplan(
        "[a]\nexten => 100,hint,PJSIP/100\nexten => 100,1,NoOp\nexten => 100,n(here),NoOp(a,b)\nexten => 100,n+10,Hangup\n same => 5,NoOp\nexten => 100/_2XX,1,Hangup\nexten=>100,1,NoOp(second is not heard)\nswitch => IAX2/far/ctx\n",
    );
    let context = &plan.contexts["a"];
    let [for_one, for_all] = context.extensions.as_slice() else { panic!("two extensions") };
    assert!(for_one.caller.is_some() && for_all.caller.is_none());
    assert_eq!(for_all.steps.keys().copied().collect::<Vec<_>>(), [1, 2, 5, 13]);
    assert_eq!(for_all.steps[&2].label.as_deref(), Some("here"));
    assert_eq!(for_all.hint.as_deref(), Some("PJSIP/100"));
    assert_eq!(context.switches.len(), 1);
    assert!(plan.find("a", "100", Some("201"), None).unwrap().extension.caller.is_some());
    assert!(plan.find("a", "100", Some("301"), None).unwrap().extension.caller.is_none());
}

#[test]
fn only_what_the_caller_chooses_is_followed() {
    let plan = dialplan(
        "[in]\nexten => s,1,Goto(phones,${OPERATOR},1)\nexten => 1,1,Read(NUMBER,prompt)\n same => n,Goto(phones,${NUMBER},1)\n\
         [other]\nexten => s,1,Goto(phones,${OPERATOR},1)\nexten => 7,1,Dial(Local/01715550199@phones)\n\
         [phones]\nexten => _0.,1,Dial(SIP/carrier/${FILTER(0-9,${EXTEN})})\n",
    );
    assert_eq!(outlets(&plan, "in"), ["_0. [phones] by carrier"]);
    let reached = walk(&plan, "other", Numbers::any(), &|_| false, &mut { walk::ALL_WALKS });
    assert!(reached.outlets.len() == 1 && reached.outlets.iter().all(|outlet| outlet.numbers.is_one()));
}

#[test]
fn contexts_that_lead_to_each_other_end_the_walk() {
    let plan = dialplan(
        "[a]\ninclude => b\nexten => _X.,1,Goto(b,1${EXTEN},1)\nexten => _X!,1,Dial(Local/9${EXTEN:1}@a)\n[b]\ninclude => a\nexten => _X.,1,GotoIf($[${X}]?a,${EXTEN}2,1)\n same => n,Macro(m,${EXTEN})\nexten => _7.,1,Dial(SIP/faraway/${EXTEN})\n[macro-m]\nexten => s,1,Goto(a,${ARG1}3,1)\n",
    );
    let reached = walk(&plan, "a", Numbers::any(), &|_| false, &mut { walk::ALL_WALKS });
    let outlets = reached.outlets.iter().map(describe).collect::<Vec<_>>();
    assert_eq!((outlets, reached.contexts.len()), (vec!["_7. [b] by faraway".to_owned()], 3));
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(48))]
    #[test]
    fn any_dialplan_ends(lines in proptest::collection::vec(
        "(exten => |same => n,|include => |\\[)[a-c_X.1,nsk]{1,6}(,1,|\\])(Goto|Dial|GotoIf|Macro|DISA|Background)?\\(?[a-c,1${}EXTN:/@?]{0,14}\\)?", 0..24
    )) {
        let plan = dialplan(&format!("[a]\n{}", lines.join("\n")));
        for context in ["a", "b", "c"] {
            let _ = walk(&plan, context, Numbers::any(), &|_| false, &mut { walk::ALL_WALKS });
            let _ = plan.find(context, "1", Some("2"), None);
        }
    }
}

/// Where published dialplans lie beside the project, they are walked whole.
#[test]
fn published_dialplans_are_walked_whole() {
    let shared = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    for folder in ["corpora/trees"] {
        let Ok(trees) = std::fs::read_dir(shared.join(folder)) else {
            eprintln!("passed over: {folder} is not there");
            continue;
        };
        for tree in trees.filter_map(Result::ok).map(|entry| entry.path()).filter(|path| path.is_dir()) {
            let Ok(evidence) = Evidence::gather(std::slice::from_ref(&tree)) else { continue };
            let pbx = crate::pbx::read(&evidence);
            for context in ["default", "from-internal", "from-pstn", "from-trunk", "from-sip-external", "in"]
            {
                let reached =
                    walk(&pbx.dialplan, context, Numbers::any(), &|_| false, &mut { walk::ALL_WALKS });
                assert!(!reached.is_cut, "{} {context}", tree.display());
            }
        }
    }
}

#[test]
fn pins_in_a_file_are_weighed_by_the_weakest() {
    let plan = "[in]\nexten => 1,1,DISA(/etc/asterisk/disa-1.conf)\n[far]\nexten => _00.,1,Dial(SIP/carrier/${EXTEN})\n";
    let pins = "; of the sales people\n83029571|far\n1234|far|\"x\" <1>\n";
    let dialplan = pbx(&[("extensions.conf", plan), ("disa-1.conf", pins)]).dialplan;
    assert_eq!(outlets(&dialplan, "in"), ["_00. [far] by carrier disa"]);
    let step = |plan: &Dialplan| plan.contexts["in"].extensions[0].steps[&1].pin;
    assert!(matches!(step(&dialplan), Some(Pin::Weak(_))));
    assert_eq!(step(&pbx(&[("extensions.conf", plan)]).dialplan), Some(Pin::Elsewhere));
}

#[test]
fn one_number_is_followed_as_it_is_looked_up() {
    let dialplan = dialplan(
        "[globals]\nTRUNK=PJSIP/carrier\n\
         [macro-dialout]\nexten => s,1,Dial(SIP/carrier-out/${ARG1},60)\n\
         [phones]\nexten => _1XX,1,Dial(SIP/${EXTEN},20)\nexten => _9X.,1,Macro(dialout,${EXTEN:1})\n\
         exten => 119,1,Dial(${TRUNK}/sip:${EXTEN}@192.0.2.1:5060)\nexten => _9.,1,Goto(nowhere,${EXTEN:1},1)\n\
         [wide]\nexten => _9.,1,Dial(PJSIP/${EXTEN:1}@carrier)\n\
         [far]\nswitch => IAX2/elsewhere\n",
    );
    let lead = |context: &str, number: &str| {
        dialplan.lead(context, number, &|name| name.len() == 3, &mut { walk::ALL_WALKS })
    };
    let out = |context, extension, trunk: &str, number: &str| Lead::Out {
        context,
        extension,
        trunk: trunk.to_owned(),
        number: number.to_owned(),
    };
    assert_eq!(lead("phones", "112"), Lead::Inside { context: "phones", extension: "_1XX" });
    assert_eq!(lead("phones", "119"), out("phones", "119", "carrier", "119"));
    assert_eq!(lead("phones", "9112"), out("macro-dialout", "s", "carrier-out", "112"));
    assert_eq!(lead("phones", "911"), out("macro-dialout", "s", "carrier-out", "11"));
    assert_eq!(lead("wide", "911"), out("wide", "_9.", "carrier", "11"));
    assert_eq!(lead("phones", "000"), Lead::Nowhere);
    assert_eq!(lead("far", "911"), Lead::Unknown);
    assert_eq!(lead("missing", "911"), Lead::Unknown);
}
