//! The hues of labels.

use undertone_core::{Colour, Label, LabelSet};

/// How far apart two labels' hues are when nobody chose them: the golden angle, so that however
/// many there are, neighbours differ.
const GOLDEN_ANGLE: f64 = 137.508;

/// The hue of the first label of all: neither a warning nor a praise.
const FIRST_HUE: u16 = 265;

/// The hue of a label, in degrees: its own, or one that follows from its id and so stays with it
/// whatever happens to the others.
pub fn hue(label: &Label) -> u16 {
    label.colour.map(Colour::hue).unwrap_or_else(|| {
        let turns = f64::from(label.id.get()) * GOLDEN_ANGLE;
        (turns % 360.0) as u16
    })
}

/// A hue for one more label: the middle of the widest gap between those of the others.
pub fn spare_hue(set: &LabelSet) -> u16 {
    let mut hues: Vec<u16> = set.labels().iter().map(hue).collect();
    hues.sort_unstable();
    let Some(&first) = hues.first() else {
        return FIRST_HUE;
    };
    let after = hues[1..].iter().copied().chain([first + 360]);
    hues.iter()
        .zip(after)
        .map(|(&hue, next)| (next - hue, hue))
        // The first of equal gaps, so that the choice does not depend on anything else.
        .max_by_key(|&(gap, hue)| (gap, std::cmp::Reverse(hue)))
        .map_or(FIRST_HUE, |(gap, hue)| (hue + gap / 2) % 360)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_label_takes_the_widest_gap() {
        let mut set = LabelSet::new("test");
        assert_eq!(spare_hue(&set), FIRST_HUE);
        for (name, hue) in [("a", 350), ("b", 40), ("c", 100)] {
            let id = set.add(name).unwrap();
            set.set_colour(id, Some(Colour::of_hue(hue))).unwrap();
        }
        assert_eq!(spare_hue(&set), 225);
        let id = set.add("d").unwrap();
        set.set_colour(id, Some(Colour::of_hue(180))).unwrap();
        assert_eq!(spare_hue(&set), 265);
    }

    #[test]
    fn hues_of_neighbours_differ() {
        let mut set = LabelSet::new("test");
        for i in 0..40 {
            set.add(&i.to_string()).unwrap();
        }
        let hues: Vec<i32> = set.labels().iter().map(|label| hue(label).into()).collect();
        for pair in hues.windows(2) {
            let apart = (pair[0] - pair[1]).rem_euclid(360);
            assert!((90..=270).contains(&apart), "{pair:?}");
        }
    }
}
