//! From numbers to places in a drawing, in whole units: the server and the browser must draw the same.

use super::{HEIGHT, WIDTH};

/// Room for the numbers of the lines, and for what stands at the ends.
pub const LEFT: i32 = 64;
pub const RIGHT: i32 = 72;
const TOP: i32 = 12;
const BOTTOM: i32 = 28;

/// Heights of values, with nought always in sight.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Scale {
    low: i64,
    high: i64,
    step: i64,
}

impl Scale {
    /// Wide enough for all `values`.
    pub fn of(values: impl IntoIterator<Item = i64>) -> Self {
        let (low, high) =
            values.into_iter().fold((0_i64, 0_i64), |(low, high), value| (low.min(value), high.max(value)));
        let step = round_step(high.saturating_sub(low).max(1));
        let high = round_up(high.max(low.saturating_add(1)), step);
        Self { low: -round_up(low.saturating_neg(), step), high, step }
    }

    /// Round numbers from the lowest to the highest.
    #[must_use]
    pub fn ticks(&self) -> Vec<i64> {
        let count = (self.high - self.low) / self.step;
        (0..=count).map(|index| self.low + index * self.step).collect()
    }

    #[must_use]
    pub fn y(&self, value: i64) -> i32 {
        HEIGHT
            - BOTTOM
            - place(value.clamp(self.low, self.high) - self.low, self.high - self.low, HEIGHT - BOTTOM - TOP)
    }
}

/// Where `part` of `whole` lies across the drawing.
#[must_use]
pub fn x(part: i64, whole: i64) -> i32 {
    LEFT + place(part, whole, WIDTH - LEFT - RIGHT)
}

fn place(part: i64, whole: i64, room: i32) -> i32 {
    let whole = i128::from(whole.max(1));
    i32::try_from(i128::from(part) * i128::from(room) / whole).unwrap_or(room)
}

/// 1, 2 or 5 times a power of ten, so that there are four or five lines at most.
fn round_step(range: i64) -> i64 {
    let mut power = 1_i64;
    loop {
        for times in [1, 2, 5] {
            let step = power.saturating_mul(times);
            if range / step <= 4 {
                return step;
            }
        }
        power = power.saturating_mul(10);
    }
}

fn round_up(value: i64, step: i64) -> i64 {
    value.saturating_add(step - 1) / step * step
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_lies_in_the_drawing_and_nought_on_its_axis() {
        for values in [vec![], vec![0], vec![7], vec![-3, 12], vec![-5], vec![i64::from(u32::MAX)], vec![123_456, 20]] {
            let scale = Scale::of(values.iter().copied());
            let ticks = scale.ticks();
            assert!(ticks.len() <= 7 && ticks.contains(&0), "{values:?}: {ticks:?}");
            for value in values {
                assert!((TOP..=HEIGHT - BOTTOM).contains(&scale.y(value)), "{value}");
            }
            assert!(scale.y(ticks[0]) > scale.y(ticks[ticks.len() - 1]), "up is more");
        }
        assert_eq!((x(0, 10), x(10, 10)), (LEFT, WIDTH - RIGHT));
    }
}
