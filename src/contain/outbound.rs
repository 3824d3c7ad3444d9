//! Which routes to switch off or limit, and the lists of what may go out.

use super::dialplan;
use super::words::Digits;
use super::{EmergencyWay, Leads, OpenRoute, Output, Plan, Product};
use crate::report::document::{Block, Line, counted};
use crate::report::markdown;

/// Writes the guide and the product's own files.
pub(super) fn files(plan: &Plan) -> Vec<Output> {
    if plan.intrusions.is_empty() && plan.outbound.routes.is_empty() {
        return Vec::new();
    }
    let mut files = Vec::new();
    let can_limit = plan.outbound.has_panel_routes || !plan.outbound.contexts.is_empty();
    let purpose = "refuses numbers abroad but for a list; no emergency number among them";
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
    blocks.push(Block::Paragraph(whose.into()));
    blocks.extend(emergency_ways(plan));
    blocks.extend(extensions(plan));
    blocks.push(Block::heading("Routes to switch off or limit"));
    blocks.extend(routes(plan, !names.is_empty()));
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
    let premium = if outbound.is_north_american {
        "premium-rate numbers at home other than 900 and 976"
    } else {
        "premium-rate numbers at home"
    };
    let see: Vec<&str> =
        [("remove.md", !plan.removals.is_empty()), ("carrier.md", !plan.intrusions.is_empty())]
            .into_iter()
            .filter_map(|(name, is_there)| is_there.then_some(name))
            .collect();
    let see = if see.is_empty() { String::new() } else { format!(": see {}", see.join(" and ")) };
    blocks.push(Block::Paragraph(
        format!("Not covered: {premium}, calls that the intruder places over the trunk's secret from elsewhere, and calls that never pass these contexts (forwards, DISA, mailboxes){see}.").into(),
    ));
    blocks.extend(super::going_back(
        "switch on again what was switched off, one route at a time; keep the copy of the dialplan until then.",
        "try the emergency number with the carrier's test number, then a number at home, which goes out, then one abroad, which does not.",
    ));
    blocks
}

/// Says whether emergency numbers really go out, by the dialplan as it was followed.
fn emergency_ways(plan: &Plan) -> Vec<Block> {
    let outbound = &plan.outbound;
    if outbound.ways.is_empty() {
        return vec![Block::Paragraph(
            "Whether they go out was not followed: these files hold no dialplan of Asterisk that phones call in. Try each with the carrier's test number before anything is changed and after, keep the route that they leave by, and tell everybody while it does not work.".into(),
        )];
    }
    let stuck: Vec<&str> = outbound.stuck().into_iter().map(Digits::as_str).collect();
    let mut blocks = Vec::new();
    if !stuck.is_empty() {
        let named = stuck.join(", ");
        blocks.push(Block::Paragraph(Line::default().strong(format!(
            "Not going out as dialled, by your dialplan: {named}. Make a route for each first, before any route below is touched, and try it with the carrier's test number."
        ))));
    }
    let rows = outbound.ways.iter().map(|way| {
        vec![Line::from(way.dialed.as_str()), Line::typed(&format!("`{}`", way.context)), leads(way)]
    });
    blocks.extend(Block::table(&["dialled", "in context", "where it leads"], rows.collect()));
    blocks.push(Block::Paragraph(
        "As the files are; conditions are taken both ways. Whatever is changed below, a route for these stays in front of all others, with a trunk that is open; tell everybody while it does not work.".into(),
    ));
    blocks
}

/// Says which emergency numbers are extensions as well: a route for one takes the extension's calls.
fn extensions(plan: &Plan) -> Option<Block> {
    let own = &plan.outbound.extensions;
    if own.is_empty() {
        return None;
    }
    let named = |number: &Digits| {
        let is_taken = plan.taken.iter().any(|taken| taken.name.as_str() == number.as_str());
        format!("{number}{}", if is_taken { " (the account of which was taken over)" } else { "" })
    };
    let named: Vec<String> = own.iter().map(named).collect();
    Some(Block::Paragraph(Line::default().strong(format!(
        "Emergency numbers that are extensions of this phone system as well: {}. Whoever dials such a number may ring the extension, and a route for it takes the extension's calls: give the extension another number first.",
        named.join(", ")
    ))))
}

/// Says where an emergency number leads.
fn leads(way: &EmergencyWay) -> Line {
    match &way.leads {
        Leads::Out { trunk, pattern, context } => Line::from("out by trunk ")
            .evidence(trunk)
            .words(", by ")
            .evidence(pattern)
            .words(" of ")
            .evidence(context),
        Leads::OutAs { number, pattern, context } => Line::from("NOT as it is: ")
            .evidence(pattern)
            .words(" of ")
            .evidence(context)
            .words(" sends ")
            .evidence(number),
        Leads::Inside { pattern, context } => Line::from("NOT out: it meets ")
            .evidence(pattern)
            .words(" of ")
            .evidence(context)
            .words(", from which no trunk was found"),
        Leads::Nowhere => "NOT out: no extension takes it".into(),
        Leads::Unknown => "cannot be told from these files".into(),
    }
}

/// Says what is to become of a route.
fn advice(route: &OpenRoute, has_list: bool) -> String {
    if route.is_intruders {
        return "the intruder's own: take it away (remove.md)".to_owned();
    }
    if route.is_only_abroad {
        return "takes numbers abroad only: switch it off".to_owned();
    }
    let limit = if has_list {
        "do not switch it off: put the list of what may go out in front of it (outbound-allow)"
    } else {
        "do not switch it off: limit it to the numbers that are needed"
    };
    if route.emergency.is_empty() {
        format!("ordinary calls may leave by it too: {limit}")
    } else {
        let numbers: Vec<&str> = route.emergency.iter().map(Digits::as_str).collect();
        format!("ordinary calls and {} leave by it too: {limit}", numbers.join(", "))
    }
}

fn routes(plan: &Plan, has_list: bool) -> Vec<Block> {
    let outbound = &plan.outbound;
    let mut blocks = Vec::new();
    if outbound.routes.is_empty() {
        blocks.push(Block::Paragraph(
            "By which route the calls left cannot be told from these files: switch off every route that takes nothing but numbers abroad, and limit those that take ordinary calls as well.".into(),
        ));
    } else {
        let rows = outbound.routes.iter().map(|route| {
            let calls = if route.calls > 0 { Line::from(route.calls) } else { Line::from("-") };
            vec![
                Line::from(&route.context),
                Line::from(&route.pattern),
                calls,
                route.place.clone().into(),
                advice(route, has_list).into(),
            ]
        });
        let columns = ["context", "pattern", "#fraudulent calls", "where", "what to do"];
        blocks.extend(Block::table(&columns, rows.collect()));
    }
    let mut steps: Vec<Line> = Vec::new();
    if plan.runs(Product::FreePbx) {
        let ids: Vec<String> =
            plan.trunks.iter().filter_map(|trunk| trunk.panel_id.as_ref()).map(ToString::to_string).collect();
        let which =
            if ids.is_empty() { "ID".to_owned() } else { ids.join("` and `fwconsole trunks --disable ") };
        steps.push(
            Line::typed(&format!(
                "FreePBX: to switch a trunk off: `fwconsole trunks --disable {which}`, then `fwconsole reload`; undone by --enable. Nobody calls out by it then, emergency calls included. A route has no switch: of one that takes numbers abroad only, take the trunks away in Connectivity, Outbound Routes; give the others a PIN set or narrower patterns."
            )),
        );
    }
    if plan.runs(Product::Asterisk) {
        let only_abroad = outbound.routes.iter().filter(|route| route.is_only_abroad);
        let plain = only_abroad.filter_map(|route| route.plain.as_ref());
        steps.extend(plain.take(5).map(|(context, pattern)| {
            let command = format!("asterisk -rx 'dialplan remove extension {pattern}@{context}'");
            Line::typed(&format!(
                "Asterisk, until the next reload: `{command}`; undone by `asterisk -rx 'dialplan reload'`"
            ))
        }));
    }
    if plan.runs(Product::FreeSwitch) {
        steps.push(Line::typed("FreeSWITCH: the file of an extension that bridges nothing but numbers abroad is renamed to .noload, then `fs_cli -x reloadxml`. A gateway as a whole: `fs_cli -x 'sofia profile external killgw NAME'`; nobody calls out by it then, emergency calls included."));
    }
    blocks.extend(Block::list(steps));
    blocks
}
