//! The page.

fn main() {
    undertone_app::components::mount();
}
