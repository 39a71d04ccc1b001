//! Names that resemble what was typed: options, commands, topics, groups, profiles, properties.

/// Whether a name is most likely a misspelling of another one: one or two letters differ, or it is the beginning of
/// it.
pub fn is_near(typed: &str, name: &str) -> bool {
    let typed = Typed::new(typed);
    typed.is_beginning_of(name) || typed.slips(name).is_some()
}

/// Asks whether one of `names` was meant; `None` if none is near enough.
pub fn did_you_mean<'a>(typed: &str, names: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let near: Vec<String> = nearest(typed, names).iter().map(|name| format!("`{name}`")).collect();
    (!near.is_empty()).then(|| format!("did you mean {}?", near.join(" or ")))
}

/// Up to three of `names` that `typed` is a misspelling of; if there are none, those that it is the beginning of,
/// unless they are more than three.
pub fn nearest<'a>(typed: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    const MOST: usize = 3;
    let typed = Typed::new(typed);
    let (mut misspelled, mut longer): (Vec<(usize, &str)>, Vec<&str>) = Default::default();
    for name in names {
        match typed.slips(name) {
            Some(slips) => misspelled.push((slips, name)),
            None if typed.is_beginning_of(name) => longer.push(name),
            None => {}
        }
    }
    let Some(fewest) = misspelled.iter().map(|(slips, _)| *slips).min() else {
        longer.sort_unstable();
        longer.dedup();
        return if longer.len() > MOST { Vec::new() } else { longer };
    };
    let mut nearest: Vec<&str> = Vec::new();
    for (_, name) in misspelled.into_iter().filter(|(slips, _)| *slips == fewest) {
        if !nearest.contains(&name) {
            nearest.push(name);
        }
    }
    nearest.truncate(MOST);
    nearest
}

/// A name as it is compared: without dashes in front of it, in lower case.
struct Typed(String);

impl Typed {
    fn new(name: &str) -> Typed {
        Typed(name.trim_start_matches('-').to_lowercase())
    }

    fn is_beginning_of(&self, name: &str) -> bool {
        self.0.len() >= 3 && Typed::new(name).0.starts_with(&self.0)
    }

    /// How many letters are wrong, missing, too many or swapped; `None` if they are too many for a misspelling.
    fn slips(&self, name: &str) -> Option<usize> {
        let most = match self.0.chars().count() {
            // Any other name of one or two letters would be near.
            0..=2 => 0,
            3..=4 => 1,
            _ => 2,
        };
        Some(strsim::damerau_levenshtein(&self.0, &Typed::new(name).0)).filter(|slips| *slips <= most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_is_a_slip_of_the_fingers() {
        for (typed, name) in [
            ("--grup", "--group"),
            ("consum", "consume"),
            ("lst", "list"),
            ("con", "consume"),
            ("jsn", "json"),
            ("--fliter", "--filter"),
            ("mialer", "mailer"),
            ("task-craeted", "task-created"),
            ("Orders", "orders"),
            ("clientid", "client.id"),
        ] {
            assert!(is_near(typed, name), "{typed} {name}");
            assert_eq!(nearest(typed, [name]), [name], "{typed}");
        }
        for (typed, name) in [
            ("--limit", "--delimiter"),
            ("newest", "earliest"),
            ("--formatter", "--forward"),
            ("--zookeeper", "--worker"),
            ("--raw", "--rate"),
            ("--cnt", "--connect-timeout"),
            ("ls", "lag"),
            ("t1", "t2"),
            ("shop.returns", "shop.orders"),
            ("audit-mailing", "audit-sig"),
            ("group.name", "group.instance.id"),
        ] {
            assert!(!is_near(typed, name), "{typed} {name}");
            assert!(nearest(typed, [name]).is_empty(), "{typed} {name}");
        }
    }

    #[test]
    fn the_nearest_names_come_before_longer_ones() {
        for (typed, expected) in [
            ("ordesr", &["orders"][..]),
            ("order", &["orders"]),
            ("shop", &["shop.orders", "shop.returns"]),
            ("shop.return", &["shop.returns"]),
            // Beginnings of too many names to guess.
            ("log", &[]),
        ] {
            let names =
                ["shop.returns", "orders", "ordered", "log-1", "log-2", "log-3", "log-4", "shop.orders"];
            assert_eq!(nearest(typed, names), expected, "{typed}");
        }
        assert_eq!(
            did_you_mean("sho", ["shop.a", "shop.b"]).as_deref(),
            Some("did you mean `shop.a` or `shop.b`?")
        );
        assert_eq!(did_you_mean("other", ["shop.a"]), None);
        assert_eq!(nearest("Tsak", ["Task", "Other", "Task"]), ["Task"], "each name once");
    }
}
