//! Activations in integers.

/// Rows of activations in seven bits, each with its own scale and zero.
///
/// Value `x` of a row is about `scale · (code − zero)`; codes are 0 to 127. They stand in groups as one 32-bit load
/// brings them: four in 8 bits, or two in 16, as the kernel multiplies them. A group takes one code from each quarter of the row,
/// or from each half, so that whole registers of codes are put together without a shuffle. What is missing from the last
/// quarters is 0.
#[derive(Default)]
pub struct Codes {
    /// How many groups a row has.
    pub groups: usize,
    /// All rows' groups.
    pub values: Vec<u32>,
    /// What each row needs beside.
    pub rows: Vec<Row>,
}

/// How a row of codes is read.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Row {
    /// What a step is worth.
    pub scale: f32,
    /// The code of 0.
    pub zero: i32,
}

impl Codes {
    /// Makes room for rows; what was there stays until it is overwritten.
    pub fn resize(&mut self, rows: usize, groups: usize) {
        self.groups = groups;
        self.values.resize(rows * groups, 0);
        self.rows.resize(rows, Row::default());
    }
}
