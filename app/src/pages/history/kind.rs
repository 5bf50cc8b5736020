//! Kinds of changes, by which a history can be narrowed.

/// A kind of change.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Stock,
    Money,
    Details,
    Comments,
}

impl Kind {
    pub const ALL: [Self; 4] = [Self::Stock, Self::Money, Self::Details, Self::Comments];

    pub fn name(self) -> &'static str {
        match self {
            Self::Stock => "stock",
            Self::Money => "money",
            Self::Details => "details",
            Self::Comments => "comments",
        }
    }

    pub fn words(self) -> &'static str {
        match self {
            Self::Stock => "Stock only",
            Self::Money => "Money only",
            Self::Details => "Details only",
            Self::Comments => "Comments only",
        }
    }

    /// Of a field of an aggregate of that kind.
    pub fn of(aggregate: &str, field: &str) -> Self {
        match (aggregate, field) {
            ("stock", _) => Self::Stock,
            ("comment", _) => Self::Comments,
            ("account" | "transfer", _) | (_, "price" | "total" | "payment" | "out.payment" | "account") => Self::Money,
            _ => Self::Details,
        }
    }
}
