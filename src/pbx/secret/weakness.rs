//! What makes a secret weak, told without telling the secret.

/// A weakness, the gravest first; a secret may have several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Weakness {
    /// There is none.
    Empty,
    /// The name of what it protects.
    EqualsName,
    /// Products or distributions come with it.
    Shipped,
    /// The name, backwards.
    Reversed,
    /// At the top of every guesser's list.
    Common,
    /// The name with a little before or behind it.
    Variation,
    /// Counted on, or one thing repeated.
    Sequence,
    /// Neighbouring keys.
    KeyboardRun,
    /// A date or a year.
    Date,
    /// Nothing but digits.
    DigitsOnly,
    /// Fewer characters than a guesser needs days for.
    Short,
    /// A word that can be spoken, perhaps with a number.
    Word,
    /// The PIN of the same number's voicemail.
    EqualsPin,
    /// Another account has it too.
    Shared,
    /// What it is of can be looked up: an unsalted hash of a password that everybody tries first.
    UnsaltedHash,
    /// An older one is kept beside the one in force.
    OldOneKept,
    /// It stands in an old copy of a file and is still in force.
    StillInForce,
}

impl Weakness {
    /// Returns the weakness in words that go behind "it is".
    pub fn words(self) -> &'static str {
        match self {
            Weakness::Empty => "no secret",
            Weakness::EqualsName => "the same as its name",
            Weakness::Shipped => "one that products ship with",
            Weakness::Reversed => "its name backwards",
            Weakness::Common => "one that everybody tries first",
            Weakness::Variation => "made of its name",
            Weakness::Sequence => "a sequence, or one thing repeated",
            Weakness::KeyboardRun => "a run of keys",
            Weakness::Date => "a date or a year",
            Weakness::DigitsOnly => "digits only",
            Weakness::Short => "shorter than 8 characters",
            Weakness::Word => "like a word, perhaps with a number",
            Weakness::EqualsPin => "the same as the voicemail PIN",
            Weakness::Shared => "the same as that of other accounts",
            Weakness::UnsaltedHash => "kept as an unsalted hash, which can be looked up",
            Weakness::OldOneKept => "followed by its older one, which is still kept",
            Weakness::StillInForce => "in force, and stands in an old copy too",
        }
    }

    /// Returns whether a guesser has it within the first tries.
    pub fn is_first_tried(self) -> bool {
        self <= Weakness::Common
    }

    /// Returns whether the secret itself is easily guessed, wherever else it stands.
    pub fn is_of_the_secret(self) -> bool {
        self <= Weakness::EqualsPin
    }
}
