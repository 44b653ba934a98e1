//! What the restaurant offers.

/// Something that can be ordered.
#[derive(Debug)]
pub(super) struct Dish {
    pub(super) item: &'static str,
    pub(super) category: &'static str,
    /// In cents, before the menu was printed anew.
    price: i64,
}

impl Dish {
    /// The price in cents; about a twentieth more since the new menu, in steps of ten.
    pub(super) fn price(&self, new_menu: bool) -> i64 {
        if new_menu { (self.price + self.price / 20) / 10 * 10 } else { self.price }
    }
}

const fn dish(item: &'static str, category: &'static str, price: i64) -> Dish {
    Dish { item, category, price }
}

/// Dishes with how often they are ordered.
pub(super) const MENU: [(Dish, u32); 18] = [
    (dish("Bruschetta", "Starters", 850), 70),
    (dish("Calamari Fritti", "Starters", 1_290), 45),
    (dish("Caesar Salad", "Starters", 1_150), 60),
    (dish("Minestrone", "Starters", 790), 35),
    (dish("Margherita Pizza", "Mains", 1_390), 120),
    (dish("Diavola Pizza", "Mains", 1_590), 80),
    (dish("Spaghetti Carbonara", "Mains", 1_690), 95),
    (dish("Lasagne", "Mains", 1_750), 65),
    (dish("Grilled Sea Bass", "Mains", 2_690), 30),
    (dish("Ribeye Steak", "Mains", 3_490), 25),
    (dish("Chef's Risotto", "Mains", 1_890), 40),
    (dish("Tiramisu", "Desserts", 790), 75),
    (dish("Panna Cotta", "Desserts", 750), 40),
    (dish("House Wine", "Drinks", 690), 110),
    (dish("Draft Beer", "Drinks", 590), 100),
    (dish("Sparkling Water", "Drinks", 420), 105),
    (dish("Espresso", "Drinks", 320), 90),
    (dish("Barolo, Bottle", "Drinks", 7_900), 4),
];
