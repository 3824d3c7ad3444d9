//! What an application does with a call, as far as it matters where the call can get to.

use super::steps;

/// What one step does. All texts are as written, variables and all.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Act<'a> {
    /// Goes on elsewhere; `returns` if the steps behind are reached all the same.
    Jump { target: Jump<'a>, returns: bool },
    /// Calls: `Dial`'s targets, one by one.
    Call(&'a str),
    /// `Dial`'s options: one letter each, some with arguments in parentheses.
    Options(&'a str),
    /// FreePBX's own way to a trunk: its number in the panel, and the number to dial.
    Trunk { trunk: &'a str, number: &'a str },
    /// Waits for the caller's digits, which are an extension of this context.
    Digits(Option<&'a str>),
    /// A second dial tone in a context.
    Disa(&'a str),
    /// Lets the caller into a mailbox.
    Mailbox,
    /// Takes the caller's digits into a variable.
    Read(&'a str),
    /// Sets a variable.
    Set { name: &'a str, value: &'a str },
    /// Ends the call.
    End,
}

/// Where a jump leads; what is not told stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Jump<'a> {
    pub(super) context: Option<&'a str>,
    pub(super) extension: Option<&'a str>,
    pub(super) priority: Option<&'a str>,
    /// Arguments of a subroutine.
    pub(super) arguments: Vec<&'a str>,
    /// Is it a macro, whose `EXTEN` is its own?
    pub(super) is_macro: bool,
}

/// Applications within applications (`ExecIf`).
const DEEPEST: usize = 3;

/// Reads what a step does.
pub(super) fn acts<'a>(application: &'a str, arguments: &'a str) -> Vec<Act<'a>> {
    let mut acts = Vec::new();
    add(application, arguments, DEEPEST, &mut acts);
    acts
}

fn add<'a>(application: &'a str, text: &'a str, depth: usize, acts: &mut Vec<Act<'a>>) {
    let arguments = || steps::arguments(text).into_iter().map(str::trim);
    let at = |index: usize| arguments().nth(index).unwrap_or_default();
    match application.to_ascii_lowercase().as_str() {
        "goto" => acts.push(Act::Jump { target: jump(text), returns: false }),
        "gotoif" | "gotoiftime" => branches(text, true, acts),
        "gosub" => subroutine(text, acts),
        "gosubif" => steps::branches(text).into_iter().for_each(|branch| subroutine(branch, acts)),
        "macro" | "macroexclusive" => macro_call(arguments().collect(), acts),
        "macroif" => {
            let each = steps::branches(text).into_iter();
            each.for_each(|branch| macro_call(steps::arguments(branch), acts));
        }
        "execif" if depth > 0 => {
            for branch in steps::branches(text) {
                let (inner, rest) = steps::split(branch);
                let from = acts.len();
                add(inner, rest, depth - 1, acts);
                acts.iter_mut().skip(from).for_each(stays);
                acts.retain(|act| *act != Act::End);
            }
        }
        "dial" | "trydial" => {
            acts.extend(steps::at_top(at(0), b'&').into_iter().map(|target| Act::Call(target.trim())));
            acts.extend(arguments().nth(2).filter(|options| !options.is_empty()).map(Act::Options));
        }
        "background" => acts.push(Act::Digits(arguments().nth(3).filter(|context| !context.is_empty()))),
        "read" => acts.push(Act::Read(at(0))),
        "waitexten" => acts.push(Act::Digits(None)),
        "disa" => {
            let context = arguments().nth(1).filter(|context| !context.is_empty());
            acts.push(Act::Disa(context.unwrap_or("disa")));
        }
        "voicemailmain" => acts.push(Act::Mailbox),
        "set" | "mset" | "setvar" => {
            for pair in
                if application.eq_ignore_ascii_case("set") { vec![text] } else { steps::arguments(text) }
            {
                if let Some((name, value)) = pair.split_once('=') {
                    let name = name.trim().trim_start_matches('_');
                    acts.push(Act::Set { name, value: value.trim() });
                }
            }
        }
        "hangup" | "congestion" | "busy" | "macroexit" | "return" => acts.push(Act::End),
        _ => {}
    }
}

/// A step that may be left out does not end what comes behind.
fn stays(act: &mut Act<'_>) {
    if let Act::Jump { returns, .. } = act {
        *returns = true;
    }
}

fn branches<'a>(text: &'a str, returns: bool, acts: &mut Vec<Act<'a>>) {
    let each = steps::branches(text).into_iter();
    acts.extend(each.map(|branch| Act::Jump { target: jump(branch), returns }));
}

/// Reads `[[context,]extension,]priority`.
fn jump(text: &str) -> Jump<'_> {
    let mut parts = steps::arguments(text).into_iter().map(str::trim).rev();
    let priority = parts.next();
    let extension = parts.next().filter(|part| !part.is_empty());
    let context = parts.next().filter(|part| !part.is_empty());
    Jump { context, extension, priority, ..Jump::default() }
}

/// Reads `[[context,]extension,]priority[(arguments)]`.
fn subroutine<'a>(text: &'a str, acts: &mut Vec<Act<'a>>) {
    let mut target = jump(text);
    if let Some((priority, arguments)) = target.priority.and_then(|priority| priority.split_once('(')) {
        target.priority = Some(priority);
        target.arguments = steps::arguments(arguments.strip_suffix(')').unwrap_or(arguments));
    }
    let name = target.context.unwrap_or_default();
    // FreePBX 17 writes every macro as a subroutine.
    if let Some(trunk) = trunk(name.strip_prefix("macro-").unwrap_or(name), &target.arguments) {
        acts.push(trunk);
    } else {
        acts.push(Act::Jump { target, returns: true });
    }
}

/// Reads a macro's name and arguments; its context is `macro-NAME`, which the walk puts together.
fn macro_call<'a>(parts: Vec<&'a str>, acts: &mut Vec<Act<'a>>) {
    let mut parts = parts.into_iter().map(str::trim);
    let Some(name) = parts.next() else { return };
    let arguments: Vec<&str> = parts.collect();
    if let Some(trunk) = trunk(name, &arguments) {
        acts.push(trunk);
        return;
    }
    let target = Jump { context: Some(name), arguments, is_macro: true, ..Jump::default() };
    acts.push(Act::Jump { target, returns: true });
}

/// Returns the way to a trunk that a panel's own macro is.
fn trunk<'a>(name: &str, arguments: &[&'a str]) -> Option<Act<'a>> {
    let is_way_out = name.starts_with("dialout-trunk") && !name.contains("predial") && !name.contains("hook");
    is_way_out.then(|| Act::Trunk {
        trunk: arguments.first().copied().unwrap_or_default(),
        number: arguments.get(1).copied().unwrap_or("${EXTEN}"),
    })
}

/// What `Dial` is given: `TECHNOLOGY/...`.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Target<'a> {
    /// A number in a context of this dialplan.
    Local { number: &'a str, context: &'a str },
    /// A number by way of a peer, or of a group of lines.
    Number { peer: &'a str, number: &'a str },
    /// A device of its own.
    Device,
}

/// Reads a target of `Dial`.
pub(super) fn target(text: &str) -> Target<'_> {
    let Some((technology, rest)) = text.split_once('/') else { return Target::Device };
    if technology.eq_ignore_ascii_case("local") {
        let Some((number, context)) = rest.split_once('@') else { return Target::Device };
        return Target::Local { number, context: context.split('/').next().unwrap_or_default() };
    }
    let behind = |text: &'_ str| text.find('/').map(|at| (at, at + 1));
    match rest.rsplit_once('@') {
        // `PJSIP/carrier/sip:0044@host`: the endpoint stands first.
        Some((before, _)) if before.contains('/') && !before.contains('@') => {
            let (peer, number) = before.split_once('/').unwrap_or((before, ""));
            let number = number.trim_start_matches("sips:").trim_start_matches("sip:");
            Target::Number { peer, number }
        }
        // `SIP/0044@carrier`, `IAX2/user:secret@carrier/0044`
        Some((before, after)) => match behind(after) {
            Some((end, next)) => Target::Number {
                peer: after.get(..end).unwrap_or_default(),
                number: after.get(next..).unwrap_or_default(),
            },
            None => Target::Number { peer: after, number: before },
        },
        // `SIP/carrier/0044`, `DAHDI/g1/0044`
        None => match rest.split_once('/') {
            Some((peer, number)) if !number.is_empty() => Target::Number { peer, number },
            _ => Target::Device,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_tell_the_peer_from_the_number() {
        for (text, peer, number) in [
            ("PJSIP/${EXTEN:1}@carrier", "carrier", "${EXTEN:1}"),
            ("PJSIP/carrier/sip:0044@198.51.100.1", "carrier", "0044"),
            ("SIP/carrier/${EXTEN}", "carrier", "${EXTEN}"),
            ("IAX2/me:pw@far/1234", "far", "1234"),
            ("DAHDI/g1/9${EXTEN}", "g1", "9${EXTEN}"),
        ] {
            assert_eq!(target(text), Target::Number { peer, number }, "{text}");
        }
        assert_eq!(target("PJSIP/301"), Target::Device);
        assert_eq!(
            target("Local/9${EXTEN}@outside/n"),
            Target::Local { number: "9${EXTEN}", context: "outside" }
        );
    }

    #[test]
    fn conditions_lead_both_ways() {
        let acts = acts("GotoIf", r#"$["${X}"=""]?disa,1,1:out"#);
        let to = |act: &Act<'_>| match act {
            Act::Jump { target, returns: true } => {
                (target.context.map(str::to_owned), target.priority.map(str::to_owned))
            }
            _ => (None, None),
        };
        assert_eq!(to(&acts[0]), (Some("disa".into()), Some("1".into())));
        assert_eq!(to(&acts[1]), (None, Some("out".into())));
    }

    #[test]
    fn a_panels_macro_is_a_way_out_in_both_its_forms() {
        let way_out = [Act::Trunk { trunk: "2", number: "${EXTEN:1}" }];
        assert_eq!(acts("Macro", "dialout-trunk,2,${EXTEN:1},,off"), way_out);
        assert_eq!(acts("Gosub", "macro-dialout-trunk,s,1(2,${EXTEN:1},,off)"), way_out);
    }
}
