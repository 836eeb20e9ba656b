//! Every input that was worth keeping goes through its target once.

use std::collections::BTreeSet;
use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use tertulia_fuzz::TARGETS;

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries
        .map(|entry| entry.unwrap().file_name().into_string().expect("a name in UTF-8"))
        .collect()
}

#[test]
fn every_target_has_a_corpus_and_every_corpus_a_target() {
    let targets: BTreeSet<String> = TARGETS.iter().map(|(name, _)| name.to_string()).collect();
    assert_eq!(targets.len(), TARGETS.len());
    assert_eq!(names(&corpus()), targets);
    for target in targets {
        assert!(!names(&corpus().join(&target)).is_empty(), "{target}");
    }
}

#[test]
fn what_must_hold_holds_for_every_input_of_the_corpora() {
    let mut failures = vec![];
    for (name, target) in TARGETS {
        let folder = corpus().join(name);
        for input in names(&folder) {
            let bytes = fs::read(folder.join(&input)).unwrap();
            if catch_unwind(|| target(&bytes)).is_err() {
                failures.push(format!("{name}/{input}"));
            }
        }
    }
    assert!(failures.is_empty(), "{failures:?}");
}
