//! The order of things: what is done first, which file does it, what is left to a person.

use std::net::IpAddr;

use super::{Asked, Output, Plan, Product};
use crate::report::document::{Block, Line, counted};
use crate::report::markdown;
use crate::report::model::Vector;

/// Addresses named in one line.
const MOST_NAMED: usize = 8;
/// Things left to a person that are shown on a screen.
const MOST_BY_HAND: usize = 8;

/// Writes the guide of the folder.
pub(super) fn guide(plan: &Plan, asked: Asked, files: &[Output]) -> Output {
    let mut blocks = vec![Block::Paragraph(
        "Nothing here has been run. Read each file before you use it; sh scripts only show what they would do until they are given the word now."
            .into(),
    )];
    blocks.extend(steps(plan, asked, files, usize::MAX));
    blocks.push(Block::heading("The files"));
    let rows = files.iter().map(|file| vec![Line::from(file.path.as_str()), Line::from(file.purpose)]);
    blocks.extend(Block::table(&["file", "what it does"], rows.collect()));
    if plan.tried_count > 0 {
        blocks.push(Block::heading("Who tried and got nothing"));
        blocks.push(Block::Paragraph(
            format!(
                "{} tried. None is in a rule: a sender's address is easily forged, and the jail bans whoever goes on.",
                counted_addresses(plan.tried_count)
            )
            .into(),
        ));
        blocks.extend(Block::list(plan.tried.iter().map(|address| Line::from(address.to_string()))));
    }
    let text = markdown::render("Cut off and change: in this order", &blocks);
    Output::new("README.md", "what to do, in which order", text)
}

/// Returns what to do in short, for a screen.
pub fn blocks(plan: &Plan, asked: Asked, files: &[Output]) -> Vec<Block> {
    steps(plan, asked, files, MOST_BY_HAND)
}

fn steps(plan: &Plan, asked: Asked, files: &[Output], most: usize) -> Vec<Block> {
    let has = |name: &str| files.iter().any(|file| file.path == name);
    let mut blocks = Vec::new();
    if plan.intrusions.is_empty() {
        blocks.push(Block::Paragraph(
            Line::default().strong("Nothing to cut off: no intrusion was found in this evidence."),
        ));
        if plan.tried_count > 0 {
            blocks.push(Block::Paragraph(
                format!(
                    "{} tried and got nothing: no rule names them, and nobody else is shut out.",
                    counted_addresses(plan.tried_count)
                )
                .into(),
            ));
        }
    } else {
        for intrusion in &plan.intrusions {
            blocks.push(Block::Paragraph(Line::default().strong(intrusion.title.clone())));
        }
        blocks.push(Block::heading("Stop the loss, now"));
        blocks.push(Block::List(stop(plan, &has)));
        blocks.push(Block::heading("Then, before it is opened again"));
    }
    let close = close(plan, asked, &has);
    if !close.is_empty() {
        if plan.intrusions.is_empty() {
            blocks.push(Block::heading("Worth closing"));
        }
        blocks.push(Block::List(close));
    }
    if !plan.by_hand.is_empty() {
        blocks.push(Block::heading("Left to you"));
        let mut lines: Vec<Line> = plan
            .by_hand
            .iter()
            .take(most)
            .map(|one| Line::default().evidence(&one.what).words(format!(": {}", one.why)))
            .collect();
        if let Some(left) = plan.by_hand.len().checked_sub(most).filter(|left| *left > 0) {
            lines.push(format!("and {left} more, in README.md").into());
        }
        blocks.push(Block::List(lines));
    }
    blocks
}

/// What stops the calls, the surest first.
fn stop(plan: &Plan, has: &dyn Fn(&str) -> bool) -> Vec<Line> {
    let mut lines: Vec<Line> = vec![
        "Call the carrier's 24-hour line: stop all outbound calls of the account (carrier.md has the words). Do it while another does the rest.".into(),
        Line::typed("If the system runs: `sh save-first.sh FOLDER` saves what only it knows; it takes a minute and changes nothing."),
    ];
    // Calls that a stranger places with the trunk's secret never come through here.
    let is_elsewhere = plan.intrusions.iter().all(|one| one.vector == Vector::TrunkCredential);
    if is_elsewhere {
        lines.push("The calls do not pass this system: to stop it stops none of them. Only the carrier can: have it change the trunk's secret in that call.".into());
        return lines;
    }
    let stops: Vec<&str> = service(plan).into_iter().map(Product::stop_command).collect();
    if !stops.is_empty() {
        let stops = stops.join("`; `");
        lines.push(Line::typed(&format!(
            "If the phones may be silent: `{stops}`. That ends every call and every registration."
        )));
    }
    let ends: Vec<&str> = [
        "end-calls-asterisk.sh",
        "end-calls-freeswitch.sh",
        "end-calls-kamailio.sh",
        "end-calls-opensips.sh",
    ]
    .into_iter()
    .filter(|name| has(name))
    .collect();
    if !ends.is_empty() {
        let ends = ends.join(" now`; `sh ");
        let first = if plan.taken.is_empty() {
            format!(
                "If not: `sh {ends}` shows the calls that are up: end those to the numbers in carrier.md (contain --end-calls writes a script that ends all)"
            )
        } else {
            format!("If not: change the secrets of what was taken over, then `sh {ends} now`")
        };
        lines.push(Line::typed(&format!(
            "{first}; only then `nft -f stop-outbound.nft`, which lets no new call out. To reject what goes out does not end calls that are up."
        )));
    }
    if plan.came_by(&[Vector::WebExploit, Vector::WebAdmin]) {
        lines.push("Somebody was in the server itself: take it off the network, and keep it running for who examines it; what is changed on it now, he may read.".into());
    }
    if plan.came_by(&[Vector::TrunkCredential]) {
        lines.push(
            "The calls did not pass this system: stopping it stops none of them. Only the carrier can."
                .into(),
        );
    }
    if !plan.cut.is_empty() {
        let addresses: Vec<IpAddr> = plan.cut.iter().map(|cut| cut.address).collect();
        let named = some_of(&addresses);
        lines.push(Line::typed(&format!(
            "Shut out {named}: `nft -f block-intruders.nft`, or `sh iptables.sh block now`."
        )));
    }
    lines
}

/// Returns what to stop: FreePBX starts and stops Asterisk itself.
fn service(plan: &Plan) -> Vec<Product> {
    let is_covered = |product: &Product| *product == Product::Asterisk && plan.runs(Product::FreePbx);
    plan.products.iter().copied().filter(|product| !is_covered(product)).collect()
}

/// What closes the way back.
fn close(plan: &Plan, asked: Asked, has: &dyn Fn(&str) -> bool) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    let mut add = |name: &str, words: String| {
        if has(name) {
            lines.push(format!("{words} ({name})").into());
        }
    };
    add(
        "services-only-from-known.nft",
        "Close the way in: panel, phone files, manager interface from one's own networks only".to_owned(),
    );
    add("remove.md", format!("Take away {}", counted(plan.removals.len() as u64, "thing")));
    add(
        "credentials.md",
        format!("Change {}, in the order of the list", counted(plan.credentials.len() as u64, "secret")),
    );
    add("routes.md", "Let out only what is needed, emergency numbers first".to_owned());
    let cut =
        if asked.end_calls { "; connections that are up are cut" } else { "; connections that are up go on" };
    add("sip-only-from-known.nft", format!("Take SIP from the carriers and one's own networks only{cut}"));
    add("fail2ban/jail.d/tolltrace-sip.local", "Ban who guesses, by the log that tells of it".to_owned());
    if let Some(why) = plan.no_jail.filter(|_| !plan.intrusions.is_empty()) {
        lines.push(format!("No jail of fail2ban is written: {why}.").into());
    }
    lines
}

/// Counts addresses with their noun.
fn counted_addresses(count: u64) -> String {
    if count == 1 { "One address".to_owned() } else { format!("{count} addresses") }
}

fn some_of(addresses: &[IpAddr]) -> String {
    let named: Vec<String> = addresses.iter().take(MOST_NAMED).map(IpAddr::to_string).collect();
    match addresses.len().saturating_sub(MOST_NAMED) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}
