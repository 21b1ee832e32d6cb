//! What touches a Windows host: its event sources, its registry and its Service Control Manager.

pub mod clock;
pub mod live;
