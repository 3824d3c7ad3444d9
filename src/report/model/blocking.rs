//! Why nothing stopped an intruder: each defence, and what it did or could not do.

use serde::Serialize;

use super::Proof;

/// One defence, weighed for one incident.
#[derive(Clone, Debug, Serialize)]
pub struct NotBlocked {
    /// The defence: a jail, the firewall, an account's access list.
    pub defence: String,
    /// What became of it.
    pub verdict: Verdict,
    /// Why, with this attack's figures.
    pub why: String,
    /// The lines that say so.
    pub evidence: Vec<Proof>,
}

/// What became of a defence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It was switched off, or nobody had set it up.
    Off,
    /// It reads a log that does not tell of this attack.
    WrongLog,
    /// It reads the right log, and its filter matches none of these lines.
    FilterDoesNotMatch,
    /// It never reaches its threshold at this pace.
    ThresholdNotReached,
    /// It was told never to block this address.
    Exempt,
    /// It blocks only after the intruder was in.
    TooLate,
    /// It should have blocked, and its own log shows that it was not at work.
    NotAtWork,
    /// It blocked an address, and the intruder came in all the same.
    InVain,
    /// It lets this through by its own rules.
    LetsThrough,
    /// Nothing it looks at happened.
    CouldNotHelp,
    /// It should have blocked; whether it ran is not in the evidence.
    ShouldHaveBlocked,
    /// The evidence does not decide.
    CannotTell,
    /// No file of it is in the evidence.
    NotChecked,
}

impl Verdict {
    /// Returns the word used in every output.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Off => "off",
            Verdict::WrongLog => "wrong-log",
            Verdict::FilterDoesNotMatch => "filter-does-not-match",
            Verdict::ThresholdNotReached => "threshold-not-reached",
            Verdict::Exempt => "exempt",
            Verdict::TooLate => "too-late",
            Verdict::NotAtWork => "not-at-work",
            Verdict::InVain => "in-vain",
            Verdict::LetsThrough => "lets-through",
            Verdict::CouldNotHelp => "could-not-help",
            Verdict::ShouldHaveBlocked => "should-have-blocked",
            Verdict::CannotTell => "cannot-tell",
            Verdict::NotChecked => "not-checked",
        }
    }
}
