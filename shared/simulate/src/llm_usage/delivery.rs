//! The files in which users and transactions arrive, with all that goes wrong on the way.

use super::transactions::Transaction;
use super::users::{Arrival, Directory, Profile, User};
use super::{LlmUsage, TRANSACTIONS, USERS};
use crate::random::{Chance, Random, running_totals};
use crate::truth::RowTally;
use crate::upload::{UploadFile, push_csv_record};

const RANDOM_STREAM: u64 = 32;

/// Days of transactions in a file.
const DAYS_PER_FILE: usize = 10;

const USER_HEADER: [&str; 5] = ["user_id", "username", "company", "region", "plan"];
const TRANSACTION_HEADER: [&str; 9] = [
    "transaction_id",
    "user_id",
    "model",
    "prompt_tokens",
    "completion_tokens",
    "tokens",
    "cost",
    "occurred_at",
    "status",
];
const BAD_TIMES: [&str; 4] = ["2024-02-30 10:15:00", "yesterday", "", "15/01/2024 25:61"];

/// What was delivered.
#[derive(Debug)]
pub(super) struct Delivered {
    /// In the order of their arrival.
    pub(super) files: Vec<UploadFile>,
    /// The transactions that deserve silver, each once.
    pub(super) accepted: Vec<Transaction>,
    pub(super) transaction_rows: RowTally,
    pub(super) user_rows: RowTally,
}

/// Transactions first, then users, more transactions, late and corrected users, and the rest.
pub(super) fn deliver(
    settings: &LlmUsage,
    directory: &Directory,
    transactions: Vec<Transaction>,
) -> Delivered {
    let mut courier = Courier::new(settings);
    let count = (settings.days as usize).div_ceil(DAYS_PER_FILE);
    let mut parts: Vec<Vec<Transaction>> = (0..count).map(|_| Vec::new()).collect();
    for transaction in transactions {
        let day = (transaction.occurred_at.date() - settings.first_day).num_days() as usize;
        if let Some(part) = parts.get_mut(day / DAYS_PER_FILE) {
            part.push(transaction);
        }
    }
    for (index, part) in parts.into_iter().enumerate() {
        courier.deliver_transactions(part, directory, index + 1 == count);
        match index {
            0 => courier.deliver_users(directory, first_profile),
            1 => courier.deliver_users(directory, later_profile),
            _ => {}
        }
    }
    courier.delivered
}

fn first_profile(user: &User) -> Option<&Profile> {
    match user.arrival {
        Arrival::First | Arrival::Corrected(_) => Some(&user.profile),
        Arrival::Late | Arrival::Never => None,
    }
}

fn later_profile(user: &User) -> Option<&Profile> {
    match &user.arrival {
        Arrival::Late => Some(&user.profile),
        Arrival::Corrected(corrected) => Some(corrected),
        Arrival::First | Arrival::Never => None,
    }
}

/// What makes a transaction unacceptable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    NegativeTokens,
    UnreadableDate,
    MissingId,
}

impl Fault {
    fn rule(self) -> &'static str {
        match self {
            Self::NegativeTokens => "tokens_are_not_negative",
            Self::UnreadableDate => "occurred_at_is_readable",
            Self::MissingId => "transaction_id_is_present",
        }
    }
}

#[derive(Debug)]
struct Courier {
    random: Random,
    faults: Vec<(Chance, Fault)>,
    duplicate: Chance,
    late: Chance,
    users_without_id: bool,
    /// Lines that arrive in the next file of transactions.
    held_back: Vec<Vec<u8>>,
    delivered: Delivered,
}

impl Courier {
    fn new(settings: &LlmUsage) -> Self {
        let dirt = &settings.dirt;
        Self {
            random: Random::new(settings.seed, RANDOM_STREAM),
            faults: running_totals(&[
                (dirt.negative_tokens, Fault::NegativeTokens),
                (dirt.unreadable_dates, Fault::UnreadableDate),
                (dirt.missing_ids, Fault::MissingId),
            ]),
            duplicate: Chance::new(dirt.duplicates),
            late: Chance::new(dirt.late),
            users_without_id: dirt.missing_ids > 0.0,
            held_back: Vec::new(),
            delivered: Delivered {
                files: Vec::new(),
                accepted: Vec::new(),
                transaction_rows: RowTally::default(),
                user_rows: RowTally::default(),
            },
        }
    }

    fn deliver_transactions(
        &mut self,
        transactions: Vec<Transaction>,
        directory: &Directory,
        last: bool,
    ) {
        let mut bytes = Vec::new();
        push_csv_record(&mut bytes, &TRANSACTION_HEADER, "\n");
        let mut held_back = Vec::new();
        for transaction in transactions {
            let fault = self.random.one_of(&self.faults);
            let user_id = &directory.users[transaction.user].user_id;
            let line = self.line(&transaction, user_id, fault);
            if self.random.happens(self.late) {
                held_back.push(line);
            } else {
                bytes.extend_from_slice(&line);
                if fault.is_none() && self.random.happens(self.duplicate) {
                    self.delivered.transaction_rows.superseded += 1;
                    match self.random.below(2) {
                        0 => bytes.extend_from_slice(&line),
                        _ => held_back.push(line),
                    }
                }
            }
            match fault {
                Some(fault) => self.delivered.transaction_rows.refuse(fault.rule()),
                None => {
                    self.delivered.transaction_rows.silver += 1;
                    self.delivered.accepted.push(transaction);
                }
            }
        }
        bytes.extend(std::mem::replace(&mut self.held_back, held_back).into_iter().flatten());
        if last {
            bytes.extend(self.held_back.drain(..).flatten());
        }
        self.push_file(TRANSACTIONS, bytes);
    }

    fn line(&mut self, transaction: &Transaction, user_id: &str, fault: Option<Fault>) -> Vec<u8> {
        let sign = if fault == Some(Fault::NegativeTokens) { -1 } else { 1 };
        let id = match fault {
            Some(Fault::MissingId) => String::new(),
            _ => format!("tx_{:08}", transaction.number),
        };
        let occurred_at = match fault {
            Some(Fault::UnreadableDate) => BAD_TIMES[self.random.below(4) as usize].to_owned(),
            _ => transaction.occurred_at.format("%Y-%m-%d %H:%M:%S").to_string(),
        };
        let cost = transaction.cost();
        let fields = [
            &id,
            user_id,
            transaction.model.name,
            &(sign * transaction.prompt_tokens).to_string(),
            &(sign * transaction.completion_tokens).to_string(),
            &(sign * transaction.tokens()).to_string(),
            &format!("{}.{:06}", cost / 1_000_000, cost % 1_000_000),
            &occurred_at,
            transaction.status,
        ];
        let mut line = Vec::new();
        push_csv_record(&mut line, &fields, "\n");
        line
    }

    /// Delivers the users that have a profile at this time.
    fn deliver_users(
        &mut self,
        directory: &Directory,
        profile: impl Fn(&User) -> Option<&Profile>,
    ) {
        let mut bytes = Vec::new();
        push_csv_record(&mut bytes, &USER_HEADER, "\n");
        let first = self.delivered.user_rows.silver == 0;
        for user in &directory.users {
            let Some(profile) = profile(user) else { continue };
            push_user(&mut bytes, &user.user_id, profile);
            match user.arrival {
                Arrival::Corrected(_) if !first => self.delivered.user_rows.superseded += 1,
                _ => self.delivered.user_rows.silver += 1,
            }
        }
        if self.users_without_id
            && let Some(user) = directory.users.first()
        {
            push_user(&mut bytes, "", &user.profile);
            self.delivered.user_rows.refuse("user_id_is_present");
        }
        self.push_file(USERS, bytes);
    }

    fn push_file(&mut self, table: &'static str, bytes: Vec<u8>) {
        let name = format!("{table}_{:04}.csv", self.delivered.files.len() + 1);
        self.delivered.files.push(UploadFile { table, name, bytes });
    }
}

fn push_user(out: &mut Vec<u8>, user_id: &str, profile: &Profile) {
    let Profile { username, company, region, plan } = profile;
    push_csv_record(out, &[user_id, username, company, region, plan], "\n");
}
