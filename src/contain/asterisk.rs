//! Commands of Asterisk's that end fraudulent calls and take off the intruder's registrations.
//!
//! Facts relied on: `core show channels concise` has one channel a line, fields divided by `!`, the name first
//! (`main/asterisk.c`, since 1.4); `channel request hangup NAME` ends one, with a BYE to either side; `sip unregister`
//! and `iax2 unregister` take a contact off; PJSIP has no such command: a contact is the key `NAME;@HASH` of the
//! family `registrar/contact` in the internal database, which `database del` removes at once; a key of more than 50
//! characters stands there without a blank behind it (both seen with Asterisk 22.10).

use super::script::{Head, push_wrapped, sh};
use super::{Asked, Output, Plan, Product};
use crate::report::model::Vector;

/// Writes the script.
pub(super) fn files(plan: &Plan, asked: Asked) -> Vec<Output> {
    if plan.intrusions.is_empty() || !plan.runs(Product::Asterisk) {
        return Vec::new();
    }
    let purpose = "ends the fraudulent calls and takes the intruder's registrations off (Asterisk)";
    vec![Output::new("end-calls-asterisk.sh", purpose, script(plan, asked))]
}

/// What lists channels, and ends those that begin alike. A channel's name may hold an attacker's words: what is not
/// plain is left out and counted.
const FUNCTIONS: &str = r#"plain='^[A-Za-z0-9/_.@:+=-]+(;[12])?$'
channels() {
    asterisk -rx 'core show channels concise' 2>/dev/null | cut -d '!' -f 1 | grep -E "$plain"
}
odd() {
    asterisk -rx 'core show channels concise' 2>/dev/null | cut -d '!' -f 1 | grep -v -E "$plain" | grep -c .
}
end_calls_of() {
    channels | while IFS= read -r channel; do
        case "$channel" in
            "$1"-*) ;;
            *) continue ;;
        esac
        # Behind the name stand a dash and a count, which has no dash: with one, the name is another's.
        count=${channel#"$1"-}
        count=${count%;[12]}
        case "$count" in
            ''|*[!0-9a-f]*) ;;
            *) run asterisk -rx "channel request hangup $channel" </dev/null ;;
        esac
    done
}
forget_contacts_of() {
    asterisk -rx 'database show registrar/contact' 2>/dev/null \
        | sed -n 's#^/registrar/contact/\([^ ;]*;@[0-9A-Za-z]*\) *: .*#\1#p' | while IFS= read -r key; do
        case "$key" in
            "$1;@"*) run asterisk -rx "database del registrar/contact $key" </dev/null ;;
        esac
    done
}
"#;

fn script(plan: &Plan, asked: Asked) -> String {
    let changes = if asked.end_calls {
        "ends every call of the accounts below and every call over the trunks, honest ones included, and takes the accounts' contacts off."
    } else {
        "ends every call of the accounts below and takes their contacts off; calls of others go on."
    };
    let mut notes = vec![
        "Change the secrets first, or the intruder registers again within seconds: see credentials.md. Then use it before any rule that rejects what goes out: the hang-up has to reach the carrier.",
    ];
    if plan.taken.is_empty() {
        notes.push(
            "No account was taken over here: which calls are the intruder's, only their numbers tell. Look at the list, and end them with: asterisk -rx 'channel request hangup NAME'",
        );
    }
    if plan.came_by(&[Vector::ManagerInterface, Vector::WebExploit]) {
        notes.push(
            "Calls that the intruder had the server place are those of channels that begin with Local.",
        );
    }
    let head = Head {
        title: "End the fraudulent calls, and take the intruder's registrations off (Asterisk).",
        changes,
        undo: "a call that was ended is dialled again; an honest phone registers again by itself, once it has the new secret.",
        check: "asterisk -rx 'core show channels' and asterisk -rx 'pjsip show contacts' (or 'sip show peers') name none of them.",
        notes: &notes,
    };
    let mut text = sh(&head);
    text.push_str(FUNCTIONS);
    text.push_str("\necho 'Calls that are up:'\nasterisk -rx 'core show channels concise' | cut -d '!' -f 1,2,3,5 | cat -v\n\n");
    for taken in &plan.taken {
        let name = taken.name.as_str();
        text.push_str(&format!("end_calls_of '{}'\n", taken.channel));
        match taken.channel.split('/').next() {
            Some("SIP") => text.push_str(&format!("run asterisk -rx 'sip unregister {name}'\n")),
            Some("IAX2") => text.push_str(&format!("run asterisk -rx 'iax2 unregister {name}'\n")),
            // A dot in a name is any letter to sed, which takes no more than it should: the key ends with the name.
            _ => text.push_str(&format!("forget_contacts_of '{}'\n", name.replace('.', "[.]"))),
        }
    }
    if plan.came_by(&[Vector::GuestCall]) {
        push_wrapped(&mut text, "#", "Callers without any account:");
        text.push_str("end_calls_of 'PJSIP/anonymous'\n");
    }
    if asked.end_calls {
        push_wrapped(&mut text, "#", "--end-calls: everything that is up over a trunk.");
        for trunk in plan.trunks.iter().filter(|trunk| !trunk.channel.is_empty()) {
            text.push_str(&format!("end_calls_of '{}'\n", trunk.channel));
        }
    }
    text.push_str(
        "\nleft=$(odd)\n[ \"$left\" = 0 ] || echo \"$left channels have odd names: look at them by hand\"\n",
    );
    text
}
