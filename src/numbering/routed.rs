//! Dialled strings that went out by a route whose rule is known: read as what the route made of them.

use super::read::MOST_ALTERNATIVES;
use super::read::read_as;
use super::site::{Route, Site};
use super::{Confidence, Kind, Reading, plan};

/// Reads what routes send on: they have taken the outside line's digits away.
#[derive(Clone, Debug)]
pub struct BehindRoutes {
    site: Site,
    /// The same without outside lines, and without extensions, which no route sends on.
    plain: Site,
}

impl BehindRoutes {
    /// Begins with a site.
    pub fn new(site: &Site) -> Self {
        BehindRoutes { site: site.clone(), plain: site.behind_routes() }
    }

    /// Returns the site itself.
    pub fn site(&self) -> &Site {
        &self.site
    }

    /// Reads a dialled string by what its route makes of it.
    pub fn read(&self, raw: &[u8], route: &Route) -> Reading {
        self.read_as(raw, route, MOST_ALTERNATIVES)
    }

    /// Does so, and leaves out what else it may be.
    pub fn read_best(&self, raw: &[u8], route: &Route) -> Reading {
        self.read_as(raw, route, 0)
    }

    /// What a route sends is a number as telephones of the country dial it, or one in E.164 without `+`, as most
    /// carriers want it. Where it is neither, that is between the route and the carrier, and what was dialled is
    /// all there is to read.
    fn read_as(&self, raw: &[u8], route: &Route, most: usize) -> Reading {
        let dialled = read_as(&self.site, raw, most);
        let Some(sent) = route.sent(raw) else { return dialled };
        let international = ["+", sent.trim_start_matches('+')].concat();
        let others = dialled.alternatives.iter().map(|other| &other.e164);
        let is_whole = !route.is_empty()
            && std::iter::once(&dialled.e164)
                .chain(others)
                .any(|e164| e164.as_deref() == Some(&international));
        let reading = if is_whole {
            read_as(&self.plain, international.as_bytes(), most)
        } else {
            let reading = read_as(&self.plain, sent.as_bytes(), most);
            let is_short = matches!(reading.kind, Kind::Emergency | Kind::Service);
            let is_number = reading.e164.is_some() && reading.confidence <= Confidence::High;
            match (is_short || is_number, is_sure(&dialled), route.is_empty()) {
                (true, ..) => reading,
                (false, false, false) if fits(&international) => {
                    read_as(&self.plain, international.as_bytes(), most)
                }
                _ => return dialled,
            }
        };
        with_step(reading, raw, route)
    }
}

/// Returns whether what was dialled is a number by the site's own rules.
fn is_sure(reading: &Reading) -> bool {
    let is_number = reading.e164.is_some() && reading.kind != Kind::InvalidForPlan;
    is_number && matches!(reading.confidence, Confidence::Exact | Confidence::High)
}

/// Returns whether a plan has a number in E.164.
fn fits(international: &str) -> bool {
    plan().lookup(international.trim_start_matches('+').as_bytes()).is_some_and(|found| found.fits)
}

fn with_step(mut reading: Reading, raw: &[u8], route: &Route) -> Reading {
    let taken = raw.get(..route.strip).map(String::from_utf8_lossy).unwrap_or_default();
    let step = match (route.strip, route.prepend.as_str()) {
        (0, "") => return reading,
        (_, "") => format!("its route takes {taken} off"),
        (0, prepend) => format!("its route puts {prepend} in front"),
        (_, prepend) => format!("its route takes {taken} off and puts {prepend} in front"),
    };
    reading.steps.insert(0, step);
    reading
}
