//! The order of things: what is done first, which file does it, what is left to a person.

use std::net::IpAddr;

use super::words::Digits;
use super::{Asked, Output, Plan, Product, Removal, RemovalKind, Turn, firewall};
use crate::pbx::{Carriage, Spoken};
use crate::report::document::{Block, Line, counted};
use crate::report::markdown;
use crate::report::model::Vector;

/// Addresses named in one line.
const MOST_NAMED: usize = 8;
/// Findings of secrets that strangers have by now.
const HANDED_OUT: [&str; 2] = ["provisioning-leaked", "secrets-downloaded"];
/// Things that stand open named in one line.
const MOST_OPEN: usize = 4;
/// What comes before any change of what is kept: what is written over can be examined by nobody.
const COPY_FIRST: &str = "Copy what is to be changed before it is changed, if these files are not such a copy: the whole disk, or `tolltrace preserve / -o FOLDER-ON-ANOTHER-DISK`; each change below writes over what proves the fraud.";
/// The same where the disk proves nothing.
const COPY_TO_GO_BACK: &str = "Keep a copy of each file that is changed: it is the way back.";
/// How what is written for a host is used where the phone system is in a container: the host has no `asterisk`.
const IN_CONTAINER: &str = "The phone system runs in a container here; `docker ps` (or `podman ps`) tells its name. Use each `sh SCRIPT now` of this list as `docker exec CONTAINER sh -c \"$(cat SCRIPT)\" sh now`, and any other command of the phone system's as `docker exec CONTAINER COMMAND`; the rules for the firewall belong to the host, save-first.sh to both.";
/// Scripts that end calls, or take registrations off: those of the switches, then those of the proxies.
const ENDING: [&str; 4] =
    ["end-calls-asterisk.sh", "end-calls-freeswitch.sh", "end-calls-kamailio.sh", "end-calls-opensips.sh"];
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
        blocks.push(Block::Paragraph(Line::default().strong(no_intrusion(plan))));
        if plan.asks_users {
            blocks.push(Block::Paragraph(
                "Ask first those whom the report names under \"To be confirmed with the users\": if it was not they, somebody is in.".into(),
            ));
        }
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

/// Says what no intrusion in the report means: not found is one thing, not to be told another.
fn no_intrusion(plan: &Plan) -> &'static str {
    if plan.asks_users && plan.closings.is_empty() && plan.shows_logins {
        return "No intrusion is shown by this evidence, and only the users can say that there was none.";
    }
    let stands_open = !(plan.closings.is_empty() && plan.removals.is_empty() && plan.credentials.is_empty());
    if plan.closings.iter().any(|one| HANDED_OUT.contains(&one.id)) {
        return "No intrusion was found in this evidence, but strangers were given secrets: change them, and ask the carrier for calls that never passed this system.";
    }
    match (plan.shows_logins, stands_open) {
        (true, false) => "Nothing to cut off: no intrusion was found in this evidence.",
        (true, true) => {
            "No intrusion was found in this evidence; what stands open is to be closed all the same."
        }
        (false, false) => {
            "Whether anybody got in cannot be told: these files show no login that succeeds. Nothing in them says what to cut off."
        }
        (false, true) => {
            "Whether anybody got in cannot be told: these files show no login that succeeds. What stands open is to be closed all the same."
        }
    }
}

/// What stops the calls, in the order of the playbook: what is up costs money by the minute, and is ended while a
/// hang-up still reaches the carrier; then nothing new goes out; then nobody comes back.
fn stop(plan: &Plan, has: &dyn Fn(&str) -> bool) -> Vec<Line> {
    let mut lines: Vec<Line> = vec![
        "Call the carrier's 24-hour line: stop all outbound calls of the account (carrier.md has the words). Do it while another does the rest.".into(),
        Line::typed("If the system runs: `sh save-first.sh FOLDER` saves what only it knows; it takes a minute and changes nothing."),
    ];
    // Calls that a stranger places with the trunk's secret never come through here.
    if !plan.has_calls_here() {
        lines.push("The calls do not pass this system: to stop it stops none of them. Only the carrier can: have it change the trunk's secret in that call.".into());
        lines.extend(shut_out(plan));
        return lines;
    }
    if plan.is_in_container {
        lines.push(Line::typed(IN_CONTAINER));
    }
    lines.extend(end_calls(plan, has));
    if has("stop-outbound.nft") {
        lines.push(Line::typed(
            "At once behind it: `nft -f stop-outbound.nft`, or `sh iptables.sh outbound now`, lets no new call out, EMERGENCY CALLS included; calls that come in fail too. Not before: it ends no call that is up, and keeps the hang-up from the carrier. Look at the list of calls once more.",
        ));
    }
    lines.extend(stop_services(plan));
    if plan.came_by(&[Vector::WebExploit, Vector::WebAdmin]) {
        lines.push("Somebody was in the server itself: take it off the network, and keep it running for who examines it; what is changed on it now, he may read.".into());
    }
    if plan.came_by(&[Vector::TrunkCredential]) {
        lines.push(
            "Some of the calls did not pass this system: stopping it stops none of those. Only the carrier can."
                .into(),
        );
    }
    lines.extend(shut_out(plan));
    if plan.removals.iter().any(|one| matches!(one.kind, RemovalKind::Disa | RemovalKind::Voicemail))
        && plan.came_by(&[Vector::VoicemailOrDisa])
    {
        lines.push("Take the second dial tone, and mailboxes that call out, away from callers (remove.md): he comes by telephone, and no rule of a firewall keeps him out.".into());
    }
    lines
}

/// Ends the calls that are up, as far as a script can tell them.
fn end_calls(plan: &Plan, has: &dyn Fn(&str) -> bool) -> Vec<Line> {
    let has_script = ENDING.iter().any(|name| has(name));
    if !has_script {
        return vec!["No script to end calls is written, for these files do not tell which program runs the phone system: end what is up at its console, or stop it; what is up goes on otherwise.".into()];
    }
    let mut lines = Vec::new();
    let knows = !plan.taken.is_empty() || !plan.numbers.is_empty();
    let [asterisk, freeswitch, proxies @ ..] = ENDING;
    for name in [asterisk, freeswitch].into_iter().filter(|name| has(name)) {
        lines.push(Line::typed(&if knows {
            format!("End the calls that are up: `sh {name} now` (without `now` it shows which).")
        } else {
            format!("`sh {name}` shows the calls that are up: end those to the numbers in carrier.md (contain --end-calls writes a script that ends all).")
        }));
    }
    for name in proxies.into_iter().filter(|name| has(name)) {
        lines.push(Line::typed(&format!(
            "The proxy ends no call by itself: end the calls that are up at the gateway behind it, or have the carrier do it. `sh {name} now` takes the intruder's registrations off."
        )));
    }
    lines
}

/// Shuts the intruders out.
fn shut_out(plan: &Plan) -> Option<Line> {
    let addresses: Vec<IpAddr> = plan.cut.iter().map(|cut| cut.address).collect();
    let named = some_of(&addresses);
    (!addresses.is_empty()).then(|| {
        Line::typed(&format!(
            "Shut out {named}: `nft -f block-intruders.nft`, or `sh iptables.sh block now`."
        ))
    })
}

/// Stops the programs: a switch takes its calls down with it, a proxy stands beside them and only shows the way.
fn stop_services(plan: &Plan) -> Vec<Line> {
    let (proxies, switches): (Vec<Product>, Vec<Product>) =
        service(plan).into_iter().partition(|product| product.is_proxy());
    let told = [
        (switches, "That ends every call and every registration."),
        (
            proxies,
            "No new call is routed then. Calls that are up go on, and a hang-up no longer finds its way through the proxy: the gateway behind it or the carrier has to end them, before or at once behind it.",
        ),
    ];
    let told = told.into_iter().filter(|(products, _)| !products.is_empty());
    told.map(|(products, effect)| {
        let mut stops: Vec<&str> = products.into_iter().map(Product::stop_command).collect();
        if plan.is_in_container {
            stops = vec!["docker stop CONTAINER"];
        }
        Line::typed(&format!(
            "If calls go on, or the phones may be silent anyway: `{}`. {effect}",
            stops.join("`; `")
        ))
    })
    .collect()
}

/// Returns what to stop: FreePBX starts and stops Asterisk itself.
fn service(plan: &Plan) -> Vec<Product> {
    let is_covered = |product: &Product| *product == Product::Asterisk && plan.runs(Product::FreePbx);
    plan.products.iter().copied().filter(|product| !is_covered(product)).collect()
}

/// What closes the way back: first the way in, so that nobody reads the new secrets as he read the old ones, then a
/// copy of what is written over, then the changes.
fn close(plan: &Plan, asked: Asked, has: &dyn Fn(&str) -> bool) -> Vec<Line> {
    let line = |name: &str, words: String| has(name).then(|| Line::typed(&format!("{words} ({name})")));
    let mut lines: Vec<Line> = Vec::new();
    if plan.intrusions.is_empty() {
        lines.extend(line(
            "carrier.md",
            "Tell the carrier, and ask it for calls that were placed elsewhere".to_owned(),
        ));
    }
    let services = format!(
        "Close the way in: {} from one's own networks only; or `sh iptables.sh services now`",
        services(plan)
    );
    lines.extend(line("services-only-from-known.nft", services));
    let mut changes = changes(plan, has, &line);
    changes.extend(line("sip-only-from-known.nft", sip(plan, asked)));
    changes.extend(line(
        "fail2ban/jail.d/tolltrace-sip.local",
        "Ban who guesses, by the log that tells of it".to_owned(),
    ));
    if !changes.is_empty() {
        lines.push(Line::typed(if is_evidence(plan) { COPY_FIRST } else { COPY_TO_GO_BACK }));
    }
    lines.extend(changes);
    if let Some(why) = plan.no_jail.filter(|_| !plan.intrusions.is_empty()) {
        lines.push(format!("No jail of fail2ban is written: {why}.").into());
    }
    lines
}

/// Returns whether what is on the disk proves something: an intrusion, a theft of secrets, what an intruder left.
fn is_evidence(plan: &Plan) -> bool {
    let is_left = |one: &Removal| one.kind != RemovalKind::History && !one.is_to_ask;
    !plan.intrusions.is_empty()
        || plan.closings.iter().any(|one| HANDED_OUT.contains(&one.id))
        || plan.removals.iter().any(is_left)
}

/// Changes on the disk, holes before secrets.
fn changes(
    plan: &Plan,
    has: &dyn Fn(&str) -> bool,
    line: &dyn Fn(&str, String) -> Option<Line>,
) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    let downloaded: Vec<&str> = plan.downloads().map(|one| one.detail.as_str()).collect();
    if !downloaded.is_empty() {
        let what = downloaded.join(" ");
        lines.extend(line("close.md", format!("Take what was downloaded out of the web root. {what}")));
    }
    let to_take = plan.removals.iter().filter(|one| one.kind != RemovalKind::History).count() as u64;
    let take = if to_take == 0 {
        "Read what somebody typed here".to_owned()
    } else {
        format!("Take away {}", counted(to_take, "thing"))
    };
    lines.extend(line("remove.md", take));
    if let Some(open) = open(plan) {
        lines.extend(line("close.md", format!("Close what stands open: {open}")));
    }
    lines.extend(first_secrets(plan, has));
    lines.extend(line("credentials.md", format!("Change {}, in the order of the list", secrets(plan))));
    let stuck: Vec<&str> = plan.outbound.stuck().into_iter().map(Digits::as_str).collect();
    let stuck = if stuck.is_empty() {
        String::new()
    } else {
        format!(
            "; by this dialplan NOT going out as dialled: {}: make a route for each first",
            stuck.join(", ")
        )
    };
    lines.extend(line("routes.md", format!("Let out only what is needed{stuck}")));
    lines
}

/// Changes what the intruder uses before all other secrets.
fn first_secrets(plan: &Plan, has: &dyn Fn(&str) -> bool) -> Option<Line> {
    if !plan.has_calls_here() || !plan.credentials.iter().any(|one| one.turn == Turn::Taken) {
        return None;
    }
    let has_script = ENDING.iter().any(|name| has(name));
    let then = match (plan.taken.is_empty(), has_script) {
        // Whoever comes in by telephone with a PIN is registered nowhere.
        (true, _) => "and look at the list of calls once more",
        (false, true) => {
            "and run the script that ended the calls once more: then his registrations are off for good"
        }
        (false, false) => "and take his registrations off at the phone system's console",
    };
    Some(format!("Change what the intruder uses (the first of credentials.md), {then}.").into())
}

/// Says what the rule of SIP does: none that could cut a carrier's line drops anything.
fn sip(plan: &Plan, asked: Asked) -> String {
    if !firewall::knows_carriers(plan) {
        return "Take SIP from the carriers and one's own networks only: as written the rule only COUNTS, for the carriers' addresses are not all known; put them in and have it drop; or `sh iptables.sh sip now`".to_owned();
    }
    let cut = if asked.end_calls { "are cut" } else { "go on" };
    format!(
        "Take SIP from the carriers and one's own networks only; connections that are up {cut}; or `sh iptables.sh sip now`"
    )
}

/// Names the services that only one's own networks are let to.
fn services(plan: &Plan) -> String {
    let mut names: Vec<&str> = Vec::new();
    for one in firewall::services(plan) {
        let name = match (one.spoken, one.carriage) {
            (Spoken::Files, Carriage::Udp) => "phone files by TFTP",
            (Spoken::Files, Carriage::Tcp) => "phone files by FTP",
            (Spoken::Pages | Spoken::Web, _) => "web pages",
            (Spoken::Manager, _) => "the manager interface",
            (Spoken::EventSocket, _) => "the event socket",
            (Spoken::Sip | Spoken::Iax2, _) => continue,
        };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.join(", ")
}

/// Counts the secrets, those at once apart.
fn secrets(plan: &Plan) -> String {
    let all = plan.credentials.len() as u64 + plan.credentials_left_out as u64;
    let at_once = plan.credentials.iter().filter(|one| one.turn == Turn::Taken).count();
    match at_once {
        0 => counted(all, "secret"),
        some if some as u64 == all => format!("{} at once", counted(all, "secret")),
        some => format!("{}, {some} of them at once", counted(all, "secret")),
    }
}

/// Names the first of what stands open; what was downloaded has a line of its own.
fn open(plan: &Plan) -> Option<String> {
    let mut named: Vec<&str> = Vec::new();
    let downloaded: Vec<&str> = plan.downloads().map(|one| one.why.as_str()).collect();
    for one in plan.closings.iter().filter(|one| !downloaded.contains(&one.why.as_str())) {
        if !named.contains(&one.why.as_str()) {
            named.push(&one.why);
        }
    }
    let more = named.len().saturating_sub(MOST_OPEN);
    named.truncate(MOST_OPEN);
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    (!named.is_empty()).then(|| format!("{}{more}", named.join("; ")))
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
