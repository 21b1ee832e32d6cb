//! The engine on small hosts.

mod absent;
mod attribution;
mod executables;
pub(super) mod host;
mod loaded;
mod users;

use crate::model::Line;
use host::Run;

#[test]
fn a_file_that_there_is_no_room_for_is_a_loss() {
    let mut run = Run::new(&[]);
    for number in 0..5 {
        let content = format!("[Service]\n# {number}\n{}", "#\n".repeat(450_000));
        run.write(100, &format!("/home/kim/.config/systemd/user/{number}.service"), &content);
    }
    let losses = run.lines.iter().filter_map(|line| match line {
        Line::Loss(loss) => Some((loss.source.as_str(), loss.count)),
        _ => None,
    });
    assert_eq!(losses.collect::<Vec<_>>(), [("inventory of units", Some(1))]);
}
