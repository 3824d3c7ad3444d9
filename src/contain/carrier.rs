//! What to tell the carrier, and what to have it do: the only stop that works while the phone system cannot be reached.

use std::sync::LazyLock;

use serde::Deserialize;

use super::{Output, Plan, TrunkLine};
use crate::report::document::{Block, Line, counted, instant};
use crate::report::markdown;
use crate::report::model::Vector;

/// Numbers of one intrusion that are read out on the telephone.
const MOST_NUMBERS: usize = 20;

/// What one carrier calls the switches that are needed.
#[derive(Deserialize)]
struct Portal {
    name: String,
    hosts: Vec<String>,
    secret: String,
    limits: String,
}

#[derive(Default, Deserialize)]
struct Portals {
    #[serde(rename = "carrier", default)]
    all: Vec<Portal>,
}

static PORTALS: LazyLock<Portals> =
    LazyLock::new(|| toml::from_str(include_str!("carriers.toml")).unwrap_or_default());

/// Returns the carrier of a host, by the end of its name.
fn portal(host: &str) -> Option<&'static Portal> {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let is_of = |end: &String| host == *end || host.ends_with(&format!(".{end}"));
    PORTALS.all.iter().find(|portal| portal.hosts.iter().any(is_of))
}

/// Writes what to tell the carrier.
pub(super) fn files(plan: &Plan) -> Vec<Output> {
    let (title, blocks) = if !plan.intrusions.is_empty() {
        ("The carrier: what to say on its emergency line, and what to change", blocks(plan))
    } else if plan.downloads().next().is_some() {
        ("The carrier: what to ask it, and what to change", after_a_download(plan))
    } else {
        return Vec::new();
    };
    let blocks = [blocks, super::going_back(
        "in writing, by a person whom the carrier knows, and only when `tolltrace restore` says that every hole is closed.",
        "a call abroad from a phone here is refused by the carrier, one to a number at home goes out, and the carrier has confirmed each change in writing.",
    )].concat();
    let text = markdown::render(title, &blocks);
    vec![Output::new("carrier.md", "what to tell the carrier, and what to have it change", text)]
}

/// What the carrier is told of secrets that were downloaded: calls placed with them elsewhere only it knows of.
fn after_a_download(plan: &Plan) -> Vec<Block> {
    let mut blocks = vec![Block::heading("Say this")];
    blocks.extend(Block::list([
        "A stranger downloaded files in which the secrets of our lines may stand: change those secrets now, and accept calls from our phone system's address alone.",
        "Were our lines used from any other address since that download, or for calls to countries that we do not call? If so: stop all calls abroad, and hold what is to be paid for them to the networks behind you.",
        "Send the call records of our lines since that download, with source addresses and Call-IDs, times with their zone; keep the signalling records.",
        "Confirm in writing, with a reference and the name of a contact.",
    ]));
    blocks.push(Block::Paragraph(
        Line::typed("`tolltrace run` holds the carrier's records, given with `--carrier-cdr`, against the phone system's own: calls that are in the carrier's alone were placed elsewhere."),
    ));
    blocks.push(Block::heading("What happened"));
    let told = plan
        .downloads()
        .map(|one| format!("{}. {} When, the log tells: {}.", one.why, one.detail, one.places.join(", ")));
    blocks.extend(Block::list(told));
    blocks.extend(changes(plan));
    blocks
}

fn blocks(plan: &Plan) -> Vec<Block> {
    let mut blocks = vec![Block::heading("Say this first")];
    blocks.push(Block::Paragraph(
        "Call the carrier's 24-hour fraud or emergency line (its contract, its status page, the portal's support page); a ticket comes second. Ask for the name, the time and a ticket number, and write them down."
            .into(),
    ));
    blocks.extend(Block::list([
        "Our phone system is being used for toll fraud. Stop all outbound calls of our account now; incoming calls may go on.",
        "Stop calls abroad, to satellite and to premium-rate numbers until we say otherwise in writing.",
        "Hold what is to be paid for these calls to the networks behind you: they are fraudulent, a police report follows.",
        "Keep the signalling and call records of our account, with the addresses that the calls came from.",
        "Do not change our tariff or take a payment in this call.",
        "Do emergency calls still go out while our calls are stopped? Everybody here has to know: until then they go by mobile telephone.",
    ]));
    for intrusion in &plan.intrusions {
        blocks.push(Block::heading(&format!("What happened ({})", intrusion.id)));
        blocks.push(Block::Paragraph(intrusion.title.clone().into()));
        if let Some((first, last)) = &intrusion.calls {
            blocks.push(Block::Paragraph(
                format!(
                    "The first of these calls began {}, the last {}: {}, {}.",
                    instant(first),
                    instant(last),
                    counted(intrusion.totals.calls, "call"),
                    intrusion.totals.billed()
                )
                .into(),
            ));
        }
        if !intrusion.numbers.is_empty() {
            blocks.push(Block::Paragraph(
                format!("Numbers that took most time, of {}:", counted(intrusion.numbers_count, "number"))
                    .into(),
            ));
            blocks.extend(Block::list(intrusion.numbers.iter().take(MOST_NUMBERS).map(Line::from)));
        }
    }
    blocks.extend(changes(plan));
    blocks
}

/// What is changed with the carrier, line by line, and what limits the next loss.
fn changes(plan: &Plan) -> Vec<Block> {
    let mut blocks = vec![Block::heading("Change these with the carrier")];
    blocks.extend(trunks(plan));
    blocks.push(Block::heading(if plan.intrusions.is_empty() {
        "Ask for these limits"
    } else {
        "Before calls go out again"
    }));
    blocks.extend(Block::list([
        "A new secret for each line that has one, and calls accepted from the phone system's own address alone.",
        "A list of countries that may be called; all others closed, premium-rate and satellite numbers with them.",
        "A limit of money a day, a limit of price a minute, and a limit of calls at once.",
        "A message to a person who is awake when a tenth of the daily limit is reached at night.",
    ]));
    blocks
}

fn trunks(plan: &Plan) -> Vec<Block> {
    if plan.trunks.is_empty() {
        return vec![Block::Paragraph(
            "No line to a carrier stands in the files that were given: ask which lines the account has, and change the secret of each.".into(),
        )];
    }
    let is_stolen = plan.came_by(&[Vector::TrunkCredential]);
    let mut blocks = Vec::new();
    for trunk in &plan.trunks {
        blocks.push(Block::Subheading(Line::default().words("Trunk ").evidence(&trunk.name)));
        blocks.extend(Block::list(steps(trunk, is_stolen)));
    }
    blocks
}

fn steps(trunk: &TrunkLine, is_stolen: bool) -> Vec<Line> {
    let mut lines = vec![Line::from(format!("configured at {}", trunk.place))];
    let networks: Vec<String> = trunk.networks.iter().map(ToString::to_string).collect();
    if !networks.is_empty() {
        lines.push(format!("its addresses: {}", networks.join(", ")).into());
    }
    for host in &trunk.hosts {
        lines.push(Line::default().words("its host: ").evidence(host));
    }
    lines.push(
        match (trunk.has_secret, is_stolen) {
            (true, true) => "its secret is in a stranger's hands: have it changed in this call, before anything else",
            (true, false) => {
                "it logs in with a secret: have a new one set, and put it in here before the line is opened"
            }
            (false, _) => {
                "no secret of it stands in these files: it may be known by the phone system's address; ask which addresses are let in, and strike out all but this one"
            }
        }
        .into(),
    );
    if let Some(portal) = trunk.hosts.iter().find_map(|host| portal(host.raw())) {
        lines.push(format!("{}, in its portal, secrets: look for {}", portal.name, portal.secret).into());
        lines.push(format!("{}, in its portal, limits: look for {}", portal.name, portal.limits).into());
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn carriers_are_known_by_the_end_of_a_host() {
        assert!(PORTALS.all.len() >= 10);
        assert_eq!(portal("sip.telnyx.com").map(|portal| portal.name.as_str()), Some("Telnyx"));
        assert_eq!(portal("nottelnyx.com").map(|portal| portal.name.as_str()), None);
        assert_eq!(portal("telnyx.com.evil.example").map(|portal| portal.name.as_str()), None);
    }
}
