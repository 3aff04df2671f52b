"""The door to Mesa: schools and colleges as its agents, a region as its model; nothing else of simvet imports it.

Importing Mesa sets the start method of new processes.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from functools import partial
from itertools import count
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from simvet.behaviour import NO_SCHOOLS, RULES, SYNTHETIC, AgentChoices
from simvet.draws import Draws
from simvet.engines.agents import AgentWorld
from simvet.engines.schools import GENERAL, SECONDARY, Means, SchoolBook
from simvet.errors import InputError
from simvet.indicators.flows import FLOWS
from simvet.indicators.view import View
from simvet.loading import load_scenario, require_horizon
from simvet.loading.checks import require_word
from simvet.rules import schools as rules
from simvet.rules.names import MECHANISMS
from simvet.sampling import Uncertainty
from simvet.scenario import Scenario
from simvet.schedule import Schedule
from simvet.schools import STAGES
from simvet.yearly import YearLoop

with warnings.catch_warnings():
    # Its progress bar complains of notebooks without widgets, which no run of simvet uses.
    warnings.simplefilter("ignore")
    import mesa

Floats = NDArray[np.float64]


class _Counters(WeakKeyDictionary[Any, Iterator[int]]):
    """Numbers of agents by model, let go of with the model: Mesa's own keep every model of a process alive (#3179)."""

    def __getitem__(self, model: Any) -> Iterator[int]:
        if model not in self:
            self[model] = count(1)
        return super().__getitem__(model)


class School(mesa.Agent):  # type: ignore[misc]
    """A school or college: once a year it claims teachers and equipment, changes its programmes and its standing.

    Notes
    -----
    Shape: attributes are numbers. Unit: persons, shares of the stage, standard deviations. Errors: none. Source: rules
    in ``rules.schools``, chosen by the scenario.
    """

    _ids = _Counters()

    def __init__(self, model: mesa.Model, book: SchoolBook, place: int) -> None:
        super().__init__(model)
        self.book, self.place = book, place

    @property
    def code(self) -> str:
        """Return the code of the school list."""
        return self.book.codes[self.place]

    @property
    def name(self) -> str:
        """Return the name; a synthetic one says that it is."""
        return self.book.names[self.place]

    @property
    def stage(self) -> str:
        """Return the stage."""
        return STAGES[self.book.stage[self.place]]

    @property
    def district(self) -> int:
        """Return the number of the district, from 1."""
        return int(self.book.district[self.place]) + 1

    @property
    def seats(self) -> float:
        """Return the first-year seats that it plans, persons."""
        mine = slice(self.book.start[self.place], self.book.start[self.place + 1])
        return float(self.book.planned[mine].sum())

    @property
    def enrolment(self) -> float:
        """Return its students of the autumn, persons."""
        return float(self.book.enrolment[self.place])

    @property
    def filled(self) -> float:
        """Return whom it admitted this year at the entry to senior secondary school, persons."""
        return float(self.book.filled[self.place])

    @property
    def standing(self) -> float:
        """Return its standing among the schools of its stage, standard deviations."""
        return float(self.book.standing[self.place])

    @property
    def progression(self) -> float:
        """Return the share of its graduates who went on this year; NaN where nobody graduated."""
        return float(self.book.progression[self.place])

    @property
    def fields_offered(self) -> int:
        """Return how many fields it offers."""
        mine = slice(self.book.start[self.place], self.book.start[self.place + 1])
        return len(np.unique(self.book.field[mine][self.book.planned[mine] > 0.0]))

    def claim(self) -> None:
        """Claim new teachers and money for equipment, by the rules for hiring and investment."""
        book, place = self.book, self.place
        if book.stage[place] != SECONDARY:
            return
        model: Any = self.model
        year = model.school_years[book]
        students = book.enrolment[place]
        hiring = rules.HIRING[book.choices.rules["hiring"]]
        year.teacher_claims[place] = hiring(students, book.teachers[place] * year.teachers, year.standard)
        investing = rules.INVESTMENT[book.choices.rules["investment"]]
        year.equipment_claims[place] = investing(students, book.equipment[place])

    def act(self) -> None:
        """Change classes, programmes and standing, by the rules for them."""
        book, place = self.book, self.place
        model: Any = self.model
        year = model.school_years[book]
        if book.stage[place] == SECONDARY:
            self._adjust(year)
        if book.stage[place] in (GENERAL, SECONDARY):
            appeal = rules.APPEAL[book.choices.rules["appeal"]]
            book.standing[place] = appeal(book.standing[place], year.merit[place], book.numbers["appeal_memory"])

    def _adjust(self, year: SchoolYearView) -> None:
        book, place, numbers = self.book, self.place, self.book.numbers
        mine = book.regular_of.get(place)
        if mine is None:
            return
        before = float(book.planned[mine].sum())
        classes = rules.CLASSES[book.choices.rules["classes"]]
        planned = classes(
            self.seats, book.filled[place], book.wanted[place], year.most[place], numbers["class_size"],
            numbers["close_below"], numbers["open_above"],
        )  # fmt: skip
        after = max(before + planned - self.seats, 0.0)
        if before > 0.0:
            book.planned[mine] *= after / before
        fields = rules.FIELDS[book.choices.rules["fields"]]
        book.planned[mine] = fields(
            book.planned[mine], year.demand[mine], year.pressure[mine], numbers["field_speed"], numbers["class_size"],
            numbers["smallest_class"], numbers["field_pressure"],
        )  # fmt: skip


class SchoolYearView:
    """What the schools of one population see when they decide.

    Notes
    -----
    Shape: (school,) and (programme,) arrays. Unit: persons, standard deviations. Errors: none. Source: last year's
    book.
    """

    def __init__(self, book: SchoolBook, teachers: float, standard: float) -> None:
        self.teachers, self.standard = teachers, standard
        count = len(book.stage)
        self.teacher_claims, self.equipment_claims = np.zeros(count), np.zeros(count)
        # A field that a school does not offer presses it only when its turn to open it has come.
        pressure = book.pressure()
        self.demand = book.demand().copy()
        self.pressure = np.where((book.planned > 0.0) | book.may_open(), pressure, 0.0)
        self.merit = np.zeros(count)
        for stage in (GENERAL, SECONDARY):
            at = book.stage == stage
            parts = rules.standardised(book.quality[at]) + rules.standardised(book.progression[at])
            if stage == SECONDARY:
                parts = parts + rules.standardised(book.equipment[at] / np.maximum(book.enrolment[at], 1.0))
            # Brought back to one standard deviation, so that no trend comes from the mixing alone.
            self.merit[at] = rules.standardised(parts)
        self.most = book.most(book.total[SECONDARY])


class Schools(mesa.Model):  # type: ignore[misc]
    """All schools of a run: Mesa agents whose students stand in the store of the agent engine.

    Notes
    -----
    Shape: one agent a school and population. Unit: persons. Errors: none. Source: MODEL, section 4; ARCHITECTURE.
    """

    def __init__(self) -> None:
        super().__init__(rng=0)
        self.school_years: dict[SchoolBook, SchoolYearView] = {}

    def open(self, book: SchoolBook) -> None:
        """Let the schools of a population in."""
        open_schools(self, book)

    def decide(self, book: SchoolBook, means: Means) -> None:
        """Let the schools of a population act once; see :func:`let_schools_decide`."""
        let_schools_decide(self, book, means)


def open_schools(model: mesa.Model, book: SchoolBook) -> None:
    """Give a model one agent for every school of a population.

    Parameters
    ----------
    model : mesa.Model with ``school_years``.
    book : SchoolBook.

    Notes
    -----
    Shape and unit: none. Errors: none. Source: the school list.
    """
    for place in range(len(book.stage)):
        School(model, book, place)


def let_schools_decide(model: mesa.Model, book: SchoolBook, means: Means) -> None:
    """Let every school of a population act once: claims first, then what they lead to, then decisions.

    Parameters
    ----------
    model : mesa.Model that holds the schools.
    book : SchoolBook.
    means : Means; what the region has for its schools this year.

    Notes
    -----
    Shape and unit: as Means. Errors: none. Totals are those of the region, as the cohort engine has them; schools only
    share them out. Source: MODEL, section 5.
    """
    view = SchoolYearView(book, means.teachers_before, means.standard)
    holder: Any = model
    holder.school_years[book] = view
    mine = model.agents.select(lambda school: school.book is book)
    mine.do("claim")
    at = book.stage == SECONDARY
    stayed = max(means.teachers - means.hires, 0.0)
    book.teachers[at] = _shares(book.teachers[at] * stayed + means.hires * _shares(view.teacher_claims[at]))
    book.equipment[at] = _shares(
        book.equipment[at] * means.equipment_kept + means.equipment_bought * _shares(view.equipment_claims[at])
    )
    mine.do("act")


def _shares(values: Floats) -> Floats:
    """Return values as parts of their sum; zeros where there is nothing."""
    total = values.sum()
    return np.asarray(values / total if total > 0.0 else values)


class RegionModel(mesa.Model):  # type: ignore[misc]
    """A region's students, schools and resources as a Mesa model: one step is one school year.

    Parameters
    ----------
    scenario : Scenario, or the name or path of one.
    seed : int; of the luck of persons and of what is drawn about the region.
    until : int, optional; last school year.
    drawn : bool; draw assumed numbers, opening and drift from their ranges instead of the most likely ones.
    rng : ignored but for Mesa's own generator, which no rule of simvet uses.
    **choices : fields of ``AgentChoices``, such as ``mechanism="immediate_acceptance"`` or ``schools="none"``; a rule
        of the schools by the name of its decision, such as ``fields="keep"``.

    Raises
    ------
    InputError : the scenario or a choice is wrong.

    Notes
    -----
    Shape: ``agents`` holds one School for each school; ``datacollector`` has enrolment by stage, progression, top-up,
    first-choice share and empty seats of the model, and enrolment, seats, standing of each school. Unit: persons,
    shares. ``running`` turns False in the step after the last year, so that
    ``mesa.batch_run`` stops there. Source: MODEL, sections
    1 and 4.
    """

    def __init__(
        self, scenario: Scenario | str = "zhoushan", seed: int = 1, until: int | None = None, drawn: bool = False,
        rng: Any = None, **choices: Any,
    ) -> None:  # fmt: skip
        super().__init__(rng=0 if rng is None else rng)
        self.school_years: dict[SchoolBook, SchoolYearView] = {}
        loaded = scenario if isinstance(scenario, Scenario) else load_scenario(scenario)
        if len(loaded.regions) != 1:
            raise InputError(
                "RegionModel", "a region's model is about one region, the scenario has {count}",
                "Run each region alone", count=len(loaded.regions),
            )  # fmt: skip
        if until is not None:
            loaded = loaded.with_horizon(require_horizon(until, loaded.base_year, "until"))
        self.scenario = replace(loaded, agents=with_choices(loaded.agents, choices))
        uncertainty = Uncertainty(parameters=drawn, opening=drawn, drift=drawn, chance=True)
        self.schedule = Schedule(self.scenario, Draws(seed), 1, uncertainty)
        self.world = AgentWorld(self.schedule, Draws(seed), model=self)
        self.loop = YearLoop(self.schedule, self.world)
        reporters: dict[str, Callable[[RegionModel], float]] = {}
        reporters |= {f"enrolment/{stage}": partial(_enrolment, stage=stage) for stage in self.scenario.pathway.stages}
        reporters |= {"year": _year, **{name: partial(_rate, name=name) for name in ("progression_rate", "topup_rate")}}
        reporters |= {name: partial(_at_entry, what=name) for name in ("first_choice_share", "unfilled")}
        self.datacollector = mesa.DataCollector(
            model_reporters=reporters,
            agent_reporters={
                name: name for name in ("code", "stage", "enrolment", "seats", "filled", "standing", "fields_offered")
            },
        )
        self.datacollector.collect(self)

    @property
    def year(self) -> int:
        """Return the school year that the model stands in."""
        return self.loop.year

    def open(self, book: SchoolBook) -> None:
        """Let the schools of a population in."""
        open_schools(self, book)

    def decide(self, book: SchoolBook, means: Means) -> None:
        """Let the schools of a population act once; see :func:`let_schools_decide`."""
        let_schools_decide(self, book, means)

    def step(self) -> None:
        """Move on by one school year; after the last one, check the books and stop."""
        if self.loop.over:
            # Mesa's batch runner reads what was collected before the step that stops, so that the last year is in it.
            self.loop.finish()
            self.running = False
            return
        self.loop.advance()
        self.datacollector.collect(self)


def with_choices(choices: AgentChoices, given: dict[str, Any]) -> AgentChoices:
    """Return choices with some replaced by name; a decision of schools by the name of its rule.

    Parameters
    ----------
    choices : AgentChoices.
    given : dict of field or decision -> value.

    Returns
    -------
    AgentChoices.

    Raises
    ------
    InputError : a name or a rule is unknown.

    Notes
    -----
    Unit: none. Source: AgentChoices and RULES.
    """
    known = {field.name for field in fields(AgentChoices)} - {"rules", "lists"}
    for name in given:
        require_word(name, "choice", (*sorted(known), *RULES), "choices")
    for name in RULES.keys() & given.keys():
        require_word(str(given[name]), "rule", RULES[name], name)
    if "mechanism" in given:
        require_word(str(given["mechanism"]), "mechanism", MECHANISMS, "mechanism")
    if given.get("schools", SYNTHETIC) not in (SYNTHETIC, NO_SCHOOLS):
        raise InputError(
            "schools", "{word!r} is no list of schools", "Write synthetic or none; name a list in the scenario file",
            word=given["schools"],
        )  # fmt: skip
    told = {name: value for name, value in given.items() if name in known}
    rules = {name: str(value) for name, value in given.items() if name in RULES}
    return replace(choices, **told, rules={**choices.rules, **rules})


def _enrolment(model: RegionModel, stage: str) -> float:
    return float(model.world.stock[0, 0, model.scenario.pathway.stage_cells(stage)].sum())


def _year(model: RegionModel) -> int:
    return model.year


def _rate(model: RegionModel, name: str) -> float:
    """Return a rate of the year that the model stands in; NaN where nobody graduated."""
    found = FLOWS[name].read(View(model.schedule, model.loop.books), "region")
    return float(found[0, model.loop.books.years.index(model.year), 0])


def _at_entry(model: RegionModel, what: str) -> float:
    """Return how well applicants and seats met at the entry to senior secondary school this year."""
    found = [book.admissions.get((model.year, 0)) for book in model.world.books.values()]
    known = [admission for admission in found if admission is not None]
    if not known:
        return float("nan")
    if what == "unfilled":
        return float(sum(int((a.seats - a.placed).sum()) for a in known))
    return sum(a.first_served for a in known) / max(sum(a.listed for a in known), 1)
