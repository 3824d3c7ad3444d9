//! One case from end to end: evidence in, report out.

mod administrators;
mod assessment;
mod blocking;
mod build;
mod carrier;
mod containment;
mod database_gaps;
mod gaps;
mod given;
mod hidden;
mod incidents;
mod keep;
mod listed_gaps;
mod losses;
mod numbers;
mod own;
mod patterns;
mod reach;
mod routes;
mod rules;
mod samples;
mod sending;
mod sorted;
mod story;
mod timeline;
mod unprecedented;
mod window;

use std::io::{self, Read as _};
use std::path::PathBuf;
use std::sync::Arc;

use ipnet::IpNet;

use crate::artifacts::Artifacts;
use crate::carrier::{CarrierError, CarrierOptions};
use crate::checks::Show;
use crate::clock::{Clock, ClockOptions, SourceFacts};
use crate::contain::Plan;
use crate::event::Instant;
use crate::evidence::{Evidence, Packing, Source};
use crate::fold::budget::Budget;
use crate::fold::web::MarkedPages;
use crate::fold::{Fold, Known, Window};
use crate::geoip::GeoIp;
use crate::money::{Deck, DeckError};
use crate::numbering::{ListError, Listed};
use crate::patterns::{Thresholds, ThresholdsError};
use crate::pbx::{self, Pbx};
use crate::playbook::{self, PlaybookError};
use crate::readers::{self, Access, Reader};
use crate::reconstruct::standing::Neighbours;
use crate::reconstruct::world::{Told, World, family};
use crate::reconstruct::{blame, confirm, failed, incident};
use crate::report::model::{Report, TimelineRow, When};
use crate::report::redact;
use crate::restore::Kept;
use crate::rules::Rules;
use crate::scan::{self, Coverage, Hashing, How, Task};
use crate::untrusted::Untrusted;

pub use samples::{SampleTried, try_sample, try_samples};
pub use timeline::{timeline, timeline_redacted};

/// What a user may say about a case.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Only what happened at or after this RFC 3339 instant or local time counts.
    pub since: Option<String>,
    /// Only what happened before this RFC 3339 instant or local time counts.
    pub until: Option<String>,
    /// The zone of stamps that do not tell one, over the evidence's own.
    pub zone: Option<String>,
    /// The year of stamps that have none, where nothing else settles it.
    pub year: Option<i16>,
    /// The machine whose lines are read alone, where logs hold lines of several and name them.
    pub machine: Option<String>,
    /// Networks whose phones are the owner's, wherever they are.
    pub trusted: Vec<IpNet>,
    /// Skip SHA-256.
    pub no_hash: bool,
    /// Threads; 0 for as many as there are processors.
    pub jobs: usize,
    /// Fold floods in the timeline.
    pub fold: bool,
    /// Work out what to cut off and change.
    pub contain: bool,
    /// Leave out what proves each call and why it is blamed, and the packet for the carrier: who asks for figures
    /// only does not see them.
    pub figures_only: bool,
    /// Keep of the secrets what tells later whether they were changed.
    pub keep_secrets: bool,
    /// `--clean-since`: after this RFC 3339 instant or local time nothing of an intruder may be seen.
    pub clean_since: Option<String>,
    /// `--case-number`.
    pub case_number: Option<String>,
    /// `--examiner`.
    pub examiner: Option<String>,
    /// `--organisation`.
    pub organisation: Option<String>,
    /// `--redact`: pseudonyms stand for what belongs to the owner's side.
    pub redact: bool,
    /// `--home-country`.
    pub home_country: Option<String>,
    /// The carrier's records, as they were given.
    pub carrier: CarrierOptions,
    /// `--rates`: the user's rate deck.
    pub rates: Option<PathBuf>,
    /// `--thresholds`: what patterns are held against.
    pub thresholds: Option<PathBuf>,
    /// `--geoip`: databases of addresses.
    pub geoip: Vec<PathBuf>,
    /// `--numbers`: the user's lists of numbers.
    pub numbers: Vec<PathBuf>,
    /// `--outside-prefix`: digits that ask for an outside line.
    pub outside_prefix: Option<String>,
    /// `--playbooks`: folders or files of the user's own playbooks.
    pub playbooks: Vec<PathBuf>,
}

/// Is told how far the reading has come.
pub trait Progress: Sync {
    /// Reading begins; `total` bytes lie ahead.
    fn begin(&self, total: u64);
    /// `bytes` more of the source at `path` were read.
    fn advance(&self, path: &str, bytes: u64);
    /// Reading is over.
    fn end(&self);
}

/// What the inquiry found.
#[derive(Debug)]
pub struct Examined {
    /// The report.
    pub report: Report,
    /// Every event that the story rests on, in time order.
    pub story: Vec<TimelineRow>,
    /// What to cut off and change, where that was asked for.
    pub containment: Plan,
    /// What is kept of the secrets, where that was asked for.
    pub kept: Option<Kept>,
}

/// The evidence as it was read, for whoever asks more of it than the report tells.
pub struct Ground<'a> {
    pub(crate) evidence: &'a Evidence,
    pub(crate) world: &'a World<'a>,
    /// Shows a citation as proof.
    pub(crate) show: &'a Show<'a>,
    /// Shows an instant in the zone of the case.
    pub(crate) when: &'a dyn Fn(Instant) -> Option<When>,
    /// `--clean-since`.
    pub(crate) clean_since: Option<Instant>,
}

/// An option that cannot be used as it was given.
#[derive(Debug, thiserror::Error)]
pub enum CaseError {
    /// `--tz` names no zone.
    #[error("--tz {0}: no such zone")]
    Zone(String),
    /// `--since` or `--until` is no time.
    #[error("{option} {text}: neither an RFC 3339 instant nor a local time")]
    Time {
        /// Which option.
        option: &'static str,
        /// As given.
        text: String,
    },
    /// `--since` or `--until` is a local time that never was.
    #[error("{option} {text}: the clocks of {zone} skipped that time")]
    Skipped {
        /// Which option.
        option: &'static str,
        /// As given.
        text: String,
        /// The zone of the case.
        zone: String,
    },
    /// `--since` and `--until` leave no time between them.
    #[error("--since {since} --until {until}: nothing lies between them")]
    Window {
        /// As given.
        since: String,
        /// As given.
        until: String,
    },
    /// The carrier's records, or the map of their columns, cannot be used.
    #[error(transparent)]
    Carrier(#[from] CarrierError),
    /// `--rates` cannot be used.
    #[error("--rates cannot be used")]
    Rates(#[from] DeckError),
    /// `--thresholds` cannot be used.
    #[error("--thresholds cannot be used")]
    Thresholds(#[from] ThresholdsError),
    /// `--playbooks` cannot be used.
    #[error(transparent)]
    Playbooks(#[from] PlaybookError),
    /// `--numbers` cannot be used.
    #[error("--numbers cannot be used")]
    Numbers(#[from] ListError),
    /// Whoever takes the timeline failed to.
    #[error("the output cannot be written")]
    Output(#[source] io::Error),
    /// A temporary file or a thread failed.
    #[error("a temporary file or a thread failed: {0}")]
    Io(#[from] io::Error),
}

/// Evidence with its configuration, its clock and its readers: all that reading needs.
struct Prepared<'a> {
    pbx: Pbx,
    clock: Clock,
    window: Window,
    /// How the options that give it were read.
    window_notes: Vec<String>,
    /// `--clean-since`.
    clean_since: Option<Instant>,
    /// A reader for each source that tells of events.
    readers: Vec<(&'a Source, Box<dyn Reader>)>,
    /// The machines whose phone systems wrote lines that name theirs.
    machines: Vec<Untrusted>,
}

/// What reading a source left behind.
struct Read<'a> {
    source: &'a Source,
    coverage: Coverage,
}

/// What the user gave beside the evidence, opened and read.
struct Aids {
    billed: Vec<crate::carrier::CarrierFile>,
    deck: Option<Deck>,
    listed: Listed,
    playbooks: playbook::load::Playbooks,
    thresholds: Thresholds,
    geoip: GeoIp,
}

impl Aids {
    fn open(options: &Options) -> Result<Self, CaseError> {
        let mut listed = Listed::default();
        options.numbers.iter().try_for_each(|path| listed.open(path))?;
        let playbooks = playbook::load::load(&options.playbooks)?;
        // A file of thresholds was written for this case, a playbook for all.
        let thresholds = match options.thresholds.as_deref() {
            Some(path) => Thresholds::open(path)?,
            None => Thresholds::default().with(&playbooks.thresholds()),
        };
        Ok(Aids {
            billed: crate::carrier::read(&options.carrier)?,
            deck: options.rates.as_deref().map(Deck::open).transpose()?,
            geoip: GeoIp::open(&options.geoip),
            listed,
            playbooks,
            thresholds,
        })
    }
}

/// Machines told apart by the names in their lines.
const MOST_MACHINES: usize = 256;

fn prepare<'a>(evidence: &'a Evidence, options: &Options) -> Result<Prepared<'a>, CaseError> {
    let pbx = pbx::read(evidence);
    let mut readers = Vec::new();
    let mut facts = Vec::new();
    let mut machines: Vec<Untrusted> = Vec::new();
    for source in evidence.sources.iter().filter(|source| source.duplicate_of.is_none()) {
        let Some(opened) = readers::reader_for(source, &pbx, options.machine.as_deref()) else { continue };
        let mut surveyed = SourceFacts::survey(source, opened.reader.as_ref());
        if opened.reader.access() == Access::Stream && surveyed.ties.is_empty() {
            survey_stream(evidence, source, opened.reader.as_ref(), &mut surveyed);
        }
        opened.reader.sample(source, evidence, &mut |chunk, _| surveyed.take_sample(chunk));
        surveyed.notes.extend(opened.note);
        for machine in opened.machines {
            let is_same = |known: &Untrusted| {
                readers::is_same_machine(known.raw().as_bytes(), machine.raw().as_bytes())
            };
            if machines.len() < MOST_MACHINES && !machines.iter().any(is_same) {
                machines.push(machine);
            }
        }
        facts.push(surveyed);
        readers.push((source, opened.reader));
    }
    if facts.iter().any(SourceFacts::needs_logs) {
        survey_between(evidence, &readers, &mut facts);
    }
    let wanted = ClockOptions { zone: options.zone.clone(), year: options.year };
    let clock = Clock::plan(evidence, facts, pbx.call_records.csv_in_gmt, &wanted)
        .map_err(|unknown| CaseError::Zone(unknown.text))?;
    let wanted = window::read(options, &clock)?;
    let clean_since = window::clean_since(options, &clock)?;
    Ok(Prepared {
        pbx,
        clock,
        window: wanted.window,
        window_notes: wanted.notes,
        clean_since,
        readers,
        machines,
    })
}

/// Looks for ties further into a source than its first bytes.
fn survey_stream(evidence: &Evidence, source: &Source, reader: &dyn Reader, facts: &mut SourceFacts) {
    /// So much of a dump is looked at, in bytes.
    const LOOKED_AT: u64 = 32 * 1024 * 1024;
    if let Ok(handle) = evidence.open(&source.file) {
        facts.survey_stream(&mut handle.contents(source.packing).take(LOOKED_AT), reader);
    }
}

/// Looks into the middle of logs for what call records without an instant of their own can be compared with.
fn survey_between(evidence: &Evidence, readers: &[(&Source, Box<dyn Reader>)], facts: &mut [SourceFacts]) {
    /// Logs looked into.
    const MOST_LOGS: usize = 64;
    let plain = readers.iter().zip(facts).filter(|((source, _), _)| source.packing == Packing::Plain);
    for ((source, reader), facts) in plain.take(MOST_LOGS) {
        if let Ok(handle) = evidence.open(&source.file) {
            facts.survey_between(&handle, reader.as_ref());
        }
    }
}

/// Returns how many threads to use.
fn threads(options: &Options) -> usize {
    match options.jobs {
        0 => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        jobs => jobs,
    }
}

/// Reads everything and reconstructs what happened.
pub fn examine(
    evidence: &Evidence,
    options: &Options,
    progress: &dyn Progress,
) -> Result<Examined, CaseError> {
    examine_and(evidence, options, progress, |_, examined| examined)
}

/// Does the same, and asks more of the evidence before it is forgotten.
pub fn examine_and<T: Send>(
    evidence: &Evidence,
    options: &Options,
    progress: &dyn Progress,
    ask: impl FnOnce(&Ground<'_>, Examined) -> T + Send,
) -> Result<T, CaseError> {
    let threads = threads(options);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().map_err(io::Error::other)?;
    let (aids, prepared) = pool.join(|| Aids::open(options), || prepare(evidence, options));
    // A column or a deck that cannot be used is told before hours of reading.
    let (aids, prepared) = (aids?, prepared?);
    let artifacts = Artifacts::read(evidence);
    let hashing = (!options.no_hash).then(|| Hashing::new(evidence));
    pool.scope(|scope| {
        if let Some(hashing) = &hashing {
            (0..threads / 2).for_each(|_| scope.spawn(|_| hashing.work()));
        }
        let (told, read, outcomes) =
            read_all(evidence, &prepared, &artifacts, &aids.playbooks.rules, options, progress)?;
        let neighbours = Neighbours::new(&prepared.pbx, &options.trusted);
        let mut world = World::new(&prepared.pbx, &artifacts, neighbours, told);
        let incidents = incident::find(&world);
        blame::forget_inferred_places(&mut world, &incidents);
        let world = world;
        let involved = incidents.iter().flat_map(|incident| incident.actors.keys().copied()).collect();
        let (failed, numbers) = rayon::join(
            || failed::find(&world, &involved),
            || numbers::Numbers::new(&world, &prepared.clock, options, &incidents, aids.listed),
        );
        let legs = carrier::legs(&world, &aids.billed);
        let side = carrier::CarrierSide::new(&world, &numbers, prepared.window, &aids.billed, &legs);
        let charged = side.as_ref().map(|side| side.charged(&world)).unwrap_or_default();
        let prices = losses::Prices { charged, deck: aids.deck };
        let case = build::Case {
            evidence,
            options,
            hashing: hashing.as_ref(),
            window_notes: &prepared.window_notes,
            machines: &prepared.machines,
            clock: &prepared.clock,
            world: &world,
            read: &read,
            numbers: &numbers,
            prices: &prices,
            geoip: &aids.geoip,
            thresholds: &aids.thresholds,
            rules: &outcomes,
        };
        let questions = confirm::find(&world, &involved);
        let mut examined = case.report(&incidents, &failed::list(&world, failed), &questions);
        carrier::add(&case, side.as_ref(), &aids.billed, &mut examined);
        assessment::add_cost(&mut examined.report);
        playbook::judge::add(&aids.playbooks, &mut examined.report);
        add_asked(&case, &prepared.pbx, &incidents, &questions, &mut examined);
        let ground = Ground {
            evidence,
            world: &world,
            show: &|citation| case.proof(citation),
            when: &|at| case.when(at),
            clean_since: prepared.clean_since,
        };
        Ok(ask(&ground, examined))
    })
}

/// Adds what the options ask for beside the report, and puts pseudonyms in last.
fn add_asked(
    case: &build::Case<'_>,
    pbx: &Pbx,
    incidents: &[incident::Incident],
    questions: &[confirm::Question],
    examined: &mut Examined,
) {
    let options = case.options;
    if options.redact {
        // What is to be changed on the system, and what it is held against later, is not for sharing.
        let own = own::words(pbx, &examined.report);
        redact::apply(&mut examined.report, &mut examined.story, &own);
        return;
    }
    if options.contain {
        examined.containment = containment::plan(case, incidents, questions, &examined.report);
    }
    if options.keep_secrets {
        keep::keep(case.evidence, pbx, examined);
    }
}

fn read_all<'a>(
    evidence: &'a Evidence,
    prepared: &Prepared<'a>,
    artifacts: &Artifacts,
    rules: &Rules,
    options: &Options,
    progress: &dyn Progress,
) -> Result<(Vec<Told<'a>>, Vec<Read<'a>>, rules::Outcomes), CaseError> {
    let known = Arc::new(known(&prepared.pbx, artifacts));
    let budgets = Budget::WHOLE.shared(&evidence.sources);
    let sinks = rules::Sinks::new(evidence, prepared, rules);
    let tasks = evidence.sources.iter().zip(budgets).map(|(source, budget)| {
        let resolver = prepared.clock.of(source.id).resolver();
        let reader = || readers::reader_for(source, &prepared.pbx, options.machine.as_deref());
        let opened = (source.duplicate_of.is_none()).then(reader).flatten();
        let sink = Fold::new(source, resolver, Arc::clone(&known), prepared.window, budget);
        let sink = (sink, opened.as_ref().and_then(|_| sinks.of(source)));
        Task { source, reader: opened.map(|opened| opened.reader), sink }
    });
    let sparse = !rules.need_every_step();
    let how = How { jobs: threads(options), sparse, piece: scan::PIECE };
    let mut told = Vec::new();
    let mut read = Vec::new();
    let mut fitting = Vec::new();
    for done in scan::scan(evidence, tasks.collect(), how, progress)? {
        let family = family_of(done.source);
        let (fold, of_rules) = done.sink;
        told.push(Told { source: done.source, ledger: fold.finish(), family });
        read.push(Read { source: done.source, coverage: done.coverage });
        fitting.extend(of_rules);
    }
    let outcomes = rules::evaluate(evidence, rules, fitting)?;
    Ok((told, read, outcomes.hide_pins(&prepared.pbx.dialplan.pins)))
}

/// Returns the log, or the folder of records, that a file belongs to.
fn family_of(source: &Source) -> String {
    let path = source.file.path.as_str();
    match (source.kind.word(), path.rsplit_once('/')) {
        // A file for each leg.
        ("freeswitch-cdr-json" | "freeswitch-cdr-xml", Some((folder, _))) => folder.to_owned(),
        _ => family(path),
    }
}

fn known(pbx: &Pbx, artifacts: &Artifacts) -> Known {
    let pages = artifacts.files.iter().filter(|file| file.is_page());
    let bytes = |name: &String| name.as_bytes().to_vec();
    let accounts = pbx.accounts.iter().map(|account| &account.name);
    let trunks = pbx.trunks.iter().map(|trunk| &trunk.name);
    let managers = pbx.manager_users.iter().map(|user| &user.name);
    Known {
        accounts: accounts.chain(trunks.clone()).chain(managers).map(bytes).collect(),
        trunks: trunks.map(bytes).collect(),
        guest_contexts: pbx.guest_contexts.iter().map(bytes).collect(),
        pages: MarkedPages::new(pages.map(|page| page.on_disk.as_str())),
    }
}
