//! What is known of the Service Control Manager of Windows. It is portable: nothing here touches a host.

pub(crate) mod bundled;
pub mod command;
pub mod correlate;
pub mod decode;
pub mod descriptor;
pub mod image_path;
pub mod interest;
pub mod inventory;
pub mod key;
pub mod observed;
pub mod setting;
pub mod svcctl;
mod translated;
