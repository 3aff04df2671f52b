"""What a scenario file may hold, and the complaint about one that holds something else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from ruamel.yaml.comments import CommentedMap

from simvet.errors import InputError, nearest
from simvet.loading.yaml_file import empty_place, line_of, parse, plain

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


LONGEST_TITLE = 200
"""Letters of a title: two lines of a page."""
_SEEN = r"^[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]*$"
Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_TITLE, pattern=_SEEN)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Labels(_Strict):
    """A title in both languages, one line that fits a page."""

    zh: Title
    en: Title


class SpreadFile(_Strict):
    """A number with its range, in the unit of the key that it stands under."""

    value: float
    low: float
    high: float


class LeverFile(_Strict):
    """A lever as a file writes it; ``from`` and ``to`` are school years."""

    name: Text
    title: Labels | None = None
    quantity: Text
    region: Text | None = None
    key: Text = ""
    operation: Text
    value: float
    unit: Text | None = None
    start: int = Field(alias="from")
    end: int | None = Field(default=None, alias="to")
    owner: Text
    source: Text


class ProjectFile(_Strict):
    """A project as a file writes it; ``places`` in places (intake a year for an upgrade), ``cost`` in CNY a unit.

    Either ``opening`` (a school year), or ``start`` (a calendar year) with the stages that follow.
    """

    name: Text
    title: Labels
    region: Text | None = None
    stage: Text
    kind: Text = "new_school"
    count: SpreadFile | float | None = None
    places: SpreadFile | float
    cost: SpreadFile | float | None = None
    opening: SpreadFile | int | None = None
    start: SpreadFile | float | None = None
    last_start: float | None = None
    reached: Text | None = None
    durations: dict[str, SpreadFile | float] = {}
    failure: SpreadFile | float | None = None
    owner: Text
    source: Text
    status: Literal["published", "derived", "assumed"]


class RegionFile(_Strict):
    """A region of the scenario, with the limits that are switched on for each stage."""

    region: Text
    base_year: int
    limits: dict[str, list[str]]


class TargetFile(_Strict):
    """A target that a scenario adds to those of the register."""

    key: Text
    stage: Text
    comparator: Text
    target: float
    year: int
    region: Text | None = None
    title: Labels


class AgentsFile(_Strict):
    """What a scenario says about students and schools one by one; what stands None is left at its default."""

    schools: Text | None = None
    mechanism: Text | None = None
    remember_scores: bool | None = None
    supplementary: bool | None = None
    home_points: int | None = None
    list_length: int | None = None
    rules: dict[str, Text] = {}


class EditFile(_Strict):
    """A number of the data that the scenario replaces, with the reason; what names the row stands as in its table."""

    region: Text | None = None
    year: int
    indicator: Text
    stage: Text
    track: str = ""
    definition: str = "all"
    use: Text
    value: float
    low: float
    high: float
    reason: Text


class ScenarioFile(_Strict):
    """A scenario as a file writes it; what stands None is inherited from ``base``."""

    base: Text | None = None
    title: Labels
    regions: list[RegionFile] | None = None
    until: int | None = None
    as_of: int | None = None
    seats_spill: bool | None = None
    five_year_counts: bool | None = None
    province: Text | None = None
    levers: list[LeverFile] = []
    projects: list[ProjectFile] = []
    headlines: list[str] | None = None
    targets: list[TargetFile] = []
    agents: AgentsFile | None = None
    edits: list[EditFile] = []


@dataclass(frozen=True)
class Sheet:
    """One file of a scenario: what it says, the lines on which it says it, and where it lies.

    Notes
    -----
    Unit: none. Errors: none. Source: the file.
    """

    given: ScenarioFile
    tree: CommentedMap
    path: Path

    def place(self, *parts: str | int) -> str:
        """Return file and line of a part, keys and positions from the top down."""
        return f"{self.path.name}:{line_of(self.tree, parts)}"


def read_sheet(path: Path) -> Sheet:
    """Return a scenario file, every key known and of its type.

    Parameters
    ----------
    path : Path.

    Returns
    -------
    Sheet.

    Raises
    ------
    InputError : the file is not YAML, or a key is empty, unknown, missing or of the wrong type.

    Notes
    -----
    Unit: none. Source: the file.
    """
    content = parse(path)
    empty = empty_place(content)
    if empty:
        raise InputError(
            f"{path.name}:{line_of(content, empty)}", "key {key!r} is empty", "Write a value, or leave the key out",
            key=str(next((part for part in reversed(empty) if isinstance(part, str)), empty[-1])),
        )  # fmt: skip
    try:
        return Sheet(ScenarioFile.model_validate(plain(content)), content, path)
    except ValidationError as error:
        raise complaint(error, content, path, ScenarioFile, _KNOWN_KEYS) from None


_KNOWN_KEYS: dict[str, type[BaseModel]] = {
    "levers": LeverFile,
    "projects": ProjectFile,
    "regions": RegionFile,
    "targets": TargetFile,
    "title": Labels,
    "agents": AgentsFile,
    "places": SpreadFile,
    "opening": SpreadFile,
    "start": SpreadFile,
    "count": SpreadFile,
    "cost": SpreadFile,
    "failure": SpreadFile,
    "durations": SpreadFile,
}


def complaint(
    error: ValidationError,
    content: CommentedMap,
    path: Path,
    whole: type[BaseModel],
    blocks: dict[str, type[BaseModel]],
) -> InputError:
    """Return what is wrong with a file, with its line.

    Parameters
    ----------
    error : ValidationError.
    content : CommentedMap; the file, as ``yaml_file.parse`` returns it.
    path : Path.
    whole : model of the whole file.
    blocks : dict of key -> model of the block that stands under it.

    Returns
    -------
    InputError.

    Notes
    -----
    Unit: none. Errors: none. Source: the file.
    """
    # A union reports one fault for each branch; the fault inside a block says more than "not a number".
    faults = error.errors()
    fault = max(faults, key=lambda e: (_TELLING.get(e["type"], 0), len(e["loc"]), "model" not in e["type"]))
    branches = (SpreadFile.__name__, "float", "int", "[key]")
    location = tuple(part for part in fault["loc"] if part not in branches)
    where = f"{path.name}:{line_of(content, location)}"
    key = str(location[-1]) if location else ""
    if fault["type"] in ("extra_forbidden", "invalid_key"):
        owner = next((part for part in reversed(location[:-1]) if isinstance(part, str)), "")
        owner = "durations" if "durations" in location[:-1] else owner
        fields = blocks.get(owner, whole).model_fields
        lacking = [e["loc"][-1] for e in faults if e["type"] == "missing" and e["loc"][:-1] == fault["loc"][:-1]]
        known = [str(name) for name in lacking] or [field.alias or name for name, field in fields.items()]
        return InputError(
            where, "key {key!r} is unknown here", "Did you mean {near!r}?", key=key, near=nearest(key, known)
        )
    if fault["type"] == "missing":
        return InputError(where, "key {key!r} is missing", "Add it", key=key)
    if isinstance(location[-1] if location else None, int):
        key = str(next((part for part in reversed(location) if isinstance(part, str)), key))
    wanted = _wanted(fault["type"])
    cure = _cure(key, fault["input"]) if wanted.endswith("number") else ""
    if wanted.endswith("number") and isinstance(fault["input"], str) and _is_number(fault["input"]):
        wanted = f"{wanted} without quotes"
    elif key in ("places", "opening", "start", "count", "cost", "failure"):
        wanted = "a number, or a block with value, low and high"
    return InputError(
        where, "{key!r} is {given!r}, which is not {wanted}", cure or "Write {wanted}", key=key,
        given=_shown(fault["input"]), wanted=wanted,
    )  # fmt: skip


def _cure(key: str, given: object) -> str:
    """Return what to write in place of a text that was meant as a number; "" where its kind says enough."""
    text = str(given).strip()
    if text.endswith(("%", "％")):
        return "Write 0.42 for 42 %"
    if key in ("start", "last_start") and isinstance(given, str | date):
        return "Write a calendar year, such as 2021 or 2021.5"
    if key == "cost" and isinstance(given, str) and not _is_number(given):
        return "Write CNY in digits, such as 320000000"
    return ""


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


_TELLING = {"extra_forbidden": 2, "invalid_key": 2, "missing": 1}


def _shown(given: object) -> str:
    if isinstance(given, bool):
        return str(given).lower()
    text = " ".join(str(given).split())
    return text if len(text) <= 40 else text[:37] + "..."


def _wanted(kind: str) -> str:
    return next((words for start, words in _WANTED.items() if kind.startswith(start)), "text")


_WANTED = {
    "float": "a number",
    "decimal": "a number",
    "int": "a whole number",
    "bool": "true or false",
    "list": "a list (lines that begin with -)",
    "tuple": "a list (lines that begin with -)",
    "dict": "a block of keys with values",
    "model": "a block of keys with values",
    "mapping": "a block of keys with values",
    "literal": "published, derived or assumed",
    "string_too_short": "a text with at least one character",
    "string_too_long": "a title of at most 200 letters",
    "string_pattern": "a title in one line, of letters that can be seen",
}
