//! The page.

fn main() {
    undertone_app::feature::mount();
}
