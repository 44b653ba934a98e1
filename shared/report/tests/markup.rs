//! What a browser and a reader of Markdown make of a report, whatever texts are in the data.
#![allow(clippy::unwrap_used, clippy::panic)]

mod elements;
mod sample;

use proptest::prelude::*;
use pulldown_cmark::{Event, Options, Parser, Tag};
use smelt_report::{Report, to_html, to_markdown};

use self::elements::{Part, parts, within};

/// A report in which every text from outside is this one.
fn with_text(text: &str) -> Report {
    let mut report = sample::report();
    let set = |place: &mut String| *place = text.to_owned();
    set(&mut report.description);
    for figure in &mut report.figures {
        set(&mut figure.mart);
        set(&mut figure.measure.name);
        figure.measure.description.as_mut().map(set);
    }
    for section in &mut report.series {
        set(&mut section.title);
        set(&mut section.description);
        for chart in section.members.iter_mut().chain(&mut section.total) {
            set(&mut chart.title);
            set(&mut chart.measure.name);
        }
    }
    for breakdown in &mut report.breakdowns {
        set(&mut breakdown.dimension);
        set(&mut breakdown.mart);
        breakdown.groups.iter_mut().filter_map(|group| group.name.as_mut()).for_each(set);
    }
    for anomaly in &mut report.anomalies.listed {
        [&mut anomaly.what, &mut anomaly.reason, &mut anomaly.from, &mut anomaly.status]
            .into_iter()
            .for_each(set);
        anomaly.to.as_mut().map(set);
    }
    for forecasts in &mut report.forecasts {
        set(&mut forecasts.mart);
        for step in &mut forecasts.steps {
            set(&mut step.when);
            step.series.as_mut().map(set);
        }
    }
    report.accuracy.iter_mut().for_each(|one| set(&mut one.mart));
    report.rules.iter_mut().for_each(|rule| set(&mut rule.reason));
    report
}

/// The tags of a page with the names of their attributes: what it is, without what it says.
fn structure(html: &str) -> Vec<String> {
    let tag = |part: Part| match part {
        Part::Start { name, attributes } => {
            let names: Vec<String> = attributes.into_iter().map(|(name, _)| name).collect();
            Some(format!("{name} {}", names.join(" ")))
        }
        Part::End(name) => Some(format!("/{name}")),
        Part::Comment => Some("comment".to_owned()),
        Part::Text(_) => None,
    };
    parts(html).into_iter().filter_map(tag).collect()
}

/// The blocks, links and so on of Markdown, without texts.
fn blocks(markdown: &str) -> Vec<String> {
    let events = Parser::new_ext(markdown, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH);
    let events = events.filter(|event| !matches!(event, Event::Text(_)));
    events.map(|event| format!("{event:?}")).collect()
}

const HOSTILE: [&str; 8] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "</title></style></svg><iframe src=//evil>",
    "' onmouseover='x' a=\"",
    "&lt;b&gt; &#60;i&#62; <!-- ",
    "a | b |\n| c ](javascript:alert(1)) ![x](https://evil/y.png)",
    "```\n# heading\n- item\n1. one\n\n    code",
    "]]> <![CDATA[ --> \u{0} \u{2028} \u{202e}",
];

#[test]
fn no_text_breaks_out() {
    let plain = with_text("plain");
    let (html, markdown) = (structure(&to_html(&plain)), blocks(&to_markdown(&plain)));
    for text in HOSTILE {
        let report = with_text(text);
        assert_eq!(structure(&to_html(&report)), html, "{text}");
        assert_eq!(blocks(&to_markdown(&report)), markdown, "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_text_at_all_breaks_out(
        text in r#"[ a-c1.:/\\`*_{}\[\]()<>#+|~&\n^$@!="';-]{1,30}|\PC{1,30}"#
    ) {
        prop_assume!(!text.trim().is_empty());
        let (plain, report) = (with_text("plain"), with_text(&text));
        prop_assert_eq!(structure(&to_html(&report)), structure(&to_html(&plain)));
        prop_assert_eq!(blocks(&to_markdown(&report)), blocks(&to_markdown(&plain)));
    }
}

#[test]
fn the_page_needs_nothing_else_and_runs_nothing() {
    let html = to_html(&sample::report());
    for part in parts(&html) {
        let Part::Start { name, attributes } = part else { continue };
        let asks = ["script", "link", "img", "iframe", "object", "embed", "form", "base", "a"];
        assert!(!asks.contains(&name.as_str()), "{name}");
        for (attribute, value) in attributes {
            let acts = attribute.starts_with("on") || ["src", "href"].contains(&attribute.as_str());
            assert!(!acts, "{name} {attribute}={value}");
        }
    }
    assert!(!html.contains("url(") && !html.contains("@import"));
    assert!(html.contains("default-src 'none'"));
    assert!(html.len() < 150_000, "{} bytes", html.len());
}

#[test]
fn the_page_can_be_heard() {
    let page = parts(&to_html(&sample::report()));
    assert_eq!(within(&page, "h1").len(), 1);
    for table in within(&page, "table") {
        assert_eq!(within(table, "caption").len(), 1, "every table has a caption");
        let rows = within(within(table, "tbody")[0], "tr");
        assert!(!rows.is_empty());
        for row in rows {
            let names = row.iter().filter(|part| part.attribute("scope") == Some("row"));
            assert_eq!(names.count(), 1, "every row has a header");
        }
    }
    for svg in within(&page, "svg") {
        if svg[0].attribute("aria-hidden") == Some("true") {
            continue;
        }
        assert_eq!(svg[0].attribute("role"), Some("img"));
        for id in svg[0].attribute("aria-labelledby").unwrap().split(' ') {
            let place = svg.iter().position(|part| part.attribute("id") == Some(id)).unwrap();
            assert!(matches!(&svg[place + 1], Part::Text(text) if !text.is_empty()), "{id}");
        }
    }
    let mut ids: Vec<&str> = page.iter().filter_map(|part| part.attribute("id")).collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all, "an id is given once");
}

#[test]
fn markdown_is_headings_texts_lists_and_tables() {
    let markdown = to_markdown(&sample::report());
    for event in Parser::new_ext(&markdown, Options::ENABLE_TABLES) {
        let is_plain = match &event {
            Event::Start(tag) => matches!(
                tag,
                Tag::Heading { .. }
                    | Tag::Paragraph
                    | Tag::List(_)
                    | Tag::Item
                    | Tag::Table(_)
                    | Tag::TableHead
                    | Tag::TableRow
                    | Tag::TableCell
            ),
            Event::End(_) | Event::Text(_) => true,
            _ => false,
        };
        assert!(is_plain, "{event:?}");
    }
}

/// Relative luminance and contrast as WCAG 2.2 defines them.
fn contrast(one: &str, other: &str) -> f64 {
    let luminance = |colour: &str| {
        let part = |position: usize| {
            let part = u8::from_str_radix(&colour[position..position + 2], 16).unwrap();
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5)
    };
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[test]
fn colours_can_be_told_apart() {
    let style = include_str!("../src/html/style.css");
    let colour = |palette: &str, name: &str| {
        let start = palette.find(&format!("--{name}: ")).unwrap() + name.len() + 4;
        palette[start..start + 7].to_owned()
    };
    let palettes: Vec<&str> = style.split(":root {").skip(1).take(2).collect();
    assert_eq!(palettes.len(), 2);
    for palette in palettes {
        let texts = [
            ("ink", "paper"),
            ("ink", "page"),
            ("soft", "paper"),
            ("soft", "page"),
            ("soft", "tint"),
            ("accent", "paper"),
            ("accent", "page"),
            ("expected", "paper"),
            ("alarm", "paper"),
            ("alarm", "alarm-tint"),
            ("warning", "warning-tint"),
            ("ink", "warning-tint"),
            ("good", "good-tint"),
            ("accent", "band"),
            ("alarm", "band"),
        ];
        for (text, ground) in texts {
            let found = contrast(&colour(palette, text), &colour(palette, ground));
            let least = if ground == "band" { 3.0 } else { 4.5 };
            assert!(found >= least, "{text} on {ground}: {found:.2}");
        }
    }
}

#[test]
fn a_dark_scheme_is_for_screens_and_nothing_scrolls_on_paper() {
    let style = include_str!("../src/html/style.css");
    let dark: Vec<&str> =
        style.lines().filter(|line| line.contains("prefers-color-scheme: dark")).collect();
    assert_eq!(dark, ["@media screen and (prefers-color-scheme: dark) {"]);
    let (_, print) = style.split_once("@media print {").unwrap();
    for rule in [
        "color-scheme: light",
        ".scroll { overflow: visible; }",
        "svg.chart, svg.chart.half { min-width: 0; }",
    ] {
        assert!(print.contains(rule), "{rule}");
    }
}
