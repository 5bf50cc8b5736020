//! Sales: the takings of each day, and the last receipts.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::day_book::Names;
use crate::{
    digest::Digest,
    event::Event,
    record::Entry,
    ring::Ring,
    sale::{self, Payment},
    table::{Row, Table},
    values::{AccountId, Day, Millis, Price, Quantity, SaleId, Sku},
};

/// Receipts kept; older ones are in the log.
pub const RECEIPTS_KEPT: usize = 200;

/// A day's takings, in minor units. A sale belongs to the day (UTC) on which the device says it was made.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct DayTakings {
    pub sales: u32,
    /// Sales whose goods came back on this day, whenever they were made.
    pub put_back: u32,
    pub cash: i64,
    pub card: i64,
    /// Put on customers' accounts: owed, and in no drawer.
    #[serde(default)]
    pub account: i64,
    pub position: u64,
}

impl DayTakings {
    #[must_use]
    pub fn total(&self) -> i64 {
        self.cash.saturating_add(self.card).saturating_add(self.account)
    }
}

impl Row for DayTakings {
    const TABLE: &'static str = "takings";
    type Key = Day;
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Receipt {
    pub sale_id: SaleId,
    pub lines: Vec<ReceiptLine>,
    pub payment: Payment,
    /// Which account pays, if one does.
    #[serde(default)]
    pub account: Option<AccountId>,
    /// Minor units.
    pub total: i64,
    pub device: Arc<str>,
    pub issued_at: Millis,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ReceiptLine {
    pub sku: Sku,
    /// As the product was called then; the SKU where nobody had named it.
    pub name: Arc<str>,
    pub qty: Quantity,
    pub price: Price,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Sales {
    pub takings: Table<DayTakings>,
    /// By position.
    pub receipts: Ring<Receipt>,
}

impl Sales {
    /// A receipt by its number, if it is among those kept.
    #[must_use]
    pub fn receipt(&self, sale_id: &SaleId) -> Option<(u64, &Receipt)> {
        let mut newest_first = self.receipts.iter().rev();
        newest_first.find(|(_, receipt)| receipt.sale_id == *sale_id).map(|(position, receipt)| (*position, receipt))
    }

    pub(super) fn apply(&mut self, entry: &Entry, names: &Names) {
        let recorded = match &entry.event {
            Event::Sale(sale::Event::SaleRecorded(recorded)) => recorded,
            // The money leaves the drawer on the day on which the goods come back.
            Event::Sale(sale::Event::SalePutBack(back)) => {
                return self.take(entry, back.payment, -back.total, |takings| &mut takings.put_back);
            }
            _ => return,
        };
        self.take(entry, recorded.payment, recorded.total, |takings| &mut takings.sales);
        let lines = recorded.lines.iter().map(|line| {
            let name = names.get(&line.sku).cloned().unwrap_or_else(|| line.sku.as_str().into());
            ReceiptLine { sku: line.sku.clone(), name, qty: line.qty, price: line.price }
        });
        let receipt = Receipt {
            sale_id: recorded.sale_id.clone(),
            lines: lines.collect(),
            payment: recorded.payment,
            account: recorded.account.clone(),
            total: recorded.total,
            device: entry.device.clone(),
            issued_at: entry.issued_at,
        };
        self.receipts.push(entry.position, receipt, RECEIPTS_KEPT);
    }

    fn take(&mut self, entry: &Entry, payment: Payment, amount: i64, count: fn(&mut DayTakings) -> &mut u32) {
        self.takings.change(&Day::of(entry.issued_at), DayTakings::default, |takings| {
            let counted = count(takings);
            *counted = counted.saturating_add(1);
            takings.position = entry.position;
            let drawer = match payment {
                Payment::Cash => &mut takings.cash,
                Payment::Card => &mut takings.card,
                Payment::Account => &mut takings.account,
            };
            *drawer = drawer.saturating_add(amount);
        });
    }

    pub(super) fn digest(&self) -> Digest {
        let receipts = self.receipts.digest(|position, receipt| Digest::of_row("receipts", &position, receipt));
        self.takings.digest().plus(receipts)
    }
}
