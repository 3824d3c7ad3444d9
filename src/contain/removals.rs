//! What to take away: forwards, DISA, mailboxes that call out, and whatever an intruder made or left.
//!
//! The list is for a person. Scripts do only what one command can do and undo: forwards in Asterisk's own database, and
//! files set aside, never deleted, with their times.

use super::script::{Head, push_remark, sh};
use super::{Output, Plan, Product, Removal, RemovalKind};
use crate::report::document::{Block, Line};
use crate::report::markdown;
use crate::untrusted::Untrusted;

/// The kinds in the order in which they are taken away.
const ORDER: [RemovalKind; 10] = [
    RemovalKind::Job,
    RemovalKind::Login,
    RemovalKind::Administrator,
    RemovalKind::Extension,
    RemovalKind::File,
    RemovalKind::Dialplan,
    RemovalKind::Forward,
    RemovalKind::Disa,
    RemovalKind::Voicemail,
    RemovalKind::History,
];

/// Writes the list and the scripts.
pub(super) fn files(plan: &Plan) -> Vec<Output> {
    if plan.removals.is_empty() {
        return Vec::new();
    }
    let text = markdown::render("What to take away", &blocks(plan));
    let mut files =
        vec![Output::new("remove.md", "forwards, DISA, accounts, jobs and files to take away", text)];
    let forwards: Vec<&Removal> = plan
        .removals
        .iter()
        .filter(|one| one.kind == RemovalKind::Forward && one.account.is_some())
        .collect();
    if !forwards.is_empty() && plan.runs(Product::Asterisk) {
        files.push(Output::new(
            "remove-forwards.sh",
            "removes the forwards to paid numbers",
            forwards_script(&forwards),
        ));
    }
    let whole: Vec<&Removal> = plan.removals.iter().filter(|one| one.file.is_some()).collect();
    if !whole.is_empty() {
        files.push(Output::new("set-aside.sh", "sets the intruder's files aside", set_aside(&whole)));
    }
    files
}

fn blocks(plan: &Plan) -> Vec<Block> {
    let mut blocks = vec![Block::Paragraph(
        "Take a copy before anything is taken away: what is here is evidence. Disable accounts first and delete them when the inquiry is over.".into(),
    )];
    if plan.removals.iter().any(|one| {
        matches!(one.kind, RemovalKind::Job | RemovalKind::Login | RemovalKind::File) && !one.is_to_ask
    }) {
        blocks.push(Block::Paragraph(
            "Somebody could run programs on this host. To take away what was found is a stopgap: build the host anew from known media, and bring back data only.".into(),
        ));
    }
    for kind in ORDER {
        let of_kind: Vec<&Removal> = plan.removals.iter().filter(|one| one.kind == kind).collect();
        if of_kind.is_empty() {
            continue;
        }
        blocks.push(Block::heading(kind.words()));
        for one in of_kind {
            let title = if one.is_to_ask { "Ask first: " } else { "" };
            blocks.push(Block::Subheading(Line::default().words(title).evidence(&one.subject)));
            let mut lines: Vec<Line> = vec![one.why.clone().into(), one.remedy.clone().into()];
            lines.extend(
                one.place
                    .iter()
                    .map(|place| Line::default().words("at ").evidence(&Untrusted::from(place.as_str()))),
            );
            lines.extend(how(kind).iter().map(|words| Line::typed(words)));
            blocks.extend(Block::list(lines));
        }
    }
    blocks.extend(super::going_back(
        "put back what was set aside or copied, with its rights; an account that was disabled is enabled again.",
        "look again after an hour: what runs by itself writes it anew; `tolltrace restore COPY-AFTER-REPAIR --case CASE` says of each whether it is gone.",
    ));
    blocks
}

/// Says how such a thing is taken away, where the program's own words help.
fn how(kind: RemovalKind) -> &'static [&'static str] {
    match kind {
        RemovalKind::Disa => &[
            "in the dialplan: take the extension with DISA() out, or give it a PIN of at least 8 digits and a context without trunks; in FreePBX: Applications, DISA",
        ],
        RemovalKind::Voicemail => &[
            "in voicemail.conf: take dialout= and callback= out, or give them a context without trunks; then `asterisk -rx 'voicemail reload'`",
        ],
        RemovalKind::Forward => &[
            "in Asterisk: `asterisk -rx 'database show CF'`, then `asterisk -rx 'database del CF ACCOUNT'` (CFB: busy, CFU: no answer); in FreePBX also Find Me/Follow Me and misc destinations",
        ],
        RemovalKind::Administrator => {
            &["in FreePBX: Admin, Administrators; look at User Management and its groups as well"]
        }
        _ => &[],
    }
}

/// Writes the script that removes forwards.
fn forwards_script(forwards: &[&Removal]) -> String {
    let head = Head {
        title: "Remove forwards to paid numbers (Asterisk's own database).",
        changes: "the keys CF, CFB and CFU of the accounts below; what they hold is kept in the file forwards-before.txt beside this script.",
        undo: "asterisk -rx 'database put CF ACCOUNT NUMBER', with the numbers of forwards-before.txt",
        check: "asterisk -rx 'database show CF' names none of them.",
        notes: &["Ask the user of each first: a forward to a mobile phone abroad may be his own."],
    };
    let mut text = sh(&head);
    text.push_str("here=$(dirname \"$0\")\n[ \"$really\" = yes ] && for family in CF CFB CFU; do asterisk -rx \"database show $family\"; done >>\"$here/forwards-before.txt\"\n");
    for account in forwards.iter().filter_map(|one| one.account.as_ref()) {
        text.push_str(&format!(
            "for family in CF CFB CFU; do run asterisk -rx \"database del $family {account}\"; done\n"
        ));
    }
    text
}

/// Writes the script that sets files aside.
fn set_aside(whole: &[&Removal]) -> String {
    let head = Head {
        title: "Set the intruder's files aside.",
        changes: "moves each file below into the folder /root/tolltrace-set-aside, with its path and times, and takes all rights from it.",
        undo: "mv each back from /root/tolltrace-set-aside; list.txt there has rights, owners and times as they were.",
        check: "ls -l of each path says that it is not there; look again after an hour: a job may write it anew.",
        notes: &[
            "Take away what runs by itself first (remove.md). A path that has gone is passed over, so that it may be run again.",
        ],
    };
    let mut text = sh(&head);
    text.push_str(
        r#"aside=/root/tolltrace-set-aside
run mkdir -p -m 700 "$aside"
set_aside() {
    [ -f "$1" ] && [ ! -L "$1" ] || { echo "not there: $1"; return; }
    [ ! -e "$aside$1" ] || { echo "already set aside once, left where it is: $1"; return; }
    [ "$really" = yes ] && ls -ln --time-style=full-iso "$1" >>"$aside/list.txt"
    run mkdir -p "$aside$(dirname "$1")"
    run mv -n "$1" "$aside$1"
    run chmod 000 "$aside$1"
}

"#,
    );
    for one in whole {
        push_remark(&mut text, "#", &one.why);
        if let Some(path) = &one.file {
            text.push_str(&format!("set_aside '{path}'\n"));
        }
    }
    text
}
