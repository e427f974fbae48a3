//! What features share: drawings, words, the virtual list, the grid, the live region.

mod download;
pub mod icons;
mod live;
mod motion;
mod virtual_list;
pub mod words;

pub use download::offer;
pub use icons::{Icon, Mark};
pub use live::{Announcer, LiveRegion};
pub use motion::{animate, is_still};
pub use virtual_list::{Frame, VirtualGrid};
