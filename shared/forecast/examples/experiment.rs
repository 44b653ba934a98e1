use smelt_forecast::*;
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let text = std::fs::read_to_string(&a[1]).unwrap();
    let rows = text.lines().skip(1).map(|l| { let f: Vec<&str> = l.split(',').collect();
        (f[0].to_owned(), parse_time(f[1]).unwrap(), f[2].parse::<f64>().ok()) });
    let series = collect_series(rows, None).unwrap();
    let st = Settings::new(a[2].parse().unwrap());
    experiment(&series, &st, a[3].parse().unwrap());
}
