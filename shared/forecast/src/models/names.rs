//! The models by name.

/// A model of the choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Model {
    /// The last value.
    Naive,
    /// The last season.
    SeasonalNaive,
    /// The last of the longest seasons.
    LongNaive,
    Theta,
    Ets,
    Ar,
    /// On values without their first season.
    ThetaSeason,
    EtsSeason,
    ArSeason,
    /// On values without all their seasons.
    ThetaSeasons,
    EtsSeasons,
    ArSeasons,
    /// The same six on logarithms or roots.
    BentThetaSeason,
    BentEtsSeason,
    BentArSeason,
    BentThetaSeasons,
    BentEtsSeasons,
    BentArSeasons,
    /// Smoothing that carries the first season, and one with longer seasons taken out before.
    SeasonalEts,
    SeasonalEtsLong,
    /// Autoregression on seasonal lags.
    SeasonalAr,
    BentSeasonalAr,
    /// With coefficients of all series of the set, and with own ones drawn towards these.
    GlobalAr,
    LocalAr,
    Intermittent,
}

impl Model {
    pub(crate) const ALL: [Self; 25] = [
        Self::Naive,
        Self::SeasonalNaive,
        Self::LongNaive,
        Self::Theta,
        Self::Ets,
        Self::Ar,
        Self::ThetaSeason,
        Self::EtsSeason,
        Self::ArSeason,
        Self::ThetaSeasons,
        Self::EtsSeasons,
        Self::ArSeasons,
        Self::BentThetaSeason,
        Self::BentEtsSeason,
        Self::BentArSeason,
        Self::BentThetaSeasons,
        Self::BentEtsSeasons,
        Self::BentArSeasons,
        Self::SeasonalEts,
        Self::SeasonalEtsLong,
        Self::SeasonalAr,
        Self::BentSeasonalAr,
        Self::GlobalAr,
        Self::LocalAr,
        Self::Intermittent,
    ];

    pub(crate) const ADJUSTED: [Self; 6] = [
        Self::ThetaSeason,
        Self::EtsSeason,
        Self::ArSeason,
        Self::ThetaSeasons,
        Self::EtsSeasons,
        Self::ArSeasons,
    ];

    pub(crate) const BENT: [Self; 6] = [
        Self::BentThetaSeason,
        Self::BentEtsSeason,
        Self::BentArSeason,
        Self::BentThetaSeasons,
        Self::BentEtsSeasons,
        Self::BentArSeasons,
    ];

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|model| model.name() == name)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Naive => "naive",
            Self::SeasonalNaive => "seasonal_naive",
            Self::LongNaive => "long_seasonal_naive",
            Self::Theta => "theta",
            Self::Ets => "ets",
            Self::Ar => "ar",
            Self::ThetaSeason => "season_theta",
            Self::EtsSeason => "season_ets",
            Self::ArSeason => "season_ar",
            Self::ThetaSeasons => "seasons_theta",
            Self::EtsSeasons => "seasons_ets",
            Self::ArSeasons => "seasons_ar",
            Self::BentThetaSeason => "power_season_theta",
            Self::BentEtsSeason => "power_season_ets",
            Self::BentArSeason => "power_season_ar",
            Self::BentThetaSeasons => "power_seasons_theta",
            Self::BentEtsSeasons => "power_seasons_ets",
            Self::BentArSeasons => "power_seasons_ar",
            Self::SeasonalEts => "seasonal_ets",
            Self::SeasonalEtsLong => "long_seasonal_ets",
            Self::SeasonalAr => "seasonal_ar",
            Self::BentSeasonalAr => "power_seasonal_ar",
            Self::GlobalAr => "global_ar",
            Self::LocalAr => "local_ar",
            Self::Intermittent => "intermittent",
        }
    }
}

/// Which models are to say something.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Wanted([bool; Model::ALL.len()]);

impl Wanted {
    pub(crate) const EVERY: Self = Self([true; Model::ALL.len()]);

    /// Those that have a weight, of weights in the order of [`Model::ALL`].
    pub(crate) fn weighted(weights: &[f64]) -> Self {
        let mut wanted = [false; Model::ALL.len()];
        for (wanted, weight) in wanted.iter_mut().zip(weights) {
            *wanted = *weight > 0.0;
        }
        Self(wanted)
    }

    pub(crate) fn has(&self, model: Model) -> bool {
        self.0[model as usize]
    }

    pub(crate) fn each<const COUNT: usize>(&self, models: [Model; COUNT]) -> [bool; COUNT] {
        models.map(|model| self.has(model))
    }

    /// Of two models that say the same: whether either is to say it.
    pub(crate) fn either<const COUNT: usize>(
        &self,
        models: [Model; COUNT],
        same: [Model; COUNT],
    ) -> [bool; COUNT] {
        std::array::from_fn(|place| self.has(models[place]) || self.has(same[place]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_and_names_are_unique() {
        for (position, model) in Model::ALL.into_iter().enumerate() {
            assert_eq!(model as usize, position);
            let same = Model::ALL.iter().filter(|other| other.name() == model.name()).count();
            assert_eq!(same, 1);
            assert_eq!(Model::named(model.name()), Some(model));
        }
    }
}
