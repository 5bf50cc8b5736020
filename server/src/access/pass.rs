//! Who was let in for long, and whether they still may stay.
//!
//! One task asks the database four times a second whether anything has ended anybody's way in, as long as somebody is in
//! by a [`Pass`]. When something has, what was found out before is asked for anew, and every pass looks at its own again. So
//! the price of waiting does not depend on how many wait, and every instance hears of what another one did.

use std::{sync::Arc, time::Duration};

use axum::http::HeaderMap;
use domain::{ShopSlug, books::Author};
use sync::protocol::Revocation;
use tokio::{sync::watch, time::sleep};
use tokio_util::sync::CancellationToken;

use super::{Access, Denied, Entrance, recent, sight};

/// How often it is asked whether anything has changed.
const EVERY: Duration = Duration::from_millis(250);

impl Access {
    /// Says so to every pass when somebody may have lost their way in. While the database does not answer nothing can be
    /// said: a pass ends by its age then.
    pub async fn follow(self: Arc<Self>, stop: CancellationToken) {
        let mut known = None;
        loop {
            tokio::select! {
                () = sleep(EVERY) => {}
                () = stop.cancelled() => return,
            }
            if self.changes.receiver_count() == 0 {
                continue;
            }
            let Ok(number) = self.store.changes().await else { continue };
            if known.replace(number) != Some(number) {
                self.doubt_all();
                self.changes.send_replace(number);
            }
        }
    }

    fn doubt_all(&self) {
        self.tokens.doubt();
        self.sessions.doubt();
        self.members.doubt();
        self.used_on.doubt();
        self.asking.doubt();
    }
}

/// The right to go on with something that was begun.
pub struct Pass {
    access: Arc<Access>,
    headers: HeaderMap,
    shop: ShopSlug,
    /// Below the shop's address: what it is that goes on.
    route: &'static str,
    /// As whom it was begun. A page that goes on in another role has to hear of it.
    author: Author,
    changes: watch::Receiver<u64>,
    /// How it ended, where it was ended for good.
    revocation: Option<Revocation>,
    /// Whether the database did not answer when it was asked last.
    is_unanswered: bool,
}

impl Pass {
    /// For a request that was let in a moment ago; what has changed since is found out by the first look.
    #[must_use]
    pub fn new(access: Arc<Access>, headers: HeaderMap, shop: ShopSlug, route: &'static str, author: Author) -> Self {
        let mut changes = access.changes.subscribe();
        changes.mark_changed();
        Self { access, headers, shop, route, author, changes, revocation: None, is_unanswered: false }
    }

    /// That its holder was shut out, once it is over; none where signing in is all that it needs.
    #[must_use]
    pub fn revocation(&self) -> Option<Revocation> {
        self.revocation
    }

    /// Whether it is known to be over, for whoever is about to give something out.
    pub async fn is_over(&mut self) -> bool {
        // A database that does not answer is not waited for before each thing that is given out: `ended` goes on asking it.
        !self.is_unanswered && self.changes.has_changed().unwrap_or(false) && self.look().await == Some(false)
    }

    /// Resolves when it is over. May be dropped and asked again at any time.
    pub async fn ended(&mut self) {
        loop {
            if self.changes.changed().await.is_err() {
                // Nobody is left to say so.
                std::future::pending::<()>().await;
            }
            // Until the answer is there, whoever asks again has to look.
            self.changes.mark_changed();
            match self.look().await {
                Some(true) => {}
                Some(false) => return,
                None => sleep(EVERY).await,
            }
        }
    }

    /// Whether it is good, asked for anew; none while the database does not answer, which takes nothing away from anybody.
    async fn look(&mut self) -> Option<bool> {
        let looked_at = *self.changes.borrow();
        // An answer from before the change would be the last that anybody asks for.
        let found = recent::anew(self.access.visitor(&self.headers, &self.shop, Entrance::Api)).await;
        self.is_unanswered = matches!(found, Err(Denied::Store(_)));
        let found = found.and_then(|visitor| sight::may_see(&visitor, self.route, None).map(|()| visitor.author));
        match found {
            Ok(author) if author != self.author => Some(false),
            Ok(_) => {
                if *self.changes.borrow_and_update() != looked_at {
                    self.changes.mark_changed();
                }
                Some(true)
            }
            Err(Denied::Store(_)) => None,
            Err(denied) => {
                self.revocation = denied.revocation();
                Some(false)
            }
        }
    }
}
