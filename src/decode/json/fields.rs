//! The fields of an object and the elements of an array.

use super::check::FieldWatcher;
use super::{Json, walk};
use std::collections::HashSet;
use std::ops::Range;

/// Fields that are looked up together.
pub const FIELDS_AT_ONCE: usize = 8;

/// Names that are compared with each other; more are put into a set.
const FEW: usize = 16;

/// Notes where the fields of some names stand while their object is checked.
pub struct FieldPlaces<'n> {
    names: &'n [Box<str>],
    /// The place among the names of the field that comes, if it is one of them.
    wanted: Option<usize>,
    start: usize,
    places: [Range<usize>; FIELDS_AT_ONCE],
}

impl<'n> FieldPlaces<'n> {
    #[inline(always)]
    pub fn new(names: &'n [Box<str>]) -> FieldPlaces<'n> {
        let names = &names[..names.len().min(FIELDS_AT_ONCE)];
        FieldPlaces { names, wanted: None, start: 0, places: [const { 0..0 }; FIELDS_AT_ONCE] }
    }

    /// What stands in those places.
    #[inline(always)]
    pub fn found<T: Copy>(self, mut at: impl FnMut(Range<usize>) -> T) -> [Option<T>; FIELDS_AT_ONCE] {
        self.places.map(|range| (!range.is_empty()).then(|| at(range)))
    }
}

impl FieldWatcher for FieldPlaces<'_> {
    const LOOKS: bool = true;

    #[inline(always)]
    fn name(&mut self, name: &[u8]) {
        self.wanted = self.names.iter().position(|wanted| walk::is_name(name, wanted.as_bytes()));
    }

    #[inline(always)]
    fn start(&mut self, at: usize) {
        self.start = at;
    }

    #[inline(always)]
    fn end(&mut self, at: usize) {
        if let Some(place) = self.wanted.take() {
            self.places[place] = self.start..at;
        }
    }
}

impl<'a> Json<'a> {
    fn part(self, text: &'a [u8]) -> Json<'a> {
        Json { text, ..self }
    }

    /// The text itself.
    #[inline]
    pub fn text(self) -> &'a [u8] {
        self.text
    }

    #[inline]
    pub fn is_array(self) -> bool {
        self.text.first() == Some(&b'[')
    }

    #[inline]
    pub fn is_object(self) -> bool {
        self.text.first() == Some(&b'{')
    }

    /// The elements, if this is an array.
    pub fn elements(self) -> impl Iterator<Item = Json<'a>> {
        walk::elements(self.text).map(move |text| self.part(text))
    }

    /// Whether there is nothing between the brackets of an array or object.
    pub fn is_empty(self) -> bool {
        let inner = self.text.get(1..self.text.len() - 1).unwrap_or_default();
        inner.iter().all(u8::is_ascii_whitespace)
    }

    /// The fields, if this is an object, with their names as JSON strings; `None` if a name may be there twice.
    pub fn unique_fields(self) -> Option<Vec<(&'a [u8], Json<'a>)>> {
        let fields: Vec<_> = walk::fields(self.text).map(|(name, value)| (name, self.part(value))).collect();
        are_unique(fields.iter().map(|(name, _)| *name)).then_some(fields)
    }

    /// Appends an object with those fields only that have one of these names.
    pub fn write_fields(self, names: &[Box<str>], out: &mut Vec<u8>) {
        out.push(b'{');
        let mut is_first = true;
        for (name, value) in walk::fields(self.text) {
            if names.iter().any(|wanted| walk::is_name(name, wanted.as_bytes())) {
                if !std::mem::take(&mut is_first) {
                    out.push(b',');
                }
                out.extend_from_slice(name);
                out.push(b':');
                out.extend_from_slice(value);
            }
        }
        out.push(b'}');
    }

    /// The fields of these names, if this is an object; of fields with the same name the last one, as jq does.
    #[inline]
    pub fn fields_named(self, names: &[Box<str>]) -> [Option<Json<'a>>; FIELDS_AT_ONCE] {
        let mut found = [None; FIELDS_AT_ONCE];
        for (name, value) in walk::fields(self.text) {
            for (place, wanted) in found.iter_mut().zip(names) {
                if walk::is_name(name, wanted.as_bytes()) {
                    *place = Some(self.part(value));
                }
            }
        }
        found
    }
}

/// Whether all names are surely different.
pub fn are_unique<'a>(names: impl Iterator<Item = &'a [u8]> + Clone) -> bool {
    // A character has several ways to be escaped.
    if names.clone().any(|name| name.contains(&b'\\')) {
        return false;
    }
    let count = names.clone().count();
    if count > FEW {
        let mut seen = HashSet::with_capacity(count);
        return names.into_iter().all(|name| seen.insert(name));
    }
    let is_new = |(index, name)| !names.clone().take(index).any(|other: &[u8]| other == name);
    names.clone().enumerate().all(is_new)
}
