//! The files of indicators: from text to patterns.

use serde::Deserialize;

use super::{Confidence, Expression, Indicator, Kind, Means, Pattern};

/// A campaign with its indicators.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Campaign {
    campaign: String,
    title: String,
    since: String,
    source: String,
    indicator: Vec<Written>,
}

/// One indicator as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    id: String,
    kind: Kind,
    confidence: Confidence,
    says: String,
    patterns: Vec<String>,
    /// For a request: words of which it has one, by which the others are passed over quickly.
    #[serde(default)]
    needs: Vec<String>,
    #[serde(default)]
    means: Option<Means>,
    #[serde(default)]
    table: String,
    #[serde(default)]
    column: String,
    #[serde(default)]
    only_as_root: bool,
    #[serde(default)]
    hits: Vec<String>,
    #[serde(default)]
    misses: Vec<String>,
}

/// Reads one campaign.
pub(super) fn campaign(text: &str) -> Result<Vec<Indicator>, toml::de::Error> {
    let read: Campaign = toml::from_str(text)?;
    let (campaign, title, since, source) = (read.campaign, read.title, read.since, read.source);
    let mut indicators = Vec::new();
    for written in read.indicator {
        let patterns = written.patterns.iter().map(|text| pattern(written.kind, text)).collect();
        indicators.push(Indicator {
            campaign: campaign.clone(),
            title: title.clone(),
            since: since.clone(),
            source: source.clone(),
            id: written.id,
            kind: written.kind,
            confidence: written.confidence,
            means: written.means.unwrap_or(Means::Probe),
            says: written.says,
            needed: written.needs,
            table: written.table,
            column: written.column,
            only_as_root: written.only_as_root,
            written: written.patterns,
            hits: written.hits,
            misses: written.misses,
            patterns,
        });
    }
    Ok(indicators)
}

fn pattern(kind: Kind, text: &str) -> Pattern {
    match kind {
        Kind::File => Pattern::Path(text.to_owned()),
        Kind::User | Kind::Address | Kind::Digest | Kind::Agent | Kind::Version | Kind::Number => {
            Pattern::Word(text.to_owned())
        }
        _ => Pattern::Text(Expression::new(text)),
    }
}
