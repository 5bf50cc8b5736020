//! All of a shop's state, and the one way to advance it.

use std::collections::BTreeSet;

use imbl::{OrdMap, Vector};
use serde::{Deserialize, Serialize};

use crate::{
    account::{self, Account},
    change,
    command::Command,
    comment::{self, Comment, Written},
    decider::{AroundStock, Decider},
    deeds::Deeds,
    digest::Digest,
    event::{AskedCommand, Event, Refused},
    ids::{AggregateId, CommandId},
    order::{self, Order},
    picture::{self, Picture, Subject},
    processes::{self, PROCESSES},
    product::Product,
    projections::Projections,
    record::{Entry, Submission, Verdict, VerdictRecord},
    refusal::{Refusal, Thing},
    sale::{self, Sale},
    shop::{self, Shop},
    stock::{self, Stock},
    transfer::{self, Legs, Transfer},
    values::{AccountId, Amount, BatchRef, CommentId, Millis, OrderId, PictureId, SaleId, Sku, TransferId},
};

pub use crate::roles::Role;

/// Number of the fold. It goes up whenever the same events give other books, so that snapshots made by another
/// fold are ignored and digests of different folds are never compared.
pub const FOLD_VERSION: u32 = 6;

/// Sales whose goods are remembered, so that they can be put back.
pub const SALES_REMEMBERED: usize = 1_000;

/// What commands are decided on. Nothing here is a read model.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Aggregates {
    pub shop: Shop,
    pub products: OrdMap<Sku, Product>,
    pub stocks: OrdMap<Sku, Stock>,
    pub orders: OrdMap<OrderId, Order>,
    pub sales: OrdMap<SaleId, Sale>,
    /// The last sales, oldest first: of these alone is it remembered what they were.
    pub last_sales: Vector<SaleId>,
    pub accounts: OrdMap<AccountId, Account>,
    pub transfers: OrdMap<TransferId, Transfer>,
    /// What accounts have done for transfers that are neither completed nor failed.
    pub legs: OrdMap<TransferId, Legs>,
    /// What open orders were charged.
    pub charges: OrdMap<OrderId, Charged>,
    /// Which SKU's stock a batch belongs to: a batch reference is used once in a shop.
    pub batches: OrdMap<BatchRef, Sku>,
    pub pictures: OrdMap<PictureId, Picture>,
    pub comments: OrdMap<CommentId, Comment>,
    /// Who gave which command lately, so that it can be put back.
    pub deeds: Deeds,
    /// The version of the last refusal, or giving up, of each aggregate that has one. The versions of all other entries are in the
    /// states: a refusal must not change those.
    pub versions: OrdMap<AggregateId, u32>,
}

/// Money that the shop has for an order; it goes back if the order is not wanted any more.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Charged {
    pub account_id: AccountId,
    pub amount: Amount,
}

/// What read models are shown with an entry: the state after it of what the entry is about, looked up once for all
/// of them.
pub(crate) struct Seen<'a> {
    pub products: &'a OrdMap<Sku, Product>,
    pub orders: &'a OrdMap<OrderId, Order>,
    pub accounts: &'a OrdMap<AccountId, Account>,
    /// For a product's entry and for one of its stock.
    pub product: Option<&'a Product>,
    /// For an entry of stock.
    pub stock: Option<StockSeen<'a>>,
    /// For a comment's entry.
    pub comment: Option<&'a Comment>,
}

/// The stock of one SKU after an entry, and what of it only the state before could tell.
#[derive(Clone, Copy)]
pub(crate) struct StockSeen<'a> {
    pub after: &'a Stock,
    /// More had gone than the book knew of.
    pub was_below_zero: bool,
}

/// A shop's state at one position.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Books {
    pub position: u64,
    pub aggregates: Aggregates,
    pub projections: Projections,
}

/// Who sends a command: taken from the session or the token, never from the message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Author {
    pub actor: std::sync::Arc<str>,
    pub role: Role,
}

/// What a command would do: the aggregate it addresses, its events, and the aggregates that were looked at.
#[derive(Clone, PartialEq, Debug)]
pub struct Decision {
    pub aggregate: AggregateId,
    pub events: Vec<Event>,
}

/// The names of the aggregates that a decision depended on. While none of them changes, deciding again gives the
/// same answer.
pub type Reads = BTreeSet<AggregateId>;

#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum FoldError {
    #[error("entry {found} does not follow {position}")]
    Gap { position: u64, found: u64 },
}

impl Books {
    /// Takes in the next entry.
    ///
    /// # Errors
    /// [`FoldError::Gap`] unless the entry's position is the next one; the books are unchanged then.
    pub fn apply(&mut self, entry: &Entry) -> Result<(), FoldError> {
        if entry.position.checked_sub(1) != Some(self.position) {
            return Err(FoldError::Gap { position: self.position, found: entry.position });
        }
        self.position = entry.position;
        let projections = &mut self.projections;
        self.aggregates.apply(entry, |seen| projections.apply(entry, seen));
        Ok(())
    }

    /// Equal on every replica that has folded the same entries.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.projections.digest().plus(self.aggregates.shop.digest())
    }

    /// The aggregate that `command` is about.
    #[must_use]
    pub fn addressed(&self, command: &Command) -> AggregateId {
        self.aggregates.addressed(command, &mut Reads::new())
    }

    /// As [`Books::decide`], for a command that puts another back, where `undoes` names one.
    ///
    /// # Errors
    /// As [`Books::decide`]; also where `author` may not undo that one, or somebody did already.
    pub fn decide_linked(
        &self,
        command: &Command,
        undoes: Option<CommandId>,
        author: &Author,
        reads: &mut Reads,
    ) -> Result<Decision, (AggregateId, Refusal)> {
        let decision = self.decide(command, author, reads)?;
        let Some(id) = undoes else { return Ok(decision) };
        reads.insert(deed_id(id));
        match self.aggregates.deeds.allow(id, author) {
            Ok(()) => Ok(decision),
            Err(refusal) => Err((decision.aggregate, refusal)),
        }
    }

    /// What `command` would do now. `reads` gains the aggregates that were looked at, also when it is refused.
    ///
    /// # Errors
    /// The rule that it runs into, with the aggregate addressed, where the refusal is to be written down.
    pub fn decide(
        &self,
        command: &Command,
        author: &Author,
        reads: &mut Reads,
    ) -> Result<Decision, (AggregateId, Refusal)> {
        let aggregates = &self.aggregates;
        let aggregate = aggregates.addressed(command, reads);
        reads.insert(aggregate.clone());
        let allowed = author.role.may_send(command).and_then(|()| match command {
            Command::Change(change::Command::Decline(decline)) => {
                aggregates.deeds.allow_decline(decline.command_id, author)
            }
            _ => Ok(()),
        });
        match allowed.and_then(|()| aggregates.decide(command, reads)) {
            Ok(events) => Ok(Decision { aggregate, events }),
            Err(refusal) => Err((aggregate, refusal)),
        }
    }
}

impl Aggregates {
    /// The last version of `aggregate`, 0 if it has none.
    #[must_use]
    pub fn version(&self, aggregate: &AggregateId) -> u32 {
        let (kind, key) = aggregate.kind_and_key();
        let carried = match kind {
            "shop" => Some(self.shop.version),
            "product" => self.products.get(&Sku::from_stored(key)).map(|product| product.version),
            "stock" => self.stocks.get(&Sku::from_stored(key)).map(|stock| stock.version),
            "order" => self.orders.get(&OrderId::from_stored(key)).map(|order| order.version),
            "sale" => self.sales.get(&SaleId::from_stored(key)).map(|sale| sale.version),
            "account" => self.accounts.get(&AccountId::from_stored(key)).map(|account| account.version),
            "transfer" => self.transfers.get(&TransferId::from_stored(key)).map(|transfer| transfer.version),
            "picture" => self.pictures.get(&PictureId::from_stored(key)).map(|picture| picture.version),
            "comment" => self.comments.get(&CommentId::from_stored(key)).map(|comment| comment.version),
            _ => None,
        };
        carried.max(self.versions.get(aggregate).copied()).unwrap_or(0)
    }

    /// The aggregate that `command` is about. A batch leads to its SKU's stock; an unknown one stands for itself.
    fn addressed(&self, command: &Command, reads: &mut Reads) -> AggregateId {
        match command {
            Command::Product(command) => product_id(command.sku()),
            Command::Order(command) => order_id(command.order_id()),
            Command::Sale(command) => AggregateId::new("sale", command.sale_id().as_str()),
            Command::Account(command) => account_id(command.account_id()),
            Command::Transfer(command) => transfer_id(command.transfer_id()),
            Command::Shop(_) => shop_id(),
            Command::Picture(command) => AggregateId::new("picture", command.picture_id().as_str()),
            Command::Comment(command) => AggregateId::new("comment", command.comment_id().as_str()),
            Command::Change(change::Command::Decline(decline)) => match decline.command.parse() {
                // Giving up a giving up is about nothing else; neither is what this version cannot read.
                None | Some(Command::Change(_)) => AggregateId::new("change", &decline.command_id.to_string()),
                Some(command) => self.addressed(&command, reads),
            },
            Command::Stock(command) => match command.subject() {
                stock::Subject::Sku(sku) => stock_id(sku),
                stock::Subject::Batch(batchref) => {
                    reads.insert(batch_id(batchref));
                    self.batches.get(batchref).map_or_else(|| batch_id(batchref), stock_id)
                }
            },
        }
    }

    fn decide(&self, command: &Command, reads: &mut Reads) -> Result<Vec<Event>, Refusal> {
        if !processes::is_due(command, self, reads) {
            return Ok(vec![]);
        }
        match command {
            Command::Product(command) => decided(self.products.get(command.sku()), command, ()),
            Command::Stock(command) => self.decide_stock(command, reads),
            Command::Order(command) => self.decide_order(command, reads),
            Command::Sale(command) => {
                if let sale::Command::Record(sale::Record { account: Some(id), .. }) = command {
                    reads.insert(account_id(id));
                }
                decided(self.sales.get(command.sale_id()), command, &self.accounts)
            }
            Command::Account(command) => {
                if let account::Command::Open(_) = command {
                    reads.insert(shop_id());
                }
                decided(self.accounts.get(command.account_id()), command, &self.shop.currency)
            }
            Command::Transfer(command) => {
                if let transfer::Command::Request(request) = command {
                    reads.extend([account_id(&request.from), account_id(&request.to)]);
                }
                let id = command.transfer_id();
                let legs = self.legs.get(id).copied().unwrap_or_default();
                decided(self.transfers.get(id), command, (legs, &self.accounts))
            }
            Command::Shop(command) => {
                let has_sums = !self.products.is_empty() || !self.accounts.is_empty();
                decided(Some(&self.shop), command, has_sums)
            }
            Command::Picture(command) => {
                let picture::Command::Add(add) = command;
                let is_known = add.about.as_ref().is_none_or(|subject| self.knows(subject, reads));
                decided(self.pictures.get(command.picture_id()), command, is_known)
            }
            Command::Comment(command) => {
                let comment = self.comments.get(command.comment_id());
                let on = match command {
                    comment::Command::Add { picture_id, .. } => Some(picture_id),
                    _ => comment.and_then(|comment| comment.picture_id.as_ref()),
                };
                reads.extend(on.into_iter().flat_map(|id| [picture_id(id), thread_id(id)]));
                decided(comment, command, &self.pictures)
            }
            Command::Change(command) => Ok(vec![Event::Declined(change::decide(command))]),
        }
    }

    fn decide_order(&self, command: &order::Command, reads: &mut Reads) -> Result<Vec<Event>, Refusal> {
        let order = self.orders.get(command.order_id());
        match command {
            order::Command::AddItem(item) => {
                reads.insert(product_id(&item.sku));
            }
            order::Command::Place(place) => {
                reads.extend(place.lines.iter().flatten().map(|line| product_id(&line.sku)));
                reads.extend(place.account.iter().map(account_id));
            }
            order::Command::TakeWhatIsLeft { .. } | order::Command::BackOrder { .. } => {
                reads.extend(order.iter().flat_map(|order| &order.lines).map(|line| stock_id(&line.sku)));
                reads.extend(order.and_then(|order| order.account.as_ref()).map(account_id));
            }
            _ => {}
        }
        let around = order::Around { products: &self.products, stocks: &self.stocks, accounts: &self.accounts };
        decided(order, command, around)
    }

    /// Whether the shop has what a picture is about.
    fn knows(&self, subject: &Subject, reads: &mut Reads) -> bool {
        match subject {
            Subject::Product(sku) => {
                reads.insert(product_id(sku));
                self.products.contains_key(sku)
            }
            Subject::Batch(batchref) => {
                reads.insert(batch_id(batchref));
                self.batches.contains_key(batchref)
            }
            Subject::Order(id) => {
                reads.insert(order_id(id));
                self.orders.contains_key(id)
            }
            Subject::Account(id) => {
                reads.insert(account_id(id));
                self.accounts.contains_key(id)
            }
        }
    }

    fn decide_stock(&self, command: &stock::Command, reads: &mut Reads) -> Result<Vec<Event>, Refusal> {
        let sku = match command.subject() {
            stock::Subject::Sku(sku) => sku,
            stock::Subject::Batch(batchref) => self
                .batches
                .get(batchref)
                .ok_or_else(|| Refusal::NotFound { what: Thing::Batch, id: batchref.to_string() })?,
        };
        if let stock::Command::Receive(receive) = command {
            reads.insert(batch_id(&receive.batchref));
        }
        reads.insert(product_id(sku));
        let stock = self.stocks.get(sku);
        // Whether a line that is short still waits is the order's business: goods that come in go to it.
        reads.extend(stock.into_iter().flat_map(|stock| stock.short.keys()).map(order_id));
        if let stock::Command::Allocate { order_id: id, .. } = command {
            reads.insert(order_id(id));
            // A repeat of what it has changes nothing, whatever became of the order since.
            let has_line = stock.is_some_and(|stock| stock.lines.contains_key(id));
            let over = self.orders.get(id).filter(|order| order.is_over() && !has_line);
            if let Some(order) = over {
                let (what, id, state) = (Thing::Order, id.to_string(), order.state.word().to_owned());
                return Err(Refusal::WrongState { what, id, state });
            }
        }
        let is_known = self.products.contains_key(sku) || stock.is_some();
        let events = Decider::decide(stock, command, AroundStock { sku, is_known, batches: &self.batches })?;
        // A count that finds goods where the book knew none begins a batch too, and depends on its name being free.
        reads.extend(events.iter().flat_map(stock::Event::begins_batch).map(batch_id));
        let taken = |batchref: &&BatchRef| self.batches.get(*batchref).is_some_and(|owner| owner != sku);
        if let Some(batchref) = events.iter().flat_map(stock::Event::begins_batch).find(taken) {
            let (what, id) = (Thing::Batch, batchref.to_string());
            return Err(Refusal::AlreadyExists { what, id });
        }
        Ok(events.into_iter().map(Event::from).collect())
    }

    /// Takes in the next entry and shows its outcome.
    fn apply(&mut self, entry: &Entry, show: impl FnOnce(&Seen<'_>)) {
        let Self {
            shop,
            products,
            stocks,
            orders,
            sales,
            last_sales,
            accounts,
            transfers,
            legs,
            charges,
            batches,
            pictures,
            comments,
            deeds,
            versions,
        } = self;
        deeds.apply(entry);
        match &entry.event {
            Event::Product(event) => {
                evolve(products, event.sku(), event, entry);
                let product = products.get(event.sku());
                show(&Seen { products, orders, accounts, product, stock: None, comment: None });
            }
            Event::Stock(event) => {
                for batchref in event.begins_batch() {
                    batches.insert(batchref.clone(), event.sku().clone());
                }
                let was_below_zero = stocks.get(event.sku()).is_some_and(|stock| stock.on_hand() < 0);
                evolve(stocks, event.sku(), event, entry);
                let product = products.get(event.sku());
                let stock = stocks.get(event.sku()).map(|after| StockSeen { after, was_below_zero });
                show(&Seen { products, orders, accounts, product, stock, comment: None });
            }
            Event::Order(event) => {
                evolve(orders, event.order_id(), event, entry);
                // Goods that the customer has are paid for good.
                if let order::Event::OrderHandedOver(_) = event {
                    charges.remove(event.order_id());
                }
                show(&Seen { products, orders, accounts, product: None, stock: None, comment: None });
            }
            Event::Sale(event) => {
                evolve(sales, event.sale_id(), event, entry);
                if let sale::Event::SaleRecorded(recorded) = event {
                    last_sales.push_back(recorded.sale_id.clone());
                    forget(sales, last_sales);
                }
                show(&Seen { products, orders, accounts, product: None, stock: None, comment: None });
            }
            Event::Account(event) => {
                evolve(accounts, event.account_id(), event, entry);
                note_leg(legs, event);
                note_charge(charges, event);
                show(&Seen { products, orders, accounts, product: None, stock: None, comment: None });
            }
            Event::Transfer(event) => {
                let id = event.transfer_id();
                evolve(transfers, id, event, entry);
                if let transfer::Event::TransferCompleted(_) | transfer::Event::TransferFailed(_) = event {
                    legs.remove(id);
                }
                show(&Seen { products, orders, accounts, product: None, stock: None, comment: None });
            }
            Event::Shop(event) => {
                if let Some(now) = after(Some(shop.take()), event, entry) {
                    *shop = now;
                }
                show(&Seen { products, orders, accounts, product: None, stock: None, comment: None });
            }
            Event::Picture(event) => {
                evolve(pictures, event.picture_id(), event, entry);
                show(&Seen { products, orders, accounts, product: None, stock: None, comment: None });
            }
            Event::Comment(event) => {
                advance(pictures, event.picture_id(), |picture| {
                    picture.comments = picture.comments.saturating_add_signed(event.grows());
                });
                evolve(comments, event.comment_id(), event, entry);
                let comment = comments.get(event.comment_id());
                show(&Seen { products, orders, accounts, product: None, stock: None, comment });
            }
            Event::Refused(_) | Event::Declined(_) => {
                versions.insert(entry.aggregate.clone(), entry.version);
                show(&Seen { products, orders, accounts, product: None, stock: None, comment: None });
            }
        }
    }

    /// All money that accounts have, and what is on its way between two of them: no transfer ever changes it.
    #[must_use]
    pub fn money(&self) -> i128 {
        let held = self.accounts.values().map(|account| i128::from(account.balance));
        let under_way = self.legs.iter().filter(|(_, legs)| legs.is_under_way());
        let under_way = under_way.filter_map(|(id, _)| self.transfers.get(id));
        held.chain(under_way.map(|transfer| i128::from(transfer.amount.minor()))).sum()
    }
}

/// An aggregate's decision, as events of the shop.
fn decided<D: Decider>(state: Option<&D>, command: &D::Command, around: D::Around<'_>) -> Result<Vec<Event>, Refusal>
where
    Event: From<D::Event>,
{
    Ok(D::decide(state, command, around)?.into_iter().map(Event::from).collect())
}

/// An aggregate after one of its entries.
fn after<D: Decider>(state: Option<D>, event: &D::Event, entry: &Entry) -> Option<D> {
    D::evolve(state, event, &Written::of(entry)).map(|state| state.with_version(entry.version))
}

/// Leads the aggregate at `key` on, or begins it there.
fn evolve<K: Ord + Clone, D: Decider>(rows: &mut OrdMap<K, D>, key: &K, event: &D::Event, entry: &Entry) {
    if let Some(state) = rows.get_mut(key) {
        // What there is stays, whatever happens to it.
        if let Some(now) = after(Some(state.take()), event, entry) {
            *state = now;
        }
    } else if let Some(now) = after(None, event, entry) {
        rows.insert(key.clone(), now);
    }
}

fn note_leg(legs: &mut OrdMap<TransferId, Legs>, event: &account::Event) {
    let Some(id) = event.transfer_id() else { return };
    advance(legs, id, |legs| match event {
        account::Event::AccountDebited(_) => legs.debited = true,
        account::Event::AccountCredited(credited) if credited.put_back.is_some() => legs.put_back = true,
        account::Event::AccountCredited(_) => legs.credited = true,
        _ => {}
    });
}

fn note_charge(charges: &mut OrdMap<OrderId, Charged>, event: &account::Event) {
    let Some(id) = event.order_id() else { return };
    if let account::Event::AccountDebited(debited) = event {
        let charged = Charged { account_id: debited.account_id.clone(), amount: debited.amount };
        charges.insert(id.clone(), charged);
    } else {
        charges.remove(id);
    }
}

/// Changes the value at `key`, or begins one there.
fn advance<K: Ord + Clone, V: Default + Clone>(rows: &mut OrdMap<K, V>, key: &K, next: impl FnOnce(&mut V)) {
    if let Some(value) = rows.get_mut(key) {
        next(value);
    } else {
        let mut value = V::default();
        next(&mut value);
        rows.insert(key.clone(), value);
    }
}

/// What the oldest sale was, where there are more than need to be remembered.
fn forget(sales: &mut OrdMap<SaleId, Sale>, last: &mut Vector<SaleId>) {
    if last.len() > SALES_REMEMBERED
        && let Some(oldest) = last.pop_front()
        && let Some(sale) = sales.get_mut(&oldest)
    {
        sale.out = None;
    }
}

pub(crate) fn shop_id() -> AggregateId {
    AggregateId::new("shop", shop::KEY)
}

pub(crate) fn order_id(id: &OrderId) -> AggregateId {
    AggregateId::new("order", id.as_str())
}

pub(crate) fn account_id(id: &AccountId) -> AggregateId {
    AggregateId::new("account", id.as_str())
}

pub(crate) fn transfer_id(id: &TransferId) -> AggregateId {
    AggregateId::new("transfer", id.as_str())
}

fn product_id(sku: &Sku) -> AggregateId {
    AggregateId::new("product", sku.as_str())
}

fn picture_id(id: &PictureId) -> AggregateId {
    AggregateId::new("picture", id.as_str())
}

/// Not an aggregate of its own: the name under which decisions remember that they looked how long a thread is.
fn thread_id(id: &PictureId) -> AggregateId {
    AggregateId::new("thread", id.as_str())
}

pub(crate) fn stock_id(sku: &Sku) -> AggregateId {
    AggregateId::new("stock", sku.as_str())
}

/// Not an aggregate of its own: the name under which decisions remember that they looked a batch up.
fn batch_id(batchref: &BatchRef) -> AggregateId {
    AggregateId::new("batch", batchref.as_str())
}

/// Not an aggregate of its own: the name under which decisions remember that they asked who gave a command, and whether
/// it was put back.
fn deed_id(id: CommandId) -> AggregateId {
    AggregateId::new("deed", &id.to_string())
}

impl Entry {
    /// The names whose readers must decide again after this entry.
    #[must_use]
    pub fn touches(&self) -> Vec<AggregateId> {
        // What was refused or given up moves an aggregate's version, but no state that a decision looks at.
        if let Event::Refused(_) | Event::Declined(_) = &self.event {
            return vec![];
        }
        let mut touched = vec![self.aggregate.clone()];
        match &self.event {
            Event::Comment(event) => touched.push(thread_id(event.picture_id())),
            Event::Stock(event) => touched.extend(event.begins_batch().map(batch_id)),
            _ => {}
        }
        touched.extend(self.undoes.map(deed_id));
        touched
    }
}

/// A command with its author, ready to be decided.
#[derive(Clone, PartialEq, Debug)]
pub struct Request {
    pub submission: Submission,
    pub author: Author,
}

/// What the server adds: its clock and the log's identity.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stamp {
    pub epoch: uuid::Uuid,
    pub recorded_at: Millis,
}

/// What came of one request: its own verdict first, then those of the commands that process managers issued in
/// answer, each with the entries it wrote. The entries are applied to the books already.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Handled {
    pub entries: Vec<Entry>,
    /// Of each command in turn, the first of which was asked for.
    pub settled: Vec<VerdictRecord>,
}

struct Pending {
    id: CommandId,
    command: Command,
    author: Author,
    device: std::sync::Arc<str>,
    issued_at: Millis,
    causation: Option<u64>,
    correlation: CommandId,
    undoes: Option<CommandId>,
    replaces: Option<CommandId>,
}

impl Books {
    /// Decides a request and everything that follows from it, and takes the outcome in.
    ///
    /// The five steps of a command, one after another: look the aggregate up, decide, give the events their
    /// places, evolve, let the process managers react. `reads` gains every aggregate that was looked at on the
    /// way. The same function runs on the server, on a working copy, and in the browser, on the overlay.
    pub fn handle(&mut self, request: &Request, stamp: Stamp, reads: &mut Reads) -> Handled {
        let Submission { id, command, device, issued_at, undoes, replaces, .. } = &request.submission;
        let first = Pending {
            id: *id,
            command: command.clone(),
            author: request.author.clone(),
            device: device.clone(),
            issued_at: *issued_at,
            causation: None,
            correlation: *id,
            undoes: *undoes,
            replaces: *replaces,
        };
        let mut handled = Handled::default();
        let mut queue = std::collections::VecDeque::from([first]);
        while let Some(pending) = queue.pop_front() {
            let begin = handled.entries.len();
            self.settle(&pending, stamp, reads, &mut handled);
            for entry in handled.entries.iter().skip(begin) {
                queue.extend(self.reactions(entry, stamp, reads));
            }
        }
        handled
    }

    /// Runs the process managers for an entry that is already in the log, where their checkpoint lags behind it.
    pub fn react(&mut self, entry: &Entry, stamp: Stamp) -> Handled {
        self.react_unless(entry, stamp, |_| false)
    }

    /// As [`Books::react`], leaving out the commands that have their verdict already: `settled` looks an id up among
    /// the stored verdicts. Goods that left with a sale leave once, however often the sale is looked at.
    pub fn react_unless(&mut self, entry: &Entry, stamp: Stamp, settled: impl Fn(&CommandId) -> bool) -> Handled {
        let mut handled = Handled::default();
        let reads = &mut Reads::new();
        let mut queue = std::collections::VecDeque::from(self.reactions(entry, stamp, reads));
        while let Some(pending) = queue.pop_front() {
            if settled(&pending.id) {
                continue;
            }
            let begin = handled.entries.len();
            self.settle(&pending, stamp, reads, &mut handled);
            for entry in handled.entries.iter().skip(begin) {
                queue.extend(self.reactions(entry, stamp, reads));
            }
        }
        handled
    }

    /// Whether any process manager answers `entry` as the books are now.
    #[must_use]
    pub fn asks_for_more(&self, entry: &Entry) -> bool {
        PROCESSES.iter().any(|process| !(process.react)(entry, &self.aggregates, &mut Reads::new()).is_empty())
    }

    fn reactions(&self, entry: &Entry, stamp: Stamp, reads: &mut Reads) -> Vec<Pending> {
        let mut reactions = Vec::new();
        for process in PROCESSES {
            for (index, command) in (0_u16..).zip((process.react)(entry, &self.aggregates, reads)) {
                reactions.push(Pending {
                    id: CommandId::derived(stamp.epoch, process.name, entry.position, index),
                    command,
                    author: Author { actor: "daybook".into(), role: Role::Owner },
                    device: process.name.into(),
                    issued_at: entry.issued_at,
                    causation: Some(entry.position),
                    correlation: entry.correlation,
                    undoes: None,
                    replaces: None,
                });
            }
        }
        reactions
    }

    fn settle(&mut self, pending: &Pending, stamp: Stamp, reads: &mut Reads, handled: &mut Handled) {
        let decided = self.decide_linked(&pending.command, pending.undoes, &pending.author, reads);
        let (verdict, aggregate, events) = match decided {
            Ok(Decision { aggregate, events }) => {
                let positions = (self.position + 1..).take(events.len()).collect();
                (Verdict::Accepted { positions }, aggregate, events)
            }
            Err((aggregate, refusal)) => {
                let (command_type, data) = pending.command.to_json();
                let command = AskedCommand::new(command_type, data);
                let refused = Event::Refused(Refused { command, refusal: refusal.clone() });
                (Verdict::Refused { position: self.position + 1, refusal }, aggregate, vec![refused])
            }
        };
        for event in events {
            let entry = Entry {
                position: self.position + 1,
                version: self.aggregates.version(&aggregate) + 1,
                aggregate: aggregate.clone(),
                command_id: pending.id,
                actor: pending.author.actor.clone(),
                device: pending.device.clone(),
                issued_at: pending.issued_at.clamped(),
                recorded_at: stamp.recorded_at.clamped(),
                causation: pending.causation,
                correlation: pending.correlation,
                undoes: pending.undoes,
                replaces: pending.replaces,
                event,
            };
            // The position was taken from the books a line above, so there is no gap to report.
            let _ = self.apply(&entry);
            handled.entries.push(entry);
        }
        let fingerprint = pending.command.fingerprint();
        handled.settled.push(VerdictRecord { command_id: pending.id, fingerprint, verdict });
    }
}
