//! What is known of services by their names.

pub(crate) mod drivers;
pub(crate) mod guards;
pub(crate) mod names;
