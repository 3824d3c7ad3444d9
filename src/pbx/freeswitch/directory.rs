//! Users of the directory: what can register and call.

use std::collections::{BTreeMap, BTreeSet};

use super::super::model::{Account, Technology};
use super::super::read::Collector;
use super::tree::Text;
use super::{is_true, setting, setting_node};
use crate::event::Citation;
use crate::pbx::secret::{Bearer, Reach, SecretKind, Standing, behind_digest};

/// Users of one configuration.
const MOST_USERS: usize = 200_000;

/// All users that were found.
#[derive(Default)]
pub(super) struct Users(Vec<User>);

struct User {
    id: String,
    domain: Option<String>,
    context: Option<String>,
    display_name: Option<String>,
    secret: Option<Given>,
    pin: Option<Given>,
    is_expanded: bool,
    place: Citation,
}

/// A password and the line that it stands on.
struct Given {
    text: String,
    place: Citation,
    is_digest: bool,
}

impl Users {
    /// Takes in the users of a file.
    pub(super) fn collect(&mut self, text: &Text, root: roxmltree::Node<'_, '_>, texts: &[Text]) {
        for node in root.descendants().filter(|node| node.has_tag_name("user")) {
            // A pointer stands for a user of another group.
            let is_pointer = node.attribute("type") == Some("pointer");
            let Some(id) = node.attribute("id").filter(|id| !id.is_empty() && !is_pointer) else { continue };
            if self.0.len() >= MOST_USERS {
                return;
            }
            let parts = |name: &str| node.children().find(|child| child.has_tag_name(name));
            let (params, variables) = (parts("params"), parts("variables"));
            let param = |name: &str| params.and_then(|params| setting(params, "param", name));
            let variable = |name: &str| variables.and_then(|node| setting(node, "variable", name));
            let may_be_empty = param("allow-empty-password").is_some_and(is_true);
            let given = |name: &str, is_digest: bool| {
                let line = params.and_then(|params| setting_node(params, "param", name))?;
                let value = line.attribute("value")?;
                // A variable that nothing set is no password.
                let is_set = !value.contains("$${");
                is_set.then(|| Given { text: value.to_owned(), place: text.citation(line), is_digest })
            };
            let secret = given("password", false).or_else(|| given("a1-hash", true)).or_else(|| {
                may_be_empty.then(|| Given {
                    text: String::new(),
                    place: text.citation(node),
                    is_digest: false,
                })
            });
            self.0.push(User {
                id: id.to_owned(),
                domain: domain_of(node).or_else(|| domain_of_folder(text, texts)),
                context: variable("user_context").map(str::to_owned),
                display_name: variable("effective_caller_id_name").map(str::to_owned),
                secret,
                pin: given("vm-password", false),
                is_expanded: text.inner.is_empty(),
                place: text.citation(node),
            });
        }
    }

    /// Hands the users over as accounts: by their id, and with the domain where several domains have it.
    pub(super) fn hand_over(self, collector: &mut Collector) {
        let loaded: BTreeSet<String> =
            self.0.iter().filter(|user| user.is_expanded).map(|user| user.id.clone()).collect();
        let users: Vec<User> =
            self.0.into_iter().filter(|user| user.is_expanded || !loaded.contains(&user.id)).collect();
        let mut domains: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for user in &users {
            domains.entry(user.id.clone()).or_default().extend(user.domain.clone());
        }
        let mut seen = BTreeSet::new();
        for user in users {
            let is_shared = domains.get(&user.id).is_some_and(|domains| domains.len() > 1);
            let name = match &user.domain {
                Some(domain) if is_shared => format!("{}@{domain}", user.id),
                _ => user.id.clone(),
            };
            collector.own_addresses(user.domain.iter().filter_map(|domain| domain.parse().ok()));
            if !seen.insert(name.clone()) {
                continue;
            }
            let secret = user.secret.as_ref().map(|given| plain(given, &user.id, user.domain.as_deref()));
            hold(&name, &user, secret.flatten(), collector);
            let secret = secret.flatten().map(str::to_owned);
            let account = Account {
                name,
                technology: Technology::Sofia,
                context: user.context,
                auth_name: is_shared.then_some(user.id),
                display_name: user.display_name,
                secret: None,
                secret_weakness: None,
                permit: Vec::new(),
                place: user.place,
            };
            collector.account(account, secret.as_deref());
        }
    }
}

/// Returns the password as it is typed; of a digest (`MD5(user:domain:password)`) only where everybody tries it.
fn plain<'a>(given: &'a Given, id: &'a str, domain: Option<&str>) -> Option<&'a str> {
    if given.is_digest { behind_digest(id, domain?, &given.text) } else { Some(&given.text) }
}

/// Notes a user's secret and PIN.
fn hold(name: &str, user: &User, secret: Option<&str>, collector: &mut Collector) {
    let bearer = |kind, reach, given: &Given| Bearer {
        kind,
        owner: name.to_owned(),
        other_names: vec![user.id.clone()],
        reach,
        standing: Standing::InForce,
        place: given.place.clone(),
    };
    match (&user.secret, secret) {
        // An account without a secret is noted as such, whatever it is of.
        (Some(_), Some("")) | (None, _) => {}
        (Some(given), Some(secret)) => {
            collector.hold(bearer(SecretKind::Sip, Reach::Anywhere, given), secret);
        }
        (Some(given), None) => {
            collector
                .hold_hidden(bearer(SecretKind::Sip, Reach::Anywhere, given), "MD5 with name and domain");
        }
    }
    if let Some(pin) = &user.pin {
        collector.hold(bearer(SecretKind::Voicemail, Reach::Unknown, pin), &pin.text);
    }
}

fn domain_of(node: roxmltree::Node<'_, '_>) -> Option<String> {
    let domain = node.ancestors().find(|node| node.has_tag_name("domain"))?;
    domain.attribute("name").filter(|name| !name.contains("$${")).map(str::to_owned)
}

/// Returns the domain of a user's file: `directory/default/*.xml` belong to the domain of
/// `directory/default.xml`.
fn domain_of_folder(text: &Text, texts: &[Text]) -> Option<String> {
    let (folder, _) = text.inner.rsplit_once('/')?;
    let wanted = format!("{folder}.xml");
    let holder = texts.iter().find(|text| text.inner == wanted)?;
    let (_, rest) = holder.expanded.split_once("<domain name=\"")?;
    rest.split('"').next().filter(|name| !name.contains("$${")).map(str::to_owned)
}
