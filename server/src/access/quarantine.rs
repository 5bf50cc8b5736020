//! What comes from a device, or a person, after their end: kept for an owner, neither applied nor lost.

use std::collections::HashMap;

use domain::{
    CommandId, ShopSlug, Submission, VerdictRecord,
    books::{Author, Request},
    json,
};
use store::{
    EventStore, StoreError,
    access::{Quarantined, Release},
};
use sync::{protocol::Fate, quarantine};

use super::{Access, Revoked};
use crate::clock;

/// Commands of one shop that wait for an owner. Whoever was shut out cannot fill the disk.
const MOST: u64 = 10_000;

/// Why it was not taken.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum QuarantineError {
    /// The device keeps what it has.
    #[error("{MOST} commands wait for an owner already")]
    Full,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Access {
    /// Takes what somebody hands over who was shut out. Answers when it is kept.
    ///
    /// # Errors
    /// [`QuarantineError`].
    pub async fn hand_over(
        &self,
        log: &dyn EventStore,
        shop: &ShopSlug,
        from: &Revoked,
        submissions: Vec<Submission>,
    ) -> Result<Vec<Fate>, QuarantineError> {
        let ids: Vec<CommandId> = submissions.iter().map(|submission| submission.id).collect();
        let known: HashMap<CommandId, VerdictRecord> =
            log.verdicts(shop, &ids).await?.into_iter().map(|verdict| (verdict.command_id, verdict)).collect();
        let mut room = MOST.saturating_sub(self.store.quarantined_count(shop).await?);
        let mut fates = Vec::with_capacity(submissions.len());
        for submission in submissions {
            let fate = quarantine::fate(&submission, known.get(&submission.id), from.revocation);
            if let Fate::Quarantined { .. } = fate {
                room = room.checked_sub(1).ok_or(QuarantineError::Full)?;
                self.store.quarantine(kept(shop, &from.author, &submission)).await?;
            }
            fates.push(fate);
        }
        tracing::info!(%shop, commands = fates.len(), code = "revoked", "handed over by somebody who was shut out");
        Ok(fates)
    }

    /// Those of a shop that wait for an owner, in the order in which they were written.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn quarantined(&self, shop: &ShopSlug) -> Result<Vec<Quarantined>, StoreError> {
        self.store.quarantined(shop).await
    }

    /// An owner has decided about one. False where there is nothing to decide, or not any more.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn settle_quarantined(
        &self,
        shop: &ShopSlug,
        command: CommandId,
        how: Release,
        by: &str,
    ) -> Result<bool, StoreError> {
        self.store.settle_quarantined(shop, command, how, by, clock::now()).await
    }
}

fn kept(shop: &ShopSlug, author: &Author, submission: &Submission) -> Quarantined {
    Quarantined {
        shop: shop.clone(),
        command: submission.id,
        person: author.actor.clone(),
        role: author.role,
        device: submission.device.clone(),
        submission: json::written(submission),
        issued_at: submission.issued_at,
        received_at: clock::now(),
    }
}

/// The request that an owner lets through: of its author, in the role that they had. That it was written for another state
/// of things is what the owner has looked at.
///
/// # Errors
/// When it cannot be read by this version.
pub fn released(quarantined: &Quarantined) -> Result<Request, StoreError> {
    let submission: Submission = json::read(&quarantined.submission)
        .map_err(|problem| StoreError::Unreadable { what: "a command in quarantine", problem: problem.to_string() })?;
    let author = Author { actor: quarantined.person.clone(), role: quarantined.role };
    Ok(Request { submission: Submission { if_version: None, depends_on: Vec::new(), ..submission }, author })
}
