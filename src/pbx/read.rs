//! One pass over everything that the configuration, phone files and the database say.
//!
//! Only the live configuration directory decides accounts; see [`super::directory`].

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::directory::Directory;
use super::language::{Document, Loader, Part};
use super::model::{Account, ManagerUser, Pbx, Problem, SecretStrength, Technology, Trunk};
use super::secret::{Bearer, Book, Reach, Secret, SecretKind, Secrets, Standing, places};
use super::{
    access, backup_manifest, call_records, connections, dialplan, file_servers, freeswitch, host_users, iax,
    internal_database, listeners, log_rotation, logger, manager, modules, phone, pjsip, pjsip_wizard, proxy,
    saved_output, serving, settings, sip, tables, users,
};
use crate::event::SourceId;
use crate::evidence::Evidence;

/// Each is compared with each section: no server registers with more carriers.
const MOST_REGISTRATIONS: usize = 1_000;

/// Reads all configuration, phone files and internal databases of the evidence.
pub fn read(evidence: &Evidence) -> Pbx {
    let mut collector = Collector::new(evidence);
    let tables = tables::Found::gather(evidence);
    if let Some(directory) = Directory::find(evidence) {
        read_directory(evidence, &directory, tables.has_realtime(), &mut collector);
    }
    freeswitch::read_all(evidence, &mut collector);
    proxy::read_all(evidence, &mut collector);
    internal_database::read_all(evidence, &mut collector.pbx);
    freeswitch::read_registrations(evidence, &mut collector.pbx);
    saved_output::read_all(evidence, &mut collector.pbx);
    connections::read_all(evidence, &mut collector.pbx);
    tables.collect(&Lists { access: None, modules: None }, &mut collector);
    backup_manifest::read_all(evidence, &mut collector);
    places::panel_files::gather_all(evidence, &mut collector);
    places::panel_database::gather_all(evidence, &mut collector);
    file_servers::read_all(evidence, &mut collector.pbx);
    serving::read_all(evidence, &mut collector.pbx);
    host_users::read_all(evidence, &mut collector);
    collector.pbx.fail2ban = crate::fail2ban::read(evidence);
    collector.pbx.rotations = log_rotation::read_all(evidence);
    collector.pbx.has_panel = settings::has_panel(evidence);
    settings::read_files(evidence, &mut collector.pbx.settings);
    settings::of_panel(&collector.pbx.panel, &mut collector.pbx.settings);
    phone::read_all(evidence, &collector.secrets, &mut collector.pbx);
    phone::made::add(std::mem::take(&mut collector.makers), &collector.secrets, &mut collector.pbx);
    phone::pages::gather_all(evidence, &mut collector);
    collector.finish()
}

/// Files that several drivers ask.
pub(super) struct Lists<'a> {
    /// `acl.conf`.
    pub(super) access: Option<&'a Document>,
    modules: Option<&'a Document>,
}

impl Lists<'_> {
    /// Returns whether a module is loaded.
    pub(super) fn is_loaded(&self, module: &str) -> bool {
        modules::is_loaded(self.modules, module)
    }
}

/// What has been found so far, and the secrets that never leave.
pub(super) struct Collector {
    /// What is handed out at the end.
    pub(super) pbx: Pbx,
    secrets: Secrets,
    book: Book,
    late_trunks: Vec<Trunk>,
    makers: Vec<phone::made::Maker>,
    paths: BTreeMap<SourceId, String>,
}

impl Collector {
    fn new(evidence: &Evidence) -> Self {
        let paths = evidence.sources.iter().map(|source| (source.id, source.file.path.clone())).collect();
        Collector {
            pbx: Pbx::default(),
            secrets: Secrets::default(),
            book: Book::default(),
            late_trunks: Vec::new(),
            makers: Vec::new(),
            paths,
        }
    }

    /// Adds an account; `secret` is `None` where no file tells it.
    pub(super) fn account(&mut self, mut account: Account, secret: Option<&str>) {
        if let Some(secret) = secret.map(Secret::new) {
            let auth_name = account.auth_name.as_deref().unwrap_or_default();
            let (strength, weakness) = secret.weigh(&[&account.name, auth_name]);
            account.secret = Some(strength);
            account.secret_weakness = weakness;
            self.secrets.learn(&account.name, &secret);
            if !auth_name.is_empty() {
                self.secrets.learn(auth_name, &secret);
            }
        }
        self.pbx.accounts.push(account);
    }

    /// Notes a secret as it is typed; what only stands for one is passed over.
    pub(super) fn hold(&mut self, bearer: Bearer, secret: &str) {
        self.book.hold(bearer, secret);
    }

    /// Notes an unsalted hash of a secret.
    pub(super) fn hold_digest(&mut self, bearer: Bearer, digest: &str) {
        self.book.hold_digest(bearer, digest);
    }

    /// Notes a salted MD5 of a secret.
    pub(super) fn hold_salted(&mut self, bearer: Bearer, salt: &str, digest: &str) {
        self.book.hold_salted(bearer, salt, digest);
    }

    /// Notes a secret that cannot be weighed; `form` says in which form it stands, and where.
    pub(super) fn hold_hidden(&mut self, bearer: Bearer, form: &str) {
        self.book.hold_hidden(bearer, form);
    }

    /// Notes a slow hash of a secret.
    pub(super) fn hold_slow(&mut self, bearer: Bearer, hash: &str, table: &str) {
        self.book.hold_slow(bearer, hash, table);
    }

    /// Notes a secret that was in force before the one that is.
    pub(super) fn hold_older(&mut self, bearer: Bearer, secret: &str) {
        self.book.hold_older(bearer, secret);
    }

    /// Adds a user of the manager interface.
    pub(super) fn manager_user(&mut self, mut user: ManagerUser, secret: &str) {
        user.secret = Some(Secret::new(secret).weigh(&[&user.name]).0);
        self.pbx.manager_users.push(user);
    }

    /// Adds a trunk.
    pub(super) fn trunk(&mut self, trunk: Trunk) {
        self.pbx.trunks.push(trunk);
    }

    /// Adds a trunk that only a `register` line tells of, unless a section has its host as well.
    pub(super) fn late_trunk(&mut self, trunk: Trunk) {
        if self.late_trunks.len() < MOST_REGISTRATIONS {
            self.late_trunks.push(trunk);
        }
    }

    /// Adds a program that makes phone files when a phone asks.
    pub(super) fn maker(&mut self, maker: phone::made::Maker) {
        self.makers.push(maker);
    }

    /// Adds a context that callers without an account reach.
    pub(super) fn guest_context(&mut self, context: &str) {
        if !self.pbx.guest_contexts.iter().any(|held| held == context) {
            self.pbx.guest_contexts.push(context.to_owned());
        }
    }

    /// Notes whether one driver lets guests in; one that does is enough.
    pub(super) fn allow_guest(&mut self, allowed: bool) {
        self.pbx.allow_guest = Some(allowed || self.pbx.allow_guest == Some(true));
    }

    /// Adds addresses of the server itself; the unspecified one says nothing.
    pub(super) fn own_addresses(&mut self, addresses: impl Iterator<Item = IpAddr>) {
        self.pbx.own_addresses.extend(addresses.filter(|address| !address.is_unspecified()));
    }

    /// Returns `path:line` of a source.
    pub(super) fn path_of(&self, source: SourceId, line: u32) -> String {
        let path = self.paths.get(&source).map(String::as_str).unwrap_or_default();
        format!("{path}:{line}")
    }

    /// Puts all in order.
    fn finish(mut self) -> Pbx {
        for late in std::mem::take(&mut self.late_trunks) {
            let same = |held: &&Trunk| {
                held.technology == late.technology
                    && (late.hosts.contains(&held.name)
                        || held.hosts.iter().any(|host| late.hosts.contains(host))
                        || held.networks.iter().any(|network| late.networks.contains(network)))
            };
            if !self.pbx.trunks.iter().any(|held| same(&held)) {
                self.pbx.trunks.push(late);
            }
        }
        hold_missing(&self.pbx.accounts, &mut self.book);
        self.book.try_slow();
        let mut pbx = self.pbx;
        if self.book.beyond() > 0 {
            let what = format!("{} more secrets were not weighed", self.book.beyond());
            pbx.problems.push(Problem { path: "configuration".to_owned(), what });
        }
        let problem = |what| Problem { path: "configuration".to_owned(), what };
        pbx.problems.extend(self.book.not_weighed().map(problem));
        pbx.secret_values = self.book.values();
        pbx.held_secrets = self.book.finish();
        let shared = self.secrets.shared();
        let fair = pbx.accounts.iter_mut().filter(|account| account.secret == Some(SecretStrength::Fair));
        for account in fair.filter(|account| shared.contains(account.name.as_str())) {
            account.secret = Some(SecretStrength::Weak);
            account.secret_weakness = Some("the same as that of other accounts");
        }
        pbx.accounts.sort_by(|left, right| {
            (&left.name, left.technology, &left.place).cmp(&(&right.name, right.technology, &right.place))
        });
        pbx.trunks.sort_by(|left, right| {
            (&left.name, left.technology, &left.place).cmp(&(&right.name, right.technology, &right.place))
        });
        pbx.manager_users.sort_by(|left, right| (&left.name, &left.place).cmp(&(&right.name, &right.place)));
        pbx.own_addresses.sort();
        pbx.own_addresses.dedup();
        pbx
    }
}

/// Notes the accounts that need no secret.
fn hold_missing(accounts: &[Account], book: &mut Book) {
    // FreePBX's endpoint for phones that ask for their settings: its calls enter a context that leads nowhere.
    let is_stock = |account: &&Account| account.context.as_deref() == Some("dpma-invalid");
    let open = accounts.iter().filter(|account| account.secret == Some(SecretStrength::None));
    for account in open.filter(|account| !is_stock(account)) {
        let kind = match account.technology {
            Technology::Pjsip => SecretKind::Pjsip,
            Technology::Iax2 => SecretKind::Iax,
            Technology::Sip | Technology::Sofia | Technology::Proxy => SecretKind::Sip,
        };
        let bearer = Bearer {
            kind,
            owner: account.name.clone(),
            other_names: Vec::new(),
            reach: if account.permit.is_empty() { Reach::Anywhere } else { Reach::Listed },
            standing: Standing::InForce,
            place: account.place.clone(),
        };
        book.hold(bearer, "");
    }
}

fn read_directory(
    evidence: &Evidence,
    directory: &Directory<'_>,
    has_realtime: bool,
    collector: &mut Collector,
) {
    let mut loader = Loader::new(directory);
    let modules = loader.load("modules.conf", &[]);
    let access = loader.load("acl.conf", &[]);
    let lists = Lists { access: access.as_ref(), modules: modules.as_ref() };
    let drivers: [(&str, &[_], Driver); 6] = [
        ("sip.conf", sip::PARTS, sip::collect),
        ("users.conf", &[], users::collect),
        ("pjsip.conf", pjsip::PARTS, pjsip::collect),
        ("pjsip_wizard.conf", &[], pjsip_wizard::collect),
        ("iax.conf", iax::PARTS, iax::collect),
        ("manager.conf", manager::PARTS, manager::collect),
    ];
    for (name, parts, collect) in drivers {
        if let Some(document) = loader.load(name, parts) {
            collect(&document, &lists, collector);
            if settings::module_of(name).is_none_or(|module| lists.is_loaded(module)) {
                settings::of_document(name, &document, &mut collector.pbx.settings);
                listeners::of_document(name, &document, &mut collector.pbx.listeners);
                access::faults(&document, &mut collector.pbx.access_faults);
            }
            places::gather(name, &document, Standing::InForce, &lists, collector);
        }
    }
    for (name, parts) in places::OTHER_FILES {
        if let Some(document) = loader.load(name, parts) {
            settings::of_document(name, &document, &mut collector.pbx.settings);
            places::gather(name, &document, Standing::InForce, &lists, collector);
        }
    }
    if let Some(document) = loader.load("logger.conf", logger::PARTS) {
        logger::collect(&document, collector);
    }
    read_call_records(&mut loader, collector);
    for (name, parts) in [("http.conf", HTTP_PARTS), ("ari.conf", ARI_PARTS)] {
        if let Some(document) = loader.load(name, parts) {
            settings::of_document(name, &document, &mut collector.pbx.settings);
            listeners::of_document(name, &document, &mut collector.pbx.listeners);
        }
    }
    collector.makers.extend(phone::made::phoneprov::read(evidence, directory, &lists));
    dialplan::read(&mut loader, collector);
    let asterisk = loader.load("asterisk.conf", &[]);
    if let Some(document) = &asterisk {
        settings::of_document("asterisk.conf", document, &mut collector.pbx.settings);
    }
    let name = asterisk.as_ref().and_then(|document| document.last("options", "systemname"));
    collector.pbx.system_name = name.filter(|name| !name.is_empty()).map(str::to_owned);
    let tones = loader.load("indications.conf", &[]);
    let zone = tones.as_ref().and_then(|document| document.last("general", "country"));
    collector.pbx.tone_zone = zone.filter(|zone| !zone.is_empty()).map(str::to_owned);
    if !has_realtime {
        read_realtime(&mut loader, collector);
    }
    places::old_copies::gather_all(evidence, directory, &mut loader, &lists, collector);
    let rest: Vec<&str> = directory.own_files().filter(|path| !loader.visited.contains(*path)).collect();
    for path in rest {
        loader.skim(path);
    }
    collector.pbx.unread.extend(loader.take_unread());
    collector.pbx.problems.extend(loader.take_problems());
}

/// What FreePBX puts into Asterisk's web server and ARI, where their own files are missing.
pub(super) const HTTP_PARTS: &[Part] =
    &[(Some("general"), "http_additional.conf"), (Some("general"), "http_custom.conf")];
const ARI_PARTS: &[Part] = &[(Some("general"), "ari_general_additional.conf"), (None, "ari_additional.conf")];

type Driver = fn(&Document, &Lists<'_>, &mut Collector);

fn read_call_records(loader: &mut Loader<'_>, collector: &mut Collector) {
    let mut load = |name| loader.load(name, &[]);
    let (cdr, cdr_custom) = (load("cdr.conf"), load("cdr_custom.conf"));
    let (cel, cel_custom) = (load("cel.conf"), load("cel_custom.conf"));
    collector.pbx.call_records =
        call_records::settings(cdr.as_ref(), cdr_custom.as_ref(), cel.as_ref(), cel_custom.as_ref());
}

/// Says where accounts lie in a database, which no file here tells.
fn read_realtime(loader: &mut Loader<'_>, collector: &mut Collector) {
    let Some(document) = loader.load("extconfig.conf", &[]) else { return };
    for setting in document.named("settings").flat_map(|section| &section.settings) {
        let family = setting.name.to_ascii_lowercase();
        if ["sippeers", "sipusers", "iaxpeers", "iaxusers", "ps_endpoints", "ps_auths"]
            .contains(&family.as_str())
        {
            let path = collector.path_of(setting.place.source, setting.place.line);
            let what =
                format!("{family} are kept in a database: accounts that stand only there are not known");
            collector.pbx.problems.push(Problem { path, what });
        }
    }
}
