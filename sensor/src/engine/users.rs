//! Users who come after the start: their units are read, and what was written since they came is told.

use bstr::BString;

use super::Engine;
use super::input::NewUsers;
use super::units::{Place, true_path};
use crate::correlate::touched::{SETTLE_GENERATED, Touch, Verdict};
use crate::host::{FileState, Host};
use crate::model::{FileOperation, Line};

impl Engine {
    /// Users came. What was in their homes before they did is taken in as it is, as at the start.
    pub(super) fn users(&mut self, new: NewUsers, host: &mut dyn Host, lines: &mut Vec<Line>) {
        for user in new.users {
            let directories =
                self.units.add_user(user.uid, user.home.as_ref(), |named| true_path(&new.links, named));
            let found: Vec<BString> =
                directories.iter().flat_map(|path| self.units.contents(path.as_ref(), host)).collect();
            for path in found {
                let settle = match self.units.place(path.as_ref()) {
                    Place::Unit { generated: true } => SETTLE_GENERATED,
                    Place::Unit { generated: false } => self.settle,
                    Place::Program(_) | Place::Directory | Place::NotAUnit | Place::Elsewhere => continue,
                };
                if self.units.take_older(path.as_ref(), user.since, host) {
                    continue;
                }
                // Whoever wrote it may not have finished, and is seen to finish it.
                let operation = match host.file(path.as_ref()) {
                    FileState::Regular(_) => FileOperation::Create,
                    _ => FileOperation::Reload,
                };
                let touch = Touch { operation, by_maker: true, ..Touch::found(path, self.now) };
                if let Verdict::Now(touch) = self.touched.note(touch, settle) {
                    self.tell(&touch, host, lines);
                }
            }
            for (program, units) in self.units.programs_at_a_glance(&directories) {
                self.follow_executable(program.as_ref(), units, host);
            }
        }
    }
}
