//! Which routes to switch off or limit, and the lists of what may go out.

use super::dialplan;
use super::{Output, Plan, Product};
use crate::report::document::{Block, Line, counted};
use crate::report::markdown;

/// Writes the guide and the product's own files.
pub(super) fn files(plan: &Plan) -> Vec<Output> {
    if plan.intrusions.is_empty() && plan.outbound.routes.is_empty() {
        return Vec::new();
    }
    let mut files = Vec::new();
    let can_limit = plan.outbound.has_panel_routes || !plan.outbound.contexts.is_empty();
    let purpose = "refuses numbers abroad but for a list, emergency numbers first";
    if plan.runs(Product::Asterisk) && can_limit {
        files.push(Output::new("outbound-allow.conf", purpose, dialplan::asterisk(plan)));
    }
    if plan.runs(Product::FreeSwitch) {
        files.push(Output::new("outbound-allow.xml", purpose, dialplan::freeswitch(plan)));
    }
    if plan.runs(Product::Kamailio) || plan.runs(Product::OpenSips) {
        files.push(Output::new("outbound-allow.cfg", purpose, dialplan::proxy(plan)));
    }
    let names: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
    let text = markdown::render("What may go out", &blocks(plan, &names));
    files
        .insert(0, Output::new("routes.md", "which routes to switch off, and what may go out instead", text));
    files
}

fn blocks(plan: &Plan, names: &[&str]) -> Vec<Block> {
    let outbound = &plan.outbound;
    let mut blocks = vec![Block::heading("Emergency numbers first")];
    let emergency: Vec<String> = outbound.emergency.iter().map(ToString::to_string).collect();
    let whose = match (outbound.knows_emergency, outbound.home_name) {
        (true, Some(name)) => format!("The emergency numbers of {name}: {}.", emergency.join(", ")),
        _ => format!(
            "The country is not known (--home-country tells it): {} are the most usual emergency numbers.",
            emergency.join(", ")
        ),
    };
    blocks.push(Block::Paragraph(
        format!(
            "{whose} Whatever is switched off below, a route for these stays in front of all others, with a trunk that is open; try it with the carrier's test number, and tell everybody while it does not work."
        )
        .into(),
    ));
    blocks.push(Block::heading("Routes to switch off or limit"));
    blocks.extend(routes(plan));
    blocks.push(Block::heading("What may go out instead"));
    if outbound.called.is_empty() {
        blocks.push(Block::Paragraph(
            "No honest call of this evidence went abroad: close all of it, and open a country when somebody needs it.".into(),
        ));
    } else {
        blocks.push(Block::Paragraph(
            "Countries that honest calls of this evidence went to; strike out those that need not be called:"
                .into(),
        ));
        let rows = outbound.called.iter();
        let rows =
            rows.map(|one| vec![format!("+{}", one.code).into(), one.name.into(), Line::from(one.calls)]);
        blocks.extend(Block::table(&["code", "country", "#honest calls"], rows.collect()));
    }
    for name in names {
        blocks.push(Block::Paragraph(
            format!("{name} does this in the product's own language; its first lines say how to use it, undo it and check it.").into(),
        ));
    }
    if outbound.is_north_american {
        let areas = outbound.costly_areas.len() as u64;
        blocks.push(Block::Paragraph(
            format!(
                "{} of the North American plan lie outside the United States and Canada and look like numbers at home: they are refused as well.",
                counted(areas, "area code")
            )
            .into(),
        ));
    }
    blocks.push(Block::Paragraph(
        "Not covered: premium-rate numbers at home, calls that the intruder places over the trunk's secret from elsewhere, and calls that never pass these contexts (forwards, DISA, mailboxes): see remove.md and carrier.md.".into(),
    ));
    blocks
}

fn routes(plan: &Plan) -> Vec<Block> {
    let outbound = &plan.outbound;
    let mut blocks = Vec::new();
    if outbound.routes.is_empty() {
        blocks.push(Block::Paragraph(
            "By which route the calls left cannot be told from these files: switch off every route that takes numbers abroad.".into(),
        ));
    } else {
        let rows = outbound.routes.iter().map(|route| {
            let calls = if route.calls > 0 { Line::from(route.calls) } else { Line::from("-") };
            vec![Line::from(&route.context), Line::from(&route.pattern), calls, route.place.clone().into()]
        });
        blocks.extend(Block::table(&["context", "pattern", "#fraudulent calls", "where"], rows.collect()));
    }
    let mut steps: Vec<Line> = Vec::new();
    if plan.runs(Product::FreePbx) {
        let ids: Vec<String> =
            plan.trunks.iter().filter_map(|trunk| trunk.panel_id.as_ref()).map(ToString::to_string).collect();
        let which =
            if ids.is_empty() { "ID".to_owned() } else { ids.join("` and `fwconsole trunks --disable ") };
        steps.push(
            Line::typed(&format!(
                "FreePBX: to switch a trunk off: `fwconsole trunks --disable {which}`, then `fwconsole reload`; undone by --enable. A route has no switch: take its trunks away in Connectivity, Outbound Routes, or give it a PIN set."
            )),
        );
    }
    if plan.runs(Product::Asterisk) {
        let plain = outbound.routes.iter().filter_map(|route| route.plain.as_ref());
        steps.extend(plain.take(5).map(|(context, pattern)| {
            let command = format!("asterisk -rx 'dialplan remove extension {pattern}@{context}'");
            Line::typed(&format!(
                "Asterisk, until the next reload: `{command}`; undone by `asterisk -rx 'dialplan reload'`"
            ))
        }));
    }
    if plan.runs(Product::FreeSwitch) {
        steps.push(Line::typed("FreeSWITCH: rename the file of the extension that bridges abroad to .noload, then `fs_cli -x reloadxml`; a gateway alone: `fs_cli -x 'sofia profile external killgw NAME'`."));
    }
    blocks.extend(Block::list(steps));
    blocks
}
