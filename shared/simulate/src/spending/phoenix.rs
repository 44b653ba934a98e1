//! Phoenix's files: one per month, each as the month's program left it.

use super::money::in_parentheses;
use super::payment::Payment;
use super::{AMOUNT_RULE, DATE_RULE, Spending, TABLE};
use crate::random::{Chance, Random};
use crate::truth::RowTally;
use crate::upload::{UploadFile, push_csv_record};

const RANDOM_STREAM: u64 = 21;

const HEADER: [&str; 5] = [
    "Check/Payment Date",
    "Dept. Descrptn",
    "Vendor Name",
    "Commitmt Item Name",
    "Invoice Net Amt",
];

const BAD_AMOUNTS: [&str; 4] = ["#REF!", "", "12.3.4", "VOID"];

/// The month that is uploaded twice, counted from 0.
const TWICE: usize = 4;

/// The files, and the payments in them that deserve silver.
pub(super) fn files(
    settings: &Spending,
    payments: Vec<Payment>,
    rows: &mut RowTally,
) -> (Vec<UploadFile>, Vec<Payment>) {
    let mut clerk = Clerk::new(settings);
    let mut files = Vec::new();
    let mut accepted = Vec::with_capacity(payments.len());
    for (index, month) in payments.chunk_by(|left, right| left.month() == right.month()).enumerate()
    {
        let bytes = clerk.file(index, month, rows, &mut accepted);
        let name = match month.first() {
            Some(first) => first.date.format("phoenix_%Y_%m").to_string(),
            None => continue,
        };
        if index == TWICE {
            // Arrives behind its original: names are taken in order.
            let copy = UploadFile { table: TABLE, name: format!("{name}_copy.csv"), bytes };
            files.push(UploadFile { name: format!("{name}.csv"), ..copy.clone() });
            files.push(copy);
        } else {
            files.push(UploadFile { table: TABLE, name: format!("{name}.csv"), bytes });
        }
    }
    (files, accepted)
}

/// Who writes the files, mistakes included.
#[derive(Debug)]
struct Clerk {
    random: Random,
    bad_amount: Chance,
    repeat: Chance,
    padding: Chance,
}

impl Clerk {
    fn new(settings: &Spending) -> Self {
        Self {
            random: Random::new(settings.seed, RANDOM_STREAM),
            bad_amount: Chance::new(settings.dirt.unreadable_amounts),
            repeat: Chance::new(settings.dirt.exact_repeats),
            padding: Chance::new(settings.dirt.padding),
        }
    }

    fn file(
        &mut self,
        index: usize,
        month: &[Payment],
        rows: &mut RowTally,
        accepted: &mut Vec<Payment>,
    ) -> Vec<u8> {
        let line_end = match index % 4 {
            1 => "\r",
            2 => "\r\n",
            _ => "\n",
        };
        let mut bytes = Vec::new();
        push_csv_record(&mut bytes, &HEADER, line_end);
        let mut total = 0;
        for payment in month {
            if self.random.happens(self.bad_amount) {
                let amount = BAD_AMOUNTS[self.random.below(4) as usize];
                push_payment(&mut bytes, payment, payment.vendor, amount, line_end);
                rows.refuse(AMOUNT_RULE);
                continue;
            }
            let padded = self.random.happens(self.padding);
            let vendor =
                if padded { format!("{}  ", payment.vendor) } else { payment.vendor.to_owned() };
            let blank = if padded || self.random.happens(self.padding) { " " } else { "" };
            let amount = in_parentheses(payment.cents) + blank;
            let times = if self.random.happens(self.repeat) { 2 } else { 1 };
            for _ in 0..times {
                push_payment(&mut bytes, payment, &vendor, &amount, line_end);
                rows.silver += 1;
                total += payment.cents;
                accepted.push(payment.clone());
            }
        }
        if index.is_multiple_of(3) {
            push_csv_record(&mut bytes, &["", "", "", "", &in_parentheses(total)], line_end);
            rows.refuse(DATE_RULE);
        }
        bytes
    }
}

fn push_payment(out: &mut Vec<u8>, payment: &Payment, vendor: &str, amount: &str, line_end: &str) {
    let date = payment.date.format("%-m/%-d/%Y").to_string();
    let fields = [&date, payment.department, vendor, payment.account, amount];
    push_csv_record(out, &fields, line_end);
}
