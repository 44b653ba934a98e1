//! Where requests come from: the boroughs and their busiest zip codes.

/// A borough, as an index into [`BOROUGHS`].
pub(super) type Borough = u8;

/// The five boroughs, in the order every table of this module uses.
pub(super) const BOROUGHS: [&str; 5] =
    ["MANHATTAN", "BRONX", "BROOKLYN", "QUEENS", "STATEN ISLAND"];

/// The group of everything that is not one of the five.
pub(super) const UNSPECIFIED: Borough = 5;

/// The five boroughs and the group of everything else.
pub(super) const BOROUGH_GROUPS: usize = 6;

pub(super) fn borough_name(borough: Borough) -> &'static str {
    BOROUGHS.get(usize::from(borough)).copied().unwrap_or("UNSPECIFIED")
}

/// A zip code with its centre.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) zip: &'static str,
    pub(super) city: &'static str,
    /// Relative to the other places of the borough.
    pub(super) weight: u16,
    /// In ten-thousandths of a degree north.
    pub(super) latitude: u32,
    /// In ten-thousandths of a degree west.
    pub(super) longitude: u32,
}

/// How far requests lie from the centre of their zip code, at most, in ten-thousandths of a degree.
pub(super) const SPREAD: u32 = 60;

const fn place(
    zip: &'static str,
    city: &'static str,
    weight: u16,
    latitude: u32,
    longitude: u32,
) -> Place {
    Place { zip, city, weight, latitude, longitude }
}

pub(super) fn places(borough: Borough) -> &'static [Place] {
    match borough {
        0 => &MANHATTAN,
        1 => &BRONX,
        2 => &BROOKLYN,
        3 => &QUEENS,
        _ => &STATEN_ISLAND,
    }
}

static MANHATTAN: [Place; 20] = [
    place("10032", "NEW YORK", 554, 408375, 739410),
    place("10002", "NEW YORK", 526, 407179, 739884),
    place("10031", "NEW YORK", 477, 408242, 739506),
    place("10033", "NEW YORK", 411, 408490, 739362),
    place("10040", "NEW YORK", 409, 408584, 739289),
    place("10025", "NEW YORK", 408, 407978, 739682),
    place("10034", "NEW YORK", 407, 408667, 739228),
    place("10003", "NEW YORK", 378, 407321, 739887),
    place("10027", "NEW YORK", 363, 408110, 739511),
    place("10029", "NEW YORK", 362, 407927, 739443),
    place("10016", "NEW YORK", 343, 407449, 739800),
    place("10023", "NEW YORK", 339, 407763, 739811),
    place("10011", "NEW YORK", 339, 407414, 739992),
    place("10009", "NEW YORK", 311, 407260, 739803),
    place("10019", "NEW YORK", 308, 407648, 739843),
    place("10026", "NEW YORK", 297, 408023, 739533),
    place("10014", "NEW YORK", 289, 407345, 740050),
    place("10013", "NEW YORK", 274, 407196, 740029),
    place("10030", "NEW YORK", 258, 408178, 739430),
    place("10039", "NEW YORK", 257, 408252, 739386),
];

static BRONX: [Place; 20] = [
    place("10453", "BRONX", 700, 408518, 739116),
    place("10452", "BRONX", 677, 408369, 739221),
    place("10458", "BRONX", 662, 408633, 738892),
    place("10468", "BRONX", 614, 408675, 738995),
    place("10457", "BRONX", 568, 408476, 738998),
    place("10467", "BRONX", 564, 408751, 738720),
    place("10456", "BRONX", 541, 408323, 739078),
    place("10463", "BRONX", 508, 408811, 739055),
    place("10472", "BRONX", 405, 408300, 738711),
    place("10462", "BRONX", 402, 408445, 738601),
    place("10460", "BRONX", 398, 408395, 738810),
    place("10466", "BRONX", 394, 408909, 738514),
    place("10451", "BRONX", 356, 408230, 739201),
    place("10455", "BRONX", 348, 408151, 739084),
    place("10469", "BRONX", 325, 408715, 738495),
    place("10459", "BRONX", 306, 408257, 738943),
    place("10461", "BRONX", 303, 408459, 738378),
    place("10473", "BRONX", 246, 408189, 738595),
    place("10465", "BRONX", 233, 408276, 738203),
    place("10454", "BRONX", 200, 408070, 739189),
];

static BROOKLYN: [Place; 20] = [
    place("11226", "BROOKLYN", 831, 406481, 739559),
    place("11201", "BROOKLYN", 609, 406962, 739884),
    place("11207", "BROOKLYN", 603, 406739, 738955),
    place("11221", "BROOKLYN", 597, 406911, 739271),
    place("11208", "BROOKLYN", 589, 406776, 738726),
    place("11211", "BROOKLYN", 587, 407128, 739519),
    place("11214", "BROOKLYN", 537, 406036, 739977),
    place("11206", "BROOKLYN", 508, 407024, 739414),
    place("11235", "BROOKLYN", 495, 405840, 739521),
    place("11220", "BROOKLYN", 458, 406410, 740141),
    place("11217", "BROOKLYN", 443, 406828, 739787),
    place("11222", "BROOKLYN", 440, 407279, 739509),
    place("11238", "BROOKLYN", 431, 406785, 739631),
    place("11209", "BROOKLYN", 428, 406263, 740296),
    place("11237", "BROOKLYN", 424, 407022, 739197),
    place("11216", "BROOKLYN", 408, 406807, 739494),
    place("11204", "BROOKLYN", 403, 406156, 739861),
    place("11234", "BROOKLYN", 393, 406196, 739242),
    place("11223", "BROOKLYN", 375, 405988, 739742),
    place("11230", "BROOKLYN", 374, 406239, 739643),
];

static QUEENS: [Place; 20] = [
    place("11385", "RIDGEWOOD", 788, 407036, 738952),
    place("11368", "CORONA", 708, 407496, 738566),
    place("11101", "LONG ISLAND CITY", 626, 407472, 739470),
    place("11377", "WOODSIDE", 442, 407449, 739051),
    place("11372", "JACKSON HEIGHTS", 434, 407518, 738835),
    place("11419", "SOUTH RICHMOND HILL", 426, 406875, 738241),
    place("11103", "ASTORIA", 425, 407651, 739147),
    place("11373", "ELMHURST", 401, 407420, 738773),
    place("11420", "SOUTH OZONE PARK", 380, 406757, 738158),
    place("11421", "WOODHAVEN", 359, 406918, 738592),
    place("11355", "FLUSHING", 335, 407527, 738238),
    place("11435", "JAMAICA", 319, 407005, 738088),
    place("11432", "JAMAICA", 316, 407132, 737979),
    place("11378", "MASPETH", 305, 407245, 739026),
    place("11105", "ASTORIA", 286, 407760, 739094),
    place("11106", "ASTORIA", 278, 407620, 739294),
    place("11102", "ASTORIA", 272, 407719, 739264),
    place("11374", "REGO PARK", 265, 407261, 738597),
    place("11691", "FAR ROCKAWAY", 261, 406005, 737564),
    place("11369", "EAST ELMHURST", 245, 407638, 738734),
];

static STATEN_ISLAND: [Place; 12] = [
    place("10314", "STATEN ISLAND", 303, 406035, 741502),
    place("10306", "STATEN ISLAND", 265, 405694, 741120),
    place("10301", "STATEN ISLAND", 239, 406357, 740857),
    place("10312", "STATEN ISLAND", 192, 405457, 741796),
    place("10305", "STATEN ISLAND", 143, 405975, 740741),
    place("10304", "STATEN ISLAND", 140, 406141, 740844),
    place("10303", "STATEN ISLAND", 107, 406326, 741598),
    place("10309", "STATEN ISLAND", 103, 405319, 742128),
    place("10302", "STATEN ISLAND", 96, 406312, 741368),
    place("10308", "STATEN ISLAND", 89, 405520, 741504),
    place("10310", "STATEN ISLAND", 82, 406332, 741183),
    place("10307", "STATEN ISLAND", 54, 405090, 742448),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_lies_within_new_york() {
        for borough in 0..5 {
            for place in places(borough) {
                assert!((404_900 + SPREAD..409_200 - SPREAD).contains(&place.latitude));
                assert!((737_000 + SPREAD..742_600 - SPREAD).contains(&place.longitude));
                assert_eq!(place.zip.len(), 5);
            }
        }
    }
}
