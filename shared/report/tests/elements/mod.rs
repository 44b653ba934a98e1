//! The tags and texts of a page as a browser's tokenizer reads them.

use std::cell::RefCell;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::{Rawtext, Rcdata};
use html5ever::tokenizer::{
    BufferQueue, CharacterTokens, CommentToken, EndTag, StartTag, TagToken, Token, TokenSink,
    TokenSinkResult, Tokenizer,
};

/// A part of a page.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Part {
    Start { name: String, attributes: Vec<(String, String)> },
    End(String),
    Text(String),
    Comment,
}

impl Part {
    /// The value of an attribute of an element that begins here.
    pub(crate) fn attribute(&self, wanted: &str) -> Option<&str> {
        let Self::Start { attributes, .. } = self else { return None };
        attributes.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str())
    }

    /// Whether an element of this name begins here.
    pub(crate) fn begins(&self, wanted: &str) -> bool {
        matches!(self, Self::Start { name, .. } if name == wanted)
    }
}

/// The parts of a page, in order.
pub(crate) fn parts(html: &str) -> Vec<Part> {
    let input = BufferQueue::default();
    input.push_back(StrTendril::from(html));
    let tokenizer = Tokenizer::new(Sink::default(), Default::default());
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    tokenizer.sink.parts.into_inner()
}

/// What lies within each element of this name, without those within one another.
pub(crate) fn within<'a>(parts: &'a [Part], name: &str) -> Vec<&'a [Part]> {
    let mut found = Vec::new();
    let mut begun = None;
    for (position, part) in parts.iter().enumerate() {
        if part.begins(name) {
            begun = begun.or(Some(position));
        } else if *part == Part::End(name.to_owned()) {
            found.extend(begun.take().map(|from: usize| &parts[from..position]));
        }
    }
    found
}

#[derive(Default)]
struct Sink {
    parts: RefCell<Vec<Part>>,
}

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut parts = self.parts.borrow_mut();
        match token {
            TagToken(tag) if tag.kind == StartTag => {
                let attributes = tag.attrs.iter();
                let attribute = |attribute: &html5ever::Attribute| {
                    (attribute.name.local.to_string(), attribute.value.to_string())
                };
                let name = tag.name.to_string();
                // Within SVG a title is an element like others.
                let is_within_svg = parts.iter().rev().any(|part| part.begins("svg"));
                let attributes = attributes.map(attribute).collect();
                parts.push(Part::Start { name: name.clone(), attributes });
                return match name.as_str() {
                    "style" => TokenSinkResult::RawData(Rawtext),
                    "title" if !is_within_svg => TokenSinkResult::RawData(Rcdata),
                    _ => TokenSinkResult::Continue,
                };
            }
            TagToken(tag) if tag.kind == EndTag => parts.push(Part::End(tag.name.to_string())),
            CharacterTokens(text) => match parts.last_mut() {
                Some(Part::Text(before)) => before.push_str(&text),
                _ => parts.push(Part::Text(text.to_string())),
            },
            CommentToken(_) => parts.push(Part::Comment),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}
