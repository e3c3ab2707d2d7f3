//! Holds Cedar's own engine, native, asked the questions of the bench: a JSON file in, one line of JSON out.
//!
//! The file: `{"policies": "text", "entities": [...], "questions": [{"principal": uid, "action": uid, "resource": uid, "context": {}}], "rounds": n}`.
//! Policies, entities and requests are parsed before the clock starts: what is measured is `is_authorized` alone, which favours it.

use cedar_policy::{Authorizer, Context, Decision, Entities, EntityUid, PolicySet, Request};
use serde_json::Value;
use std::error::Error;
use std::time::Instant;

fn uid(of: &Value) -> Result<EntityUid, Box<dyn Error>> {
    Ok(EntityUid::from_json(of.clone())?)
}

fn request(of: &Value) -> Result<Request, Box<dyn Error>> {
    Ok(Request::new(
        uid(&of["principal"])?,
        uid(&of["action"])?,
        uid(&of["resource"])?,
        Context::from_json_value(of["context"].clone(), None)?,
        None,
    )?)
}

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("cedar-native FILE")?;
    let asked: Value = serde_json::from_slice(&std::fs::read(path)?)?;
    let policies: PolicySet = asked["policies"].as_str().ok_or("policies: text")?.parse()?;
    let entities = Entities::from_json_value(asked["entities"].clone(), None)?;
    let requests = asked["questions"]
        .as_array()
        .ok_or("questions: a list")?
        .iter()
        .map(request)
        .collect::<Result<Vec<_>, _>>()?;
    let rounds = asked["rounds"].as_u64().ok_or("rounds: a number")? as usize;
    let authorizer = Authorizer::new();
    let mut allowed = 0;
    let mut answers = Vec::with_capacity(requests.len());
    for asking in &requests {
        let answer = authorizer.is_authorized(asking, &policies, &entities);
        let mut reasons: Vec<String> = answer.diagnostics().reason().map(ToString::to_string).collect();
        reasons.sort();
        answers.push(serde_json::json!({ "allow": answer.decision() == Decision::Allow, "reasons": reasons.len() }));
    }
    let mut micros = Vec::with_capacity(rounds * requests.len());
    for _ in 0..rounds {
        for asking in &requests {
            let start = Instant::now();
            let answer = authorizer.is_authorized(asking, &policies, &entities);
            micros.push(start.elapsed().as_nanos() as f64 / 1_000.0);
            allowed += usize::from(answer.decision() == Decision::Allow);
        }
    }
    micros.sort_by(f64::total_cmp);
    let at = |part: f64| micros[((micros.len() - 1) as f64 * part) as usize];
    println!(
        "{}",
        serde_json::json!({ "p50": at(0.5), "p99": at(0.99), "allowed": allowed, "answers": answers })
    );
    Ok(())
}
