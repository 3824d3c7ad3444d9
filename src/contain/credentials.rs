//! The list of secrets to change, in the order in which the intruder is out first and phones come back.

use super::{Credential, Output, Plan, Product, Turn};
use crate::report::document::{Block, Line, counted};
use crate::report::markdown;

/// Writes the list.
pub(super) fn files(plan: &Plan) -> Vec<Output> {
    if plan.credentials.is_empty() {
        return Vec::new();
    }
    let text = markdown::render("Secrets to change, and in which order", &blocks(plan));
    vec![Output::new("credentials.md", "which secrets to change, where they are kept, in which order", text)]
}

fn blocks(plan: &Plan) -> Vec<Block> {
    let mut blocks = vec![Block::heading("How, so that phones come back")];
    blocks.extend(Block::list(order(plan).iter().map(|step| Line::typed(step))));
    blocks.push(Block::Paragraph(
        "Run contain with --generate-secrets for a file of new ones, which nobody but you may read. Nothing here shows an old one."
            .into(),
    ));
    let is_there = |turn: &Turn| plan.credentials.iter().any(|one| one.turn == *turn);
    for (turn, place) in Turn::ALL.into_iter().filter(is_there).zip(PLACES) {
        let of_turn: Vec<&Credential> = plan.credentials.iter().filter(|one| one.turn == turn).collect();
        blocks.push(Block::heading(&format!("{place}: {}", turn.words())));
        let rows = of_turn.into_iter().map(row).collect();
        blocks.extend(Block::table(&["whose", "what", "why", "kept at", "the phone gets it from"], rows));
    }
    if plan.credentials_left_out > 0 {
        let left = counted(plan.credentials_left_out as u64, "more secret");
        blocks.push(Block::Paragraph(format!("{left} are of the same kinds and not listed.").into()));
    }
    blocks.extend(super::going_back(
        "not to the old secret, which is known: where a phone stays away, give the server and the phone one more new secret.",
        "each phone is registered again and calls; `tolltrace restore COPY-AFTER-REPAIR --case CASE` says which secrets are still the old ones.",
    ));
    blocks
}

/// Words for the turns that there are.
const PLACES: [&str; 6] = ["First", "Second", "Third", "Fourth", "Fifth", "Sixth"];

fn row(one: &Credential) -> Vec<Line> {
    let list = |places: &[String]| if places.is_empty() { "-".to_owned() } else { places.join(", ") };
    let new = match (one.is_pin, one.is_carriers) {
        (true, _) => ", at least 8 digits that are no date and not the number",
        (_, true) => ", which the carrier gives out",
        _ => "",
    };
    vec![
        Line::from(&one.owner),
        format!("{}{new}", one.kind).into(),
        one.why.clone().into(),
        list(&one.stored).into(),
        list(&one.phone_files).into(),
    ]
}

/// Says in which order one phone's secret is changed.
fn order(plan: &Plan) -> Vec<String> {
    let has_files = plan.credentials.iter().any(|one| !one.phone_files.is_empty());
    let mut steps = vec![
        "Close the way in first (firewall, panel, file server): a new secret that is read the same way is lost the same hour.".to_owned(),
    ];
    if plan.credentials.iter().any(|one| one.turn == Turn::Taken) {
        steps.push("What the intruder uses: end its calls first, then change it on the server at once, reload, and take its contacts off (end-calls, once more); its phone stays silent until it has the new secret.".to_owned());
    }
    if has_files {
        steps.push("All other phones: write the new secret into the phone's file first, then into the server, reload, then have the phone fetch its file (restart it, or a notify); in this order a phone is away for a minute. The phone's own web password is in the same file: change it too.".to_owned());
    } else {
        steps.push("All other phones: no phone file of these accounts is among the evidence; enter the new secret at the phone or in the endpoint manager, then in the server, one phone after the other.".to_owned());
    }
    steps.push("Softphones and doors: hand the secret over in person or by telephone, not by mail: a mailbox that was read is a usual way for the old one.".to_owned());
    for product in &plan.products {
        steps.push(
            match product {
                Product::FreePbx => "FreePBX keeps secrets in its database, and writes the files from it: change them in the panel (Extensions, Trunks, Administrators), then apply; a change in a file is gone at the next one.",
                Product::Asterisk => "Asterisk: after a change in its files: `asterisk -rx 'module reload res_pjsip.so'`, or `sip reload`; for the manager interface `manager reload`. A phone restarts with `pjsip send notify` or `sip notify`.",
                Product::FreeSwitch => "FreeSWITCH: after a change below directory/ or in vars.xml: `fs_cli -x reloadxml`; freeswitch.xml.fsxml beside the log holds every secret in clear, and is written anew by that.",
                Product::Kamailio => "Kamailio: `kamctl passwd USER NEW` for accounts of the table subscriber; no reload is needed.",
                Product::OpenSips => "OpenSIPS: `opensips-cli -x user password USER@DOMAIN` for accounts of the table subscriber.",
            }
            .to_owned(),
        );
    }
    steps
}
