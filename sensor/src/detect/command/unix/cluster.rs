//! Options of one letter, which may stand together in one word: `-sSO`.

/// Whether a word is one or more options of one letter. The last of them may have its value in the next word.
pub(super) fn is_cluster(word: &str) -> bool {
    word.starts_with('-') && !word.starts_with("--")
}
