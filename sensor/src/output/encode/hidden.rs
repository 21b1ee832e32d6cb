//! Characters that a terminal obeys or hides, and that hostile names hold for that reason.

/// Whether `character` is a control, a line or paragraph separator, or a mark that turns the direction of writing
/// (Unicode UAX 9). All of them lie in the basic plane.
pub(super) fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{61c}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
        )
}
