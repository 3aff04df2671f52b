"""An ensemble summed up: medians, bands, means and probabilities with labels and units."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simvet.studies.batch import COLUMNS_AT_ONCE, VALUES_AT_ONCE, Ensemble

if TYPE_CHECKING:
    import xarray


def dataset_of(ensemble: Ensemble) -> xarray.Dataset:
    """Return an ensemble as a labelled dataset.

    Parameters
    ----------
    ensemble : Ensemble.

    Returns
    -------
    xarray.Dataset; ``median``, ``low_80``, ``high_80`` and ``mean`` over (experiment, outcome), ``probability`` over
    (experiment, outcome), NaN where the outcome is no target; coordinates name policy, factors, units and years.

    Raises
    ------
    InputError : some chunks have no results.

    Notes
    -----
    Unit: coordinate ``unit`` of each outcome. Some columns are read at a time. Source: the parts.
    """
    import xarray as xr  # noqa: PLC0415

    study = ensemble.study
    shape = (len(ensemble.policy), len(study.outcomes))
    made = {name: np.full(shape, np.nan) for name in ("median", "low_80", "high_80", "mean", "probability")}
    at_once = min(max(VALUES_AT_ONCE // (shape[0] * study.draws), 1), COLUMNS_AT_ONCE)
    for first in range(0, len(study.outcomes), at_once):
        batch = study.outcomes[first : first + at_once]
        hits = [o.reached_name for o in batch if o.target is not None]
        read = ensemble.read([*(o.name for o in batch), *hits])
        for place, outcome in enumerate(batch, start=first):
            drawn = read[outcome.name]
            made["low_80"][:, place], made["median"][:, place], made["high_80"][:, place] = np.quantile(
                drawn, [0.1, 0.5, 0.9], axis=1
            )
            made["mean"][:, place] = drawn.mean(axis=1)
            if outcome.target is not None:
                made["probability"][:, place] = read[outcome.reached_name].mean(axis=1)
    dims = ("experiment", "outcome")
    dataset = xr.Dataset({name: (dims, values) for name, values in made.items()})
    dataset = dataset.assign_coords(
        experiment=np.arange(shape[0]),
        outcome=[o.name for o in study.outcomes],
        policy=("experiment", [study.policies[int(place)].name for place in ensemble.policy]),
        unit=("outcome", [o.unit for o in study.outcomes]),
        year=("outcome", [o.year for o in study.outcomes]),
        indicator=("outcome", [o.indicator for o in study.outcomes]),
        stage=("outcome", [o.stage for o in study.outcomes]),
        region=("outcome", [o.region for o in study.outcomes]),
    )
    for place, factor in enumerate(study.factors):
        column = factor.name.strip("/").replace("/", ".")
        told = {"unit": factor.unit, "kind": factor.kind, "factor": factor.name}
        dataset = dataset.assign_coords({column: ("experiment", ensemble.values[:, place], told)})
    dataset.attrs.update(study=study.digest, seed=study.seed, draws=study.draws, engine=study.engine)
    return dataset
