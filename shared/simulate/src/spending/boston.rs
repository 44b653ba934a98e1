//! Boston's tables: one per fiscal year.

use chrono::Datelike;

use super::cities::DEPARTMENTS;
use super::money::with_commas;
use super::payment::{City, Payment};
use super::{AMOUNT_RULE, CkanTable, DATE_RULE, Spending};
use crate::random::{Chance, Random};
use crate::truth::RowTally;

const RANDOM_STREAM: u64 = 20;

/// The columns as the portal names them today.
const FIELDS: [&str; 14] = [
    "Voucher",
    "Voucher Line",
    "Distribution Line",
    "Entered",
    "Month",
    "Fiscal Year",
    "Year",
    "Vendor Name",
    "Account",
    "Account Descr",
    "Dept",
    "Dept Name",
    "6 Digit Org Name",
    "Monetary Amount",
];

const BAD_AMOUNTS: [Option<&str>; 4] = [Some("N/A"), None, Some("$"), Some("see memo")];
const BAD_DATES: [Option<&str>; 4] = [Some("13/45/2022"), None, Some("pending"), Some("2/30/2023")];

/// The tables, and the payments in them that deserve silver.
pub(super) fn tables(
    settings: &Spending,
    payments: Vec<Payment>,
    rows: &mut RowTally,
) -> (Vec<CkanTable>, Vec<Payment>) {
    let mut clerk = Clerk::new(settings);
    let mut tables: Vec<CkanTable> = settings
        .years()
        .map(|year| CkanTable {
            resource_id: clerk.resource_id(),
            name: format!("Checkbook Explorer FY{:02}", year % 100),
            fields: fields(year == settings.first_fiscal_year),
            rows: Vec::new(),
        })
        .collect();
    let mut accepted = Vec::with_capacity(payments.len());
    for mut payment in payments {
        let year = (payment.fiscal_year() - settings.first_fiscal_year) as usize;
        let Some(table) = tables.get_mut(year) else { continue };
        let voucher = clerk.next_voucher();
        payment.payment_id = Some(voucher.payment_id());
        let (row, refused) = clerk.row(&voucher, &payment);
        table.rows.push(row);
        match refused {
            Some(rule) => rows.refuse(rule),
            None => {
                rows.silver += 1;
                accepted.push(payment);
            }
        }
    }
    (tables, accepted)
}

/// The older generation joined the words, and let no name start with a digit.
fn fields(older: bool) -> Vec<String> {
    FIELDS
        .iter()
        .map(|name| match (older, name.starts_with(|first: char| first.is_ascii_digit())) {
            (false, _) => (*name).to_owned(),
            (true, false) => name.replace(' ', "_"),
            (true, true) => format!("c{}", name.replace(' ', "_")),
        })
        .collect()
}

/// What identifies a payment.
#[derive(Debug, Clone, Copy)]
struct Voucher {
    number: u32,
    line: u32,
    distribution: u32,
}

impl Voucher {
    fn payment_id(&self) -> String {
        format!("{:08}-{}-{}", self.number, self.line, self.distribution)
    }
}

/// Who writes the rows, mistakes included.
#[derive(Debug)]
struct Clerk {
    random: Random,
    voucher: Voucher,
    bad_amount: Chance,
    bad_date: Chance,
    padding: Chance,
}

impl Clerk {
    fn new(settings: &Spending) -> Self {
        Self {
            random: Random::new(settings.seed, RANDOM_STREAM),
            voucher: Voucher { number: 1_204_000, line: 1, distribution: 1 },
            bad_amount: Chance::new(settings.dirt.unreadable_amounts),
            bad_date: Chance::new(settings.dirt.unreadable_dates),
            padding: Chance::new(settings.dirt.padding),
        }
    }

    /// In the form of a UUID.
    fn resource_id(&mut self) -> String {
        let (first, second) = (self.random.next(), self.random.next());
        format!(
            "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
            first >> 32,
            first >> 16 & 0xFFFF,
            first & 0xFFF,
            second >> 52,
            second & 0xFFFF_FFFF_FFFF
        )
    }

    /// Most vouchers have one line, and most lines one distribution.
    fn next_voucher(&mut self) -> Voucher {
        let last = self.voucher;
        self.voucher = match *self.random.pick(&[("voucher", 70), ("line", 20), ("part", 10)]) {
            "line" => Voucher { line: last.line + 1, distribution: 1, ..last },
            "part" => Voucher { distribution: last.distribution + 1, ..last },
            _ => {
                Voucher { number: last.number + 1 + self.random.below(3), line: 1, distribution: 1 }
            }
        };
        self.voucher
    }

    /// The row, and the rule that refuses it.
    fn row(
        &mut self,
        voucher: &Voucher,
        payment: &Payment,
    ) -> (Vec<Option<String>>, Option<&'static str>) {
        let mut entered = Some(payment.date.format("%-m/%-d/%Y").to_string());
        let mut amount = Some(self.amount(payment.cents));
        let mut refused = None;
        if self.random.happens(self.bad_amount) {
            amount = self.one_of(&BAD_AMOUNTS);
            refused = Some(AMOUNT_RULE);
        } else if self.random.happens(self.bad_date) {
            entered = self.one_of(&BAD_DATES);
            refused = Some(DATE_RULE);
        }
        let vendor = if self.random.happens(self.padding) {
            format!(" {}  ", payment.vendor)
        } else {
            payment.vendor.to_owned()
        };
        let department = DEPARTMENTS
            .iter()
            .map(|(department, _)| department)
            .find(|department| department.name(City::Boston) == payment.department);
        let account = department.and_then(|department| {
            let mut accounts = department.accounts.iter().map(|(account, _)| account);
            accounts.find(|account| account.name(City::Boston) == payment.account)
        });
        let row = vec![
            Some(format!("{:08}", voucher.number)),
            Some(voucher.line.to_string()),
            Some(voucher.distribution.to_string()),
            entered,
            Some(payment.date.month().to_string()),
            Some(payment.fiscal_year().to_string()),
            Some(payment.date.year().to_string()),
            Some(vendor),
            account.map(|account| account.code.to_owned()),
            Some(payment.account.to_owned()),
            department.map(|department| department.code.to_owned()),
            Some(payment.department.to_owned()),
            Some(format!("{} Administration", payment.department)),
            amount,
        ];
        (row, refused)
    }

    /// `$1,234.56`, `-$12.00` or `($5.00)`.
    fn amount(&mut self, cents: i64) -> String {
        let amount = with_commas(cents);
        match (cents < 0, self.random.below(2)) {
            (false, _) => format!("${amount}"),
            (true, 0) => format!("-${amount}"),
            (true, _) => format!("(${amount})"),
        }
    }

    fn one_of(&mut self, texts: &[Option<&str>; 4]) -> Option<String> {
        texts[self.random.below(4) as usize].map(ToOwned::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_older_generation_names_its_columns_otherwise() {
        assert_eq!(fields(false)[12], "6 Digit Org Name");
        let older = fields(true);
        assert_eq!((older[0].as_str(), older[1].as_str()), ("Voucher", "Voucher_Line"));
        assert_eq!((older[11].as_str(), older[12].as_str()), ("Dept_Name", "c6_Digit_Org_Name"));
        assert_eq!(older[13], "Monetary_Amount");
    }

    #[test]
    fn vouchers_are_never_the_same() {
        let mut clerk = Clerk::new(&Spending::default());
        let ids: std::collections::HashSet<String> =
            (0..5_000).map(|_| clerk.next_voucher().payment_id()).collect();
        assert_eq!(ids.len(), 5_000);
    }
}
