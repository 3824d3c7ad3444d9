//! Rival ways in, each weighed for and against.
//!
//! What is absent counts only where its source is there: no failure in a log that shows failures speaks
//! against a guess; without such a log it is unknown, and that is said.

use std::net::IpAddr;

use super::breach::Breach;
use super::guessing::Guessing;
use super::leaks::{self, Leak};
use super::world::World;
use crate::event::{Citation, Instant, Service};
use crate::pbx::SecretStrength;
use crate::report::document::counted;
use crate::report::model::{Likelihood, Vector};

/// One way in, weighed.
#[derive(Clone, Debug)]
pub struct Weighed {
    /// The way.
    pub vector: Vector,
    /// Points.
    pub score: i32,
    /// What speaks for it.
    pub because: Vec<String>,
    /// What speaks against it, or cannot be known.
    pub against: Vec<String>,
    /// Lines.
    pub proof: Vec<Citation>,
}

/// How long logs must have watched before a use for their silence to mean anything.
const WATCHED_SECONDS: i64 = 86_400;

/// What the logs can say of the time before a use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Watch {
    /// They cover it.
    Covered,
    /// They begin this many seconds before.
    Short(i64),
    /// No log shows logins.
    Blind,
}

fn watch(world: &World<'_>, at: Instant) -> Watch {
    match world.watched_since() {
        None => Watch::Blind,
        Some(since) if at.seconds_since(since) >= WATCHED_SECONDS => Watch::Covered,
        Some(since) => Watch::Short(at.seconds_since(since).max(0)),
    }
}

fn span(seconds: i64) -> String {
    crate::report::document::duration(seconds.max(0) as u64)
}

/// Weighs the ways into an account, best first.
pub fn weigh(world: &World<'_>, breach: &Breach, guessing: &Guessing, leaks: &[Leak]) -> Vec<Weighed> {
    let mut ways = vec![
        password_guess(world, breach, guessing),
        provisioning_leak(world, breach, leaks),
        default_credential(world, breach, guessing),
        stolen_credential(world, breach, guessing, leaks),
    ];
    ways.extend(super::rivals::further(world, breach));
    ways.extend(unknown(world, breach));
    ways.sort_by_key(|way| (std::cmp::Reverse(way.score), way.vector));
    ways
}

/// Where the evidence cannot tell, that is an answer too.
fn unknown(world: &World<'_>, breach: &Breach) -> Option<Weighed> {
    let is_blind = watch(world, breach.first) == Watch::Blind;
    let because = if is_blind && breach.address.is_some() {
        "no log tells what was tried before the account was used"
    } else if is_blind {
        "no log tells who used the account, from where, or what was tried before"
    } else if breach.from_the_start {
        "the intruder was there already when the evidence begins"
    } else if breach.address.is_none() {
        "no record tells from where the account was used"
    } else {
        return None;
    };
    let because = vec![because.to_owned()];
    let score = if is_blind { 4 } else { 3 };
    Some(Weighed { vector: Vector::Unknown, score, because, against: Vec::new(), proof: Vec::new() })
}

/// Turns the points of a way that is not the best into a likelihood: where its source is missing it
/// remains possible.
pub fn rival_likelihood(best: i32, score: i32) -> Likelihood {
    let is_far = best - score >= 6 && score < 3;
    if score < 0 || is_far { Likelihood::Unlikely } else { Likelihood::Possible }
}

/// Returns the word before a way in that says how sure it is, none where it is as good as proven.
pub fn hedge(likelihood: Likelihood) -> &'static str {
    match likelihood {
        Likelihood::AlmostCertain => "",
        Likelihood::Likely => "probably ",
        Likelihood::Possible | Likelihood::Unlikely => "possibly ",
    }
}

/// Returns how likely the first of the ways in is, which stand best first.
pub(super) fn likelihood_of_best(ways: &[Weighed]) -> Likelihood {
    let score = |index: usize| ways.get(index).map_or(0, |way| way.score);
    likelihood(score(0), score(1), score(0))
}

/// Turns points into a likelihood.
pub fn likelihood(best: i32, second: i32, score: i32) -> Likelihood {
    if score == best {
        match best - second {
            _ if best < 2 => Likelihood::Possible,
            4.. if best >= 6 => Likelihood::AlmostCertain,
            2.. => Likelihood::Likely,
            _ => Likelihood::Possible,
        }
    } else if score >= 3 {
        Likelihood::Possible
    } else {
        Likelihood::Unlikely
    }
}

fn password_guess(world: &World<'_>, breach: &Breach, guessing: &Guessing) -> Weighed {
    let mut way =
        Weighed { vector: Vector::PasswordGuess, score: 0, because: vec![], against: vec![], proof: vec![] };
    seen_guesses(breach, guessing, &mut way);
    if strength(world, &breach.account) == Some(SecretStrength::Weak) {
        way.score += 1;
        way.because.push(format!("the secret of {} is weak", show(&breach.account)));
    }
    if guessing.tries == 0 && was_counted(world, breach) {
        way.score += 5;
        way.because.push(
            "the server's table of challenges counts a login by a program that guesses, shortly before the first use"
                .into(),
        );
        way.proof.extend(world.pbx.login_counts.iter().map(|counts| counts.place.clone()));
    }
    if guessing.is_blurred() {
        way.score += if guessing.unpaired >= 5 { 2 } else { 0 };
        way.because.extend((guessing.unpaired > 0).then(|| unpaired(breach, guessing)));
        way.against.push("whether the intruder was among those who tried cannot be told".into());
    } else if guessing.tries == 0 {
        no_guess_seen(world, breach, &mut way);
    }
    if guessing.tries == 0 && guessing.strangers > 0 {
        way.against.push(strangers(breach, guessing));
    }
    let tried = guessing.guessers.iter().filter_map(|address| world.failures(*address, &breach.account));
    way.proof.extend(tried.flat_map(|tried| tried.lines.iter().take(2).cloned()));
    way.proof.truncate(6);
    way
}

/// What the wrong secrets that were seen say for a guess.
fn seen_guesses(breach: &Breach, guessing: &Guessing, way: &mut Weighed) {
    if guessing.tries == 0 {
        return;
    }
    way.score += if guessing.tries >= 5 { 3 } else { 1 };
    let who = if guessing.distributed {
        format!("{} addresses with a few tries each", guessing.guessers.len())
    } else {
        addresses(&guessing.guessers)
    };
    way.because.push(format!(
        "{} wrong secrets for {} before the first success, from {who}",
        guessing.tries,
        show(&breach.account)
    ));
    if guessing.own && guessing.tries >= 5 {
        way.score += 3;
        way.because.push("the address that got in had guessed at this very account".into());
    }
    if guessing.ended {
        way.score += 1;
        way.because.push("the guessing stopped when the account was used".into());
    }
}

/// What it means that no wrong secret of the intruder was seen: it depends on who keeps a log.
fn no_guess_seen(world: &World<'_>, breach: &Breach, way: &mut Weighed) {
    let (score, against) = match watch(world, breach.first) {
        Watch::Blind => (0, "no source here shows failed logins, so guessing cannot be seen".to_owned()),
        Watch::Short(seconds) => (-1, format!("no wrong secret from the intruder, but {}", begins(seconds))),
        Watch::Covered => {
            (-2, "no wrong secret from the intruder, though failed logins are logged".to_owned())
        }
    };
    way.score += score;
    way.against.push(against);
}

/// Says how long before the first use the logs begin.
fn begins(seconds: i64) -> String {
    match seconds {
        0 => "the logs begin with the first use".to_owned(),
        seconds => format!(
            "the logs begin {} before the first use, and what was earlier is not known",
            span(seconds)
        ),
    }
}

/// Returns whether FreeSWITCH counted a guessing program's login that may have led to the breach: a nonce lapses a
/// minute, and the up to an hour that the client asked for, after the login.
fn was_counted(world: &World<'_>, breach: &Breach) -> bool {
    const LONGEST_SECONDS: i64 = 60 + 3_600;
    let lapses = world.pbx.login_counts.iter().filter_map(|counts| counts.tool_expires);
    lapses.into_iter().any(|lapses| {
        breach.first >= lapses.plus_seconds(-LONGEST_SECONDS) && breach.first <= lapses.plus_seconds(86_400)
    })
}

fn provisioning_leak(world: &World<'_>, breach: &Breach, leaks: &[Leak]) -> Weighed {
    let mut way = Weighed {
        vector: Vector::ProvisioningLeak,
        score: 0,
        because: vec![],
        against: vec![],
        proof: vec![],
    };
    if let Some(leak) = leaks.first() {
        way.score += if leak.is_answered { 5 } else { 3 };
        let verb = if leak.is_answered { "was given" } else { "asked for" };
        way.because.push(format!(
            "{} {verb} {} by {}, which holds the secret of {}, {} before the first use",
            leak.address,
            show(&leak.file),
            leak.protocol(),
            show(&leak.account),
            crate::report::document::duration(breach.first.seconds_since(leak.at).max(0) as u64),
        ));
        if !leak.is_answered {
            way.against.push("whether it was given that file is not in the log, which ends there".into());
        }
        if leak.is_live == Some(true) {
            way.score += 1;
            way.because.push("the secret in that file is the one the server accepts".into());
        }
        if leak.absent_names >= 5 {
            way.score += 1;
            way.because.push(format!(
                "the same address asked for {} files that are not there: it walked names",
                leak.missing
            ));
        }
        way.proof.extend(leaks.iter().take(3).map(|leak| leak.line.clone()));
        if leak.is_live == Some(false) {
            way.score -= 3;
            way.against.push("the secret in that file is not the one the server accepts now".into());
        }
    } else {
        no_leak_seen(world, breach, &mut way);
    }
    way
}

/// What it means that nobody outside was seen to fetch the file: it depends on who keeps a log.
fn no_leak_seen(world: &World<'_>, breach: &Breach, way: &mut Weighed) {
    let untold = leaks::untold_before(world, &breach.account, breach.first);
    if let Some((address, files)) = untold.first() {
        let more = match untold.len() as u64 - 1 {
            0 => String::new(),
            others => format!(", and so it is with {}", counted(others, "other address")),
        };
        way.against.push(format!("{address} {}{more}", leaks::say_untold(files)));
        way.proof.extend(leaks::lines_of(files).take(3));
        return;
    }
    let logged = world.logged_services();
    if logged.is_empty() {
        way.against.push(
            "no source here shows who fetched phone files, so a leak cannot be seen or ruled out".into(),
        );
        return;
    }
    if !logged.contains(&Service::Tftp) {
        way.against.push(
            "nobody outside is seen to have been given this account's phone file, but reads by TFTP are not \
             logged here, so a leak cannot be ruled out"
                .into(),
        );
        return;
    }
    way.score -= 1;
    let since = world.fetches.values().filter_map(|client| client.first).min();
    way.against.push(match since.map(|since| breach.first.seconds_since(since)) {
        Some(seconds) if seconds >= WATCHED_SECONDS => {
            way.score -= 1;
            "fetches of phone files are logged, and nobody outside was given this account's".into()
        }
        _ => "fetches of phone files are logged, but not for long before the first use".into(),
    });
}

fn default_credential(world: &World<'_>, breach: &Breach, guessing: &Guessing) -> Weighed {
    let mut way = Weighed {
        vector: Vector::DefaultCredential,
        score: 0,
        because: vec![],
        against: vec![],
        proof: vec![],
    };
    match strength(world, &breach.account) {
        Some(SecretStrength::Default | SecretStrength::None) => {
            way.score += 5;
            way.because.push(format!(
                "the secret of {} is its name or one that everybody tries first",
                show(&breach.account)
            ));
            if guessing.tries <= 3 {
                way.score += 2;
                way.because.push(match guessing.tries {
                    0 => "no wrong try of the intruder's came before".to_owned(),
                    1 => "it was found after 1 wrong try".to_owned(),
                    tries => format!("it was found after {tries} wrong tries"),
                });
            } else {
                way.against.push(format!("{} wrong secrets were tried first", guessing.tries));
            }
        }
        Some(_) => {
            way.score -= 3;
            way.against.push("the secret in the configuration is no default".into());
        }
        None => way.against.push("the account's secret is not in the evidence".into()),
    }
    way
}

fn stolen_credential(world: &World<'_>, breach: &Breach, guessing: &Guessing, leaks: &[Leak]) -> Weighed {
    let mut way = Weighed {
        vector: Vector::StolenCredential,
        score: 2,
        because: vec![],
        against: vec![],
        proof: vec![],
    };
    let watched = watch(world, breach.first);
    if guessing.own {
        way.score -= 2;
        way.against.push("the address that got in tried wrong secrets first".into());
    } else if breach.address.is_some() && watched != Watch::Blind {
        way.score += 1;
        way.because.push("the secret was right at the first try from the address that used it".into());
    } else {
        way.because.push("the calls bear the account's name, which takes its secret".into());
        way.against.push("no record tells from where the account was used".into());
    }
    match watched {
        _ if guessing.tries > 0 => {}
        _ if guessing.is_blurred() => way.against.push(if guessing.unpaired > 0 {
            format!("whether the secret was guessed cannot be told: {}", unpaired(breach, guessing))
        } else {
            "whether the secret was guessed cannot be told: more names were tried than can be told apart"
                .into()
        }),
        Watch::Covered => {
            way.score += 1;
            way.because.push(if guessing.strangers > 0 {
                strangers(breach, guessing)
            } else {
                "nobody guessed at the account in these logs before".into()
            });
        }
        Watch::Short(seconds) => {
            way.because.push(format!(
                "nobody who belongs to the intruder guessed at the account in the {} that the logs show before",
                span(seconds)
            ));
            way.against.push("what was before that cannot be known".into());
        }
        Watch::Blind => way.against.push("whether the secret was guessed cannot be known".into()),
    }
    if let Some(leak) = leaks.first() {
        way.score -= 2;
        let verb = if leak.is_answered { "was given" } else { "asked for" };
        way.against.push(format!("these logs show a stranger who {verb} a file with the secret before"));
    }
    if strength(world, &breach.account) == Some(SecretStrength::Fair) {
        way.score += 1;
        way.because.push("the secret is not one that is guessed".into());
    }
    way
}

fn unpaired(breach: &Breach, guessing: &Guessing) -> String {
    format!(
        "{} wrong secrets for {} before the first use came from addresses too many to be told apart",
        guessing.unpaired,
        show(&breach.account)
    )
}

fn strangers(breach: &Breach, guessing: &Guessing) -> String {
    format!(
        "{} wrong secrets for {} from {} other addresses, none of which has to do with whoever used it",
        guessing.strangers_tries,
        show(&breach.account),
        guessing.strangers
    )
}

/// Returns how strong an account's secret is, as far as the configuration tells.
pub fn strength(world: &World<'_>, account: &str) -> Option<SecretStrength> {
    world.pbx.accounts.iter().find(|known| known.name == account).and_then(|known| known.secret)
}

fn addresses(all: &[IpAddr]) -> String {
    let mut shown: Vec<String> = all.iter().take(3).map(IpAddr::to_string).collect();
    if all.len() > 3 {
        shown.push(format!("{} more", all.len() - 3));
    }
    shown.join(", ")
}

fn show(text: &str) -> String {
    crate::untrusted::visible(text)
}
