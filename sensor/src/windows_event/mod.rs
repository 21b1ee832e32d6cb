//! Windows events in one neutral form, whatever carried them: a log file, XML, JSON, or a live session.

pub mod etw;
pub mod event;
pub mod field;
pub mod json;
pub mod reader;
pub mod time;
pub mod xml;

pub use event::{Audit, Head, WindowsEvent};
pub use field::{Field, Value};
