//! What is true of a staged case, and comparing a report with it.

use std::collections::BTreeSet;
use std::path::Path;

use tolltrace::case::{self, Options, Progress};
use tolltrace::evidence::Evidence;
use tolltrace::report::model::{Incident, Report};

use super::stage::Stage;
use crate::scratch::Scratch;

/// One intrusion.
#[derive(Default)]
pub(crate) struct Truth {
    /// Words of vectors that are right.
    pub(crate) vectors: Vec<&'static str>,
    pub(crate) accounts: Vec<&'static str>,
    /// Address and roles, in the order of their words.
    pub(crate) sources: Vec<(String, &'static str)>,
    /// Ids of the fraudulent calls.
    pub(crate) calls: Vec<String>,
}

struct Silent;

impl Progress for Silent {
    fn begin(&self, _: u64) {}
    fn advance(&self, _: &str, _: u64) {}
    fn end(&self) {}
}

/// Writes the case to a folder and examines it.
pub(crate) fn examine(stage: &mut Stage) -> Report {
    examine_with(stage, &Options::default())
}

pub(crate) fn examine_with(stage: &mut Stage, options: &Options) -> Report {
    let scratch = Scratch::new();
    stage.write(&scratch);
    examine_folder(scratch.path(), options)
}

/// Examines what lies in a folder.
pub(crate) fn examine_folder(folder: &Path, options: &Options) -> Report {
    let evidence = Evidence::gather(&[folder.to_owned()]).unwrap();
    let options = Options { no_hash: true, jobs: 1, ..options.clone() };
    let report = case::examine(&evidence, &options, &Silent).unwrap().report;
    if std::env::var_os("SHOW_REPORT").is_some() {
        eprintln!("{}", serde_json::to_string_pretty(&report.incidents).unwrap());
    }
    report
}

/// Compares a report with the truth; `failed` are the addresses that tried and got nothing.
pub(crate) fn compare(report: &Report, truths: &[Truth], failed: &[&str]) {
    let mut wrong = Vec::new();
    if report.incidents.len() != truths.len() {
        wrong.push(format!("{} incidents instead of {}", report.incidents.len(), truths.len()));
        wrong.extend(report.incidents.iter().map(|incident| incident.title.clone()));
    }
    for (incident, truth) in report.incidents.iter().zip(truths) {
        compare_incident(incident, truth, &mut wrong);
    }
    let listed: BTreeSet<String> =
        report.failed_attackers.iter().map(|attacker| attacker.address.to_string()).collect();
    let wanted: BTreeSet<String> = failed.iter().map(|address| (*address).to_owned()).collect();
    for (what, these) in [
        ("failed attackers not listed", wanted.difference(&listed).take(9).collect::<Vec<_>>()),
        ("innocents listed as attackers", listed.difference(&wanted).take(9).collect()),
    ] {
        if !these.is_empty() {
            wrong.push(format!("{what}: {these:?}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

fn compare_incident(incident: &Incident, truth: &Truth, wrong: &mut Vec<String>) {
    let vector = incident.entry.vector.word();
    if !truth.vectors.contains(&vector) {
        wrong.push(format!("vector {vector} ({:?}), known {:?}", incident.entry.because, truth.vectors));
    }
    let accounts: Vec<String> =
        incident.accounts.iter().map(|account| account.name.raw().to_string()).collect();
    if accounts != truth.accounts {
        wrong.push(format!("accounts {accounts:?}, known {:?}", truth.accounts));
    }
    let sources: BTreeSet<(String, String)> = incident
        .sources
        .iter()
        .map(|source| {
            let mut roles: Vec<&str> = source.roles.iter().map(|role| role.word()).collect();
            roles.sort_unstable();
            (source.address.to_string(), roles.join(" "))
        })
        .collect();
    let known: BTreeSet<(String, String)> =
        truth.sources.iter().map(|(address, roles)| (address.clone(), (*roles).to_owned())).collect();
    if sources != known {
        wrong.push(format!(
            "sources too many {:?}, missing {:?}",
            sources.difference(&known).take(9).collect::<Vec<_>>(),
            known.difference(&sources).take(9).collect::<Vec<_>>()
        ));
    }
    let calls: BTreeSet<String> = incident
        .calls
        .iter()
        .map(|call| call.uniqueid.as_ref().map(|id| id.raw().to_string()).unwrap_or_default())
        .collect();
    let known: BTreeSet<String> = truth.calls.iter().cloned().collect();
    if calls != known || incident.calls.len() != truth.calls.len() {
        wrong.push(format!(
            "calls {} of {}: blamed {:?}, missed {:?}",
            incident.calls.len(),
            known.len(),
            calls.difference(&known).take(5).collect::<Vec<_>>(),
            known.difference(&calls).take(5).collect::<Vec<_>>()
        ));
    }
}
