//! The way back, in words.

use domain::{
    Refusal,
    refusal::Thing,
    undo::{Rest, Why},
};

use crate::format::number;

/// What the button says.
#[must_use]
pub fn undo_label(rest: Rest) -> String {
    match rest {
        Rest::All => super::UNDO.to_owned(),
        Rest::Units { left, .. } => format!("Put back the other {}", number(i64::from(left))),
        Rest::Fields { .. } => "Put back the rest".to_owned(),
    }
}

/// What is asked before only a part is put back.
#[must_use]
pub fn undo_question(rest: Rest) -> Option<String> {
    match rest {
        Rest::All => None,
        Rest::Units { of, left } => {
            let gone = number(i64::from(of.saturating_sub(left)));
            let (of, left) = (number(i64::from(of)), number(i64::from(left)));
            Some(format!("{gone} of those {of} have been sold or taken out since. Put back the other {left}?"))
        }
        Rest::Fields { .. } => Some("A part of it was changed again since. Put back the rest?".to_owned()),
    }
}

/// Why there is no way back; none where there is nothing to say about it.
#[must_use]
pub fn no_undo(why: &Why) -> Option<String> {
    Some(match why {
        Why::Unknown => "Entries from so long ago are put right by new ones.".to_owned(),
        Why::Followed { from } => format!("It followed from entry #{from}: undo that one."),
        Why::NoWayBack => return None,
        Why::NothingLeft => "Nothing of it is left to put back.".to_owned(),
        Why::Refused(Refusal::NotAllowed { .. }) => "Only a manager puts back what somebody else wrote.".to_owned(),
        // The link to the entry says it.
        Why::Refused(Refusal::WrongState { what: Thing::Entry, .. }) => return None,
        Why::Refused(refusal) => format!("It cannot be put back now. {}", super::refusal(refusal)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn us_15_a_part_is_offered_with_both_numbers() {
        let rest = Rest::Units { of: 5, left: 3 };
        assert_eq!(
            undo_question(rest).as_deref(),
            Some("2 of those 5 have been sold or taken out since. Put back the other 3?")
        );
        assert_eq!(undo_label(rest), "Put back the other 3");
        assert_eq!((undo_question(Rest::All), undo_label(Rest::All)), (None, "Undo".to_owned()));
    }
}
