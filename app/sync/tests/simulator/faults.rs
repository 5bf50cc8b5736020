//! What goes wrong, and how often, in one run. Each seed draws its own mix, so that a run with no loss and many
//! crashes is as likely as the opposite: rare combinations hide behind a fault that is always there.

use sync::random::Random;

#[derive(Clone, Debug)]
pub struct Faults {
    /// In a hundred messages.
    pub lost: u64,
    pub twice: u64,
    /// Of frames within one feed, as by a relay that is broken.
    pub frame_lost: u64,
    pub frame_twice: u64,
    pub longest_delay: u64,
    /// In a hundred commits.
    pub commit_fails: u64,
    pub commit_unknown: u64,
    /// In a hundred writes.
    pub write_fails: u64,
    pub write_hangs: u64,
    /// Nothing but a command finds room.
    pub write_full: u64,
    /// In a hundred draws, one a second. Never together with a restore: a device that ends before it has written again
    /// has nothing to give back.
    pub storage_cleared: u64,
    pub longest_write: u64,
    /// In a hundred notes to another tab.
    pub note_lost: u64,
    /// In a hundred draws, one a second.
    pub client_crash: u64,
    /// The whole device goes, and what was not flushed with it.
    pub power_cut: u64,
    /// All tabs go, and one half of the outbox with them.
    pub half_lost: u64,
    /// Another tab takes the lead, and the one before does not know for a while.
    pub steal: u64,
    pub server_crash: u64,
    pub partition: u64,
    pub bye: u64,
    /// In a hundred devices: those behind a middle man that holds streams back until they end.
    pub held_back: u64,
    pub spoil: u64,
    /// How often in the run the server is restored from a backup.
    pub restores: u64,
    /// In a hundred draws, one a second: somebody may do more or less from now on.
    pub role_change: u64,
    /// A session is ended, or runs out.
    pub signed_out: u64,
    /// A device is revoked; it is let in again some seconds later.
    pub shut_out: u64,
    /// Once in the run.
    pub newer_event: bool,
    /// A feed that is further behind than this gets a snapshot.
    pub too_far: u64,
}

impl Faults {
    pub fn drawn(random: &mut Random) -> Self {
        let mut some = |percent: u64, most: u64| if random.chance(percent) { 1 + random.below(most) } else { 0 };
        let drawn = Self {
            lost: some(50, 30),
            twice: some(50, 30),
            frame_lost: some(25, 10),
            frame_twice: some(30, 30),
            longest_delay: 20 + some(60, 3_000),
            commit_fails: some(30, 10),
            commit_unknown: some(40, 20),
            write_fails: some(15, 5),
            write_hangs: some(10, 3),
            write_full: some(15, 20),
            storage_cleared: 0,
            longest_write: 10 + some(40, 400),
            note_lost: some(25, 10),
            client_crash: some(50, 12),
            power_cut: some(25, 15),
            half_lost: some(15, 4),
            steal: some(40, 15),
            server_crash: some(50, 15),
            partition: some(50, 15),
            bye: some(20, 5),
            held_back: some(20, 60),
            spoil: some(12, 10),
            restores: some(16, 2),
            role_change: some(40, 10),
            signed_out: some(40, 10),
            shut_out: some(30, 8),
            newer_event: some(12, 1) > 0,
            too_far: if some(30, 1) > 0 { 12 } else { 1_000 },
        };
        // What was acknowledged is in one half only, and not written again: who loses both that and the server has lost it.
        let (half_lost, storage_cleared) = if drawn.restores > 0 { (0, 0) } else { (drawn.half_lost, some(25, 8)) };
        Self { half_lost, storage_cleared, ..drawn }
    }

    /// A restore and nothing else, on a network as it usually is.
    pub fn drill() -> Self {
        Self { longest_delay: 300, restores: 1, ..Self::none() }
    }

    /// When everything works again.
    pub fn none() -> Self {
        Self {
            lost: 0,
            twice: 0,
            frame_lost: 0,
            frame_twice: 0,
            longest_delay: 40,
            commit_fails: 0,
            commit_unknown: 0,
            write_fails: 0,
            write_hangs: 0,
            write_full: 0,
            storage_cleared: 0,
            longest_write: 10,
            note_lost: 0,
            client_crash: 0,
            power_cut: 0,
            half_lost: 0,
            steal: 0,
            server_crash: 0,
            partition: 0,
            bye: 0,
            held_back: 0,
            spoil: 0,
            restores: 0,
            role_change: 0,
            signed_out: 0,
            shut_out: 0,
            newer_event: false,
            too_far: 1_000,
        }
    }
}
