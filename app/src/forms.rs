//! How a form becomes a command, and how the answer finds its way back to the form: the same in the browser and at
//! the server's door for forms that are posted where no script runs.
//!
//! Field names are those of the command's data, with `lines[0].sku` for lists. People type prices in major units;
//! the command wants minor ones. The fields of [`RESERVED`] are about the form itself.

use std::collections::BTreeMap;

use domain::{
    Command, CommandId, Refusal, books::Books, change, command::ParseError, fields::FieldError, json, product, sale,
    stock, values::Sku,
};
use serde_json::{Map, Value};

use crate::format;

/// Where forms of a shop are posted: `/s/{shop}/commands`.
pub const DOOR: &str = "/commands";

/// Fields that are not data of the command.
pub const RESERVED: [&str; 9] =
    ["type", "command_id", "undoes", "next", "return_to", "form", FILE, APPROVER, APPROVER_PIN];

/// Where forms with a picture in them are posted.
pub const PICTURE_DOOR: &str = "/commands/picture";

/// The field of a chosen file. What becomes of the file is in other fields.
pub const FILE: &str = "file";

/// The field of whoever agrees to what the form is about, and that of their PIN. Neither goes back with the form.
pub const APPROVER: &str = "approver";
pub const APPROVER_PIN: &str = "approver_pin";

/// Fields that are sums of money in major units.
const MONEY: [&str; 4] = ["price", "amount", "initial_balance", "limit"];

/// Fields that are whole numbers.
const NUMBERS: [&str; 6] = ["qty", "counted", "short", "by", "width", "height"];

/// A form as it was sent.
#[derive(Clone, PartialEq, Debug)]
pub struct Form {
    pub command_type: String,
    /// None when the page gave it none: whoever reads the form makes one then.
    pub command_id: Option<CommandId>,
    /// The command that this one puts back.
    pub undoes: Option<CommandId>,
    /// Tells the forms of one page apart.
    pub form: String,
    /// Who agrees to it, by login, with their PIN; where both were typed.
    pub approver: Option<(String, String)>,
    next: String,
    return_to: String,
    fields: Vec<(String, String)>,
}

impl Form {
    /// From the pairs of a posted form, in their order.
    #[must_use]
    pub fn of(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        let (about, fields): (Vec<_>, Vec<_>) =
            pairs.into_iter().partition(|(name, _)| RESERVED.contains(&name.as_str()));
        let about: BTreeMap<_, _> = about.into_iter().collect();
        let word = |name: &str| about.get(name).cloned().unwrap_or_default();
        Self {
            command_type: word("type"),
            command_id: CommandId::parse(&word("command_id")).ok(),
            undoes: CommandId::parse(&word("undoes")).ok(),
            form: word("form"),
            approver: Some((word(APPROVER), word(APPROVER_PIN)))
                .filter(|(login, pin)| !login.is_empty() && !pin.is_empty()),
            next: word("next"),
            return_to: word("return_to"),
            fields,
        }
    }

    /// From `application/x-www-form-urlencoded`.
    #[must_use]
    pub fn of_body(body: &str) -> Self {
        Self::of(form_urlencoded::parse(body.as_bytes()).into_owned())
    }

    /// The field of the number that what the command begins is known by.
    fn numbered(&self) -> Option<&'static str> {
        match self.command_type.as_str() {
            "sale.record" => Some("sale_id"),
            "order.place" => Some("order_id"),
            "account.open" => Some("account_id"),
            "transfer.request" => Some("transfer_id"),
            "picture.add" => Some("picture_id"),
            "comment.add" => Some("comment_id"),
            _ => None,
        }
    }

    /// Whether the command needs a number that nobody types: a receipt's always, another's where it was left empty.
    #[must_use]
    pub fn needs_number(&self) -> bool {
        let typed = |field| self.fields.iter().any(|(name, value)| name == field && !value.trim().is_empty());
        self.numbered().is_some_and(|field| !typed(field))
    }

    /// What the server made of a picture that came with the form, in place of what the form says of it.
    #[must_use]
    pub fn with_picture(mut self, described: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        for (name, value) in described {
            self.fields.retain(|(known, _)| known != name);
            self.fields.push((name.to_owned(), value));
        }
        self
    }

    /// The typed command. `number` is taken where [`Form::needs_number`]; prices of sold lines that the form does
    /// not name are those of `books`.
    ///
    /// # Errors
    /// Every field that does not fit; one named `type` for a type that nobody may send.
    pub fn command(&self, number: &str, books: &Books) -> Result<Command, Vec<FieldError>> {
        let mut data = self.data();
        if let Some(field) = self.numbered().filter(|_| self.needs_number()) {
            data.insert(field.to_owned(), Value::String(number.to_owned()));
        }
        let has_picture = data.get("blob").and_then(Value::as_str).is_some_and(|name| !name.is_empty());
        if self.command_type == "picture.add" && !has_picture {
            // Nobody types its name, type or size.
            return Err(vec![FieldError { field: "blob".to_owned(), problem: "must be chosen first".to_owned() }]);
        }
        if self.command_type == "sale.record" {
            price_lines(&mut data, books);
            if self.pays_from_nowhere(&mut data) {
                return Err(vec![FieldError {
                    field: "account".to_owned(),
                    problem: "must be chosen first".to_owned(),
                }]);
            }
        }
        Command::parse(&self.command_type, &Value::Object(data)).map_err(|error| match error {
            ParseError::Fields(errors) => errors.into_iter().map(in_major_units).collect(),
            ParseError::UnknownType(_) => {
                vec![FieldError { field: "type".to_owned(), problem: "is not a command".to_owned() }]
            }
        })
    }

    /// The till's form has an account in it, however its goods are paid for. Taken out where nothing is put on one; true
    /// where something is, and none was chosen.
    fn pays_from_nowhere(&self, data: &mut Map<String, Value>) -> bool {
        if data.get("payment").and_then(Value::as_str) != Some("account") {
            data.remove("account");
            return false;
        }
        data.get("account").and_then(Value::as_str).is_none_or(|account| account.trim().is_empty())
    }

    /// The command's data as JSON. Spare lines of a list, those with nothing typed in them, are left out.
    fn data(&self) -> Map<String, Value> {
        let mut data = Map::new();
        let mut lists: BTreeMap<&str, BTreeMap<usize, Map<String, Value>>> = BTreeMap::new();
        for (name, typed) in &self.fields {
            match path(name) {
                Some((list, index, field)) => {
                    let line = lists.entry(list).or_default().entry(index).or_default();
                    line.insert(field.to_owned(), value(field, typed));
                }
                None => match name.split_once('.') {
                    Some((object, field)) => {
                        let inner = data.entry(object).or_insert_with(|| Value::Object(Map::new()));
                        if let Value::Object(inner) = inner {
                            inner.insert(field.to_owned(), value(field, typed));
                        }
                    }
                    None => {
                        data.insert(name.clone(), value(name, typed));
                    }
                },
            }
        }
        for (list, lines) in lists {
            let typed = |line: &Map<String, Value>| {
                line.values().any(|value| !matches!(value, Value::Null) && value.as_str() != Some(""))
            };
            let lines = lines.into_values().filter(typed).map(Value::Object).collect();
            data.insert(list.to_owned(), Value::Array(lines));
        }
        data
    }

    /// Where to go when the command was accepted: the form's `next`, which is told what was done.
    #[must_use]
    pub fn after(&self, command: &Command) -> String {
        let told = [("done", self.command_type.as_str()), ("id", subject(command))];
        extended(local(&self.next).unwrap_or("/"), told)
    }

    /// Where to go when the shop's rules refused it: back to the form, with the reason and what was typed.
    #[must_use]
    pub fn refused(&self, refusal: &Refusal) -> String {
        let detail = json::value(refusal).unwrap_or_default();
        let detail = detail.get("detail").map(json::written).unwrap_or_default();
        let reason =
            [("refused", refusal.code()), ("field", field_at_fault(refusal, &self.command_type)), ("detail", &detail)];
        self.back(reason)
    }

    /// Where to go when fields do not fit: back to the form, with each of them and what was typed.
    #[must_use]
    pub fn malformed(&self, errors: &[FieldError]) -> String {
        let pairs =
            errors.iter().flat_map(|error| [("field", error.field.as_str()), ("detail", error.problem.as_str())]);
        self.back(std::iter::once(("refused", MALFORMED)).chain(pairs))
    }

    /// Where to go when it is not known whether the command was decided. Sending the form again is safe: it has
    /// the same id.
    #[must_use]
    pub fn unanswered(&self) -> String {
        self.back([("refused", UNANSWERED)])
    }

    fn back<'a>(&self, reason: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let typed = self.fields.iter().map(|(name, value)| (format!("typed.{name}"), value.clone()));
        let about = std::iter::once(("form".to_owned(), self.form.clone()));
        let address = local(&self.return_to).unwrap_or("/");
        extended(address, about.chain(reason.into_iter().map(owned)).chain(typed))
    }
}

/// The value of `refused` when fields do not fit.
pub const MALFORMED: &str = "malformed";

/// The value of `refused` when no answer came.
pub const UNANSWERED: &str = "unanswered";

/// What an address says about a form that came back.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct CameBack {
    pub form: String,
    pub refusal: Option<Refusal>,
    pub unanswered: bool,
    pub errors: Vec<FieldError>,
    pub typed: BTreeMap<String, String>,
}

impl CameBack {
    /// Reads the query of the address, without its `?`. None when no form came back.
    #[must_use]
    pub fn of_query(query: &str) -> Option<Self> {
        let pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let all = |name: &str| {
            let name = name.to_owned();
            pairs.iter().filter(move |(key, _)| *key == name).map(|(_, value)| value.clone()).collect::<Vec<_>>()
        };
        let code = all("refused").first()?.clone();
        let typed =
            pairs.iter().filter_map(|(name, value)| Some((name.strip_prefix("typed.")?.to_owned(), value.clone())));
        let mut back = Self {
            form: all("form").first().cloned().unwrap_or_default(),
            unanswered: code == UNANSWERED,
            typed: typed.collect(),
            ..Self::default()
        };
        let (fields, details) = (all("field"), all("detail"));
        if code == MALFORMED {
            let errors = fields.into_iter().zip(details);
            back.errors = errors.map(|(field, problem)| FieldError { field, problem }).collect();
        } else if let Some(detail) = details.first().and_then(|detail| json::read::<Value>(detail).ok()) {
            back.refusal = json::read(&json::written(&serde_json::json!({ "code": code, "detail": detail }))).ok();
        }
        Some(back)
    }
}

/// What the address says was done, by [`Form::after`].
#[must_use]
pub fn done_of_query(query: &str) -> Option<(String, String)> {
    let word = |name: &str| form_urlencoded::parse(query.as_bytes()).filter(|(key, _)| key == name).last();
    let word = |name| word(name).map(|(_, value)| value.into_owned());
    Some((word("done")?, word("id").unwrap_or_default()))
}

/// A receipt number for a form that no device gave one: made from the command's id, so the same form twice is the
/// same receipt.
#[must_use]
pub fn number_of(id: CommandId) -> String {
    let bits = id.0.as_u128() & 0xff_ffff_ffff;
    format!("W0-{bits:07}")
}

/// The field of the form that a refusal is about; empty when it is about the whole.
#[must_use]
pub fn field_at_fault(refusal: &Refusal, command_type: &str) -> &'static str {
    use domain::refusal::Thing;
    match (refusal, command_type) {
        (Refusal::OutOfStock { .. }, _) => "qty",
        (Refusal::InvalidSku { .. }, "order.place" | "sale.record") => "lines[0].sku",
        (Refusal::InvalidSku { .. } | Refusal::AlreadyExists { what: Thing::Product, .. }, _) => "sku",
        (Refusal::AlreadyExists { what: Thing::Batch, .. } | Refusal::NotFound { what: Thing::Batch, .. }, _) => {
            "batchref"
        }
        (Refusal::AlreadyExists { what: Thing::Order, .. }, _) => "order_id",
        (Refusal::AlreadyExists { what: Thing::Account, .. } | Refusal::NotZero { .. }, _) => "account_id",
        (Refusal::AlreadyExists { what: Thing::Transfer, .. }, _) => "transfer_id",
        (Refusal::InsufficientFunds { .. }, "account.debit" | "transfer.request") => "amount",
        (Refusal::SameAccount { .. }, _) => "to",
        (Refusal::NotFound { what: Thing::Account, .. }, "order.place" | "sale.record") => "account",
        _ => "",
    }
}

/// A command as the fields of a form that would send it again: the other way round than [`Form::command`].
#[must_use]
pub fn fields_of(command: &Command) -> Vec<(String, String)> {
    let Value::Object(data) = command.to_json().1 else { return vec![] };
    let mut fields = Vec::new();
    for (name, value) in data {
        match value {
            Value::Array(lines) => {
                for (index, line) in lines.into_iter().enumerate() {
                    let Value::Object(line) = line else { continue };
                    fields.extend(line.into_iter().map(|(field, value)| {
                        let typed = typed(&field, &value);
                        (format!("{name}[{index}].{field}"), typed)
                    }));
                }
            }
            Value::Object(inner) => fields.extend(inner.into_iter().map(|(field, value)| {
                let typed = typed(&field, &value);
                (format!("{name}.{field}"), typed)
            })),
            value => {
                let typed = typed(&name, &value);
                fields.push((name, typed));
            }
        }
    }
    fields
}

/// A value as somebody would have typed it.
fn typed(field: &str, value: &Value) -> String {
    match value {
        Value::Number(number) if MONEY.contains(&field) => format::money_input(number.as_i64().unwrap_or(0)),
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        value => value.to_string(),
    }
}

/// The type of a command, as long as the program.
#[must_use]
pub fn type_of(command: &Command) -> &'static str {
    let named = command.to_json().0;
    Command::types().find(|known| *known == named).unwrap_or("")
}

/// The key of what a command is about.
fn subject(command: &Command) -> &str {
    match command {
        Command::Product(command) => command.sku().as_str(),
        Command::Order(command) => command.order_id().as_str(),
        Command::Sale(command) => command.sale_id().as_str(),
        Command::Account(command) => command.account_id().as_str(),
        Command::Transfer(command) => command.transfer_id().as_str(),
        Command::Change(change::Command::Decline(_)) | Command::Shop(_) => "",
        // Nobody knows these by their names.
        Command::Picture(_) | Command::Comment(_) => "",
        Command::Stock(stock::Command::Allocate { order_id, .. } | stock::Command::Free { order_id, .. }) => {
            order_id.as_str()
        }
        Command::Stock(stock::Command::Receive(receive)) => receive.batchref.as_str(),
        Command::Stock(command) => match command.subject() {
            stock::Subject::Sku(sku) => sku.as_str(),
            stock::Subject::Batch(batchref) => batchref.as_str(),
        },
    }
}

/// A form's `product.change` names every field; those that stay as they are need not be said again.
#[must_use]
pub fn is_no_change(command: &Command, books: &Books) -> bool {
    let Command::Product(change @ product::Command::Change(_)) = command else { return false };
    product::decide(books.aggregates.products.get(change.sku()), change).is_ok_and(|events| events.is_empty())
}

/// The command's parser speaks of minor units, which nobody typed.
fn in_major_units(error: FieldError) -> FieldError {
    let is_money = MONEY.contains(&error.field.rsplit('.').next().unwrap_or_default());
    if is_money && error.problem.starts_with("must be a whole number") {
        return FieldError { problem: format!("must be an amount like {}", format::money_example()), ..error };
    }
    error
}

/// `lines[2].qty` as its three parts.
fn path(name: &str) -> Option<(&str, usize, &str)> {
    let (list, rest) = name.split_once('[')?;
    let (index, field) = rest.split_once("].")?;
    let index = index.parse().ok().filter(|index| *index < sale::MOST_LINES)?;
    Some((list, index, field))
}

/// What does not read as a number goes on as it was typed: the command's own parser says what is wrong with it.
fn value(field: &str, typed: &str) -> Value {
    let trimmed = typed.trim();
    let number = if MONEY.contains(&field) {
        format::parse_money(trimmed)
    } else if NUMBERS.contains(&field) {
        trimmed.parse::<i64>().ok()
    } else {
        return Value::String(typed.to_owned());
    };
    match number {
        Some(number) => Value::from(number),
        None if trimmed.is_empty() => Value::Null,
        None => Value::String(trimmed.to_owned()),
    }
}

fn price_lines(data: &mut Map<String, Value>, books: &Books) {
    let Some(Value::Array(lines)) = data.get_mut("lines") else { return };
    for line in lines.iter_mut().filter_map(Value::as_object_mut) {
        let sku = line.get("sku").and_then(Value::as_str).and_then(|sku| Sku::parse(sku).ok());
        let known = sku.and_then(|sku| books.projections.catalogue.products.get(&sku));
        if let (None | Some(Value::Null), Some(product)) = (line.get("price"), known) {
            line.insert("price".to_owned(), Value::from(product.price.minor()));
        }
    }
}

/// An address on this site, or nothing: a form must not send anybody elsewhere.
fn local(address: &str) -> Option<&str> {
    let elsewhere = address.starts_with("//") || address.contains(['\\', '\r', '\n', '\t']);
    (address.starts_with('/') && !elsewhere).then_some(address)
}

fn extended<T: AsRef<str>>(address: &str, pairs: impl IntoIterator<Item = (T, T)>) -> String {
    let (address, fragment) = address.split_once('#').map_or((address, ""), |(address, fragment)| (address, fragment));
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let joint = if address.contains('?') { '&' } else { '?' };
    let fragment = if fragment.is_empty() { String::new() } else { format!("#{fragment}") };
    format!("{address}{joint}{query}{fragment}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(body: &str) -> Form {
        Form::of_body(body)
    }

    #[test]
    fn prices_are_typed_in_major_units_and_sent_in_minor_ones() {
        for typed in ["4.20", "4,2"] {
            let form = form(&format!("type=product.add&sku=OAT-1&name=Oat+bread&price={typed}"));
            let (_, data) = form.command("", &Books::default()).unwrap().to_json();
            assert_eq!(data["price"], 420, "{typed}");
        }
    }

    #[test]
    fn every_field_that_does_not_fit_is_named() {
        let form = form("type=stock.receive&batchref=&sku=a%2Fb&qty=two&eta=");
        let errors = form.command("", &Books::default()).unwrap_err();
        let fields: Vec<_> = errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["batchref", "sku", "qty"]);
    }

    #[test]
    fn an_empty_price_is_missing_and_a_wrong_one_is_told_as_wrong() {
        let problem = |price: &str| {
            let form = form(&format!("type=product.add&sku=A&name=A&price={price}"));
            form.command("", &Books::default()).unwrap_err()[0].problem.clone()
        };
        assert_eq!(problem(""), "is missing");
        assert_eq!(problem("4.205"), "must be an amount like 4.20");
    }

    #[test]
    fn us_22_an_account_counts_where_the_sale_goes_on_it_and_must_be_chosen_there() {
        let sold = "type=sale.record&sale_id=T1-0001&lines[0].sku=A&lines[0].qty=1&lines[0].price=1.00";
        let parsed = |more: &str| form(&format!("{sold}&{more}")).command("", &Books::default());
        let account = |more: &str| parsed(more).unwrap().to_json().1["account"].clone();
        assert_eq!(account("account=A-1&payment=account"), "A-1");
        assert_eq!(account("account=A-1&payment=cash"), Value::Null);
        for none in ["account=&payment=account", "account=+&payment=account", "payment=account"] {
            let errors = parsed(none).unwrap_err();
            assert_eq!((errors.len(), errors[0].field.as_str()), (1, "account"), "{none}");
        }
    }

    #[test]
    fn spare_lines_are_left_out_and_the_others_keep_their_order() {
        let form = form(
            "type=order.place&order_id=O-1&lines[0].sku=A&lines[0].qty=2&lines[1].sku=&lines[1].qty=\
             &lines[2].sku=B&lines[2].qty=1",
        );
        let (_, data) = form.command("", &Books::default()).unwrap().to_json();
        assert_eq!(data["lines"], serde_json::json!([{ "sku": "A", "qty": 2 }, { "sku": "B", "qty": 1 }]));
    }

    #[test]
    fn a_number_is_given_only_where_none_was_typed() {
        let typed = form("type=order.place&order_id=O-1&lines[0].sku=A&lines[0].qty=2");
        let left = form("type=order.place&order_id=+&lines[0].sku=A&lines[0].qty=2");
        assert!(!typed.needs_number() && left.needs_number());
        let (_, data) = left.command("W0-0000001", &Books::default()).unwrap().to_json();
        assert_eq!(data["order_id"], "W0-0000001");
    }

    #[test]
    fn the_same_form_twice_is_the_same_receipt_of_the_agreed_shape() {
        let id = CommandId::parse("01234567-89ab-7def-8123-456789abcdef").unwrap();
        assert_eq!(number_of(id), number_of(id));
        let (code, counter) = number_of(id).split_once('-').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
        assert_eq!(code, "W0");
        assert!(counter.len() >= 4 && counter.bytes().all(|b| b.is_ascii_digit()));
    }

    #[test]
    fn a_refused_form_comes_back_with_its_reason_and_what_was_typed() {
        let form =
            form("type=order.allocate&form=line-A&return_to=%2Fs%2Fdemo%2Forders%2FO-1&order_id=O-1&sku=A&qty=5");
        let refusal = Refusal::OutOfStock { sku: Sku::parse("A").unwrap(), asked: 5, left: 3, available: 4 };
        let address = form.refused(&refusal);
        let (path, query) = address.split_once('?').unwrap();
        assert_eq!(path, "/s/demo/orders/O-1");
        let back = CameBack::of_query(query).unwrap();
        assert_eq!(back.refusal, Some(refusal));
        assert_eq!((back.form.as_str(), back.typed["qty"].as_str()), ("line-A", "5"));
    }

    #[test]
    fn wrong_fields_come_back_each_with_its_problem() {
        let form = form("type=product.add&form=add&return_to=%2Fs%2Fdemo%2Fproducts%2Fnew&sku=%20&name=x&price=1");
        let errors = form.command("", &Books::default()).unwrap_err();
        let address = form.malformed(&errors);
        let back = CameBack::of_query(address.split_once('?').unwrap().1).unwrap();
        assert_eq!(back.errors, errors);
        assert_eq!(back.typed["name"], "x");
    }

    #[test]
    fn a_command_fills_in_the_form_that_gives_it_again() {
        for (kind, data) in [
            (
                "product.add",
                serde_json::json!({ "sku": "A", "name": "Apple", "description": "Two\nlines", "category": "", "price": 1234 }),
            ),
            (
                "order.place",
                serde_json::json!({ "order_id": "O-1", "lines": [{ "sku": "A", "qty": 2 }, { "sku": "B", "qty": 1 }] }),
            ),
            (
                "sale.record",
                serde_json::json!({ "sale_id": "T1-1", "lines": [{ "sku": "A", "qty": 2, "price": 7 }], "payment": "card" }),
            ),
            ("order.allocate", serde_json::json!({ "order_id": "O-1", "sku": "A", "qty": 2, "short": 3 })),
            ("stock.adjust", serde_json::json!({ "sku": "A", "changes": [{ "batchref": "B-1", "by": -3 }] })),
            ("stock.receive", serde_json::json!({ "batchref": "B-1", "sku": "A", "qty": 5, "eta": "2026-12-01" })),
            (
                "picture.add",
                serde_json::json!({
                    "picture_id": "P-1", "blob": "0".repeat(64), "media_type": "image/png", "width": 4, "height": 3,
                    "about": { "batch": "B-1" },
                }),
            ),
        ] {
            let command = Command::parse(kind, &data).unwrap();
            let mut fields = fields_of(&command);
            fields.push(("type".to_owned(), type_of(&command).to_owned()));
            assert_eq!(Form::of(fields).command("", &Books::default()), Ok(command), "{kind}");
        }
    }

    #[test]
    fn us_23_a_picture_that_was_not_chosen_is_one_problem() {
        let form = form("type=picture.add&about.batch=B-1&blob=&media_type=&width=&height=&caption=");
        let errors = form.command("P-1", &Books::default()).unwrap_err();
        assert_eq!(errors.iter().map(|error| error.field.as_str()).collect::<Vec<_>>(), ["blob"]);
        let described = [("blob", "0".repeat(64)), ("media_type", "image/png".into()), ("width", "4".into())];
        let form = form.with_picture(described).with_picture([("height", "3".to_owned())]);
        let (_, data) = form.command("P-1", &Books::default()).unwrap().to_json();
        assert_eq!((&data["picture_id"], &data["about"]), (&"P-1".into(), &serde_json::json!({ "batch": "B-1" })));
    }

    #[test]
    fn a_form_sends_nobody_to_another_site() {
        for elsewhere in ["https://example.org/", "//example.org", "/\\example.org", "javascript:alert(1)", ""] {
            let form =
                Form::of([("next".to_owned(), elsewhere.to_owned()), ("return_to".to_owned(), elsewhere.to_owned())]);
            assert!(form.unanswered().starts_with("/?"), "{elsewhere}");
        }
    }

    #[test]
    fn what_was_done_is_told_to_the_next_page() {
        let form = form("type=product.add&next=%2Fs%2Fdemo%2Fproducts%3Fq%3Da&sku=A%2BB&name=x&price=1");
        let command = form.command("", &Books::default()).unwrap();
        let address = form.after(&command);
        assert!(address.starts_with("/s/demo/products?q=a&"));
        assert_eq!(done_of_query(address.split_once('?').unwrap().1), Some(("product.add".into(), "A+B".into())));
    }
}
