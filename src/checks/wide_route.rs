//! Routes that look domestic, or like nothing in particular, and let numbers abroad out.

use std::collections::BTreeMap;

use super::Show;
use crate::event::Place;
use crate::pbx::dialplan::walk::{Outlet, numbers_of};
use crate::reconstruct::costly_areas;
use crate::reconstruct::ways::{Ways, name};
use crate::report::model::{Finding, Severity};
use crate::untrusted::{Untrusted, visible};

/// Findings told one by one.
const MOST_TOLD: usize = 50;
/// What a number abroad begins with, behind any digit for the outside line.
const PREFIXES: [&str; 4] = ["00", "011", "+", "010"];

/// Yields one finding for each route of the accounts that takes foreign numbers without being one for them.
pub(super) fn check(ways: &Ways<'_>, show: &Show<'_>) -> Vec<Finding> {
    let mut routes: BTreeMap<Place, (&Outlet<'_>, Kind)> = BTreeMap::new();
    for outlet in ways.accounts.iter().flat_map(|way| &way.reached.outlets) {
        if let Some(kind) = kind_of(outlet) {
            routes.entry(outlet.place.place).or_insert((outlet, kind));
        }
    }
    routes.values().take(MOST_TOLD).map(|(outlet, kind)| finding(outlet, *kind, show)).collect()
}

#[derive(Clone, Copy)]
enum Kind {
    /// Takes anything.
    Everything,
    /// Takes ten or eleven digits of North America, in whose plan other countries lie.
    NorthAmerican,
}

fn kind_of(outlet: &Outlet<'_>) -> Option<Kind> {
    let names_prefix = |pattern: &str| {
        let digits = pattern.trim_start_matches('_').trim_start_matches('9');
        PREFIXES.iter().any(|prefix| digits.starts_with(prefix))
    };
    if !outlet.extension.starts_with('_') || names_prefix(outlet.extension) || outlet.numbers.is_one() {
        return None;
    }
    let meets = |pattern: &str| outlet.numbers.meets(&numbers_of(pattern));
    if meets("_00252X.") && meets("_011252X.") || meets("_+252X.") && meets("_252X.") {
        return Some(Kind::Everything);
    }
    let is_north_american = meets("_1212NXXXXXX") && !meets("_0X.") || meets("_212NXXXXXX") && !meets("_0X.");
    let takes_abroad = costly_areas().any(|area| {
        meets(&format!("_1{area}NXXXXXX")) || is_short(outlet) && meets(&format!("_{area}NXXXXXX"))
    });
    (is_north_american && takes_abroad).then_some(Kind::NorthAmerican)
}

/// Ten digits without the 1.
fn is_short(outlet: &Outlet<'_>) -> bool {
    outlet.extension.trim_start_matches('_').starts_with('N')
}

fn finding(outlet: &Outlet<'_>, kind: Kind, show: &Show<'_>) -> Finding {
    let pattern = visible(outlet.extension);
    let (severity, title, remedy) = match kind {
        Kind::Everything => (
            Severity::Medium,
            format!("The route {pattern} lets every number out, those abroad too"),
            "Write a route for each kind of number that is needed, and those abroad behind a PIN or for some accounts only.",
        ),
        Kind::NorthAmerican => (
            Severity::Low,
            format!("The route {pattern} looks domestic and lets numbers of the Caribbean out"),
            "Put routes for the area codes of other countries (242, 246, 268, 284, 345, 441, 473, 649, 664, 758, 767, 784, 809, 829, 849, 868, 869, 876 and their like) before it, and let them end.",
        ),
    };
    Finding {
        id: "route-lets-foreign-out",
        severity,
        subject: Untrusted::from(format!("{}@{}", outlet.extension, outlet.context).as_str()),
        title,
        detail: format!("It is {}.", name(outlet)),
        remedy: remedy.to_owned(),
        // MITRE ATT&CK: Resource Hijacking.
        attack: vec!["T1496"],
        evidence: show(outlet.place).into_iter().collect(),
    }
}
