//! Commands of FreeSWITCH's that end fraudulent calls and take off the intruder's registrations.
//!
//! Facts relied on: `hupall CAUSE VARIABLE VALUE` ends the calls whose variable has that value, and
//! `sip_auth_username` is the account that authenticated; `sofia profile NAME flush_inbound_reg USER@DOMAIN` takes
//! registrations off; `show registrations` is CSV, user and realm first; `fsctl pause outbound` lets no new call out;
//! `show channels as delim |` has one channel a line, its uuid first, and from the fifth field on its name, the
//! caller, the destination and what the application was given; `uuid_kill UUID` ends one; `fs_cli -x` that cannot
//! connect, or has a wrong password, does not end with 0 (`libs/esl/fs_cli.c`).

use super::called::{TOLD_BY_NUMBERS, in_words};
use super::script::{Head, ask, push_wrapped, sh};
use super::{Asked, Output, Plan, Product};

const FILE: &str = "end-calls-freeswitch.sh";

/// Writes the script.
pub(super) fn files(plan: &Plan, asked: Asked) -> Vec<Output> {
    if !plan.has_calls_here() || !plan.runs(Product::FreeSwitch) {
        return Vec::new();
    }
    let purpose = match (plan.taken.is_empty() && plan.numbers.is_empty(), asked.end_calls) {
        (true, true) => "ends every call, honest ones included (FreeSWITCH)",
        (true, false) => "shows the calls that are up; --end-calls writes one that ends all (FreeSWITCH)",
        (false, _) => {
            "ends the calls of the accounts taken over and those to the numbers of the fraud, and takes the intruder's registrations off (FreeSWITCH)"
        }
    };
    vec![Output::new(FILE, purpose, script(plan, asked))]
}

const FUNCTIONS: &str = r#"profiles() {
    fs_cli -x 'sofia status' 2>/dev/null | sed -n 's/^ *\([A-Za-z0-9_.-]*\)[[:space:]]*profile[[:space:]].*/\1/p'
}
end_calls_to_numbers() {
    fs_cli -x 'show channels as delim |' 2>/dev/null | told_by_numbers '|' "$1" 0 \
        | grep -E '^[0-9a-f-]{36}$' | while IFS= read -r uuid; do
        run fs_cli -x "uuid_kill $uuid" </dev/null
    done
}
forget() {
    fs_cli -x 'show registrations' 2>/dev/null | cut -d , -f 1,2 | grep -E '^[A-Za-z0-9_.-]+,[A-Za-z0-9_.:-]+$' \
        | sort -u | while IFS=, read -r user realm; do
        [ "$user" = "$1" ] || continue
        for profile in $(profiles); do
            run fs_cli -x "sofia profile $profile flush_inbound_reg $user@$realm" </dev/null
        done
    done
}
"#;

fn script(plan: &Plan, asked: Asked) -> String {
    let changes = if asked.end_calls {
        "ends every call, honest ones included, and takes the registrations of the accounts below off."
    } else if plan.taken.is_empty() && plan.numbers.is_empty() {
        "nothing: it shows the calls that are up."
    } else {
        "ends every call that the accounts below placed and every call to the numbers below, and takes the accounts' registrations off; calls of others go on."
    };
    let title = match (plan.taken.is_empty() && plan.numbers.is_empty(), asked.end_calls) {
        (true, false) => "Show the calls that are up (FreeSWITCH).",
        (true, true) => "End every call (FreeSWITCH).",
        (false, _) => "End the fraudulent calls, and take the intruder's registrations off (FreeSWITCH).",
    };
    let head = Head {
        title,
        changes,
        undo: "a call that was ended is dialled again; an honest phone registers again by itself, once it has the new secret.",
        check: "fs_cli -x 'show calls' and fs_cli -x 'show registrations' name none of them.",
        notes: &[
            "Use it at once, before stop-outbound.nft or any other rule that rejects what goes out: the hang-up has to reach the carrier. Use it again when the secrets are changed (credentials.md; then fs_cli -x reloadxml): then whoever registered anew in between is out.",
            "Numbers below are compared whole, with what is dialled before them; a dot is any digit: a range of numbers abroad that no honest call went to. Calls to numbers that are new today, or dialled with another prefix, are not found by them: look at the list.",
            "To let no new call out at all: fs_cli -x 'fsctl pause outbound'; undone by 'fsctl resume outbound'. Emergency calls are stopped as well.",
        ],
    };
    let mut text = sh(&head);
    text.push_str(TOLD_BY_NUMBERS);
    text.push_str(FUNCTIONS);
    text.push_str(&ask("FreeSWITCH", "fs_cli -x 'show calls'", FILE));
    text.push_str("\necho 'Calls that are up:'\nprintf '%s\\n' \"$listed\" | cat -v\n\n");
    for taken in &plan.taken {
        let name = taken.name.as_str();
        text.push_str(&format!(
            "run fs_cli -x 'hupall NORMAL_CLEARING sip_auth_username {name}'\nforget '{name}'\n"
        ));
    }
    if !plan.numbers.is_empty() {
        push_wrapped(&mut text, "#", "Calls to the numbers of the fraud, whoever makes them:");
        text.push_str(&format!("end_calls_to_numbers '{}'\n", in_words(&plan.numbers)));
    }
    if asked.end_calls {
        push_wrapped(&mut text, "#", "--end-calls: everything that is up.");
        text.push_str("run fs_cli -x 'hupall NORMAL_CLEARING'\n");
    }
    text
}
