//! What limits calls over a panel's lines, as FreePBX and Issabel write it into `[globals]`.
//!
//! `OUT_1` is the line that is dialled, `OUTMAXCHANS_1` how many calls it carries at once, empty for any number, and
//! `OUTDISABLE_1=on` switches it off; `TRUNK_OPTIONS` go with every call over any line.

use std::collections::BTreeMap;

use super::application::{Act, acts};
use super::model::Dialplan;
use crate::event::Citation;
use crate::pbx::language::{Section, is_true};

/// Seconds: FreePBX hangs up on callers without an account after fifteen, which limits no call that costs.
const SHORTEST: u32 = 60;
/// No panel has more lines.
const MOST_LINES: usize = 1_000;

/// The limits of all lines.
#[derive(Debug, Default)]
pub struct Limits {
    /// By the panel's number for the line.
    pub lines: BTreeMap<u32, LineLimit>,
    /// The options of every call over one, and where they stand.
    pub options: Option<(String, Citation)>,
}

/// The limit of one line.
#[derive(Debug, Default)]
pub struct LineLimit {
    /// Its name, where it is no more than that: a line may be dialled with a secret.
    pub name: Option<String>,
    /// How many calls it carries at once at most; `None` where nothing limits them.
    pub most_calls: Option<u32>,
    /// Is it switched off?
    pub is_disabled: bool,
    /// Where its limit stands; `None` where no line speaks of one.
    pub place: Option<Citation>,
}

impl Limits {
    /// Takes in a section; of two settings of one name the last counts.
    pub(super) fn take_in(&mut self, section: &Section) {
        for setting in &section.settings {
            let value = setting.value.trim();
            let here = || Citation::new(setting.place, b"");
            if setting.name == "TRUNK_OPTIONS" {
                self.options = Some((value.to_owned(), here()));
            }
            if let Some(line) = self.line(&setting.name, "OUT_") {
                let name = value.split_once('/').map(|(_, name)| name);
                line.name = name.filter(|name| is_plain(name)).map(str::to_owned);
            }
            if let Some(line) = self.line(&setting.name, "OUTDISABLE_") {
                line.is_disabled = is_true(value);
            }
            if let Some(line) = self.line(&setting.name, "OUTMAXCHANS_") {
                line.most_calls = value.parse().ok().filter(|calls| *calls > 0);
                line.place = Some(here());
            }
        }
    }

    fn line(&mut self, setting: &str, beginning: &str) -> Option<&mut LineLimit> {
        let number: u32 = setting.strip_prefix(beginning)?.parse().ok()?;
        let has_room = self.lines.len() < MOST_LINES || self.lines.contains_key(&number);
        has_room.then(|| self.lines.entry(number).or_default())
    }
}

/// Returns whether a text is a name and nothing else: some panels write all settings of a line there, secret and all.
fn is_plain(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.+".contains(&byte))
}

/// Returns whether options of `Dial` end a call after some time: `L(3600000)` from its beginning, `S(3600)` from the
/// answer.
pub fn ends_calls(options: &str) -> bool {
    ["L(", "S("].iter().any(|option| options.contains(option))
}

impl Dialplan {
    /// Returns whether any step of it ends calls after some time.
    pub fn ends_any_call(&self) -> bool {
        let extensions = self.contexts.values().flat_map(|context| &context.extensions);
        let steps = extensions.flat_map(|extension| extension.steps.values());
        steps.flat_map(|step| acts(&step.application, &step.arguments)).any(|act| match act {
            Act::Options(options) => ends_calls(options),
            Act::Set { name, value } if name.eq_ignore_ascii_case("TIMEOUT(absolute)") => {
                value.parse::<u32>().is_ok_and(|seconds| seconds > SHORTEST)
            }
            _ => false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::dialplan;

    #[test]
    fn lines_have_the_limits_that_a_panel_writes() {
        let read = dialplan(
            "[globals]\nTRUNK_OPTIONS=T\nOUT_1=PJSIP/carrier\nOUTMAXCHANS_1=\nOUTDISABLE_1=off\n\
             OUT_2=AMP:SIP/me:hidden@host/$OUTNUM$\nOUTMAXCHANS_2=4\nOUTDISABLE_2=on\nOUTMAXCHANS_x=1\n\
             OUT_10=SIP/type=friend secret=hidden\nOUTMAXCHANS_10=\n",
        );
        let lines: Vec<_> = read
            .limits
            .lines
            .iter()
            .map(|(number, line)| (*number, line.name.as_deref(), line.most_calls, line.is_disabled))
            .collect();
        assert_eq!(
            lines,
            [(1, Some("carrier"), None, false), (2, None, Some(4), true), (10, None, None, false)]
        );
        assert_eq!(read.limits.options.as_ref().map(|(options, _)| options.as_str()), Some("T"));
        assert!(!read.ends_any_call());
    }

    #[test]
    fn calls_end_by_an_option_or_by_a_timeout() {
        for step in ["Dial(PJSIP/${EXTEN}@carrier,60,TL(3600000))", "Set(TIMEOUT(absolute)=3600)"] {
            assert!(dialplan(&format!("[out]\nexten => _X.,1,{step}\n")).ends_any_call(), "{step}");
        }
        for step in ["Dial(PJSIP/${EXTEN}@carrier,60,T)", "Set(TIMEOUT(absolute)=15)"] {
            assert!(!dialplan(&format!("[out]\nexten => _X.,1,{step}\n")).ends_any_call(), "{step}");
        }
    }
}
