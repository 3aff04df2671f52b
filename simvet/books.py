"""Stocks, flows and resources of a run: always balanced, handed out with labels and units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from simvet.errors import BalanceError
from simvet.pathway import Pathway
from simvet.rules.names import CARRIED_LIMITS, PROVIDERS

if TYPE_CHECKING:
    import xarray

Floats = NDArray[np.float64]

TOLERANCE = 1e-9
"""Largest loss or gain that arithmetic in expectations may leave, relative to the stock."""

RESOURCES: dict[str, tuple[str, str]] = {
    "teachers": ("persons", "teachers (专任教师)"),
    "teaching_staff": ("persons", "teachers left for teaching, part-time ones and training counted (折合授课教师)"),
    "specialists": ("persons", "specialist teachers (专业教师)"),
    "dual_qualified": ("persons", "dual-qualified specialist teachers (双师型教师)"),
    "dual_formed": ("persons/year", "specialist teachers who became dual-qualified or came so (新增双师型教师)"),
    "high_level_dual": ("persons", "high-level dual-qualified teachers (高水平双师型教师)"),
    "postgraduates": ("persons", "teachers with a postgraduate degree (研究生学历教师)"),
    "abroad_teachers": ("persons", "teachers with three months or more abroad (有境外研修经历的教师)"),
    "abroad_trips": ("persons/year", "teachers who go abroad in the year (当年出国境研修教师)"),
    "retrained_share": ("share", "teachers retrained within the cycle / teachers (轮训覆盖率)"),
    "practice_placements": ("person-times/year", "placements of teachers in enterprises (教师企业实践人次)"),
    "floor_area": ("m2", "floor area (校舍建筑面积)"),
    "land": ("m2", "land (占地面积)"),
    "books": ("volumes", "books (图书)"),
    "equipment": ("CNY", "value of equipment (仪器设备值)"),
    "recurrent_need": ("CNY/year", "recurrent cost of the enrolment (经常性经费需求)"),
    "capital_need": ("CNY/year", "equipment and building wanted (资本性经费需求)"),
    "recurrent_budget": ("CNY/year", "public recurrent budget (经常性财政拨款)"),
    "own_income": ("CNY/year", "fees and own income (学费与自筹)"),
    "capital_budget": ("CNY/year", "capital budget (资本性预算)"),
    "carried_over": ("CNY", "money left over from the year before (上年结转)"),
    "paid": ("CNY/year", "money paid out (支出)"),
    "reserve": ("CNY", "money carried to the next year (结转下年)"),
    "returned": ("CNY/year", "unspent money that goes back to the treasury (结余收回)"),
    "financing_gap": ("CNY/year", "needs that no money covers (经费缺口)"),
    "equipment_bought": ("CNY/year", "equipment bought (设备投入)"),
    "building_spent": ("CNY/year", "cost of projects by their progress in the year (按进度应付基建款)"),
    "building_paid": ("CNY/year", "of it, paid (已付基建款)"),
}
"""Resources of a stage: unit, and what they are."""

AXES: dict[str, tuple[str, ...]] = {
    "stock": ("cell",),
    "entrants": ("track",),
    "graduates": ("track",),
    "dropouts": ("track",),
    "repeaters": ("track",),
    "departures": ("track",),
    "transfers_out": ("track",),
    "transfers_in": ("track",),
    "arrivals": ("track",),
    "pool": ("gate",),
    "declined": ("gate",),
    "unplaced": ("gate",),
    "placed": ("gate", "option"),
    "seats": ("gate", "option"),
    "cutoff": ("gate", "option"),
    "stage_seats": ("stage",),
    "binding": ("stage",),
    "left_at_gate": ("stage",),
    "joined_at_gate": ("stage",),
    "outside_entrants": ("stage",),
    "adult_entrants": ("stage",),
    "work_in_region": ("stage",),
    "start_work": ("stage",),
    "places": (),
    "opened_places": (),
    "usable_places": (),
    "training_persons": (),
    **dict.fromkeys(RESOURCES, ("provider",)),
    "carried": ("provider", "resource"),
    "reserved": (),
    "reserved_broken": (),
    "international_students": (),
}
"""What the books hold, with the axes after draw, year and region."""

UNITS: dict[str, str] = {
    "stock": "persons",
    "cutoff": "score quantile",
    "binding": "index into limits",
    "places": "places",
    "opened_places": "places",
    "usable_places": "places",
    "carried": "persons",
    **{name: unit for name, (unit, _) in RESOURCES.items()},
}
"""Units other than persons/year."""

LONG_NAMES: dict[str, str] = {
    "stock": "enrolment in autumn by stage, track and grade (在校生)",
    "entrants": "entrants in autumn (招生)",
    "graduates": "graduates in summer (毕业生)",
    "dropouts": "left without graduating during the year (流失)",
    "repeaters": "repeated their grade (留级)",
    "departures": "left the region or the coverage during the year (迁出)",
    "transfers_out": "transferred to another track (转出)",
    "transfers_in": "transferred from another track (转入)",
    "arrivals": "joined an upper grade from elsewhere (转入迁入)",
    "pool": "applicants at the gate (报考)",
    "declined": "chose not to continue while an option was open (放弃)",
    "unplaced": "willing and not placed (未录取)",
    "placed": "placed by option (录取)",
    "seats": "seats by option (计划)",
    "cutoff": "score quantile at which an option closed; 0 = never (分数线)",
    "stage_seats": "seats for entrants of the stage (招生能力)",
    "binding": "limit that sets the seats of the stage (约束)",
    "left_at_gate": "left the region between two levels (升学时迁出)",
    "joined_at_gate": "joined the region between two levels (升学时迁入)",
    "outside_entrants": "entrants from other regions (外地生源)",
    "adult_entrants": "adult and other entrants (社会招生)",
    "work_in_region": "leavers who start work in the region (本地就业)",
    "start_work": "leavers who start work (就业)",
    "places": "places of secondary vocational schools (中职学位)",
    "usable_places": "places that can hold students, new schools filling by grade (可用学位)",
    "training_persons": "persons trained by vocational schools (社会培训)",
    "carried": "students that a resource carries under its standard (资源可承载学生)",
    **{name: told for name, (_, told) in RESOURCES.items()},
    "opened_places": "places opened by projects since the base year (项目新增学位)",
    "reserved": "college seats reserved three years ago (一体化预留)",
    "reserved_broken": "reserved seats that could not be honoured (预留落空)",
    "international_students": "international students (国际学生)",
}


@dataclass
class Books:
    """What happened, year by year.

    Notes
    -----
    Shape: every array is (draw, year, region, ...) with the axes of AXES. Unit: UNITS, persons/year otherwise. Errors:
    :meth:`check_balance` raises BalanceError. The first row is the base year: stocks and entry flows of the opening
    balance; moves during that year are not known and stand as NaN, never as zero. Source: the engine that filled them.
    """

    pathway: Pathway
    regions: tuple[str, ...]
    years: tuple[int, ...]
    draws: int
    whole: bool
    arrays: dict[str, NDArray[np.float64]]

    @classmethod
    def empty(
        cls, pathway: Pathway, regions: tuple[str, ...], years: tuple[int, ...], draws: int, whole: bool
    ) -> Books:
        """Return books with every row still to be written, filled with NaN."""
        sizes = {
            "cell": pathway.cells,
            "track": len(pathway.tracks),
            "stage": len(pathway.stages),
            "gate": len(pathway.gates),
            "option": max(len(gate.options) for gate in pathway.gates),
            "provider": len(PROVIDERS),
            "resource": len(CARRIED_LIMITS),
        }
        lead = (len(years), draws, len(regions))
        # Year by year in memory, because that is how the books are written.
        arrays = {
            name: np.full(lead + tuple(sizes[a] for a in axes), np.nan).swapaxes(0, 1) for name, axes in AXES.items()
        }
        return cls(pathway, regions, years, draws, whole, arrays)

    def enter(self, year: int, rows: Mapping[str, Floats]) -> None:
        """Write what an engine reports of a year; years before the first row are not kept."""
        if year not in self.years:
            return
        position = self.years.index(year)
        for name, values in rows.items():
            self.arrays[name][:, position] = values

    def of(self, name: str, year: int) -> Floats:
        """Return an array of a year, shape (draw, region, ...)."""
        return self.arrays[name][:, self.years.index(year)]

    def stage(self, name: str, stage: str) -> Floats:
        """Return a track array summed over a stage, shape (draw, year, region)."""
        return np.asarray(self.arrays[name][..., list(self.pathway.stage_tracks(stage))].sum(axis=-1))

    def track(self, name: str, track: str) -> Floats:
        """Return a track array of one ``stage/track``, shape (draw, year, region)."""
        return self.arrays[name][..., self.pathway.track_index[track]]

    def enrolment(self, stage: str) -> Floats:
        """Return the enrolment of a stage, shape (draw, year, region)."""
        return np.asarray(self.arrays["stock"][..., self.pathway.stage_cells(stage)].sum(axis=-1))

    def provider(self, name: str, stage: str) -> Floats:
        """Return a resource of one stage, or of both together for ``region``, shape (draw, year, region)."""
        values = self.arrays[name]
        return np.asarray(values.sum(axis=-1) if stage == "region" else values[..., PROVIDERS.index(stage)])

    def gate(self, name: str, gate: str) -> Floats:
        """Return a gate array of one gate, shape (draw, year, region[, option])."""
        position = [g.key for g in self.pathway.gates].index(gate)
        return self.arrays[name][:, :, :, position]

    def check_balance(self) -> float:
        """Return the largest relative gap in the books; complain if any student was lost or invented.

        Returns
        -------
        float; the largest gap over all draws, years, regions and tracks, relative to the stock.

        Raises
        ------
        BalanceError : a track or a gate does not add up.

        Notes
        -----
        ``E[t] = E[t-1] + entrants + transfers in + arrivals - graduates - dropouts - transfers out - departures`` and
        ``pool = placed + declined + unplaced``; exact in whole persons, to 1e-9 in expectations. Source: MODEL,
        section 1.
        """
        stock = np.stack(
            [
                self.arrays["stock"][..., track.first_cell : track.first_cell + track.grades].sum(axis=-1)
                for track in self.pathway.tracks
            ],
            axis=-1,
        )
        a = self.arrays
        change = (
            a["entrants"] + a["transfers_in"] + a["arrivals"]
            - a["graduates"] - a["dropouts"] - a["transfers_out"] - a["departures"]
        )[:, 1:]  # fmt: skip
        gap = np.abs(stock[:, 1:] - stock[:, :-1] - change)
        scale = np.maximum(stock[:, :-1], 1.0)
        gate_gap = np.abs(a["pool"] - np.nansum(a["placed"], axis=-1) - a["declined"] - a["unplaced"])[:, 1:]
        gate_scale = np.maximum(a["pool"][:, 1:], 1.0)
        worst = max(_worst(gap, scale), _worst(gate_gap, gate_scale))
        limit = 0.0 if self.whole else TOLERANCE
        if not worst <= limit:
            at_gate = _worst(gate_gap, gate_scale) == worst
            share = gate_gap / gate_scale if at_gate else gap / scale
            # A number that is missing is the worst gap of all.
            place = np.unravel_index(np.argmax(np.where(np.isfinite(share), share, np.inf)), share.shape)
            lost = (gate_gap if at_gate else gap)[place]
            name = self.pathway.gates[place[3]].key if at_gate else self.pathway.tracks[place[3]].name
            raise BalanceError(
                f"students were lost or invented: {lost:.6g} persons in draw {place[0]}, year "
                f"{self.years[place[1] + 1]}, region {self.regions[place[2]]}, {name}; largest relative gap {worst:.3g}"
            )
        if any(np.any(a[name] < -1e-6) for name in AXES if name != "cutoff"):
            raise BalanceError("a stock or a flow fell below zero")
        return max(worst, self._check_money())

    def _check_money(self) -> float:
        """Return the largest relative gap between money in and money out; complain beyond the tolerance."""
        a = self.arrays
        came = a["carried_over"] + a["recurrent_budget"] + a["own_income"] + a["capital_budget"]
        worst = _worst(np.abs(came - a["paid"] - a["reserve"] - a["returned"]), np.maximum(came, 1.0))
        kept = np.abs(a["carried_over"][:, 1:] - a["reserve"][:, :-1])
        worst = max(worst, _worst(kept, np.maximum(came[:, 1:], 1.0)))
        if not worst <= TOLERANCE:
            raise BalanceError(f"money was lost or invented; largest relative gap {worst:.3g}")
        return 0.0 if self.whole else worst

    def to_dataset(self) -> xarray.Dataset:
        """Return the books as a labelled dataset.

        Returns
        -------
        xarray.Dataset; dimensions draw, year, region and the axes of AXES, with ``units`` and ``long_name``.

        Notes
        -----
        Unit: in each variable's attributes. Errors: none. Source: the books.
        """
        import xarray as xr  # noqa: PLC0415

        cells = self.pathway.cell_table
        most = max(len(gate.options) for gate in self.pathway.gates)
        names: dict[str, list[Any]] = {
            "cell": [f"{stage}/{track}/{grade}" for stage, track, grade in cells],
            "track": [track.name for track in self.pathway.tracks],
            "stage": list(self.pathway.stages),
            "gate": [gate.key for gate in self.pathway.gates],
            "option": list(range(most)),
            "provider": list(PROVIDERS),
            "resource": list(CARRIED_LIMITS),
        }
        coordinates: dict[str, Any] = {
            "draw": np.arange(self.draws),
            "year": list(self.years),
            "region": list(self.regions),
        }
        coordinates.update(names)
        options = [[*gate.options, *[""] * (most - len(gate.options))] for gate in self.pathway.gates]
        variables = {
            name: (
                ("draw", "year", "region", *axes),
                self.arrays[name],
                {"units": UNITS.get(name, "persons/year"), "long_name": LONG_NAMES[name]},
            )
            for name, axes in AXES.items()
        }
        dataset = xr.Dataset(variables, coords=coordinates)
        dataset = dataset.assign_coords(option_name=(("gate", "option"), options))
        for coordinate, position in (("cell_stage", 0), ("cell_track", 1), ("cell_grade", 2)):
            dataset = dataset.assign_coords({coordinate: ("cell", [cell[position] for cell in cells])})
        return dataset


def _worst(gap: Floats, scale: Floats) -> float:
    if gap.size == 0:
        return 0.0
    if np.any(~np.isfinite(gap)):
        return float("inf")
    return float(np.max(gap / scale))
