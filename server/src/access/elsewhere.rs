//! Where else somebody is signed in, and ending it there.

use axum::http::HeaderMap;
use domain::values::Millis;
use store::{
    StoreError,
    access::{Person, Session},
};

use super::{Access, browser, session};
use crate::clock;

/// What a session is called on a form: nothing that anybody could come in with.
#[must_use]
pub fn name_of(session: &Session) -> String {
    session.hash.0.iter().take(12).map(|byte| format!("{byte:02x}")).collect()
}

/// When it was last used, to within [`session::WRITTEN_AFTER`].
#[must_use]
pub fn last_used(session: &Session) -> Millis {
    Millis(session.idle_until.0.saturating_sub(session::IDLE)).max(session.begun_at)
}

impl Access {
    /// Where somebody is signed in now, what was used last in front; and whether the request came from there.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn sessions_of(&self, person: &Person, headers: &HeaderMap) -> Result<Vec<(Session, bool)>, StoreError> {
        let (now, here) = (clock::now(), session::hash_of(headers));
        let mut open = self.store.sessions(person.id).await?;
        open.retain(|session| session.is_open(now));
        open.sort_by_key(|session| std::cmp::Reverse((session.idle_until, session.begun_at)));
        let with_here = |session: Session| {
            let is_here = here == Some(session.hash);
            (session, is_here)
        };
        Ok(open.into_iter().map(with_here).collect())
    }

    /// Ends one of somebody's sessions, by its [`name_of`], or with none all but the one that the request came from, and
    /// with them their PINs there: nobody comes back by one. Answers how many.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn end_elsewhere(
        &self,
        person: &Person,
        name: Option<&str>,
        headers: &HeaderMap,
    ) -> Result<usize, StoreError> {
        // PINs first, and then the sessions that are there by then: whoever switches meanwhile is among them.
        if name.is_none() {
            let here = browser::known(headers).map(|browser| browser.hash());
            self.store.end_pins_elsewhere(person.id, here.as_ref()).await?;
        }
        let sessions = self.sessions_of(person, headers).await?;
        let chosen = sessions.iter().filter(|(session, is_here)| match name {
            Some(name) => name_of(session) == name,
            None => !is_here,
        });
        let mut ended = 0;
        for (session, _) in chosen {
            if name.is_some() {
                self.store.end_pins_of(&session.hash).await?;
            }
            self.store.end_session(&session.hash).await?;
            // Afterwards, as with every sign-out.
            self.sessions.forget(&session.hash);
            ended += 1;
        }
        Ok(ended)
    }
}
