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

/// All contexts, by name.
#[derive(Default)]
pub struct SwitchPlan {
    contexts: BTreeMap<String, Vec<Extension>>,
    count: usize,
}

impl std::fmt::Debug for SwitchPlan {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "SwitchPlan of {} extensions", self.count)
    }
}

/// One extension that calls out.
struct Extension {
    name: String,
    /// What the number must be; no condition asks for it where it is empty.
    numbers: Vec<Regex>,
    expression: String,
    place: Citation,
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
    /// Returns the extension by which a number leaves a context for a gateway.
    pub fn find(&self, context: &str, number: &str) -> Option<Left<'_>> {
        let (context, extensions) = self.contexts.get_key_value(context)?;
        let fits = |extension: &&Extension| {
            !extension.numbers.is_empty() && extension.numbers.iter().all(|wanted| wanted.is_match(number))
        };
        let extension = extensions.iter().find(fits)?;
        let pattern = format!("{} {}", extension.name, extension.expression);
        Some(Left { context, pattern, place: &extension.place })
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
            if let Some(extension) = extension(text, node) {
                self.count += 1;
                let held = self.contexts.entry(context.to_owned()).or_default();
                // The expanded configuration tells the same as the files.
                if !held
                    .iter()
                    .any(|known| known.name == extension.name && known.expression == extension.expression)
                {
                    held.push(extension);
                }
            }
        }
    }
}

/// Returns the folder that an included file stands in, below `dialplan`.
fn folder(inner: &str) -> Option<&str> {
    let (_, rest) = inner.rsplit_once("dialplan/")?;
    rest.split_once('/').map(|(folder, _)| folder)
}

/// Reads an extension, if it calls a gateway or an address.
fn extension(text: &Text, node: roxmltree::Node<'_, '_>) -> Option<Extension> {
    let calls_out = node.descendants().any(|action| {
        let data = action.attribute("data").unwrap_or_default();
        let is_bridge = action.has_tag_name("action") && action.attribute("application") == Some("bridge");
        is_bridge
            && (data.contains("sofia/gateway/")
                || data.contains("sofia/external/")
                || data.contains("freetdm/"))
    });
    if !calls_out {
        return None;
    }
    let conditions = node.descendants().filter(|condition| {
        condition.has_tag_name("condition") && condition.attribute("field") == Some("destination_number")
    });
    let expressions: Vec<&str> =
        conditions.filter_map(|condition| condition.attribute("expression")).collect();
    let compile = |expression: &&str| {
        RegexBuilder::new(expression)
            .size_limit(LARGEST_EXPRESSION)
            .dfa_size_limit(LARGEST_EXPRESSION)
            .build()
            .ok()
    };
    let numbers: Option<Vec<Regex>> = expressions.iter().map(compile).collect();
    Some(Extension {
        name: node.attribute("name").unwrap_or_default().to_owned(),
        numbers: numbers?,
        expression: expressions.join(" and "),
        place: text.citation(node),
    })
}

#[cfg(test)]
mod tests {
    use crate::evidence::{Evidence, MemoryFile, Root};
    use crate::pbx::Pbx;

    fn read(files: &[(&'static str, &'static str)]) -> Pbx {
        let files: Vec<MemoryFile> = files
            .iter()
            .map(|(path, text)| MemoryFile { path, bytes: text.as_bytes(), is_link: false })
            .collect();
        crate::pbx::read(&Evidence::from_roots(
            vec!["memory".into()],
            vec![Root::Memory(Box::leak(files.into_boxed_slice()))],
        ))
    }

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
        let pbx = read(&[
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
