//! A playbook as CACAO 2.0, the form in which security playbooks are exchanged (OASIS, Committee Specification 01 of
//! November 2023): one way, for other programs to show. Every step becomes a `manual` command, for nothing of ours
//! may be executed by a machine; a condition becomes an `if-condition` on a variable that the caller sets.
//!
//! The same file gives the same text. The playbook's id is a UUID of version 5 over its name and type, as the
//! specification proposes, so that its versions share it; ids of steps, which the specification wants to be of
//! version 4, have that form and are made of a digest.

use serde_json::{Map, Value, json};
use sha1::{Digest, Sha1};

use super::format::{Condition, File, Owner, Phase, Step, Tlp};
use super::load::Playbook;
use crate::attack;

/// The namespace that the specification gives for ids of playbooks.
const NAMESPACE: [u8; 16] =
    [0xaa, 0x7c, 0xaf, 0x3a, 0xd5, 0x5a, 0x4e, 0x9a, 0xb3, 0x4e, 0x05, 0x62, 0x15, 0xfb, 0xa5, 0x6a];

/// Returns the playbook as a CACAO object.
pub fn export(playbook: &Playbook) -> Value {
    let (file, phase) = (&playbook.file, playbook.phase);
    let title = file.title.get_ref();
    // Keys in order and no spaces: the canonical form of JSON for text without escapes.
    let types = playbook_type(phase);
    let name = json!({ "name": title, "playbook_types": [types] }).to_string();
    let id = format!("playbook--{}", uuid(&NAMESPACE, &name, 5));
    let modified = file.modified.as_ref().or(file.created.as_ref()).map_or("2026-01-01", |day| day.get_ref());
    let created = file.created.as_ref().map_or(modified, |day| day.get_ref());
    let mut object = Map::new();
    object.insert("type".into(), "playbook".into());
    object.insert("spec_version".into(), "cacao-2.0".into());
    object.insert("id".into(), id.clone().into());
    object.insert("name".into(), title.as_str().into());
    object.insert("description".into(), file.summary.get_ref().as_str().into());
    object.insert("playbook_types".into(), json!([types]));
    object.insert("playbook_activities".into(), json!([activity(phase)]));
    object.insert("created_by".into(), created_by(file).into());
    object.insert("created".into(), instant(created).into());
    object.insert("modified".into(), instant(modified.max(created)).into());
    object.insert("labels".into(), json!(["toll-fraud", file.id.get_ref(), file.version.get_ref()]));
    let references = references(file);
    if !references.is_empty() {
        object.insert("external_references".into(), references.into());
    }
    object.extend(file.tlp.map(|tlp| ("markings".to_owned(), json!([marking(tlp)]))));
    let workflow = Workflow::of(&id, file, phase);
    if !workflow.variables.is_empty() {
        object.insert("playbook_variables".into(), workflow.variables.into());
    }
    object.insert("workflow_start".into(), workflow.start.into());
    object.insert("workflow".into(), workflow.steps.into());
    object.insert("agent_definitions".into(), workflow.agents.into());
    object.into()
}

/// Makes a UUID of a digest: of version 5 in the sense of RFC 9562, or in the form of version 4.
fn uuid(namespace: &[u8], name: &str, version: u8) -> String {
    let digest = Sha1::new().chain_update(namespace).chain_update(name).finalize();
    let mut bytes = [0_u8; 16];
    bytes.iter_mut().zip(digest.iter()).for_each(|(byte, of)| *byte = *of);
    bytes[6] = (bytes[6] & 0x0f) | (version << 4);
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let parts =
        [0..8, 8..12, 12..16, 16..20, 20..32].map(|part| hex.get(part).unwrap_or_default().to_owned());
    parts.join("-")
}

fn instant(day: &str) -> String {
    format!("{day}T00:00:00.000Z")
}

fn created_by(file: &File) -> String {
    let author = file.authors.first().map_or("tolltrace", String::as_str);
    format!("identity--{}", uuid(&NAMESPACE, &format!("identity {author}"), 4))
}

fn playbook_type(phase: Phase) -> &'static str {
    match phase {
        Phase::Contain => "mitigation",
        Phase::Assess => "detection",
        Phase::Investigate => "investigation",
        Phase::Restore => "remediation",
        Phase::Dispute => "notification",
        Phase::Prevent => "prevention",
    }
}

fn activity(phase: Phase) -> &'static str {
    match phase {
        Phase::Contain => "restrict-access",
        Phase::Assess => "match-indicator",
        Phase::Investigate => "analyze-collected-data",
        Phase::Restore => "restore-capabilities",
        Phase::Dispute => "deliver-content",
        Phase::Prevent => "configure-systems",
    }
}

/// Returns the markings of the Traffic Light Protocol as the specification publishes them.
fn marking(tlp: Tlp) -> &'static str {
    match tlp {
        Tlp::Red => "marking-tlp--e828b379-4e03-4974-9ac4-e53a884c97c1",
        Tlp::AmberStrict => "marking-tlp--939a9414-2ddd-4d32-a0cd-375ea402b003",
        Tlp::Amber => "marking-tlp--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
        Tlp::Green => "marking-tlp--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
        Tlp::Clear => "marking-tlp--94868c89-83c2-464b-929b-a1a8aa3c8487",
    }
}

fn technique(id: &str) -> Value {
    let url = format!("https://attack.mitre.org/techniques/{}", id.replace('.', "/"));
    let mut reference = json!({ "name": "mitre-attack", "external_id": id, "url": url });
    if let (Some(name), Some(reference)) = (attack::name(id), reference.as_object_mut()) {
        reference.insert("description".into(), name.into());
    }
    reference
}

fn references(file: &File) -> Vec<Value> {
    let mut ids: Vec<&str> =
        file.steps.iter().flat_map(|step| &step.attack).map(|id| id.get_ref().as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    let techniques = ids.into_iter().map(technique);
    techniques.chain(file.references.iter().map(|url| json!({ "name": "reference", "url": url }))).collect()
}

/// The steps as a graph of ids.
struct Workflow {
    start: String,
    steps: Map<String, Value>,
    agents: Map<String, Value>,
    variables: Map<String, Value>,
}

impl Workflow {
    fn of(playbook: &str, file: &File, phase: Phase) -> Self {
        let id = |kind: &str, of: &str| {
            format!("{kind}--{}", uuid(playbook.as_bytes(), &format!("{kind} {of}"), 4))
        };
        let (start, end) = (id("start", "start"), id("end", "end"));
        let mut workflow =
            Workflow { start: start.clone(), steps: Map::new(), agents: Map::new(), variables: Map::new() };
        let kept: Vec<&Step> = file.steps.iter().filter(|step| step.off.is_none()).collect();
        // Where a step begins: at its condition, where it has one.
        let entry = |step: &Step| {
            let kind = if variable_of(step).is_some() { "if-condition" } else { "action" };
            id(kind, step.id.get_ref())
        };
        let mut next: Vec<String> = kept.iter().map(|step| entry(step)).collect();
        next.push(end.clone());
        let mut next = next.into_iter();
        let first = next.next().unwrap_or_else(|| end.clone());
        workflow.steps.insert(start, json!({ "type": "start", "on_completion": first }));
        for (step, next) in kept.into_iter().zip(next) {
            let agent = workflow.agent(playbook, step.owner);
            let word = step.id.get_ref();
            let action = id("action", word);
            let mut told = self::action(step, phase, &agent);
            match variable_of(step) {
                None => {
                    told.insert("on_completion".into(), next.into());
                }
                Some((variable, about)) => {
                    let branch = id("end", word);
                    told.insert("on_completion".into(), branch.clone().into());
                    workflow.steps.insert(branch, json!({ "type": "end" }));
                    let condition = json!({
                        "type": "if-condition",
                        "name": format!("Is there cause for: {}", step.title.get_ref()),
                        "condition": format!("{variable}:value = 'true'"),
                        "on_true": action,
                        "on_completion": next,
                    });
                    workflow.steps.insert(id("if-condition", word), condition);
                    let external = json!({ "type": "bool", "description": about, "external": true });
                    workflow.variables.insert(variable, external);
                }
            }
            workflow.steps.insert(action, told.into());
        }
        workflow.steps.insert(end, json!({ "type": "end" }));
        workflow
    }

    fn agent(&mut self, playbook: &str, owner: Owner) -> String {
        let kind = match owner {
            Owner::Responder | Owner::PbxAdmin => "individual",
            Owner::Carrier | Owner::Police | Owner::Management | Owner::Legal => "organization",
        };
        let id = format!("{kind}--{}", uuid(playbook.as_bytes(), owner.word(), 4));
        self.agents.insert(id.clone(), json!({ "type": kind, "name": owner.word() }));
        id
    }
}

/// Returns the variable on which a step rests, and what it means: one for each step, for conditions may be of any
/// depth and the variable is set by whoever runs the checks.
fn variable_of(step: &Step) -> Option<(String, String)> {
    let about = match &step.when {
        Some(when) => said(when.get_ref()),
        None if step.checks.is_empty() => return None,
        None => step.checks.iter().map(super::format::Check::word).collect::<Vec<_>>().join(" or "),
    };
    Some((format!("__{}__", step.id.get_ref().replace('-', "_")), format!("true where: {about}")))
}

/// Says a condition in words.
fn said(condition: &Condition) -> String {
    let each = |inner: &[toml::Spanned<Condition>], word: &str| {
        let said: Vec<String> = inner.iter().map(|inner| said(inner.get_ref())).collect();
        format!("({})", said.join(word))
    };
    if let Some(finding) = &condition.finding {
        let least =
            condition.at_least.map_or_else(String::new, |least| format!(" at least {}", least.word()));
        return format!("{}{least}", finding.get_ref());
    }
    if let Some(any) = &condition.any {
        return each(any, " or ");
    }
    if let Some(all) = &condition.all {
        return each(all, " and ");
    }
    if let Some(not) = &condition.not {
        return format!("not {}", said(not.get_ref()));
    }
    if let Some(products) = &condition.product {
        let words: Vec<String> =
            products.iter().map(|product| format!("{product:?}").to_lowercase()).collect();
        return format!("the product is {}", words.join(" or "));
    }
    let vectors = condition.vector.iter().flatten().map(|vector| vector.word()).collect::<Vec<_>>();
    format!("they came by {}", vectors.join(" or "))
}

fn action(step: &Step, phase: Phase, agent: &str) -> Map<String, Value> {
    let mut told = Map::new();
    told.insert("type".into(), "action".into());
    told.insert("name".into(), step.title.get_ref().as_str().into());
    told.extend(step.why.as_ref().map(|why| ("description".to_owned(), why.as_str().into())));
    let references: Vec<Value> = step.attack.iter().map(|id| technique(id.get_ref())).collect();
    if !references.is_empty() {
        told.insert("external_references".into(), references.into());
    }
    let command =
        json!({ "type": "manual", "command": in_words(step), "playbook_activity": activity(phase) });
    told.insert("commands".into(), json!([command]));
    told.insert("agent".into(), agent.into());
    told
}

/// Returns all that a person has to know to do the step.
fn in_words(step: &Step) -> String {
    let mut words = vec![format!("{}.", step.title.get_ref())];
    words.extend(step.guidance.as_ref().map(|guidance| guidance.trim().to_owned()));
    words.extend(step.caution.as_ref().map(|caution| format!("Caution: {caution}")));
    let commands = step.commands.iter().map(toml::Spanned::get_ref);
    words.extend(
        commands.map(|command| {
            format!("{} ({}): {}", command.label, command.effect.word(), command.run.get_ref())
        }),
    );
    words.extend(step.undo.as_ref().map(|undo| format!("To go back: {undo}")));
    words.extend(step.done_when.as_ref().map(|done| format!("Done when: {done}")));
    words.extend(step.deadline.as_ref().map(|span| format!("Within {} of noticing.", span.get_ref())));
    words.join("\n")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use regex::Regex;

    use super::*;
    use crate::playbook::load;

    fn exported() -> Vec<Value> {
        load::load(&[]).unwrap().all.iter().map(export).collect()
    }

    /// What the published schemas ask of a playbook as we write it: which keys each object must and may have, the
    /// forms of ids, instants and names, and that every id leads somewhere. The mistakes found, in words.
    fn faults(playbook: &Value) -> Vec<String> {
        let mut faults = Vec::new();
        let hex = "[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}";
        let id = Regex::new(&format!("^[a-z][a-z0-9-]+[a-z0-9]--{hex}$")).unwrap();
        let time = Regex::new(
            r"^\d{4}-(0[1-9]|1[012])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$",
        )
        .unwrap();
        let variable = Regex::new("^__[a-zA-Z_][a-zA-Z0-9_-]{0,199}__$").unwrap();
        let mut object = |what: &str, value: &Value, must: &[&str], may: &[&str]| {
            let Some(object) = value.as_object() else { return faults.push(format!("{what}: no object")) };
            faults.extend(
                must.iter().filter(|key| !object.contains_key(**key)).map(|key| format!("{what}: no {key}")),
            );
            let strange =
                object.keys().filter(|key| !must.contains(&key.as_str()) && !may.contains(&key.as_str()));
            faults.extend(strange.map(|key| format!("{what}: {key} is not of it")));
        };
        object(
            "playbook",
            playbook,
            &[
                "type",
                "spec_version",
                "id",
                "name",
                "created_by",
                "created",
                "modified",
                "workflow_start",
                "workflow",
            ],
            &[
                "description",
                "playbook_types",
                "playbook_activities",
                "labels",
                "external_references",
                "markings",
                "playbook_variables",
                "agent_definitions",
            ],
        );
        let empty = Map::new();
        let entries = |key: &str| playbook[key].as_object().unwrap_or(&empty);
        for step in entries("workflow").values() {
            let (must, may): (&[&str], &[&str]) = match step["type"].as_str().unwrap_or_default() {
                "start" => (&["type", "on_completion"], &[]),
                "end" => (&["type"], &[]),
                "action" => (
                    &["type", "commands", "agent", "on_completion"],
                    &["name", "description", "external_references"],
                ),
                "if-condition" => (&["type", "condition", "on_true", "on_completion"], &["name"]),
                _ => (&["a known type"], &[]),
            };
            object("step", step, must, may);
            for command in step["commands"].as_array().into_iter().flatten() {
                object("command", command, &["type", "command"], &["playbook_activity"]);
            }
            for reference in step["external_references"].as_array().into_iter().flatten() {
                object("reference", reference, &["name"], &["description", "url", "external_id"]);
            }
        }
        for agent in entries("agent_definitions").values() {
            object("agent", agent, &["type", "name"], &[]);
        }
        for held in entries("playbook_variables").values() {
            object("variable", held, &["type"], &["description", "external"]);
        }
        let mut check = |holds: bool, what: &str| {
            if !holds {
                faults.push(what.to_owned());
            }
        };
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        check(playbook["type"] == "playbook" && playbook["spec_version"] == "cacao-2.0", "type or version");
        check(
            ["id", "created_by", "workflow_start"].iter().all(|key| id.is_match(&text(&playbook[*key]))),
            "an id",
        );
        check(["created", "modified"].iter().all(|key| time.is_match(&text(&playbook[*key]))), "an instant");
        check(text(&playbook["created"]) <= text(&playbook["modified"]), "modified before it was created");
        check(entries("playbook_variables").keys().all(|name| variable.is_match(name)), "a variable's name");
        let known: BTreeSet<&str> = entries("workflow").keys().map(String::as_str).collect();
        let leads = |step: &Value, key: &str| {
            step.get(key).is_none_or(|to| known.contains(to.as_str().unwrap_or_default()))
        };
        check(known.contains(text(&playbook["workflow_start"]).as_str()), "the start leads nowhere");
        for (key, step) in entries("workflow") {
            check(id.is_match(key) && key.starts_with(&format!("{}--", text(&step["type"]))), "a step's id");
            check(leads(step, "on_completion") && leads(step, "on_true"), "a step leads nowhere");
            let agent = step.get("agent");
            check(
                agent.is_none_or(|agent| entries("agent_definitions").contains_key(&text(agent))),
                "no such agent",
            );
            let manual =
                step["commands"].as_array().into_iter().flatten().all(|command| command["type"] == "manual");
            check(manual, "something would be executed");
            if let Some(condition) = step.get("condition") {
                let name = text(condition).split_once(":value = 'true'").map(|(name, _)| name.to_owned());
                check(
                    name.is_some_and(|name| entries("playbook_variables").contains_key(&name)),
                    "no such variable",
                );
            }
        }
        for (key, agent) in entries("agent_definitions") {
            check(
                id.is_match(key) && key.starts_with(&format!("{}--", text(&agent["type"]))),
                "an agent's id",
            );
        }
        faults
    }

    #[test]
    fn every_built_in_playbook_fits_the_form() {
        let all = exported();
        assert_eq!(all.len(), 6);
        for playbook in &all {
            assert_eq!(faults(playbook), Vec::<String>::new(), "{}", playbook["name"]);
        }
        let ids: BTreeSet<&str> = all.iter().filter_map(|playbook| playbook["id"].as_str()).collect();
        assert_eq!(ids.len(), all.len());
        assert_eq!(all, exported(), "the same file gives the same text");
    }

    #[test]
    fn every_step_is_reached_once() {
        for playbook in exported() {
            let steps = playbook["workflow"].as_object().unwrap();
            let mut seen = BTreeSet::new();
            let mut left = vec![playbook["workflow_start"].as_str().unwrap()];
            while let Some(id) = left.pop() {
                assert!(seen.insert(id), "{id} twice");
                left.extend(["on_completion", "on_true"].iter().filter_map(|key| steps[id][*key].as_str()));
            }
            assert_eq!(seen.len(), steps.len());
        }
    }

    #[test]
    fn what_does_not_fit_is_noticed() {
        let good = exported().remove(0);
        let spoilt: [fn(&mut Value); 8] = [
            |playbook| drop(playbook.as_object_mut().unwrap().remove("created")),
            |playbook| playbook["modified"] = "2026-11-20".into(),
            |playbook| playbook["surprise"] = 1.into(),
            |playbook| playbook["workflow_start"] = "start--1".into(),
            |playbook| a_step(playbook, "action", |step| drop(step.as_object_mut().unwrap().remove("agent"))),
            |playbook| a_step(playbook, "action", |step| step["commands"][0]["type"] = "bash".into()),
            |playbook| {
                a_step(playbook, "if-condition", |step| step["condition"] = "__x__:value = 'true'".into());
            },
            |playbook| a_step(playbook, "start", |step| step["on_completion"] = "end--nowhere".into()),
        ];
        for (index, spoil) in spoilt.into_iter().enumerate() {
            let mut playbook = good.clone();
            spoil(&mut playbook);
            assert!(!faults(&playbook).is_empty(), "{index}");
        }
    }

    fn a_step(playbook: &mut Value, kind: &str, change: impl Fn(&mut Value)) {
        let steps = playbook["workflow"].as_object_mut().unwrap();
        change(steps.values_mut().find(|step| step["type"] == kind).unwrap());
    }

    #[test]
    fn ids_are_made_as_the_rfc_says() {
        // RFC 9562, appendix A.4: version 5 of www.example.com in the namespace of names.
        let dns =
            [0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8];
        assert_eq!(uuid(&dns, "www.example.com", 5), "2ed6657d-e927-568b-95e1-2665a8aea6a2");
    }
}
