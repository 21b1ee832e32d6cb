//! What is known of services and of variables by their names.

pub(crate) mod drivers;
pub(crate) mod guards;
pub(crate) mod names;
pub(crate) mod variables;
