//! Whose programs ran on the machine: a hint to whoever runs one speaks of that one.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::report::model::Report;

/// Whose program it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Product {
    /// Asterisk, whatever runs above it.
    Asterisk,
    /// FreePBX and what was built from it.
    Freepbx,
    /// FreeSWITCH.
    Freeswitch,
    /// FusionPBX.
    Fusionpbx,
    /// Kamailio.
    Kamailio,
    /// OpenSIPS.
    Opensips,
}

impl Product {
    /// All of them.
    pub const ALL: [Product; 6] = [
        Product::Asterisk,
        Product::Freepbx,
        Product::Freeswitch,
        Product::Fusionpbx,
        Product::Kamailio,
        Product::Opensips,
    ];

    /// Returns its name.
    pub fn name(self) -> &'static str {
        match self {
            Product::Asterisk => "Asterisk",
            Product::Freepbx => "FreePBX",
            Product::Freeswitch => "FreeSWITCH",
            Product::Fusionpbx => "FusionPBX",
            Product::Kamailio => "Kamailio",
            Product::Opensips => "OpenSIPS",
        }
    }
}

/// Returns whose programs ran on the machine, as far as the kinds and paths of its files tell.
pub fn products(report: &Report) -> BTreeSet<Product> {
    let told =
        report.case.product.as_ref().map(|product| product.raw().to_ascii_lowercase()).unwrap_or_default();
    let has_kind = |kind: &str| report.evidence.iter().any(|row| row.kind.starts_with(kind));
    let has_path = |part: &str| report.evidence.iter().any(|row| row.path.contains(part));
    let is_there = [
        (Product::Asterisk, told.contains("asterisk") || has_kind("asterisk-") || has_kind("configuration")),
        (
            Product::Freepbx,
            has_kind("freepbx-")
                || has_path("etc/freepbx.conf")
                || has_path("etc/amportal.conf")
                || has_path("asterisk/extensions_additional.conf"),
        ),
        (Product::Freeswitch, told.contains("freeswitch") || has_kind("freeswitch-")),
        (Product::Fusionpbx, has_path("fusionpbx")),
        (Product::Kamailio, told.contains("kamailio") || has_path("kamailio")),
        (Product::Opensips, told.contains("opensips") || has_path("opensips")),
    ];
    is_there.into_iter().filter(|(_, is_there)| *is_there).map(|(product, _)| product).collect()
}
