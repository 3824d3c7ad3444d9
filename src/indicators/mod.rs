//! Published marks of campaigns against phone systems, as data: a file of `campaigns/` a campaign.
//!
//! A file names the campaign, since when it is known and who published it; each of its indicators says
//! what kind of thing it marks, how sure that is, and carries examples that a test tries on it. To add one,
//! add its lines to a file; to add a campaign, add a file and list it in [`FILES`].
//!
//! What an indicator is held against is the work of those who look: [`crate::artifacts`] for files of the
//! host and rows of a panel's database, [`crate::fold::web`] for requests. Nothing here is ever taken for
//! more than a mark: a request that was refused is a try, and an old address may have another owner now.

mod decode;
mod glob;
mod load;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{LazyLock, OnceLock};

use regex::bytes::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};
use serde::Deserialize;

pub use decode::decoded;

/// The campaigns, in the order of their names.
const FILES: [(&str, &str); 12] = [
    ("classic", include_str!("campaigns/classic.toml")),
    ("e57819", include_str!("campaigns/e57819.toml")),
    ("e64328", include_str!("campaigns/e64328.toml")),
    ("e66039", include_str!("campaigns/e66039.toml")),
    ("freepbx-2026", include_str!("campaigns/freepbx_2026.toml")),
    ("fusionpbx", include_str!("campaigns/fusionpbx.toml")),
    ("generic", include_str!("campaigns/generic.toml")),
    ("inj3ctor3", include_str!("campaigns/inj3ctor3.toml")),
    ("isstok", include_str!("campaigns/isstok.toml")),
    ("jomangy", include_str!("campaigns/jomangy.toml")),
    ("thankuohoh", include_str!("campaigns/thankuohoh.toml")),
    ("tools", include_str!("campaigns/tools.toml")),
];

/// What an indicator is held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The method and target of a web request, decoded, in small letters.
    Request,
    /// The path of a file on the disk, as a glob.
    File,
    /// The text of a program or page in a web root.
    Content,
    /// A line of what runs by itself: cron, units, start files, scripts in places for temporary files.
    Line,
    /// A line of the dialplan.
    Dialplan,
    /// A line of the saved firewall rules.
    Firewall,
    /// A row of a panel's database: table and column, and a pattern for its value.
    Row,
    /// The name of a user of the host.
    User,
    /// A text in the host's file of password hashes.
    Hash,
    /// A text in a file of keys that may log in.
    Key,
    /// An address that the campaign worked from or fetched its tools from.
    Address,
    /// The MD5 or the first half of the SHA-256 of a file, in hexadecimal.
    Digest,
    /// A web client's name for itself.
    Agent,
    /// A version of a panel's module below which it has a known hole.
    Version,
    /// A command that was typed at a shell or at a database's client.
    Command,
    /// What a caller calls himself.
    Caller,
    /// A line of a web server's log of errors.
    Error,
    /// What a phone calls itself.
    Phone,
    /// A line of an order to place a call.
    CallFile,
    /// A number that was called.
    Number,
}

/// How sure a mark is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// Context only: it says nothing by itself.
    Low,
    /// It takes a second sign.
    Medium,
    /// It is the campaign's own, or never legitimate.
    High,
}

impl Confidence {
    /// Returns the word used in every output.
    pub fn word(self) -> &'static str {
        match self {
            Confidence::Low => "low",
            Confidence::Medium => "medium",
            Confidence::High => "high",
        }
    }
}

/// What a request means that an indicator fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Means {
    /// It looks whether something is there.
    Probe,
    /// It uses a hole.
    Exploit,
    /// It uses a page that an intruder left behind.
    Shell,
}

/// One mark.
#[derive(Debug)]
pub struct Indicator {
    /// Its own name: the campaign's, and a number.
    pub id: String,
    /// The campaign that it belongs to.
    pub campaign: String,
    /// The campaign's name as people know it.
    pub title: String,
    /// What it is held against.
    pub kind: Kind,
    /// How sure it is.
    pub confidence: Confidence,
    /// For a request, what it means; for others nothing.
    pub means: Means,
    /// Words that say what was seen.
    pub says: String,
    /// Who published it.
    pub source: String,
    /// Since when the campaign is known.
    pub since: String,
    /// For a row, its table; for a version, the module.
    pub table: String,
    /// For a row, its column.
    pub column: String,
    /// For a user: only where it has the rights of root.
    pub only_as_root: bool,
    /// The patterns as written.
    pub written: Vec<String>,
    /// Texts that it fits.
    pub hits: Vec<String>,
    /// Texts that look like it and that it does not fit.
    pub misses: Vec<String>,
    /// Words of which a request has at least one.
    needed: Vec<String>,
    patterns: Vec<Pattern>,
}

/// One pattern of an indicator.
#[derive(Debug)]
enum Pattern {
    Text(Expression),
    Path(String),
    Word(String),
}

/// An expression, which is made ready when it is used first: there are hundreds, and most evidence holds nothing
/// that they are held against.
#[derive(Debug)]
struct Expression {
    written: String,
    ready: OnceLock<Option<Box<Regex>>>,
}

impl Expression {
    fn new(written: &str) -> Self {
        Expression { written: written.to_owned(), ready: OnceLock::new() }
    }

    /// Returns it ready for use; nothing if it is none, which a test rules out for all there are.
    fn ready(&self) -> Option<&Regex> {
        let build = || {
            let mut builder = RegexBuilder::new(&self.written);
            builder.unicode(false).multi_line(true).size_limit(1 << 20).build().ok().map(Box::new)
        };
        self.ready.get_or_init(build).as_deref()
    }
}

impl Indicator {
    /// Returns where in a text it fits first.
    pub fn find(&self, text: &[u8]) -> Option<std::ops::Range<usize>> {
        self.patterns.iter().find_map(|pattern| match pattern {
            Pattern::Text(expression) => expression.ready()?.find(text).map(|found| found.range()),
            Pattern::Path(written) => {
                std::str::from_utf8(text).is_ok_and(|path| glob::fits(written, path)).then_some(0..text.len())
            }
            Pattern::Word(word) => (word.as_bytes() == text).then_some(0..text.len()),
        })
    }

    /// Returns whether it fits a text.
    pub fn fits(&self, text: &[u8]) -> bool {
        self.find(text).is_some()
    }

    /// Returns whether a request that it fits tells of more than somebody who looks whether a page is there.
    pub fn is_telling(&self) -> bool {
        self.confidence > Confidence::Low && self.means != Means::Probe
    }
}

/// Returns every indicator, in the order of campaigns.
pub fn all() -> &'static [Indicator] {
    static ALL: LazyLock<Vec<Indicator>> = LazyLock::new(|| {
        FILES.iter().flat_map(|(_, text)| load::campaign(text).unwrap_or_default()).collect()
    });
    &ALL
}

/// Returns the indicators of one kind, each with its place in [`all`].
pub fn of(kind: Kind) -> impl Iterator<Item = (usize, &'static Indicator)> {
    all().iter().enumerate().filter(move |(_, indicator)| indicator.kind == kind)
}

/// Returns whether a campaign worked from an address.
pub fn is_published(address: IpAddr) -> bool {
    static ADDRESSES: LazyLock<Vec<IpAddr>> = LazyLock::new(|| {
        let written = of(Kind::Address).flat_map(|(_, indicator)| &indicator.written);
        let mut addresses: Vec<IpAddr> = written.filter_map(|text| text.parse().ok()).collect();
        addresses.sort_unstable();
        addresses
    });
    ADDRESSES.binary_search(&address).is_ok()
}

/// Returns the places in [`all`] of the indicators of one kind, all of them patterns, that a text fits; one look
/// tells of nearly every text that it fits none.
pub fn of_text(kind: Kind, text: &[u8]) -> Vec<usize> {
    static SETS: LazyLock<BTreeMap<Kind, RegexSet>> = LazyLock::new(|| {
        let kinds = [Kind::Line, Kind::Command, Kind::Caller, Kind::Error, Kind::Phone];
        let set = |kind: Kind| {
            let written = of(kind).flat_map(|(_, indicator)| &indicator.written);
            let set = RegexSetBuilder::new(written).unicode(false).multi_line(true).build();
            Some((kind, set.ok()?))
        };
        kinds.into_iter().filter_map(set).collect()
    });
    if SETS.get(&kind).is_some_and(|set| !set.is_match(text)) {
        return Vec::new();
    }
    of(kind).filter(|(_, indicator)| indicator.fits(text)).map(|(index, _)| index).collect()
}

/// Returns the places in [`all`] of the requests that a decoded request fits.
///
/// Nearly all requests of a day are none of these; the literal parts tell so at the speed of a search for
/// words, and only what passes them is held against patterns.
pub fn of_request(request: &[u8]) -> Vec<usize> {
    static NEEDED: LazyLock<Option<Regex>> = LazyLock::new(|| {
        let words = of(Kind::Request).flat_map(|(_, indicator)| &indicator.needed);
        let words = words.map(|word| regex::escape(word));
        RegexBuilder::new(&words.collect::<Vec<_>>().join("|")).unicode(false).build().ok()
    });
    if !NEEDED.as_ref().is_some_and(|needed| needed.is_match(request)) {
        return Vec::new();
    }
    let has = |word: &str| memchr::memmem::find(request, word.as_bytes()).is_some();
    let fitting = of(Kind::Request)
        .filter(|(_, indicator)| indicator.needed.iter().any(|word| has(word)) && indicator.fits(request));
    fitting.map(|(index, _)| index).collect()
}
