//! The layout of each record, against a table that was agreed upon. A change here is a new version of the contract.

use std::fmt::Write as _;

use sensor_common::layouts;

const BLESSED: &str = include_str!("layout.txt");

fn table() -> String {
    let mut text = format!("version {}\n", sensor_common::ABI_VERSION);
    for layout in layouts() {
        let _ = writeln!(text, "{} {}", layout.name, layout.size);
        for field in layout.fields {
            let _ = writeln!(text, "  {:4} {}", field.offset, field.name);
        }
    }
    text
}

#[test]
fn is_as_blessed() {
    assert_eq!(table(), BLESSED, "raise ABI_VERSION and write the left side to tests/layout.txt");
}

/// The kernel writes a header first: whatever comes must have it where it is looked for.
#[test]
fn every_record_starts_with_its_header() {
    let records = layouts().into_iter().filter(|layout| layout.name.ends_with("Record"));
    let mut count = 0;
    for record in records {
        assert_eq!(
            record.fields.first().map(|field| (field.name, field.offset)),
            Some(("header", 0)),
            "{}",
            record.name
        );
        count += 1;
    }
    assert_eq!(count, 4);
}
