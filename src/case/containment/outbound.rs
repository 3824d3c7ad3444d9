//! How numbers go out: what is always let out, what leads abroad, and where honest calls went.

use std::collections::{BTreeMap, BTreeSet};

use super::{Case, emergency};
use crate::contain::words::{DialPattern, Digits, Name};
use crate::contain::{Country, OpenRoute, Outbound, Plan};
use crate::numbering::{self, Confidence, Kind, Site};
use crate::report::document;
use crate::report::model::{Report, Severity};
use crate::untrusted::Untrusted;

/// Distinct numbers of honest calls that are looked at.
const MOST_NUMBERS: usize = 5_000;
/// Countries listed.
const MOST_COUNTRIES: usize = 60;
/// Emergency numbers of one country that are listed; a pattern may take whole ranges.
const MOST_EMERGENCY: usize = 12;
/// Routes and contexts listed.
const MOST_ROUTES: usize = 50;
/// International prefixes in use anywhere (ITU-T E.164, list of dialling procedures).
const PREFIXES: [&str; 9] = ["00", "011", "0011", "010", "810", "119", "009", "000", "001"];
/// Numbers of two countries, of which one lies abroad from anywhere.
const ABROAD: [&str; 2] = ["442071838750", "33142685300"];
/// Emergency numbers where the country is not known.
const ANYWHERE: [&str; 2] = ["112", "911"];

/// Fills in how numbers go out.
pub(super) fn fill(case: &Case<'_>, report: &Report, plan: &mut Plan) {
    let site = &case.numbers.site;
    let home = site.home();
    let emergency = emergency(site);
    let knows_emergency = !emergency.is_empty();
    let anywhere = || ANYWHERE.iter().filter_map(|digits| Digits::new(digits)).collect();
    plan.outbound = Outbound {
        home: report.case.home_country.clone(),
        home_name: home.map(|home| home.name),
        home_code: home.and_then(|home| Digits::new(home.country_code)),
        extensions: Vec::new(),
        emergency: if knows_emergency { emergency } else { anywhere() },
        knows_emergency,
        outside: site.outside().iter().filter_map(|digits| Digits::new(digits)).collect(),
        international: international(site),
        costly_areas: costly_areas(site),
        is_north_american: home.is_some_and(numbering::Region::is_north_american),
        called: called(case, report),
        routes: routes(case, report),
        contexts: contexts(case, plan),
        ways: Vec::new(),
        has_panel_routes: case.world.pbx.dialplan.contexts.contains_key("outbound-allroutes"),
    };
    plan.outbound.extensions = extensions(case, &plan.outbound.emergency);
    emergency::fill(case, &mut plan.outbound);
}

/// Returns the emergency numbers that an office gave to somebody of its own: FreePBX's extensions, and whatever else
/// stands by itself where its phones' calls are looked up, its outbound routes (`outrt-`) excepted.
fn extensions(case: &Case<'_>, emergency: &[Digits]) -> Vec<Digits> {
    let pbx = case.world.pbx;
    let is_own = |number: &&Digits| {
        let found = pbx.dialplan.find("from-internal", number.as_str(), None, None);
        let is_met = found.is_some_and(|found| {
            found.extension.pattern.text() == number.as_str() && !found.context.starts_with("outrt-")
        });
        is_met || pbx.accounts.iter().any(|account| account.name == number.as_str())
    };
    emergency.iter().filter(is_own).cloned().collect()
}

/// Returns the emergency numbers of the home country: all short numbers that are read as such for certain.
fn emergency(site: &Site) -> Vec<Digits> {
    if site.home().is_none() {
        return Vec::new();
    }
    // An extension may have the same digits; here the country alone counts.
    let bare = Site::new(site.home());
    let shorts =
        (10..100).map(|number| format!("{number:02}")).chain((0..1_000).map(|number| format!("{number:03}")));
    let is_one = |digits: &String| {
        let reading = numbering::read(&bare, digits.as_bytes());
        reading.kind == Kind::Emergency && reading.confidence == Confidence::Exact
    };
    shorts.filter(is_one).take(MOST_EMERGENCY).filter_map(|digits| Digits::new(&digits)).collect()
}

/// Returns what is dialled before a number abroad; the two that lead abroad nearly anywhere where no country is known.
pub(super) fn international(site: &Site) -> Vec<Digits> {
    let leads_abroad = |prefix: &&&str| {
        ABROAD.iter().any(|number| {
            let reading = numbering::read(site, format!("{prefix}{number}").as_bytes());
            let is_sure = reading.confidence <= Confidence::High;
            is_sure && reading.e164.as_deref().and_then(|e164| e164.strip_prefix('+')) == Some(number)
        })
    };
    let known: Vec<Digits> =
        PREFIXES.iter().filter(leads_abroad).filter_map(|prefix| Digits::new(prefix)).collect();
    // Nowhere does a number of one's own country begin with 00. With 011 begin those of Delhi, Leeds and Buenos
    // Aires: it is barred unasked only where no country is known.
    let usual: &[&str] = if site.home().is_some() { &["00"] } else { &["00", "011"] };
    let usual = usual.iter().filter_map(|prefix| Digits::new(prefix));
    let all: BTreeSet<Digits> = known.into_iter().chain(usual).collect();
    all.into_iter().collect()
}

/// Returns the area codes of the North American plan that lie outside the United States and Canada: one country code
/// opens them all.
fn costly_areas(site: &Site) -> Vec<Digits> {
    let american = Site::of("US").unwrap_or_else(|| site.clone());
    let is_abroad = |area: &u32| {
        let reading = numbering::read(&american, format!("1{area}5550123").as_bytes());
        let lies = reading.region.and_then(numbering::Region::country);
        lies.is_some_and(|country| !["US", "CA"].contains(&country))
    };
    (200..1_000).filter(is_abroad).filter_map(|area| Digits::new(&area.to_string())).collect()
}

/// Counts the countries that honest calls went to.
fn called(case: &Case<'_>, report: &Report) -> Vec<Country> {
    let world = case.world;
    let blamed: BTreeSet<&str> =
        report.incidents.iter().flat_map(|incident| &incident.calls).map(|call| call.dialed.raw()).collect();
    let mut numbers: BTreeMap<&[u8], u64> = BTreeMap::new();
    for call in world
        .calls
        .iter()
        .filter(|call| call.is_outward() && !call.from_trunk() && call.destination.is_abroad())
    {
        let dialed = world.dialed(call);
        let is_blamed = std::str::from_utf8(dialed).is_ok_and(|text| blamed.contains(text));
        if !is_blamed && (numbers.len() < MOST_NUMBERS || numbers.contains_key(dialed)) {
            *numbers.entry(dialed).or_default() += 1;
        }
    }
    let mut countries: BTreeMap<&str, (u64, &'static str)> = BTreeMap::new();
    for (dialed, calls) in numbers {
        let reading = case.numbers.reading(dialed);
        if let Some(region) = reading.region.filter(|region| region.country().is_some()) {
            let known = countries.entry(region.country_code).or_insert((0, region.name));
            known.0 += calls;
        }
    }
    let listed = countries
        .into_iter()
        .filter_map(|(code, (calls, name))| Some(Country { code: Digits::new(code)?, name, calls }));
    listed.take(MOST_COUNTRIES).collect()
}

/// Returns the routes that let fraudulent calls out, then those that would; an extension of one's own is none.
fn routes(case: &Case<'_>, report: &Report) -> Vec<OpenRoute> {
    let mut routes: Vec<OpenRoute> = Vec::new();
    let used = report.incidents.iter().flat_map(|incident| &incident.routes);
    // Where nothing happened, what every phone system lets out is no news.
    let least = if report.incidents.is_empty() { Severity::Medium } else { Severity::Info };
    let open = report.findings.iter().filter(|finding| finding.id == "route-lets-foreign-out");
    let open = open.filter(|finding| finding.severity <= least);
    let all = used
        .map(|used| {
            let route = &used.route;
            (route.context.clone(), route.pattern.clone(), route.place.clone(), used.calls)
        })
        .chain(open.filter_map(|finding| {
            let (pattern, context) = finding.subject.raw().rsplit_once('@')?;
            let place = finding.evidence.first().map(document::place).unwrap_or_default();
            Some((Untrusted::from(context), Untrusted::from(pattern), place, 0))
        }));
    for (context, pattern, place, calls) in all {
        if case.world.accounts.contains(pattern.raw()) {
            continue;
        }
        let is_full = routes.len() >= MOST_ROUTES;
        match routes.iter_mut().find(|known| known.context == context && known.pattern == pattern) {
            Some(known) => known.calls += calls,
            None if is_full => {}
            None => {
                let plain = Name::new(context.raw()).zip(DialPattern::new(pattern.raw()));
                let is_intruders = report.findings.iter().any(|finding| {
                    finding.id == "rogue-dialplan"
                        && finding.severity == Severity::Critical
                        && finding.subject.raw() == format!("{}@{}", pattern.raw(), context.raw())
                });
                let (is_only_abroad, emergency) = (false, Vec::new());
                routes.push(OpenRoute {
                    context,
                    pattern,
                    plain,
                    place,
                    calls,
                    is_intruders,
                    is_only_abroad,
                    emergency,
                });
            }
        }
    }
    routes
}

/// Returns the contexts that calls of accounts enter, those of accounts taken over first.
fn contexts(case: &Case<'_>, plan: &Plan) -> Vec<Name> {
    let is_taken = |name: &str| plan.taken.iter().any(|taken| taken.name.as_str() == name);
    let of = |wanted: bool| {
        let accounts =
            case.world.pbx.accounts.iter().filter(move |account| is_taken(&account.name) == wanted);
        accounts.filter_map(|account| Name::new(account.context.as_deref()?))
    };
    let mut contexts: Vec<Name> = Vec::new();
    for context in of(true).chain(of(false)) {
        if contexts.len() < MOST_ROUTES && !contexts.contains(&context) {
            contexts.push(context);
        }
    }
    contexts
}
