//! What a dialled number is when it leaves by a gateway of FreeSWITCH's: `sofia/gateway/carrier/011$1`.

use super::dialplan::{Action, Asks, Extension, SwitchPlan};

impl SwitchPlan {
    /// Returns what is sent to the gateways of a number that leaves a context; `None` where it does not leave, where
    /// two gateways get two numbers, or where a variable decides.
    pub fn sent(&self, context: &str, number: &str) -> Option<String> {
        let extension = self.leaving(context, number)?.1;
        let captures = captures(extension, number)?;
        let actions = extension.conditions.iter().flat_map(|condition| &condition.actions);
        let bridges = actions.filter(|action| Action::calls_out(action));
        let mut targets =
            bridges.flat_map(|action| parts(&action.data)).map(|part| of_target(part, number, &captures));
        let sent = targets.next()??;
        targets.all(|other| other.as_ref() == Some(&sent)).then_some(sent)
    }
}

/// Returns what the expressions that the number fits caught, the last of them.
fn captures(extension: &Extension, number: &str) -> Option<Vec<String>> {
    let asked = extension.conditions.iter().rev().find_map(|condition| match &condition.asks {
        Asks::Number(wanted) => wanted.captures(number),
        _ => None,
    })?;
    Some(asked.iter().map(|part| part.map_or_else(String::new, |part| part.as_str().to_owned())).collect())
}

/// Parts what is called at once (`,`) and one after the other (`|`); `{...}` and `[...]` hold variables.
fn parts(data: &str) -> Vec<&str> {
    let mut depth = 0_u32;
    data.split(|letter: char| {
        depth = match letter {
            '{' | '[' => depth + 1,
            '}' | ']' => depth.saturating_sub(1),
            _ => depth,
        };
        depth == 0 && matches!(letter, ',' | '|')
    })
    .map(without_variables)
    .collect()
}

/// Takes `{name=value}` and `[name=value]` off the beginning.
fn without_variables(mut target: &str) -> &str {
    while let Some(rest) = target.trim_start().strip_prefix(['{', '[']) {
        let Some((_, behind)) = rest.split_once(['}', ']']) else { return target };
        target = behind;
    }
    target
}

/// Returns the number of `sofia/gateway/NAME/NUMBER` and of `sofia/PROFILE/NUMBER@HOST`.
fn of_target(target: &str, number: &str, captures: &[String]) -> Option<String> {
    let (_, behind) = target.trim().split_once('/')?;
    let (_, dialled) = behind.strip_prefix("gateway/").unwrap_or(behind).split_once('/')?;
    let mut sent = dialled.split('@').next()?.replace("${destination_number}", number);
    for (index, caught) in captures.iter().enumerate().rev() {
        sent = sent.replace(&format!("${index}"), caught);
    }
    let is_number = !sent.is_empty() && sent.bytes().all(|byte| byte.is_ascii_digit() || byte == b'+');
    is_number.then_some(sent)
}

#[cfg(test)]
mod tests {
    use crate::pbx::Pbx;
    use crate::pbx::tests::read_texts;

    fn read(plan: &str) -> Pbx {
        read_texts(&[
            ("etc/freeswitch/freeswitch.xml", "<document type=\"freeswitch/xml\"></document>"),
            ("etc/freeswitch/dialplan/all.xml", plan),
        ])
    }

    #[test]
    fn what_a_bridge_string_makes_of_a_number_is_told() {
        let pbx = read(
            r#"<include><X-NO-PRE-PROCESS/><context name="default">
<extension name="abroad"><condition field="destination_number" expression="^9(00|011)(\d+)$"><action application="bridge" data="{absolute_codec_string='PCMU,PCMA'}sofia/gateway/carrier/011$2|sofia/gateway/second/011$2"/></condition></extension>
<extension name="home"><condition field="destination_number" expression="^8(\d{10})$"><action application="bridge" data="sofia/external/1$1@192.0.2.7"/></condition></extension>
<extension name="same"><condition field="destination_number" expression="^\+\d+$"><action application="bridge" data="sofia/gateway/carrier/${destination_number}"/></condition></extension>
<extension name="two"><condition field="destination_number" expression="^7(\d+)$"><action application="bridge" data="sofia/gateway/carrier/$1,sofia/gateway/second/00$1"/></condition></extension>
<extension name="set"><condition field="destination_number" expression="^6(\d+)$"><action application="bridge" data="sofia/gateway/carrier/${prefix}$1"/></condition></extension>
</context></include>"#,
        );
        let sent = |number: &str| pbx.switch_plan.sent("default", number);
        assert_eq!(sent("900252612345678").as_deref(), Some("011252612345678"));
        assert_eq!(sent("9011252612345678").as_deref(), Some("011252612345678"));
        assert_eq!(sent("82125550100").as_deref(), Some("12125550100"));
        assert_eq!(sent("+252612345678").as_deref(), Some("+252612345678"));
        assert_eq!(sent("7252612345678"), None, "two gateways, two numbers");
        assert_eq!(sent("6252612345678"), None, "a variable decides");
        assert_eq!(sent("100"), None, "no way out");
    }
}
