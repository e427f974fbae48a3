//! The worker once more, built for browsers that have relaxed SIMD.

fn main() {
    undertone_app::engine::serve();
}
