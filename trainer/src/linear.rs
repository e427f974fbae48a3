//! Linear equations.

/// Solves them by elimination with pivots, one row of `matrix` for each unknown; `None` if they do not determine the
/// unknowns.
pub fn solve(mut matrix: Vec<Vec<f64>>, mut right: Vec<f64>) -> Option<Vec<f64>> {
    let n = right.len();
    for column in 0..n {
        let pivot = (column..n).max_by(|&a, &b| matrix[a][column].abs().total_cmp(&matrix[b][column].abs()))?;
        if matrix[pivot][column].abs() < 1e-12 {
            return None;
        }
        matrix.swap(column, pivot);
        right.swap(column, pivot);
        let pivot = matrix[column].clone();
        for row in column + 1..n {
            let factor = matrix[row][column] / pivot[column];
            matrix[row][column..].iter_mut().zip(&pivot[column..]).for_each(|(x, p)| *x -= factor * p);
            right[row] -= factor * right[column];
        }
    }
    for row in (0..n).rev() {
        let known: f64 = matrix[row][row + 1..].iter().zip(&right[row + 1..]).map(|(x, y)| x * y).sum();
        right[row] = (right[row] - known) / matrix[row][row];
    }
    Some(right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknowns_are_found_whatever_the_order_of_the_equations() {
        let equations = vec![vec![0.0, 2.0, 1.0], vec![1.0, 1.0, 1.0], vec![3.0, 0.0, -1.0]];
        let found = solve(equations, vec![7.0, 6.0, 0.0]).unwrap();
        for (found, sought) in found.into_iter().zip([1.0, 2.0, 3.0]) {
            assert!((found - sought).abs() < 1e-12);
        }
    }

    #[test]
    fn equations_that_say_the_same_determine_nothing() {
        assert_eq!(solve(vec![vec![1.0, 2.0], vec![2.0, 4.0]], vec![1.0, 2.0]), None);
    }
}
