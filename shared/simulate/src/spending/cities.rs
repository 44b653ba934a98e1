//! The cities' departments and accounts, and who they buy from.

use super::payment::City;

/// What money is spent on.
#[derive(Debug)]
pub(super) struct Account {
    boston: &'static str,
    phoenix: &'static str,
    /// Boston's number of it.
    pub(super) code: &'static str,
    /// The median payment, in cents.
    pub(super) median: f64,
    /// The standard deviation of the payments' logarithms.
    pub(super) spread: f64,
    /// Who is paid, with how often.
    pub(super) vendors: [(&'static str, u32); 6],
}

impl Account {
    pub(super) fn name(&self, city: City) -> &'static str {
        match city {
            City::Boston => self.boston,
            City::Phoenix => self.phoenix,
        }
    }
}

/// Part of a city's administration.
#[derive(Debug)]
pub(super) struct Department {
    boston: &'static str,
    phoenix: &'static str,
    /// Boston's number of it.
    pub(super) code: &'static str,
    /// How often it pays on each account.
    pub(super) accounts: [(&'static Account, u32); 4],
    /// How many times the usual amount it pays.
    pub(super) size: f64,
    /// What becomes of its spending from one fiscal year to the next.
    pub(super) growth: f64,
}

impl Department {
    pub(super) fn name(&self, city: City) -> &'static str {
        match city {
            City::Boston => self.boston,
            City::Phoenix => self.phoenix,
        }
    }
}

/// All departments, with how many payments they make.
pub(super) static DEPARTMENTS: [(Department, u32); 8] = [
    (
        Department {
            boston: "Public Works Department",
            phoenix: "Street Transportation",
            code: "311000",
            accounts: [(&CONSTRUCTION, 3), (&REPAIRS, 4), (&VEHICLES, 3), (&ENERGY, 2)],
            size: 1.6,
            growth: 1.06,
        },
        20,
    ),
    (
        Department {
            boston: "Boston Public Schools",
            phoenix: "Library",
            code: "101000",
            accounts: [(&SUPPLIES, 5), (&PROFESSIONAL, 3), (&FOOD, 4), (&TECHNOLOGY, 2)],
            size: 1.3,
            growth: 1.03,
        },
        26,
    ),
    (
        Department {
            boston: "Police Department",
            phoenix: "Police",
            code: "211000",
            accounts: [(&VEHICLES, 4), (&SUPPLIES, 3), (&TECHNOLOGY, 2), (&PROFESSIONAL, 1)],
            size: 1.1,
            growth: 1.04,
        },
        14,
    ),
    (
        Department {
            boston: "Fire Department",
            phoenix: "Fire",
            code: "221000",
            accounts: [(&VEHICLES, 3), (&SUPPLIES, 3), (&REPAIRS, 2), (&FOOD, 1)],
            size: 1.0,
            growth: 1.02,
        },
        10,
    ),
    (
        Department {
            boston: "Parks & Recreation Department",
            phoenix: "Parks and Recreation",
            code: "300000",
            accounts: [(&REPAIRS, 4), (&SUPPLIES, 3), (&CONSTRUCTION, 1), (&ENERGY, 2)],
            size: 0.8,
            growth: 1.08,
        },
        12,
    ),
    (
        Department {
            boston: "Dept of Innovation & Technology",
            phoenix: "Information Technology Services",
            code: "149000",
            accounts: [(&TECHNOLOGY, 6), (&PROFESSIONAL, 3), (&SUPPLIES, 1), (&ENERGY, 1)],
            size: 1.5,
            growth: 1.12,
        },
        8,
    ),
    (
        Department {
            boston: "Mayor's Office",
            phoenix: "City Manager's Office",
            code: "111000",
            accounts: [(&PROFESSIONAL, 4), (&SUPPLIES, 2), (&FOOD, 2), (&TECHNOLOGY, 1)],
            size: 0.6,
            growth: 0.96,
        },
        4,
    ),
    (
        Department {
            boston: "Elections, Board of",
            phoenix: "City Clerk, Elections",
            code: "121000",
            accounts: [(&PROFESSIONAL, 3), (&SUPPLIES, 3), (&TECHNOLOGY, 1), (&FOOD, 1)],
            size: 0.5,
            growth: 0.9,
        },
        2,
    ),
];

static SUPPLIES: Account = Account {
    boston: "Office Supplies & Materials",
    phoenix: "OFFICE SUPPLIES",
    code: "53902",
    median: 24_000.0,
    spread: 1.1,
    vendors: [
        ("W.B. Mason Co., Inc.", 40),
        ("Staples Advantage", 25),
        ("Grainger", 14),
        ("O'Connor & Sons Stationery", 10),
        ("Paper \"Express\" LLC", 6),
        ("Uline", 5),
    ],
};

static FOOD: Account = Account {
    boston: "Food Supplies",
    phoenix: "FOOD AND CATERING",
    code: "53200",
    median: 61_000.0,
    spread: 0.9,
    vendors: [
        ("Sysco Corporation", 30),
        ("Preferred Meal Systems, Inc.", 26),
        ("Costa Fruit & Produce", 18),
        ("Rosa's Kitchen", 12),
        ("H.P. Hood LLC", 9),
        ("Sunrise Bakery", 5),
    ],
};

static PROFESSIONAL: Account = Account {
    boston: "Professional Services",
    phoenix: "PROFESSIONAL SERVICES",
    code: "52900",
    median: 380_000.0,
    spread: 1.3,
    vendors: [
        ("Deloitte Consulting LLP", 20),
        ("KPMG LLP", 18),
        ("Nelson, Ortiz & Partners", 20),
        ("Bright Horizons Training", 16),
        ("Translation Bureau, The", 16),
        ("Ruiz Legal Group", 10),
    ],
};

static TECHNOLOGY: Account = Account {
    boston: "Computer Equipment & Software",
    phoenix: "SOFTWARE AND EQUIPMENT",
    code: "55400",
    median: 290_000.0,
    spread: 1.25,
    vendors: [
        ("Dell Marketing L.P.", 34),
        ("CDW Government", 26),
        ("SHI International Corp", 18),
        ("Carahsoft Technology Corp.", 12),
        ("Verizon Wireless", 7),
        ("Esri, Inc.", 3),
    ],
};

static REPAIRS: Account = Account {
    boston: "Repairs & Maintenance - Buildings",
    phoenix: "BUILDING REPAIR",
    code: "52700",
    median: 145_000.0,
    spread: 1.15,
    vendors: [
        ("Honeywell International", 20),
        ("Enterprise Equipment Co.", 22),
        ("Garcia Roofing", 18),
        ("Northeast Fencing, LLC", 16),
        ("Lighting Retrofit Intl", 14),
        ("Aqua Plumbing & Heating", 10),
    ],
};

static VEHICLES: Account = Account {
    boston: "Motor Vehicle Supplies",
    phoenix: "VEHICLE PARTS",
    code: "53500",
    median: 88_000.0,
    spread: 1.1,
    vendors: [
        ("Genuine Parts Company (NAPA)", 36),
        ("McGovern Ford", 24),
        ("Bridgestone Americas, Inc.", 16),
        ("Freightliner Sales", 12),
        ("Allied Towing", 8),
        ("Pierce Fire Apparatus", 4),
    ],
};

static ENERGY: Account = Account {
    boston: "Electricity & Gas",
    phoenix: "UTILITIES",
    code: "52100",
    median: 410_000.0,
    spread: 0.8,
    vendors: [
        ("Eversource Energy", 52),
        ("National Grid", 24),
        ("Constellation NewEnergy, Inc.", 12),
        ("Sprague Operating Resources", 6),
        ("Solar Fields Cooperative", 4),
        ("Direct Energy Business", 2),
    ],
};

static CONSTRUCTION: Account = Account {
    boston: "Construction Contracts",
    phoenix: "CAPITAL CONSTRUCTION",
    code: "55600",
    median: 2_600_000.0,
    spread: 1.3,
    vendors: [
        ("Suffolk Construction Company", 22),
        ("J. Derenzo Co.", 26),
        ("Newport Construction, Corp.", 20),
        ("Kiewit West", 14),
        ("Sundt Construction, Inc.", 12),
        ("R. Zoppo Corp.", 6),
    ],
};
