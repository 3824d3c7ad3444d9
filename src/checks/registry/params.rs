//! What a playbook may set about a check.

use crate::report::model::Severity;

/// A parameter of a check.
pub struct Param {
    /// Its name.
    pub name: &'static str,
    /// What its values are.
    pub kind: ParamKind,
    /// What it means.
    pub meaning: &'static str,
    /// The key in the table of thresholds, for a pattern in the calls.
    pub threshold: Option<&'static str>,
}

/// What the values of a parameter are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParamKind {
    /// A severity, by its word.
    Severity,
    /// A whole number.
    Count,
    /// Seconds, as a whole number or with a unit: `90`, `"90s"`, `"5m"`, `"1h"`.
    Span,
    /// Percent, as a whole number.
    Percent,
    /// An hour of the day, 0 to 24.
    Hour,
}

impl ParamKind {
    /// Returns what a value has to look like.
    pub fn words(self) -> &'static str {
        match self {
            ParamKind::Severity => "a severity: \"critical\", \"high\", \"medium\", \"low\" or \"info\"",
            ParamKind::Count => "a whole number, as 20",
            ParamKind::Span => "a span of time, as \"90s\", \"5m\" or \"1h\"",
            ParamKind::Percent => "percent as a whole number, as 500",
            ParamKind::Hour => "an hour of the day from 0 to 24",
        }
    }

    /// Reads a value into what the table of thresholds holds; `None` where it is of another kind.
    pub fn read(self, value: &toml::Value) -> Option<toml::Value> {
        let number = value.as_integer().filter(|number| *number >= 0);
        let read = match self {
            ParamKind::Severity => {
                return severity(value.as_str()?).map(|_| value.clone());
            }
            ParamKind::Count | ParamKind::Percent => number,
            ParamKind::Hour => number.filter(|hour| *hour <= 24),
            ParamKind::Span => number.or_else(|| seconds(value.as_str()?)),
        };
        read.map(toml::Value::Integer)
    }
}

/// Reads a severity's word.
pub fn severity(word: &str) -> Option<Severity> {
    [Severity::Critical, Severity::High, Severity::Medium, Severity::Low, Severity::Info]
        .into_iter()
        .find(|severity| severity.word() == word)
}

/// Reads `90s`, `5m`, `1h`, `2d` into seconds.
fn seconds(text: &str) -> Option<i64> {
    let unit = text.chars().last()?;
    let each = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return None,
    };
    text.strip_suffix(unit)?.parse::<u32>().ok().map(|number| i64::from(number) * each)
}

/// The one parameter of what yields findings.
pub(super) const OF_FINDING: &[Param] = &[Param {
    name: "at_least",
    kind: ParamKind::Severity,
    meaning: "what is less grave does not count; info unless set",
    threshold: None,
}];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_of_their_kind() {
        let text = |text: &str| toml::Value::String(text.to_owned());
        let number = toml::Value::Integer;
        assert_eq!(ParamKind::Span.read(&text("5m")), Some(number(300)));
        assert_eq!(ParamKind::Span.read(&number(90)), Some(number(90)));
        assert_eq!(ParamKind::Hour.read(&number(20)), Some(number(20)));
        for (kind, wrong) in [
            (ParamKind::Count, text("20")),
            (ParamKind::Count, number(-1)),
            (ParamKind::Hour, number(25)),
            (ParamKind::Span, text("5 minutes")),
            (ParamKind::Span, text("é")),
            (ParamKind::Severity, text("grave")),
        ] {
            assert_eq!(kind.read(&wrong), None, "{kind:?} {wrong}");
        }
    }
}
