//! Commands of Asterisk's that end fraudulent calls and take off the intruder's registrations.
//!
//! Facts relied on: `core show channels concise` has one channel a line, fields divided by `!`: the name, the context,
//! the number dialled, the priority, the state, the application and what it was given, the caller's number
//! (`main/cli.c`, since 1.4); a call that the server itself was made to place (a `Local` channel, the manager
//! interface) has no account's name in it, and is told by the number alone; `channel request hangup NAME` ends one, with a BYE to either side; `sip unregister`
//! and `iax2 unregister` take a contact off; PJSIP has no such command: a contact is the key `NAME;@HASH` of the
//! family `registrar/contact` in the internal database, which `database del` removes at once; a key of more than 50
//! characters stands there without a blank behind it (both seen with Asterisk 22.10); `asterisk -rx` that finds no
//! server to speak to says so and ends with 1 (`main/asterisk.c`).

use super::called::{TOLD_BY_NUMBERS, in_words};
use super::script::{Head, ask, push_wrapped, sh};
use super::{Asked, Output, Plan, Product};
use crate::report::model::Vector;

const FILE: &str = "end-calls-asterisk.sh";

/// Writes the script.
pub(super) fn files(plan: &Plan, asked: Asked) -> Vec<Output> {
    if !plan.has_calls_here() || !plan.runs(Product::Asterisk) {
        return Vec::new();
    }
    let purpose = match (plan.taken.is_empty(), plan.numbers.is_empty(), asked.end_calls) {
        (true, true, false) => {
            "shows the calls that are up; --end-calls writes one that ends those of the trunks (Asterisk)"
        }
        (true, true, true) => "ends every call over the trunks, honest ones included (Asterisk)",
        (true, false, _) => "ends the calls to the numbers of the fraud (Asterisk)",
        (false, true, _) => {
            "ends the calls of the accounts taken over, and takes their registrations off (Asterisk)"
        }
        (false, false, _) => {
            "ends the calls of the accounts taken over and those to the numbers of the fraud, and takes the intruder's registrations off (Asterisk)"
        }
    };
    vec![Output::new(FILE, purpose, script(plan, asked))]
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
end_calls_to_numbers() {
    asterisk -rx 'core show channels concise' 2>/dev/null | told_by_numbers '!' "$1" '1 3 7 8' \
        | grep -E "$plain" | while IFS= read -r channel; do
        run asterisk -rx "channel request hangup $channel" </dev/null
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

/// Says what the script ends, and what it cannot tell.
fn notes(plan: &Plan, asked: Asked) -> Vec<&'static str> {
    let mut notes = vec![
        "Use it at once, before stop-outbound.nft or any other rule that rejects what goes out: the hang-up has to reach the carrier. Use it again when the secrets are changed (credentials.md): then whoever registered anew in between is out.",
    ];
    if !plan.numbers.is_empty() {
        notes.push(
            "Calls are told by the numbers below, whole and with what is dialled before them, in the channel's name, in what was dialled, in what Dial was given. So calls end too that no phone made (channels that begin with Local). A dot is any digit: a range of numbers abroad that no honest call went to.",
        );
        notes.push(
            "Not found by them: calls to numbers that are new today or dialled with another prefix, and calls placed straight onto a trunk, whose channel shows no number. Look at the list.",
        );
    }
    if plan.numbers_left_out > 0 {
        notes.push("The numbers of this fraud are more than are listed here: look at what is left.");
    }
    if plan.taken.is_empty() && plan.numbers.is_empty() && !asked.end_calls {
        notes.push(
            "Neither an account nor a number tells which calls are the intruder's: it only shows what is up. End one with: asterisk -rx 'channel request hangup NAME'",
        );
    }
    notes
}

fn changes(plan: &Plan, asked: Asked) -> &'static str {
    if asked.end_calls {
        return "ends every call over the trunks, honest ones included, and takes the contacts of the accounts below off.";
    }
    match (plan.taken.is_empty(), plan.numbers.is_empty()) {
        (true, true) => "nothing: it shows the calls that are up.",
        (true, false) => "ends every call to the numbers below; calls of others go on.",
        (false, true) => {
            "ends every call of the accounts below and takes their contacts off; calls of others go on."
        }
        (false, false) => {
            "ends every call of the accounts below and every call to the numbers below, and takes the accounts' contacts off; calls of others go on."
        }
    }
}

fn script(plan: &Plan, asked: Asked) -> String {
    let title = match (plan.taken.is_empty() && plan.numbers.is_empty(), asked.end_calls) {
        (true, false) => "Show the calls that are up (Asterisk).",
        (true, true) => "End the calls over the trunks (Asterisk).",
        (false, _) => "End the fraudulent calls, and take the intruder's registrations off (Asterisk).",
    };
    let head = Head {
        title,
        changes: changes(plan, asked),
        undo: "a call that was ended is dialled again; an honest phone registers again by itself, once it has the new secret.",
        check: "asterisk -rx 'core show channels' and asterisk -rx 'pjsip show contacts' (or 'sip show peers') name none of them.",
        notes: &notes(plan, asked),
    };
    let mut text = sh(&head);
    text.push_str(TOLD_BY_NUMBERS);
    text.push_str(FUNCTIONS);
    text.push_str(&ask("Asterisk", "asterisk -rx 'core show channels concise'", FILE));
    text.push_str(
        "\necho 'Calls that are up:'\nprintf '%s\\n' \"$listed\" | cut -d '!' -f 1,2,3,5 | cat -v\n\n",
    );
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
    if !plan.numbers.is_empty() {
        push_wrapped(&mut text, "#", "Calls to the numbers of the fraud, whoever makes them:");
        text.push_str(&format!("end_calls_to_numbers '{}'\n", in_words(&plan.numbers)));
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
