//! Commands of FreeSWITCH's that end fraudulent calls and take off the intruder's registrations.
//!
//! Facts relied on: `hupall CAUSE VARIABLE VALUE` ends the calls whose variable has that value, and
//! `sip_auth_username` is the account that authenticated; `sofia profile NAME flush_inbound_reg USER@DOMAIN` takes
//! registrations off; `show registrations` is CSV, user and realm first; `fsctl pause outbound` lets no new call out.

use super::script::{Head, push_wrapped, sh};
use super::{Asked, Output, Plan, Product};

/// Writes the script.
pub(super) fn files(plan: &Plan, asked: Asked) -> Vec<Output> {
    if plan.intrusions.is_empty() || !plan.runs(Product::FreeSwitch) {
        return Vec::new();
    }
    let purpose = "ends the fraudulent calls and takes the intruder's registrations off (FreeSWITCH)";
    vec![Output::new("end-calls-freeswitch.sh", purpose, script(plan, asked))]
}

const FUNCTIONS: &str = r#"profiles() {
    fs_cli -x 'sofia status' 2>/dev/null | sed -n 's/^ *\([A-Za-z0-9_.-]*\)[[:space:]]*profile[[:space:]].*/\1/p'
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
    } else {
        "ends every call that the accounts below placed, and takes their registrations off; calls of others go on."
    };
    let head = Head {
        title: "End the fraudulent calls, and take the intruder's registrations off (FreeSWITCH).",
        changes,
        undo: "a call that was ended is dialled again; an honest phone registers again by itself, once it has the new secret.",
        check: "fs_cli -x 'show calls' and fs_cli -x 'show registrations' name none of them.",
        notes: &[
            "Change the secrets first (credentials.md; then fs_cli -x reloadxml), or the intruder registers again within seconds. Use it before any rule that rejects what goes out.",
            "To let no new call out at all: fs_cli -x 'fsctl pause outbound'; undone by 'fsctl resume outbound'. Emergency calls are stopped as well.",
        ],
    };
    let mut text = sh(&head);
    text.push_str(FUNCTIONS);
    text.push_str("\necho 'Calls that are up:'\nfs_cli -x 'show calls' | cat -v\n\n");
    for taken in &plan.taken {
        let name = taken.name.as_str();
        text.push_str(&format!(
            "run fs_cli -x 'hupall NORMAL_CLEARING sip_auth_username {name}'\nforget '{name}'\n"
        ));
    }
    if asked.end_calls {
        push_wrapped(&mut text, "#", "--end-calls: everything that is up.");
        text.push_str("run fs_cli -x 'hupall NORMAL_CLEARING'\n");
    }
    text
}
