//! The worker: the model, and a message loop around it.

fn main() {
    undertone_app::engine::serve();
}
