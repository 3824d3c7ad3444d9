//! Where a caller of one of FreeSWITCH's contexts can get to: by which extensions numbers leave by a gateway.
//!
//! Expressions are not compared as sets: numbers as attackers dial them are put in one by one, and each goes the
//! way that `mod_dialplan_xml` would send it. The actions of the extensions that fit are gathered first and run in
//! their order; `transfer` and `execute_extension` begin anew in another context; `respond` and `hangup` end the
//! call. What a condition asks of the time, or of a variable that nothing here sets, is not known: such a way
//! may lead out, and is told as one that is not sure. Menus (`ivr`) and scripts are not followed.

use std::collections::{BTreeMap, BTreeSet};

use super::dialplan::{Action, Asks, Condition, Extension, Stops, SwitchPlan};
use crate::event::Citation;

/// Transfers followed in a row.
const DEEPEST: usize = 6;
/// Extensions looked at for one context.
const MOST_LOOKS: usize = 400_000;
/// What is dialled before a number abroad, and numbers abroad behind it.
const LINES: [&str; 6] = ["", "9", "0", "8", "1", "7"];
const ABROAD: [&str; 4] = ["0025261552727", "01125261552727", "+25261552727", "25261552727"];
/// Numbers of one's own country, ten and eleven digits, and of the Caribbean.
const OTHERS: [&str; 4] = ["2125550100", "12125550100", "18095550100", "0301234567"];

/// Who enters a context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entrant {
    /// Somebody without credentials.
    Stranger,
    /// A user who gave the right ones.
    User,
}

/// An extension by which a number leaves.
pub struct SwitchOutlet<'a> {
    /// The context.
    pub context: &'a str,
    /// The extension's name.
    pub extension: &'a str,
    /// What it asks of the number.
    pub expression: &'a str,
    /// The numbers that were seen to leave, of those that were tried.
    pub numbers: BTreeSet<String>,
    /// Do all conditions on the way hold for certain?
    pub is_sure: bool,
    /// Can whoever is called send the call on by keys?
    pub lets_transfer: bool,
    /// Where it stands.
    pub place: &'a Citation,
}

impl SwitchOutlet<'_> {
    /// Returns whether a number abroad leaves by it.
    pub fn is_abroad(&self) -> bool {
        self.numbers.iter().any(|number| !OTHERS.contains(&number.as_str()))
    }

    /// Returns whether it takes numbers however they are written: abroad, at home, behind any prefix.
    pub fn takes_all(&self) -> bool {
        ABROAD.iter().chain(&OTHERS).filter(|number| self.numbers.contains(**number)).count() >= 7
    }
}

impl SwitchPlan {
    /// Returns whether there is such a context.
    pub fn has(&self, context: &str) -> bool {
        self.contexts.contains_key(context)
    }

    /// Returns the extensions by which numbers leave that somebody dials in a context, in the order of their places.
    pub fn outlets(&self, context: &str, entrant: Entrant) -> Vec<SwitchOutlet<'_>> {
        let mut walk = Walk { plan: self, found: BTreeMap::new(), left: MOST_LOOKS };
        for number in probes(self) {
            let mut variables = BTreeMap::new();
            let authorized = if entrant == Entrant::User { "true" } else { "" };
            variables.insert("sip_authorized".to_owned(), authorized.to_owned());
            if entrant == Entrant::Stranger {
                // The directory gives it to its users.
                variables.insert("toll_allow".to_owned(), String::new());
            }
            let caller = Caller { dialed: &number, is_sure: true, variables, seen: BTreeSet::new() };
            walk.enter(context, &number, caller, 0);
        }
        walk.found.into_values().collect()
    }
}

/// Returns the numbers to try: those that attackers dial, and the same behind what an extension wants first.
fn probes(plan: &SwitchPlan) -> BTreeSet<String> {
    /// Prefixes of a plan that are tried.
    const MOST_PREFIXES: usize = 30;
    let mut probes: BTreeSet<String> = OTHERS.iter().map(|number| (*number).to_owned()).collect();
    for line in LINES {
        probes.extend(ABROAD.iter().map(|number| format!("{line}{number}")));
    }
    let calling = plan.contexts.values().flatten().filter(|extension| extension.place.is_some());
    let prefixes: BTreeSet<&str> = calling.filter_map(|extension| leading(&extension.expression)).collect();
    for prefix in prefixes.into_iter().take(MOST_PREFIXES) {
        probes.extend(["25261552727", "0025261552727"].map(|number| format!("{prefix}{number}")));
    }
    probes
}

/// Returns the digits that an expression wants at the beginning: `99` of `^99(\d+)$`.
fn leading(expression: &str) -> Option<&str> {
    let text = expression.strip_prefix('^')?.trim_start_matches(['(', '?', ':', '\\']);
    let end = text.find(|letter: char| !(letter.is_ascii_digit() || matches!(letter, '*' | '#')));
    let digits = text.get(..end.unwrap_or(text.len()))?;
    // What repeats the last one, or lets it be left out, is no part of it.
    let is_open = text.get(digits.len()..).is_some_and(|rest| rest.starts_with(['?', '{', '+']));
    let digits = if is_open { digits.get(..digits.len().saturating_sub(1))? } else { digits };
    (!digits.is_empty() && digits.len() <= 8 && !digits.contains('*')).then_some(digits)
}

/// What is known of the one who calls.
#[derive(Clone)]
struct Caller<'n> {
    /// What was dialled at first.
    dialed: &'n str,
    is_sure: bool,
    variables: BTreeMap<String, String>,
    seen: BTreeSet<(String, String)>,
}

struct Walk<'a> {
    plan: &'a SwitchPlan,
    found: BTreeMap<Citation, SwitchOutlet<'a>>,
    left: usize,
}

/// Whether a condition holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Holds {
    Yes,
    No,
    Perhaps,
}

/// An action that is to run.
struct Due<'a> {
    extension: &'a Extension,
    action: &'a Action,
    captures: Vec<String>,
    is_sure: bool,
}

impl<'a> Walk<'a> {
    /// Follows a number through a context.
    fn enter(&mut self, context: &str, number: &str, mut caller: Caller<'_>, depth: usize) {
        let Some((context, extensions)) = self.plan.contexts.get_key_value(context) else { return };
        if depth > DEEPEST || !caller.seen.insert((context.clone(), number.to_owned())) {
            return;
        }
        let mut due = Vec::new();
        for extension in extensions {
            let Some(left) = self.left.checked_sub(1) else { return };
            self.left = left;
            let fits = gather(extension, number, &caller, &mut due);
            // One that may not fit may let the next have the call.
            if fits == Holds::Yes && !extension.continues {
                break;
            }
        }
        self.run(context, number, &due, caller, depth);
    }

    fn run(&mut self, context: &'a str, number: &str, due: &[Due<'a>], mut caller: Caller<'_>, depth: usize) {
        let mut lets_transfer = false;
        for Due { extension, action, captures, is_sure } in due {
            let is_sure = *is_sure && caller.is_sure;
            match action.application.as_str() {
                "respond" | "hangup" | "deflect" | "redirect" if is_sure => return,
                "set" => {
                    if let Some((name, value)) = action.data.split_once('=') {
                        caller.variables.insert(name.trim().to_owned(), value.trim().to_owned());
                    }
                }
                "bind_meta_app" => lets_transfer |= lets_called_transfer(&action.data),
                "bridge" if action.calls_out() => {
                    self.found_outlet(context, extension, &caller, is_sure, lets_transfer);
                }
                "transfer" | "execute_extension" => {
                    let next = target(&action.data, context, number, captures);
                    if let Some((number, context)) = next {
                        let follower = Caller { is_sure, ..caller.clone() };
                        self.enter(&context, &number, follower, depth + 1);
                    }
                    if action.application == "transfer" && is_sure {
                        return;
                    }
                }
                _ => {}
            }
        }
    }

    fn found_outlet(
        &mut self,
        context: &'a str,
        extension: &'a Extension,
        caller: &Caller<'_>,
        is_sure: bool,
        lets_transfer: bool,
    ) {
        let Some(place) = &extension.place else { return };
        let outlet = self.found.entry(place.clone()).or_insert_with(|| SwitchOutlet {
            context,
            extension: &extension.name,
            expression: &extension.expression,
            numbers: BTreeSet::new(),
            is_sure,
            lets_transfer,
            place,
        });
        outlet.is_sure |= is_sure;
        outlet.lets_transfer |= lets_transfer;
        outlet.numbers.insert(caller.dialed.to_owned());
    }
}

/// Gathers what an extension has to do for a number, and returns whether it fits.
fn gather<'a>(extension: &'a Extension, number: &str, caller: &Caller<'_>, due: &mut Vec<Due<'a>>) -> Holds {
    let mut captures: Vec<String> = Vec::new();
    let mut fits = Holds::No;
    // What stands behind a condition that may hold is no surer than it.
    let mut is_sure = true;
    for condition in &extension.conditions {
        fits = holds(condition, number, caller, &mut captures);
        let mut add = |actions: &'a [Action], holds_surely: bool| {
            let is_sure = is_sure && holds_surely;
            due.extend(actions.iter().map(|action| Due {
                extension,
                action,
                captures: captures.clone(),
                is_sure,
            }));
        };
        match fits {
            Holds::Yes => add(&condition.actions, true),
            Holds::No => add(&condition.other_actions, true),
            Holds::Perhaps => {
                add(&condition.other_actions, false);
                add(&condition.actions, false);
            }
        }
        let ends = match condition.stops {
            Stops::IfNot => fits == Holds::No,
            Stops::IfSo => fits == Holds::Yes,
            Stops::Always => true,
            Stops::Never => false,
        };
        if ends {
            break;
        }
        is_sure &= fits != Holds::Perhaps || condition.stops == Stops::Never;
    }
    if fits == Holds::Yes && !is_sure { Holds::Perhaps } else { fits }
}

fn holds(condition: &Condition, number: &str, caller: &Caller<'_>, captures: &mut Vec<String>) -> Holds {
    let (wanted, text) = match &condition.asks {
        Asks::Nothing => return Holds::Yes,
        Asks::Unknown => return Holds::Perhaps,
        Asks::Number(wanted) => (wanted, number),
        Asks::Variable(name, wanted) => match caller.variables.get(name) {
            Some(value) if !value.contains("${") => (wanted, value.as_str()),
            _ => return Holds::Perhaps,
        },
    };
    match wanted.captures(text) {
        Some(found) => {
            let part = |index: usize| found.get(index).map_or("", |part| part.as_str()).to_owned();
            *captures = (0..found.len().min(10)).map(part).collect();
            Holds::Yes
        }
        None => Holds::No,
    }
}

/// Returns number and context of `NUMBER [DIALPLAN] [CONTEXT]`; `None` where they rest on what is not known.
fn target(data: &str, context: &str, number: &str, captures: &[String]) -> Option<(String, String)> {
    let mut text = data.replace("${destination_number}", number);
    for (index, capture) in captures.iter().enumerate() {
        text = text.replace(&format!("${index}"), capture);
    }
    let mut words = text.split_whitespace().filter(|word| !word.starts_with('-'));
    let to = words.next()?.to_owned();
    let of = words.nth(1).unwrap_or(context).to_owned();
    (!to.contains('$') && !of.contains('$')).then_some((to, of))
}

/// Returns whether keys are bound by which the one who is called transfers the call: `1 b s execute_extension::dx
/// XML features`, the leg being `a`, `b`, `ab` or `both`.
fn lets_called_transfer(bound: &str) -> bool {
    let leg = bound.split_whitespace().nth(1).unwrap_or_default();
    let transfers = ["::dx", "::att_xfer", "::transfer", "::blind"].iter().any(|word| bound.contains(word));
    transfers && leg.contains('b')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pbx::Pbx;
    use crate::pbx::tests::read_texts;

    fn read(plan: &str) -> Pbx {
        let plan = format!("<include><X-NO-PRE-PROCESS/>{plan}</include>");
        read_texts(&[
            ("etc/freeswitch/freeswitch.xml", "<document type=\"freeswitch/xml\"></document>"),
            ("etc/freeswitch/dialplan/all.xml", &plan),
        ])
    }

    const INSIDE: &str = r#"<context name="default">
<extension name="limits"><condition field="${toll_allow}" expression="international"/><condition field="destination_number" expression="^011(\d+)$"><action application="bridge" data="sofia/gateway/carrier/$1"/></condition></extension>
<extension name="all"><condition field="destination_number" expression="^(\+?\d{9,})$"><action application="bind_meta_app" data="1 b s execute_extension::dx XML features"/><action application="bridge" data="sofia/gateway/carrier/$1"/></condition></extension>
</context>"#;

    fn told(plan: &str, context: &str, entrant: Entrant) -> Vec<String> {
        let pbx = read(plan);
        let outlets = pbx.switch_plan.outlets(context, entrant);
        let name = |outlet: &SwitchOutlet<'_>| {
            let sure = if outlet.is_sure { "surely" } else { "perhaps" };
            format!("{} {sure} {}", outlet.extension, outlet.is_abroad())
        };
        outlets.iter().map(name).collect()
    }

    #[test]
    fn what_is_transferred_inside_leaves() {
        let open = r#"<context name="public"><extension name="in"><condition field="destination_number" expression="^(.*)$"><action application="transfer" data="$1 XML default"/></condition></extension></context>"#;
        let plan = format!("{open}{INSIDE}");
        assert_eq!(told(&plan, "public", Entrant::Stranger), ["all surely true"]);
        assert_eq!(told(&plan, "default", Entrant::User), ["limits perhaps true", "all surely true"]);
    }

    #[test]
    fn the_houses_own_numbers_let_nothing_out() {
        let own = r#"<context name="public">
<extension name="did"><condition field="destination_number" expression="^5551212$"><action application="transfer" data="1000 XML default"/></condition></extension>
<extension name="phones"><condition field="destination_number" expression="^(10[01][0-9])$"><action application="transfer" data="$1 XML default"/></condition></extension></context>"#;
        assert!(told(&format!("{own}{INSIDE}"), "public", Entrant::Stranger).is_empty());
    }

    #[test]
    fn a_challenge_ends_a_strangers_call() {
        let asked = r#"<context name="public">
<extension name="check" continue="true"><condition field="${sip_authorized}" expression="^true$" break="never"><anti-action application="respond" data="407"/></condition></extension>
<extension name="in"><condition><action application="transfer" data="${destination_number} XML default"/></condition></extension></context>"#;
        let plan = format!("{asked}{INSIDE}");
        assert!(told(&plan, "public", Entrant::Stranger).is_empty());
        assert_eq!(told(&plan, "public", Entrant::User), ["limits perhaps true", "all surely true"]);
    }

    #[test]
    fn what_hangs_on_the_hour_is_not_sure() {
        let timed = r#"<context name="public"><extension name="night"><condition hour="20-6"/><condition field="destination_number" expression="^99(\d+)$"><action application="bridge" data="sofia/gateway/carrier/$1"/></condition></extension></context>"#;
        assert_eq!(told(timed, "public", Entrant::Stranger), ["night perhaps true"]);
    }

    #[test]
    fn transfers_in_a_circle_end() {
        let circle = r#"<context name="public"><extension name="a"><condition field="destination_number" expression="^(.*)$"><action application="transfer" data="1$1 XML public"/></condition></extension></context>"#;
        assert!(told(circle, "public", Entrant::Stranger).is_empty());
    }

    #[test]
    fn takes_all_is_told_from_a_route_for_numbers_abroad() {
        let pbx = read(INSIDE);
        let outlets = pbx.switch_plan.outlets("default", Entrant::User);
        let told: Vec<_> =
            outlets.iter().map(|it| (it.extension, it.takes_all(), it.lets_transfer)).collect();
        assert_eq!(told, [("limits", false, false), ("all", true, true)]);
    }
}
