//! How much is written, so that GitHub takes it.

/// What GitHub takes of a comment (65,536 characters) and of a check's summary
/// (65,535 bytes), less what the caller puts before it.
const MOST: usize = 65_000;

/// Lines of each difference, from everything to nothing.
const DIFFERENCES: &[usize] = &[usize::MAX, 1_000, 400, 150, 60, 25, 10, 3, 0];

/// Lines of each list, from everything to nearly nothing.
const LISTS: &[usize] = &[usize::MAX, 400, 150, 60, 25, 10, 3];

/// How much is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Room {
    /// Lines of each difference.
    pub(super) diff: usize,
    /// Lines of each list.
    pub(super) list: usize,
    /// Environments of which more than a row is told.
    pub(super) sections: usize,
    /// Rows of the table.
    pub(super) rows: usize,
}

impl Room {
    pub(super) const ALL: Self =
        Self { diff: usize::MAX, list: usize::MAX, sections: usize::MAX, rows: usize::MAX };
}

/// The longest text that fits: written with as much room as can be had, of
/// what is cut last as much as possible.
pub(super) fn fitted(
    environments: usize,
    write: impl Fn(Room) -> String,
    length: impl Fn(&str) -> usize,
) -> String {
    let fits = |room: Room| Some(write(room)).filter(|text| length(text) <= MOST);
    if let Some(text) = fits(Room::ALL) {
        return text;
    }
    for list in LISTS {
        let room = Room { list: *list, diff: 0, ..Room::ALL };
        let Some(shortest) = fits(room) else { continue };
        // A step shorter always fits when a longer one does.
        let steps = DIFFERENCES;
        let better = steps.partition_point(|diff| fits(Room { diff: *diff, ..room }).is_none());
        let best = steps.get(better).and_then(|diff| fits(Room { diff: *diff, ..room }));
        return best.unwrap_or(shortest);
    }
    let least = Room { diff: 0, list: 3, ..Room::ALL };
    if let Some(text) = most(environments, |sections| fits(Room { sections, ..least })) {
        return text;
    }
    let rows = most(environments, |rows| fits(Room { sections: 0, rows, ..least }));
    rows.unwrap_or_else(|| write(Room { diff: 0, list: 0, sections: 0, rows: 0 }))
}

/// What comes of the greatest number, up to a most, of which anything comes.
fn most(all: usize, of: impl Fn(usize) -> Option<String>) -> Option<String> {
    let (mut least, mut more) = (0, all + 1);
    let mut best = of(0)?;
    while more - least > 1 {
        let middle = usize::midpoint(least, more);
        match of(middle) {
            Some(text) => (least, best) = (middle, text),
            None => more = middle,
        }
    }
    Some(best)
}

#[cfg(test)]
mod tests {
    use super::{MOST, Room, fitted};

    #[test]
    fn differences_go_before_lists_and_lists_before_environments() {
        let of = |diff: usize, list: usize, section: usize, row: usize| {
            fitted(
                40,
                |Room { diff: lines, list: items, sections, rows }| {
                    let told = sections.min(40);
                    "x".repeat(
                        told * (lines.min(diff) * 50 + items.min(list) * 50 + section) + rows.min(40) * row,
                    )
                },
                str::len,
            )
            .len()
        };
        assert_eq!(of(1, 1, 100, 100), 40 * 300, "everything");
        assert_eq!(of(10_000, 2, 100, 100), 40 * (25 * 50 + 2 * 50 + 200), "25 lines of each difference");
        assert_eq!(
            of(10_000, 10_000, 100, 100),
            40 * (28 * 50 + 200),
            "25 lines of each list, and what fits of differences"
        );
        assert_eq!(of(1, 1, 5_000, 100), 12 * 5_050 + 4_000, "12 environments");
        assert_eq!(of(1, 1, 5_000, 2_000), 32 * 2_000, "32 rows");
        assert_eq!(of(1, 1, 5_000, MOST + 1), 0);
    }
}
