//! Commands of Kamailio's and OpenSIPS's that take off the intruder's registrations, and end calls where they can.
//!
//! Facts relied on: `kamcmd ul.rm TABLE AOR` takes the contacts of an address of record off, which has a domain only
//! where `use_domain` is set; a value of digits is a number to `kamcmd` unless `s:` stands before it, and is refused
//! as one (seen with Kamailio 5.6.3). OpenSIPS has `ul_rm`, and lists its contacts as JSON. A proxy without its
//! `dialog` module knows of no call and can end none: the gateway behind it, or the carrier, has to.

use super::script::{Head, ask, push_wrapped, sh};
use super::{Asked, Output, Plan, Product};

/// Writes the script.
pub(super) fn files(plan: &Plan, asked: Asked) -> Vec<Output> {
    let is_opensips = plan.runs(Product::OpenSips);
    if !plan.has_calls_here() || !(is_opensips || plan.runs(Product::Kamailio)) {
        return Vec::new();
    }
    let purpose = "takes the intruder's registrations off; calls that are up go on (SIP proxy)";
    let words = if is_opensips { &OPENSIPS } else { &KAMAILIO };
    vec![Output::new(words.file, purpose, script(plan, asked, words))]
}

/// How one proxy is spoken to.
struct Words {
    name: &'static str,
    file: &'static str,
    contacts: &'static str,
    /// What `sed` makes an address of record out of a line of the contacts with.
    aor: &'static str,
    dialogs: &'static str,
    /// The command that takes the contacts off that the shell's `$aor` names.
    forget: &'static str,
    end_all: &'static str,
}

const KAMAILIO: Words = Words {
    name: "Kamailio",
    file: "end-calls-kamailio.sh",
    contacts: "kamcmd ul.dump",
    aor: r"s/^[[:space:]]*AoR: *//p",
    dialogs: "kamcmd dlg.list",
    forget: "run kamcmd ul.rm location \"s:$aor\"",
    end_all: "kamcmd dlg.end_dlg H_ENTRY H_ID, for each that kamcmd dlg.list shows",
};

const OPENSIPS: Words = Words {
    name: "OpenSIPS",
    file: "end-calls-opensips.sh",
    contacts: "opensips-cli -x mi ul_dump",
    aor: r#"s/.*"AOR": *"\([^"]*\)".*/\1/p"#,
    dialogs: "opensips-cli -x mi dlg_list",
    forget: "run opensips-cli -x mi ul_rm location \"$aor\"",
    end_all: "opensips-cli -x mi dlg_end_dlg DIALOG_ID, for each that dlg_list shows",
};

fn script(plan: &Plan, asked: Asked, words: &Words) -> String {
    let title = format!("Take the intruder's registrations off ({}).", words.name);
    let check = format!("{} names none of them.", words.contacts);
    let mut notes = vec![
        "Use it again when the secrets are changed (credentials.md): until then the intruder registers anew within seconds.",
        "A proxy without its dialog module cannot end calls: end them at the gateway behind it, or have the carrier do it. Blocking addresses alone ends none.",
    ];
    if asked.end_calls {
        notes.push("--end-calls: a call is ended by its dialog, where the module is loaded; the list is shown below.");
        notes.push(words.end_all);
    }
    let head = Head {
        title: &title,
        changes: "takes the contacts of the accounts below off; calls go on.",
        undo: "an honest phone registers again by itself, once it has the new secret.",
        check: &check,
        notes: &notes,
    };
    let mut text = sh(&head);
    text.push_str(&ask(words.name, words.contacts, words.file));
    text.push_str(&format!(
        "aors() {{\n    printf '%s\\n' \"$listed\" | sed -n '{}' | sort -u\n}}\n",
        words.aor
    ));
    text.push_str(&format!(
        "\necho 'Calls that are up, where the dialog module is loaded:'\n{} 2>&1 | cat -v\n\n",
        words.dialogs
    ));
    for taken in &plan.taken {
        let name = taken.name.as_str();
        push_wrapped(&mut text, "#", "With its domain, where contacts are kept with one.");
        text.push_str(&format!(
            "for aor in $(aors); do\n    case \"$aor\" in '{name}'|'{name}'@*) {} ;; esac\ndone\n",
            words.forget
        ));
    }
    text
}
