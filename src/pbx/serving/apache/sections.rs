//! The directives of one file, sorted by the sections that they stand in.

use super::access::Access;
use crate::event::Citation;
use crate::pbx::address::host_and_port;
use crate::pbx::serving::{Door, Page, PageLine};

/// What a `<Directory>` or `<Location>` says.
#[derive(Clone, Debug)]
pub(super) struct Scope {
    /// The folder, or the path of the URL.
    path: String,
    pub(super) is_location: bool,
    pub(super) access: Access,
    /// Do files in its folders have a say, `AllowOverride`? `None` where it does not tell.
    pub(super) overrides: Option<bool>,
    pub(super) place: Citation,
}

impl Scope {
    /// Returns the folder that it is about; a location's lies below the site's root or an alias.
    pub(super) fn path_in(&self, site: &Site) -> String {
        if !self.is_location {
            return self.path.clone();
        }
        let alias = site.aliases.iter().find_map(|(url, folder)| {
            let rest = self.path.strip_prefix(url.as_str())?;
            (rest.is_empty() || rest.starts_with('/')).then(|| format!("{folder}{rest}"))
        });
        let root = || site.folders.first().map_or("", |(root, _)| root.as_str());
        alias.unwrap_or_else(|| format!("{}{}", root(), self.path))
    }
}

/// One site, or the main server.
#[derive(Clone, Debug, Default)]
pub(super) struct Site {
    /// Where it listens.
    pub(super) doors: Vec<Door>,
    /// `DocumentRoot`, then the folders of aliases.
    pub(super) folders: Vec<(String, Citation)>,
    /// What stands for which folder in URLs.
    aliases: Vec<(String, String)>,
    pub(super) scopes: Vec<Scope>,
}

/// Sections that are open, the innermost last.
enum Open {
    Site(Site),
    Scope(Scope),
    /// `<Files>`, `<DirectoryMatch>`: about other things than a whole folder.
    Other,
    /// `<IfModule>`, `<RequireAny>`: as if it were not there.
    Clear,
}

/// Reads a file into the main server's settings, the sites and the ports listened at.
pub(super) fn read(page: &Page<'_>, main: &mut Site, sites: &mut Vec<Site>, listens: &mut Vec<Door>) {
    let mut open: Vec<Open> = Vec::new();
    for line in page.lines() {
        if let Some(section) = line.text.strip_prefix("</") {
            let _ = section;
            match open.pop() {
                Some(Open::Site(site)) => sites.push(site),
                Some(Open::Scope(scope)) => site_of(&mut open, main).scopes.push(scope),
                _ => {}
            }
        } else if let Some(section) = line.text.strip_prefix('<') {
            open.push(opened(page, &line, section.trim_end_matches('>')));
        } else {
            directive(page, &line, &mut open, main, listens);
        }
    }
}

/// Reads the `.htaccess` of a folder.
pub(super) fn of_folder(page: &Page<'_>, folder: String) -> Scope {
    let mut access = Access::default();
    let mut inner = 0_usize;
    for line in page.lines() {
        let is_clear = ["<IfModule", "<RequireA", "</IfModule", "</RequireA"]
            .iter()
            .any(|tag| line.text.starts_with(tag));
        match line.text {
            _ if is_clear => {}
            text if text.starts_with("</") => inner = inner.saturating_sub(1),
            text if text.starts_with('<') => inner += 1,
            text if inner == 0 => {
                let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
                access.take(&word.to_ascii_lowercase(), rest.trim());
            }
            _ => {}
        }
    }
    Scope { path: folder, is_location: false, access, overrides: None, place: page.cite_word("") }
}

fn opened(page: &Page<'_>, line: &PageLine<'_>, section: &str) -> Open {
    let (word, rest) = section.split_once(char::is_whitespace).unwrap_or((section, ""));
    let rest = rest.trim().trim_matches('"');
    match word.to_ascii_lowercase().as_str() {
        "virtualhost" => {
            let doors = rest.split_whitespace().map(|name| {
                let (host, port) = host_and_port(name);
                Door { address: host.parse().ok(), port: port.unwrap_or(super::PORT) }
            });
            Open::Site(Site { doors: doors.collect(), ..Site::default() })
        }
        word @ ("directory" | "location") if !rest.starts_with('~') => Open::Scope(Scope {
            path: rest.trim_end_matches('/').to_owned(),
            is_location: word == "location",
            access: Access::default(),
            overrides: None,
            place: page.cite(line),
        }),
        "ifmodule" | "ifversion" | "ifdefine" | "requireany" | "requireall" => Open::Clear,
        _ => Open::Other,
    }
}

fn site_of<'s>(open: &'s mut [Open], main: &'s mut Site) -> &'s mut Site {
    let site = open.iter_mut().rev().find_map(|section| match section {
        Open::Site(site) => Some(site),
        _ => None,
    });
    site.unwrap_or(main)
}

fn directive(
    page: &Page<'_>,
    line: &PageLine<'_>,
    open: &mut [Open],
    main: &mut Site,
    listens: &mut Vec<Door>,
) {
    if open.iter().any(|section| matches!(section, Open::Other)) {
        return;
    }
    let (word, rest) = line.text.split_once(char::is_whitespace).unwrap_or((line.text, ""));
    let (word, rest) = (word.to_ascii_lowercase(), rest.trim());
    let scope = open.iter_mut().rev().find_map(|section| match section {
        Open::Scope(scope) => Some(scope),
        _ => None,
    });
    if let Some(scope) = scope {
        match word.as_str() {
            "allowoverride" => scope.overrides = Some(!rest.eq_ignore_ascii_case("none")),
            _ => scope.access.take(&word, rest),
        }
        return;
    }
    let folder = |text: &str| text.trim_matches('"').trim_end_matches('/').to_owned();
    match word.as_str() {
        "listen" => {
            let text = rest.split_whitespace().next().unwrap_or_default();
            let (host, port) = match text.parse() {
                Ok(port) => ("", Some(port)),
                Err(_) => host_and_port(text),
            };
            listens.push(Door { address: host.parse().ok(), port: port.unwrap_or(super::PORT) });
        }
        "documentroot" => {
            let site = site_of(open, main);
            site.folders.insert(0, (folder(rest), page.cite(line)));
        }
        "alias" => {
            let mut words = rest.split_whitespace();
            if let (Some(url), Some(path)) = (words.next(), words.next()) {
                let site = site_of(open, main);
                site.aliases.push((folder(url), folder(path)));
                site.folders.push((folder(path), page.cite(line)));
            }
        }
        _ => {}
    }
}
