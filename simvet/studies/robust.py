"""Packages in other futures: which one stands up when births, families or schools turn out otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from types import MappingProxyType

import numpy as np

from simvet.catalogue import require_key, require_quantity
from simvet.errors import InputError
from simvet.levers import OPERATIONS, Lever
from simvet.scenario import Scenario
from simvet.studies.answers import Outlook
from simvet.studies.looking import Looker
from simvet.studies.offers import Offer, Package, price_of
from simvet.studies.study import Study
from simvet.tables import home, number_of, read_cells, require_filled, require_words

FUTURES = "data/levers/futures.csv"
"""One line for each future."""
COLUMNS = ("name", "quantity", "key", "operation", "value", "label_zh", "label_en", "reason_zh", "reason_en")
MOST_PACKAGES = 12
"""Packages that are looked at in every future."""


@dataclass(frozen=True)
class Future:
    """How the world may turn out, beside what the draws already hold.

    Notes
    -----
    Shape: one dated change from the first school year on; no quantity is the scenario as it is. Unit: the quantity's.
    Errors: checked when it is read. Source: a line of ``data/levers/futures.csv``.
    """

    name: str
    quantity: str
    key: str
    operation: str
    value: float
    labels: Mapping[str, str]

    def of(self, scenario: Scenario) -> Scenario:
        """Return the scenario in this future; unchanged where no quantity is named."""
        if not self.quantity:
            return scenario
        operation = next(word for word in OPERATIONS if word == self.operation)
        levers = [
            Lever(f"future {self.name}", self.quantity, case.region, self.key, operation, self.value,
                  max(scenario.as_of + 1, case.base_year + 1), None, "none", FUTURES, "future")
            for case in scenario.regions
        ]  # fmt: skip
        return scenario.with_levers(*levers, name=scenario.name)


@lru_cache(maxsize=1)
def known_futures() -> Mapping[str, Future]:
    """Return the futures; unit: see Future; errors: InputError where a line is wrong; source: the table."""
    found: dict[str, Future] = {}
    for cells, where in read_cells(home() / FUTURES, COLUMNS):
        require_filled(cells, ("name", "label_zh", "label_en", "reason_zh", "reason_en"), where)
        if cells["name"] in found:
            raise InputError(where, "{name!r} stands twice", "Keep one of the two", name=cells["name"])
        value = 0.0
        if cells["quantity"]:
            require_quantity(cells["quantity"], where)
            require_key(cells["quantity"], cells["key"], where)
            require_words(cells, (("operation", OPERATIONS),), where)
            value = number_of(cells["value"], "value", where)
        labels = MappingProxyType({"zh": cells["label_zh"], "en": cells["label_en"]})
        found[cells["name"]] = Future(cells["name"], cells["quantity"], cells["key"], cells["operation"], value, labels)
    return MappingProxyType(found)


def outlooks_of(
    study: Study, offers: Sequence[Offer], packages: Sequence[Package], probability: float
) -> tuple[Outlook, ...]:
    """Return how packages fare in every future.

    Parameters
    ----------
    study : Study of the packages' levers.
    offers : sequence of Offer.
    packages : sequence of Package; at most MOST_PACKAGES are looked at, spread over the list.
    probability : float; at which a target counts as likely.

    Returns
    -------
    tuple of Outlook, in the order of the packages.

    Notes
    -----
    Unit: see Outlook. Errors: InputError as a run's. Source: Savage (1951) for regret; Lempert et al. (2006).
    """
    chosen = _spread(packages)
    futures = known_futures()
    means = np.empty((len(chosen), len(futures)))
    numbers = np.empty(means.shape, dtype=np.int64)
    for column, future in enumerate(futures.values()):
        there = replace(study, policies=(future.of(study.policies[0]),))
        with Looker(there, 1) as looker:
            for row, look in enumerate(looker.look(chosen)):
                means[row, column] = float(look.probability.mean())
                numbers[row, column] = int((look.probability >= probability).sum())
    regret = (means.max(axis=0) - means).max(axis=1)
    whole = len(study.outcomes)
    return tuple(
        Outlook(
            package, price_of(offers, package),
            {name: float(means[row, n]) for n, name in enumerate(futures)},
            {name: int(numbers[row, n]) for n, name in enumerate(futures)},
            float(means[row].min()), float(regret[row]), float((numbers[row] == whole).mean()),
        )
        for row, package in enumerate(chosen)
    )  # fmt: skip


def _spread(packages: Sequence[Package]) -> list[Package]:
    if len(packages) <= MOST_PACKAGES:
        return list(packages)
    places = np.unique(np.linspace(0, len(packages) - 1, MOST_PACKAGES).round().astype(int))
    return [packages[place] for place in places]


def robust_place(outlooks: Sequence[Outlook]) -> int | None:
    """Return the place of the package with the smallest regret, the cheaper among equals; None where there is none.

    Parameters
    ----------
    outlooks : sequence of Outlook.

    Returns
    -------
    int or None.

    Notes
    -----
    Unit: none. Errors: none. Regret within half a point counts as equal. Source: minimax regret, Savage (1951).
    """
    if not outlooks:
        return None
    least = min(outlook.regret for outlook in outlooks)
    close = [place for place, outlook in enumerate(outlooks) if outlook.regret <= least + 0.005]
    return min(close, key=lambda place: outlooks[place].cost)
