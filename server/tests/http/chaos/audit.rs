//! After the storm: every command that was ever saved has one verdict and its entries once, or is still on its device
//! and says what it waits for.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
};

use reqwest::{Client, StatusCode};
use serde_json::Value;
use sync::SyncState;

use super::fleet::Retired;
use crate::support::{SHOP, until};

async fn get(address: SocketAddr, path: &str) -> (StatusCode, Value) {
    let answer = Client::new().get(format!("http://{address}/api/v1/shops/{SHOP}{path}")).send().await.unwrap();
    (answer.status(), answer.json().await.unwrap())
}

/// What one server has heard of the others' entries, another has too by then.
async fn reaches(address: SocketAddr, position: u64) {
    let path = format!("/digest?min_position={position}");
    until(async || (get(address, &path).await.0 == StatusCode::OK).then_some(())).await;
}

/// The whole log, by pages: position → command id.
async fn log(address: SocketAddr) -> Vec<(u64, String)> {
    let mut entries = Vec::new();
    loop {
        let after = entries.last().map_or(0, |(position, _)| *position);
        let (_, page) = get(address, &format!("/events?after={after}&limit=1000")).await;
        let events = page["events"].as_array().unwrap();
        if events.is_empty() {
            return entries;
        }
        let entry =
            |event: &Value| (event["position"].as_u64().unwrap(), event["command_id"].as_str().unwrap().to_owned());
        entries.extend(events.iter().map(entry));
    }
}

/// Lost 0, doubled 0, and the books of every device are the server's.
pub async fn nothing_is_lost_or_doubled(address: SocketAddr, fleet: &[Retired]) {
    let furthest = fleet.iter().map(|retired| retired.device.replica.confirmed().position).max();
    reaches(address, furthest.unwrap_or_default()).await;
    let log = log(address).await;
    let positions: Vec<u64> = log.iter().map(|(position, _)| *position).collect();
    assert_eq!(positions, (1..=log.len() as u64).collect::<Vec<_>>(), "p3: no holes");
    let mut entries = BTreeMap::<&str, BTreeSet<u64>>::new();
    for (position, command) in &log {
        entries.entry(command).or_default().insert(*position);
    }
    let (_, books) = get(address, "/digest").await;
    for Retired { name, device, issued } in fleet {
        let confirmed = device.replica.confirmed();
        assert_eq!(
            (Some(confirmed.position), Some(confirmed.digest().to_string().as_str())),
            (books["position"].as_u64(), books["digest"].as_str()),
            "p4: {name}"
        );
        for id in issued {
            let (status, verdict) = get(address, &format!("/commands/{id}")).await;
            let is_held = || device.replica.pending_of(*id).is_some_and(|view| view.state == SyncState::Held);
            if status == StatusCode::NOT_FOUND && is_held() {
                assert!(
                    !entries.contains_key(id.to_string().as_str()),
                    "p2: {id} of {name} has entries and no verdict"
                );
                continue;
            }
            assert_eq!(status, StatusCode::OK, "p1: {id} of {name} is lost");
            let told = verdict["positions"].as_array().map(|all| all.iter().map(|at| at.as_u64().unwrap()).collect());
            let told: BTreeSet<u64> = told.unwrap_or_else(|| verdict["position"].as_u64().into_iter().collect());
            let written = entries.get(id.to_string().as_str()).cloned().unwrap_or_default();
            assert_eq!(written, told, "p2: {id} of {name}: {verdict}");
        }
    }
}
