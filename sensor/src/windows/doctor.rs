//! What can be seen on this host, and what can't, and why.

use std::sync::mpsc::sync_channel;

use super::live::Sources;
use super::sources::QUEUE;
use super::{audit_policy, channel, facts, fault, privileges, session};
use crate::model::Known;
use crate::model::line::SourceState;
use crate::scm::interest::Log;

/// A fact of this host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// Its name.
    pub name: String,
    /// What it is.
    pub value: String,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    /// What this host is, and how its logs and audit are set up.
    pub facts: Vec<Fact>,
    /// Each source and whether it can run.
    pub sources: Vec<SourceState>,
    /// What can't be seen, a sentence each.
    pub blind: Vec<String>,
    /// Whether every source runs.
    pub healthy: bool,
}

/// Looks at this host. Sources are started and ended again; those of a running sensor are left alone.
pub fn examine() -> Diagnosis {
    let (to, from) = sync_channel(QUEUE);
    let mut sources = Sources::start(&to, session::TRIAL, None);
    drop(to);
    let plan = std::mem::take(&mut sources.plan);
    std::thread::scope(|scope| {
        scope.spawn(move || sources.stop());
        from.iter().for_each(drop);
    });
    let mut facts = Vec::new();
    let mut blind = plan.blind.clone();
    let mut fact = |name: &str, value: String| facts.push(Fact { name: name.to_owned(), value });
    let known = |value: Known<String>| value.get().cloned().unwrap_or_else(|| "unknown".to_owned());
    fact("system", known(facts::os_release()));
    fact("host", known(facts::host()));
    match privileges::own() {
        Ok(rights) => {
            fact("administrator", if rights.elevated { "yes" } else { "no" }.to_owned());
            fact("privileges", rights.held.join(" "));
        }
        Err(error) => fact("administrator", format!("unknown: {}", fault::words(&error))),
    }
    for log in Log::ALL {
        let name = format!("{} log", log.channel());
        match channel::look(log) {
            Ok(kept) => {
                let size = kept.most_bytes / (1024 * 1024);
                let full =
                    if kept.keeps_oldest { "takes no more when full" } else { "overwrites the oldest" };
                let on = if kept.enabled { "on" } else { "off" };
                fact(&name, format!("{on}, up to {size} MiB, {full}"));
                if !kept.enabled || kept.keeps_oldest {
                    blind.push(format!("the {name} is {on} and {full}: what is not logged is not seen"));
                }
            }
            Err(error) => fact(&name, format!("unknown: {}", fault::words(&error))),
        }
    }
    match audit_policy::successes() {
        Ok(successes) => {
            for (subcategory, on) in audit_policy::SUBCATEGORIES.iter().zip(successes) {
                fact(&format!("audit of {}", subcategory.name), if on { "on" } else { "off" }.to_owned());
                if !on {
                    blind.push(subcategory.blind.to_owned());
                }
            }
        }
        Err(error) => fact("audit", format!("unknown: {}", fault::words(&error))),
    }
    Diagnosis { facts, healthy: plan.is_whole(), sources: plan.states, blind }
}
