//! Plots as inline SVG: lines, dots and bars in a frame. Colours come from the page's style, by class.

use maud::{Markup, html};

/// One side of a frame.
pub struct Axis {
    pub title: &'static str,
    pub from: f64,
    pub to: f64,
}

impl Axis {
    /// From 0 to 1.
    pub const fn share(title: &'static str) -> Self {
        Self { title, from: 0.0, to: 1.0 }
    }

    /// Where in the frame a value is, 0 to 1.
    fn at(&self, value: f64) -> f64 {
        ((value - self.from) / (self.to - self.from)).clamp(0.0, 1.0)
    }

    fn ticks(&self) -> impl Iterator<Item = (f64, String)> + '_ {
        (0..=4).map(|i| {
            let value = self.from + (self.to - self.from) * f64::from(i) / 4.0;
            let text = format!("{value:.2}");
            (value, text.trim_end_matches('0').trim_end_matches('.').to_owned())
        })
    }
}

/// What is drawn; the number is that of the series, which gives it its colour.
pub enum Mark {
    Line(Vec<(f64, f64)>, usize),
    /// A line to compare with.
    Guide([(f64, f64); 2]),
    Dots(Vec<(f64, f64)>, f64, usize),
    /// From, to, height.
    Bars(Vec<(f64, f64, f64)>, usize),
    /// A value of the horizontal axis that something happens at, dashed or not.
    Rule {
        x: f64,
        dashed: bool,
        series: usize,
    },
}

/// A frame and what is in it.
pub struct Plot {
    /// What it shows, for who does not see it.
    pub about: String,
    pub x: Axis,
    pub y: Axis,
    pub marks: Vec<Mark>,
}

/// The frame's place in a drawing.
struct Frame {
    width: f64,
    height: f64,
    left: f64,
    top: f64,
    right: f64,
    bottom: f64,
}

const LARGE: Frame = Frame { width: 340.0, height: 290.0, left: 46.0, top: 8.0, right: 12.0, bottom: 42.0 };
const SMALL: Frame = Frame { width: 120.0, height: 90.0, left: 2.0, top: 2.0, right: 2.0, bottom: 2.0 };

impl Plot {
    /// With ticks and titles.
    pub fn draw(&self) -> Markup {
        self.svg(&LARGE, true)
    }

    /// The marks alone, for one of many.
    pub fn draw_small(&self) -> Markup {
        self.svg(&SMALL, false)
    }

    fn svg(&self, frame: &Frame, lettered: bool) -> Markup {
        let (right, bottom) = (frame.width - frame.right, frame.height - frame.bottom);
        let x = |value: f64| round(frame.left + self.x.at(value) * (right - frame.left));
        let y = |value: f64| round(bottom - self.y.at(value) * (bottom - frame.top));
        let middle = round((frame.top + bottom) / 2.0);
        html! {
            svg viewBox={ "0 0 " (frame.width) " " (frame.height) } role="img" aria-label=(self.about) {
                @for (value, text) in self.x.ticks() {
                    path.grid d={ "M" (x(value)) " " (frame.top) "V" (bottom) } {}
                    @if lettered {
                        text x=(x(value)) y=(bottom + 15.0) text-anchor="middle" { (text) }
                    }
                }
                @for (value, text) in self.y.ticks() {
                    path.grid d={ "M" (frame.left) " " (y(value)) "H" (right) } {}
                    @if lettered {
                        text x=(frame.left - 6.0) y=(y(value) + 3.5) text-anchor="end" { (text) }
                    }
                }
                @for mark in &self.marks {
                    @match mark {
                        Mark::Line(points, series) => path class={ "line s" (series) } d=(line(points, x, y)) {},
                        Mark::Guide(points) => path.guide d=(line(points, x, y)) {},
                        Mark::Dots(points, radius, series) => g class={ "dots s" (series) } {
                            @for &(a, b) in points {
                                circle cx=(x(a)) cy=(y(b)) r=(radius) {}
                            }
                        },
                        Mark::Bars(bars, series) => g class={ "bars s" (series) } {
                            @for &(from, to, height) in bars {
                                rect x=(x(from)) y=(y(height)) width=(round(x(to) - x(from)))
                                    height=(round(bottom - y(height))) {}
                            }
                        },
                        Mark::Rule { x: value, dashed, series } => {
                            path class={ "rule s" (series) } stroke-dasharray=[dashed.then_some("3 3")]
                                d={ "M" (x(*value)) " " (frame.top) "V" (bottom) } {}
                        },
                    }
                }
                @if lettered {
                    text.axis x=(round((frame.left + right) / 2.0)) y=(frame.height - 6.0) text-anchor="middle" {
                        (self.x.title)
                    }
                    text.axis x="11" y=(middle) text-anchor="middle" transform={ "rotate(-90 11 " (middle) ")" } {
                        (self.y.title)
                    }
                }
            }
        }
    }
}

fn line(points: &[(f64, f64)], x: impl Fn(f64) -> f64, y: impl Fn(f64) -> f64) -> String {
    let point = |(i, &(a, b)): (usize, &(f64, f64))| format!("{}{} {}", if i == 0 { 'M' } else { 'L' }, x(a), y(b));
    points.iter().enumerate().map(point).collect()
}

/// A tenth of a unit is finer than anyone sees, and shorter to write.
fn round(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}
