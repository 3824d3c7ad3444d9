//! FreeSWITCH's dialplan, as far as it tells by which extension a number left.
//!
//! `<context><extension><condition field="destination_number" expression="^...$"><action application="bridge"
//! data="sofia/gateway/NAME/$1"/>`: the first extension of the context whose conditions hold runs, and those
//! behind it too if it says `continue="true"` (`mod_dialplan_xml`). Conditions on anything but the number (times,
//! variables, the caller) cannot be asked here and count as held. An included file has its extensions in the
//! context that its folder is named after.

use std::collections::BTreeMap;

use regex::{Regex, RegexBuilder};

use super::tree::Text;
use crate::event::Citation;

/// Extensions kept; a FusionPBX with a thousand tenants has some ten thousand.
const MOST_EXTENSIONS: usize = 50_000;
/// Bytes of one compiled expression.
const LARGEST_EXPRESSION: usize = 256 * 1024;
/// Conditions of one extension, and actions of one condition.
const MOST_PARTS: usize = 200;

/// All contexts, by name.
#[derive(Default)]
pub struct SwitchPlan {
    pub(super) contexts: BTreeMap<String, Vec<Extension>>,
    count: usize,
}

impl std::fmt::Debug for SwitchPlan {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "SwitchPlan of {} extensions", self.count)
    }
}

/// One extension.
pub(super) struct Extension {
    pub(super) name: String,
    /// Does it let the extensions behind it run too?
    pub(super) continues: bool,
    pub(super) conditions: Vec<Condition>,
    /// What it asks of the number, as written.
    pub(super) expression: String,
    /// Where it stands, if it calls out.
    pub(super) place: Option<Citation>,
}

/// One condition of an extension, with what is done where it holds and where it does not.
pub(super) struct Condition {
    pub(super) asks: Asks,
    pub(super) stops: Stops,
    pub(super) actions: Vec<Action>,
    pub(super) other_actions: Vec<Action>,
}

/// What a condition asks.
pub(super) enum Asks {
    /// Nothing: it holds.
    Nothing,
    /// What the number is.
    Number(Regex),
    /// What a variable holds.
    Variable(String, Regex),
    /// What cannot be known here: the time, the caller, an expression that does not compile.
    Unknown,
}

/// When a condition ends its extension.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Stops {
    IfNot,
    IfSo,
    Always,
    Never,
}

/// One action: an application and what it is given.
pub(super) struct Action {
    pub(super) application: String,
    pub(super) data: String,
}

impl Action {
    /// Returns whether it calls a gateway or an address outside.
    pub(super) fn calls_out(&self) -> bool {
        let ways = ["sofia/gateway/", "sofia/external/", "freetdm/"];
        self.application == "bridge" && ways.iter().any(|way| self.data.contains(way))
    }
}

/// The extension that a number left by.
pub struct Left<'a> {
    /// The context.
    pub context: &'a str,
    /// The extension's name, and its expression.
    pub pattern: String,
    /// Where it stands.
    pub place: &'a Citation,
}

impl SwitchPlan {
    /// Returns whether there is none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Returns the extension by which a number leaves a context for a gateway.
    pub fn find(&self, context: &str, number: &str) -> Option<Left<'_>> {
        let (context, extension) = self.leaving(context, number)?;
        Some(Left { context, pattern: extension.pattern(), place: extension.place.as_ref()? })
    }

    /// Returns where the extension stands that calls out, of that context and with what [`Left`] calls its pattern.
    pub fn place_of(&self, context: &str, pattern: &str) -> Option<&Citation> {
        let extensions = self.contexts.get(context)?;
        extensions
            .iter()
            .filter(|extension| extension.pattern() == pattern)
            .find_map(|one| one.place.as_ref())
    }

    /// Returns the context and the extension.
    pub(super) fn leaving(&self, context: &str, number: &str) -> Option<(&str, &Extension)> {
        let (context, extensions) = self.contexts.get_key_value(context)?;
        let extension =
            extensions.iter().find(|extension| extension.place.is_some() && extension.takes(number))?;
        Some((context, extension))
    }

    /// Takes in the dialplan of a file.
    pub(super) fn collect(&mut self, text: &Text, root: roxmltree::Node<'_, '_>) {
        let is_dialplan = text.inner.contains("dialplan/") || text.inner.is_empty();
        if !is_dialplan {
            return;
        }
        for node in root.descendants().filter(|node| node.has_tag_name("extension")) {
            let of_node = node.ancestors().find(|above| above.has_tag_name("context"));
            let name = of_node.and_then(|context| context.attribute("name")).or_else(|| folder(&text.inner));
            let Some(context) = name.filter(|_| self.count < MOST_EXTENSIONS) else { continue };
            let extension = extension(text, node);
            let held = self.contexts.entry(context.to_owned()).or_default();
            // The expanded configuration tells the same as the files.
            let is_known = held
                .iter()
                .any(|known| known.name == extension.name && known.expression == extension.expression);
            if !is_known {
                self.count += 1;
                held.push(extension);
            }
        }
    }
}

impl Extension {
    /// Returns its name and its expression.
    fn pattern(&self) -> String {
        format!("{} {}", self.name, self.expression)
    }

    /// Returns whether a number fits all that is asked of it, and something is.
    fn takes(&self, number: &str) -> bool {
        let asked = self.conditions.iter().filter_map(|condition| match &condition.asks {
            Asks::Number(wanted) => Some(wanted.is_match(number)),
            _ => None,
        });
        let mut asked = asked.peekable();
        asked.peek().is_some() && asked.all(|fits| fits)
    }
}

/// Returns the folder that an included file stands in, below `dialplan`.
fn folder(inner: &str) -> Option<&str> {
    let (_, rest) = inner.rsplit_once("dialplan/")?;
    rest.split_once('/').map(|(folder, _)| folder)
}

/// Reads an extension.
fn extension(text: &Text, node: roxmltree::Node<'_, '_>) -> Extension {
    let nodes = node.descendants().filter(|node| node.has_tag_name("condition")).take(MOST_PARTS);
    let conditions: Vec<Condition> = nodes.clone().map(condition).collect();
    let of_number = nodes.filter(|node| node.attribute("field") == Some("destination_number"));
    let expressions: Vec<&str> = of_number.filter_map(|node| node.attribute("expression")).collect();
    let calls_out = conditions.iter().flat_map(|condition| &condition.actions).any(Action::calls_out);
    Extension {
        name: node.attribute("name").unwrap_or_default().to_owned(),
        continues: node.attribute("continue").is_some_and(super::is_true),
        conditions,
        expression: expressions.join(" and "),
        place: calls_out.then(|| text.citation(node)),
    }
}

fn condition(node: roxmltree::Node<'_, '_>) -> Condition {
    let actions = |tag: &str| {
        let found = node.children().filter(|child| child.has_tag_name(tag)).take(MOST_PARTS);
        let action = found.map(|child| Action {
            application: child.attribute("application").unwrap_or_default().to_owned(),
            data: child.attribute("data").unwrap_or_default().to_owned(),
        });
        action.collect()
    };
    Condition {
        asks: asks(node),
        stops: match node.attribute("break") {
            Some("never") => Stops::Never,
            Some("always") => Stops::Always,
            Some("on-true") => Stops::IfSo,
            _ => Stops::IfNot,
        },
        actions: actions("action"),
        other_actions: actions("anti-action"),
    }
}

fn asks(node: roxmltree::Node<'_, '_>) -> Asks {
    let is_bare = node.attributes().all(|attribute| attribute.name() == "break");
    let has_list = node.children().any(|child| child.has_tag_name("regex"));
    let Some(field) = node.attribute("field") else {
        return if is_bare && !has_list { Asks::Nothing } else { Asks::Unknown };
    };
    // A time beside it has to hold as well.
    let is_timed =
        node.attributes().any(|attribute| !["field", "expression", "break"].contains(&attribute.name()));
    let compiled = node.attribute("expression").and_then(|expression| {
        let mut builder = RegexBuilder::new(expression);
        builder.size_limit(LARGEST_EXPRESSION).dfa_size_limit(LARGEST_EXPRESSION).build().ok()
    });
    let variable = field.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
    match (compiled, variable) {
        _ if is_timed => Asks::Unknown,
        (Some(wanted), None) if field == "destination_number" => Asks::Number(wanted),
        (Some(wanted), Some("destination_number")) => Asks::Number(wanted),
        (Some(wanted), Some(name)) => Asks::Variable(name.to_owned(), wanted),
        _ => Asks::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use crate::pbx::tests::read_texts;

    #[test]
    fn a_number_leaves_by_the_first_extension_that_fits() {
        let vars = "<include><X-PRE-PROCESS cmd=\"set\" data=\"line=carrier\"/></include>";
        let plan = r#"<include><X-NO-PRE-PROCESS/>
<context name="default">
<extension name="inside"><condition field="destination_number" expression="^10\d\d$"><action application="bridge" data="user/$1"/></condition></extension>
<extension name="abroad"><condition field="${toll}" expression="yes"/><condition field="destination_number" expression="^(?:00|011)(\d+)$"><action application="bridge" data="sofia/gateway/$${line}/$1"/></condition></extension>
<extension name="broken"><condition field="destination_number" expression="^(00"><action application="bridge" data="sofia/gateway/x/$1"/></condition></extension>
<extension name="rest"><condition field="destination_number" expression="^(0.+)$"><action application="bridge" data="sofia/gateway/$${line}/$1"/></condition></extension>
</context></include>"#;
        let pbx = read_texts(&[
            ("etc/freeswitch/freeswitch.xml", "<document type=\"freeswitch/xml\"></document>"),
            ("etc/freeswitch/vars.xml", vars),
            ("etc/freeswitch/dialplan/default.xml", plan),
        ]);
        let left = |number: &str| {
            pbx.switch_plan
                .find("default", number)
                .map(|left| format!("{}:{}", left.pattern, left.place.place.line))
        };
        assert_eq!(left("0025261").as_deref(), Some(r"abroad ^(?:00|011)(\d+)$:4"));
        assert_eq!(left("030555").as_deref(), Some("rest ^(0.+)$:6"));
        assert_eq!((left("1001"), left("5")), (None, None));
        assert!(pbx.switch_plan.find("public", "0025261").is_none());
    }
}
