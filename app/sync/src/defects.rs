//! Deliberate defects, chosen when a test starts a replica. The simulator must catch each of them: a harness that
//! cannot see a broken replica proves nothing about a sound one. Without the feature `defects` none can be chosen
//! and the compiler removes every branch.

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Defect {
    NoGapCheck,
    SkipUnknownEvent,
    OutboxDroppedOnRestart,
    NoDependantsHold,
    RefusalForgotten,
    DigestNotCompared,
    DoubleApply,
    RebaseSkipped,
    ResendWithNewId,
    SavedBeforeDurable,
    EpochNotChecked,
    OutboxDroppedOnReset,
    NoAnswerIsARefusal,
    ForgottenWhenSent,
    NoWatchdog,
    NothingOfferedAgain,
    NotKeptWhenSettled,
    TakenBackByAFollower,
    AttemptNotWritten,
    NotWrittenAgain,
    BooksKeptWhenRevoked,
}

/// What is wrong with one replica: nothing, outside of tests.
#[derive(Clone, Copy, Debug, Default)]
pub struct Defects {
    #[cfg(feature = "defects")]
    chosen: Option<Defect>,
    /// Stands for a newer build, which can read the event type that this one cannot.
    #[cfg(feature = "defects")]
    newer: bool,
}

impl Defects {
    #[cfg(feature = "defects")]
    #[must_use]
    pub fn of(chosen: Option<Defect>, newer: bool) -> Self {
        Self { chosen, newer }
    }

    #[inline]
    pub(crate) fn has(self, defect: Defect) -> bool {
        #[cfg(feature = "defects")]
        return self.chosen == Some(defect);
        #[cfg(not(feature = "defects"))]
        {
            let _ = defect;
            false
        }
    }

    #[inline]
    pub(crate) fn reads_newer_events(self) -> bool {
        #[cfg(feature = "defects")]
        return self.newer;
        #[cfg(not(feature = "defects"))]
        false
    }
}
