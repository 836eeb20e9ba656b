//! Totals with names: each is written down once, as a field, and is told under its name.

/// Makes a struct of totals, all `u64` and 0 at first:
///
/// ```
/// tertulia_counters::counters! {
///     /// What happened to parcels.
///     pub struct Parcels, "parcels_";
///     sent,
///     /// On the way.
///     lost,
/// }
///
/// let mut totals = Parcels { sent: 3, lost: 1 };
/// totals.add(&Parcels { sent: 2, lost: 0 });
/// assert!(totals.entries().eq([("parcels_sent", 5), ("parcels_lost", 1)]));
/// ```
///
/// The text goes before each name, so that it is told from those of others.
#[macro_export]
macro_rules! counters {
    (
        $(#[$outer:meta])* $visibility:vis struct $Totals:ident, $prefix:literal;
        $($(#[$doc:meta])* $name:ident,)*
    ) => {
        $(#[$outer])*
        #[derive(Debug, Clone, Default, PartialEq, Eq)]
        $visibility struct $Totals {
            $($(#[$doc])* pub $name: u64,)*
        }

        impl $Totals {
            /// Names and values, in the order of the fields.
            pub fn entries(&self) -> impl Iterator<Item = (&'static str, u64)> + use<> {
                [$((concat!($prefix, stringify!($name)), self.$name)),*].into_iter()
            }

            /// Adds the totals of another one.
            pub fn add(&mut self, other: &$Totals) {
                $(self.$name += other.$name;)*
            }
        }
    };
}
