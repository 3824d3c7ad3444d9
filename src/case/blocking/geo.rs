//! Firewall rules by country, for the addresses that got in.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::case::build::Case;
use crate::pbx::GeoRule;
use crate::reconstruct::incident::Incident;
use crate::report::model::{NotBlocked, Verdict};

/// Countries and rules named one by one.
const MOST_NAMED: usize = 8;
const MOST_SHOWN: usize = 3;

/// Weighs the rules for the first address that got in from outside; nothing where there are none.
pub(super) fn judge(case: &Case<'_>, incident: &Incident) -> Option<NotBlocked> {
    let rules = case.world.pbx.firewall.geo_rules();
    if rules.is_empty() {
        return None;
    }
    let outside = |address: &IpAddr| case.world.neighbours.is_outside(*address);
    let mut users = incident.actors.iter().filter(|(address, actor)| actor.is_inside() && outside(address));
    let who = users.next().map(|(address, _)| *address);
    let country = who.and_then(|address| case.geoip.look(address).country);
    let (verdict, why) = match (who, country) {
        (None, _) => {
            (Verdict::CouldNotHelp, "no address outside is known from which the intruder came in".to_owned())
        }
        (Some(address), None) => (
            Verdict::CannotTell,
            format!(
                "{}; of which country {address} is can be told with a table of addresses (--geoip)",
                named(rules)
            ),
        ),
        (Some(address), Some(country)) => weigh(rules, address, &country),
    };
    let evidence = case.proofs(rules.iter().take(MOST_SHOWN).map(|rule| &rule.place));
    Some(NotBlocked { defence: "firewall rules by country".into(), verdict, why, evidence })
}

fn weigh(rules: &[GeoRule], address: IpAddr, country: &str) -> (Verdict, String) {
    let told = named(rules);
    let decides = |rule: &&GeoRule| {
        let is_named = rule.countries.iter().any(|named| named == country);
        rule.keeps_out.is_some() && !rule.countries.is_empty() && is_named != rule.is_reversed
    };
    let is_vague = rules.iter().any(|rule| rule.countries.is_empty() || rule.keeps_out.is_none());
    let shown = crate::untrusted::visible(country);
    match rules.iter().find(decides).map(|rule| rule.keeps_out) {
        Some(Some(true)) => (
            Verdict::CannotTell,
            format!(
                "{told}; they keep out {shown}, where {address} is by the table given: the set was not filled then, or other rules were in force"
            ),
        ),
        Some(_) => (
            Verdict::LetsThrough,
            format!("{told}; they let in {shown}, where {address} is by the table given"),
        ),
        None if is_vague => (
            Verdict::CannotTell,
            format!(
                "{told}; {address} is in {shown} by the table given, and which countries each set holds stands in no file here"
            ),
        ),
        None => (
            Verdict::LetsThrough,
            format!("{told}; {address} is in {shown} by the table given, of which none of them speaks"),
        ),
    }
}

/// Says what the rules name: `3 saved rules go by country (CN, RU)`.
fn named(rules: &[GeoRule]) -> String {
    let countries: BTreeSet<String> = rules
        .iter()
        .flat_map(|rule| &rule.countries)
        .map(|country| crate::untrusted::visible(country))
        .collect();
    let shown: Vec<String> = countries.iter().take(MOST_NAMED).cloned().collect();
    let more = countries.len().saturating_sub(MOST_NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let which = if shown.is_empty() { String::new() } else { format!(" ({}{more})", shown.join(", ")) };
    match rules.len() {
        1 => format!("one saved rule goes by country{which}"),
        count => format!("{count} saved rules go by country{which}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Citation, Place, SourceId};

    fn rule(countries: &[&str], keeps_out: Option<bool>, is_reversed: bool) -> GeoRule {
        let countries = countries.iter().map(|&country| country.to_owned()).collect();
        let place = Citation::new(Place { source: SourceId(0), offset: 0, line: 1 }, b"");
        GeoRule { countries, keeps_out, is_reversed, place }
    }

    #[test]
    fn rules_are_weighed_by_the_intruders_country() {
        let address: IpAddr = "198.51.100.66".parse().unwrap();
        for (rules, verdict) in [
            (vec![rule(&["CN", "RU"], Some(true), false)], Verdict::LetsThrough),
            (vec![rule(&["NL", "RU"], Some(true), false)], Verdict::CannotTell),
            (vec![rule(&["NL"], Some(false), false)], Verdict::LetsThrough),
            // Everybody but those of Germany is kept out.
            (vec![rule(&["DE"], Some(true), true)], Verdict::CannotTell),
            (vec![rule(&["NL"], Some(true), true)], Verdict::LetsThrough),
            (vec![rule(&[], Some(true), false)], Verdict::CannotTell),
        ] {
            let (found, why) = weigh(&rules, address, "NL");
            assert_eq!(found, verdict, "{why}");
        }
    }
}
