//! Every indicator is held against its own examples.

use std::collections::BTreeSet;

use super::{FILES, Indicator, Kind, all, decoded, load, of_request};

fn fits(indicator: &Indicator, example: &str) -> bool {
    if indicator.kind != Kind::Request {
        return indicator.fits(example.as_bytes());
    }
    let (method, target) = example.split_once(' ').unwrap_or(("", example));
    let request = decoded(method.as_bytes(), target.as_bytes());
    let places = of_request(&request);
    places.iter().filter_map(|place| all().get(*place)).any(|found| found.id == indicator.id)
}

#[test]
fn every_file_is_read_and_no_campaign_is_empty() {
    for (name, text) in FILES {
        let read = load::campaign(text).map_err(|error| format!("{name}: {error}"));
        assert!(read.as_ref().is_ok_and(|read| !read.is_empty()), "{name}: {read:?}");
    }
}

#[test]
fn ids_are_the_campaigns_and_stand_once() {
    let mut seen = BTreeSet::new();
    for indicator in all() {
        assert!(seen.insert(&indicator.id), "{} stands twice", indicator.id);
        assert!(indicator.id.starts_with(&format!("{}-", indicator.campaign)), "{}", indicator.id);
        assert!(!indicator.says.is_empty() && !indicator.source.is_empty(), "{}", indicator.id);
        assert!(!indicator.written.is_empty(), "{} has no pattern", indicator.id);
        let is_request = indicator.kind == Kind::Request;
        assert_eq!(is_request, !indicator.needed.is_empty(), "{}: what a request needs", indicator.id);
    }
}

#[test]
fn every_indicator_fits_its_examples_and_not_what_looks_alike() {
    for indicator in all() {
        let is_plain = matches!(
            indicator.kind,
            Kind::User | Kind::Address | Kind::Digest | Kind::Version | Kind::Number
        );
        let is_own_example = |pattern: &String| is_plain || !pattern.contains(['*', '{']);
        if indicator.kind == Kind::File || is_plain {
            for pattern in indicator.written.iter().filter(|pattern| is_own_example(pattern)) {
                assert!(indicator.fits(pattern.as_bytes()), "{}: {pattern}", indicator.id);
            }
        }
        let has_wildcards = !indicator.written.iter().all(is_own_example);
        let needs_example = has_wildcards || !(is_plain || indicator.kind == Kind::File);
        assert!(!needs_example || !indicator.hits.is_empty(), "{} has no example", indicator.id);
        for example in &indicator.hits {
            assert!(fits(indicator, example), "{} does not fit {example}", indicator.id);
        }
        for example in &indicator.misses {
            assert!(!fits(indicator, example), "{} fits {example}", indicator.id);
        }
    }
}

#[test]
fn every_expression_can_be_made_ready() {
    for indicator in all() {
        for pattern in &indicator.patterns {
            let super::Pattern::Text(expression) = pattern else { continue };
            assert!(expression.ready().is_some(), "{}: {}", indicator.id, expression.written);
        }
    }
}

#[test]
fn each_pattern_has_an_example_of_its_own() {
    for indicator in all().iter().filter(|indicator| indicator.patterns.len() > 1) {
        for (index, pattern) in indicator.written.iter().enumerate() {
            let super::Pattern::Text(expression) = &indicator.patterns[index] else { continue };
            let has = indicator.hits.iter().any(|example| {
                let (method, target) = example.split_once(' ').unwrap_or(("", example));
                let text = match indicator.kind {
                    Kind::Request => decoded(method.as_bytes(), target.as_bytes()),
                    _ => example.as_bytes().to_vec(),
                };
                expression.ready().is_some_and(|regex| regex.is_match(&text))
            });
            assert!(has, "{}: no example fits {pattern}", indicator.id);
        }
    }
}

#[test]
fn ordinary_requests_fit_none_that_means_harm() {
    for request in [
        "GET /admin/config.php",
        "POST /admin/config.php?display=extensions&extdisplay=1001",
        "GET /admin/ajax.php?module=dashboard&command=getcontent&_=1755846926762",
        "GET /admin/ajax.php?module=endpoint&command=getJSON&jdata=grid",
        "POST /admin/ajax.php?command=reload",
        "GET /ucp/index.php?display=dashboard",
        "GET /admin/assets/js/pbxlib_v17.js?load_version=17.0.19",
        "GET /recordings/index.php",
        "GET /index.php?menu=pbxconfig",
        "GET /app/extensions/extensions.php?search=1001",
        "GET /phpmyadmin/index.php?route=/sql&sql_query=SELECT%20*%20FROM%20cron_jobs",
        "GET /favicon.ico",
        "POST /core/authentication/login.php",
    ] {
        let (method, target) = request.split_once(' ').unwrap_or_default();
        let found = of_request(&decoded(method.as_bytes(), target.as_bytes()));
        let grave: Vec<&str> = found
            .iter()
            .filter_map(|place| all().get(*place))
            .filter(|found| found.confidence > super::Confidence::Low)
            .map(|found| found.id.as_str())
            .collect();
        assert!(grave.is_empty(), "{request}: {grave:?}");
    }
}
