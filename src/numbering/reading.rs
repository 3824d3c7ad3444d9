//! What a dialled string was read as, how, and what else it may be.

use serde::Serialize;

use super::{Class, Region};

/// What a dialled string is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Police, fire, ambulance.
    Emergency,
    /// A short code: directory enquiries, N11.
    Service,
    /// An extension.
    Internal,
    /// A feature code, without a number or with one that it does not call.
    Feature,
    /// A feature code that forwards calls to a number.
    FeatureForward,
    /// A feature code that hides or shows the caller's number, then a number.
    FeatureClir,
    /// A number abroad.
    Intl,
    /// A number of the home country.
    National,
    /// A premium-rate number.
    Premium,
    /// A number that costs the caller nothing.
    Tollfree,
    /// A personal number.
    Personal,
    /// A company-wide number.
    Uan,
    /// A shared-cost number.
    SharedCost,
    /// A satellite telephone.
    Satellite,
    /// A number of an international network.
    IntlNetwork,
    /// Two ways of writing an international number in one.
    Malformed,
    /// A number that its plan does not have: a sign of fraud by itself, if such a call is answered.
    InvalidForPlan,
    /// No telephone number.
    NonPstn,
    /// Cannot be told.
    Unknown,
}

impl Kind {
    /// Returns its word.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Emergency => "emergency",
            Kind::Service => "service",
            Kind::Internal => "internal",
            Kind::Feature => "feature",
            Kind::FeatureForward => "feature_forward",
            Kind::FeatureClir => "feature_clir",
            Kind::Intl => "intl",
            Kind::National => "national",
            Kind::Premium => "premium",
            Kind::Tollfree => "tollfree",
            Kind::Personal => "personal",
            Kind::Uan => "uan",
            Kind::SharedCost => "shared_cost",
            Kind::Satellite => "satellite",
            Kind::IntlNetwork => "intl_network",
            Kind::Malformed => "malformed",
            Kind::InvalidForPlan => "invalid_for_plan",
            Kind::NonPstn => "non_pstn",
            Kind::Unknown => "unknown",
        }
    }

    /// Returns the kind of a number of some class, at home or abroad.
    pub(super) fn of(class: Class, is_home: bool) -> Kind {
        match class {
            Class::Premium => Kind::Premium,
            Class::SharedCost => Kind::SharedCost,
            Class::Personal => Kind::Personal,
            Class::Uan => Kind::Uan,
            Class::Satellite => Kind::Satellite,
            Class::IntlNetwork => Kind::IntlNetwork,
            Class::Tollfree => Kind::Tollfree,
            Class::Geo | Class::Reserved if is_home => Kind::National,
            Class::Geo | Class::Reserved => Kind::Intl,
        }
    }
}

/// How sure a reading is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// The rules of the home country leave no other reading.
    Exact,
    /// One thing was taken for granted, as the digit of an outside line.
    High,
    /// Not how the home country writes it, though trunks take it.
    Low,
    /// Two readings are as good as each other; the phone system's routes would decide.
    Ambiguous,
    /// There is no reading.
    None,
}

impl Confidence {
    /// Returns its word.
    pub fn word(self) -> &'static str {
        match self {
            Confidence::Exact => "exact",
            Confidence::High => "high",
            Confidence::Low => "low",
            Confidence::Ambiguous => "ambiguous",
            Confidence::None => "none",
        }
    }
}

/// What else a dialled string may be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Alternative {
    /// The number in E.164.
    pub e164: Option<String>,
    /// What it would be.
    pub kind: Kind,
    /// What would have to hold.
    pub how: String,
}

/// What a dialled string was read as.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The number in E.164, `+` and digits.
    pub e164: Option<String>,
    /// What it is.
    pub kind: Kind,
    /// How sure.
    pub confidence: Confidence,
    /// The region of the number.
    pub region: Option<&'static Region>,
    /// The class of the number.
    pub class: Class,
    /// The area or network of the number, or what is to be known of it; often empty.
    pub note: &'static str,
    /// How it was read, a few words each.
    pub steps: Vec<String>,
    /// What else it may be.
    pub alternatives: Vec<Alternative>,
}

impl Reading {
    /// Builds a reading that is no telephone number in E.164.
    pub(super) fn bare(kind: Kind, confidence: Confidence, steps: Vec<String>) -> Self {
        Reading {
            e164: None,
            kind,
            confidence,
            region: None,
            class: Class::Geo,
            note: "",
            steps,
            alternatives: Vec::new(),
        }
    }

    /// Returns the country of the number, two letters.
    pub fn country(&self) -> Option<&'static str> {
        self.region.and_then(Region::country)
    }
}
