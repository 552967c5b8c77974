//! How long a dough rises.

/// Twice as long for every ten degrees that it is cooler than 27.
pub fn minutes(celsius: i32) -> f64 {
    60.0 * 2f64.powf(f64::from(27 - celsius) / 10.0)
}
