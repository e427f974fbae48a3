//! The colour of a label.

use std::fmt;
use std::str::FromStr;

use crate::{Error, ErrorKind, Result};

/// How vivid and how light a colour is that is chosen by its hue alone.
const SATURATION: f64 = 0.65;
const LIGHTNESS: f64 = 0.5;

/// A colour in sRGB, as label-set files and other tools write it: `#8c2dd2`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Colour {
    channels: [u8; 3],
}

impl Colour {
    /// A vivid colour of a hue in degrees.
    pub fn of_hue(hue: u16) -> Self {
        let chroma = (1.0 - f64::abs(2.0 * LIGHTNESS - 1.0)) * SATURATION;
        let sector = f64::from(hue % 360) / 60.0;
        let second = chroma * (1.0 - (sector % 2.0 - 1.0).abs());
        let [r, g, b] = match sector as u8 {
            0 => [chroma, second, 0.0],
            1 => [second, chroma, 0.0],
            2 => [0.0, chroma, second],
            3 => [0.0, second, chroma],
            4 => [second, 0.0, chroma],
            _ => [chroma, 0.0, second],
        };
        let channel = |value: f64| ((value + LIGHTNESS - chroma / 2.0) * 255.0).round() as u8;
        Self { channels: [channel(r), channel(g), channel(b)] }
    }

    /// Its hue in degrees, below 360; 0 for a grey, which has none.
    pub fn hue(self) -> u16 {
        let [r, g, b] = self.channels.map(f64::from);
        let (largest, least) = (r.max(g).max(b), r.min(g).min(b));
        let chroma = largest - least;
        if chroma == 0.0 {
            return 0;
        }
        let sector = if largest == r {
            (g - b) / chroma
        } else if largest == g {
            (b - r) / chroma + 2.0
        } else {
            (r - g) / chroma + 4.0
        };
        (sector * 60.0).rem_euclid(360.0).round() as u16 % 360
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [r, g, b] = self.channels;
        write!(f, "#{r:02x}{g:02x}{b:02x}")
    }
}

impl FromStr for Colour {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let digits = text.trim().strip_prefix('#').unwrap_or_default();
        let nibbles: Option<Vec<u8>> = digits.chars().map(|c| c.to_digit(16).map(|digit| digit as u8)).collect();
        match nibbles.as_deref() {
            Some(&[r, g, b]) => Ok(Self { channels: [r, g, b].map(|nibble| nibble * 17) }),
            Some(&[a, b, c, d, e, f]) => Ok(Self { channels: [a << 4 | b, c << 4 | d, e << 4 | f] }),
            _ => {
                let message = format!("has the colour '{text}': write it as six hexadecimal digits, such as #8c2dd2");
                Err(Error::new(ErrorKind::BadLabels, message))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hue_survives_its_colour() {
        for hue in 0..360 {
            assert_eq!(Colour::of_hue(hue).hue(), hue);
        }
    }

    #[test]
    fn colours_are_written_as_they_are_read() {
        for (text, written) in [("#8c2dd2", "#8c2dd2"), (" #8C2DD2 ", "#8c2dd2"), ("#fa0", "#ffaa00")] {
            assert_eq!(text.parse::<Colour>().unwrap().to_string(), written);
        }
        for text in ["8c2dd2", "#8c2dd", "red", "", "#8c2ddg", "#ééé"] {
            assert!(text.parse::<Colour>().is_err(), "{text}");
        }
        assert_eq!("#808080".parse::<Colour>().unwrap().hue(), 0);
    }
}
