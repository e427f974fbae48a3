//! The scoring worker: a file, its vectors and its scores, and a message loop around them.

fn main() {
    undertone_app::scoring::serve();
}
