"""The register with its answers as rows: CSV, JSON and Excel, written whole or not at all."""

from __future__ import annotations

import io
import json
import math
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from simvet.errors import InputError, nearest
from simvet.register import LACKING, RegisterRow
from simvet.report.trust_words import TRUST_FIELDS, trust_fields
from simvet.report.wording import Language, word
from simvet.verdicts import Verdict

FORMATS = ("table", "csv", "json", "xlsx")
"""How the register can be written."""
FIELDS = (
    "row", "document", "region", "locator", "key", "stage", "kind", "name_zh", "name_en", "status", "reading", "unit",
    "comparator", "bound", "target_year", "median", "low_80", "high_80", "gap", "probability", "monte_carlo_error",
    *TRUST_FIELDS,
    "first_year", "as_of", "value_as_of", "milestone", "milestone_assumed", "assumed_base", "binding_cause",
    "cause_by_value", "owner", "need_kind", "need_now", "need_needed", "need_unit", "need_hires", "latest_start",
    "too_late", "fights_with", "missing_zh", "missing_en", "instrument", "instrument_level", "instrument_shows",
    "instrument_change", "instrument_low_80", "instrument_high_80", "instrument_unit", "draws",
)  # fmt: skip
"""Columns of the written register, in order."""


def require_format(given: str, out: Path | None) -> str:
    """Return the format if it can be written; complain if not.

    Parameters
    ----------
    given : str.
    out : Path or None; the file.

    Returns
    -------
    str, one of FORMATS.

    Raises
    ------
    InputError : the format is unknown, a workbook has no file, or the file is there already or cannot be written.

    Notes
    -----
    Unit: none. Source: FORMATS.
    """
    if given not in FORMATS:
        raise InputError(
            "--format", "{kind} {word!r} is unknown", "Did you mean {near!r}? It takes {known}", kind="format",
            word=given, near=nearest(given, FORMATS), known=", ".join(FORMATS),
        )  # fmt: skip
    if given == "xlsx" and out is None:
        raise InputError("--format", "a workbook cannot be printed", "Name a file with --out, such as targets.xlsx")
    if out is not None and given == "table":
        raise InputError("--out", "a table is printed, not written", "Choose --format csv, json or xlsx")
    if out is not None:
        if out.exists():
            raise InputError(str(out), "the file is there already", "Choose another name; nothing is overwritten")
        folder = out.absolute().parent
        if not folder.is_dir() or not os.access(folder, os.W_OK):
            raise InputError(str(out), "the folder cannot be written", "Choose another folder")
    return given


def flat_rows(rows: Sequence[RegisterRow]) -> list[dict[str, Any]]:
    """Return the register as plain rows, None where a field does not apply.

    Parameters
    ----------
    rows : sequence of RegisterRow.

    Returns
    -------
    list of dict with the keys of FIELDS.

    Notes
    -----
    Unit: the fields ``unit``, ``need_unit`` and ``instrument_unit`` say it row by row. Errors: none. Source: the run.
    """
    return [{**dict.fromkeys(FIELDS), **_flat(row)} for row in rows]


def _flat(row: RegisterRow) -> dict[str, Any]:
    t = row.target
    flat: dict[str, Any] = {
        "row": row.number or None, "document": t.document, "region": t.region, "locator": t.locator, "key": t.key,
        "stage": t.stage, "kind": t.kind, "name_zh": t.labels["zh"], "name_en": t.labels["en"], "status": row.status,
        "unit": t.unit, "comparator": t.comparator, "bound": t.bound, "target_year": t.year,
    }  # fmt: skip
    if row.status == LACKING:
        flat.update(missing_zh=lacking_text(row, "zh"), missing_en=lacking_text(row, "en"))
    if row.instrument is not None:
        i = row.instrument
        flat.update(
            owner=i.owner, instrument=i.quantity, instrument_level=i.level, instrument_shows=f"{i.indicator}/{i.stage}",
            instrument_change=i.change, instrument_low_80=i.low, instrument_high_80=i.high, instrument_unit=i.unit,
        )  # fmt: skip
    if row.verdict is not None:
        flat.update(_flat_verdict(row.verdict))
    if row.trust is not None:
        flat.update(trust_fields(row.trust))
    return {name: _finite(value) for name, value in flat.items()}


def _flat_verdict(v: Verdict) -> dict[str, Any]:
    flat: dict[str, Any] = {
        "reading": v.reading, "unit": v.unit, "bound": v.bound, "median": v.median, "low_80": v.low, "high_80": v.high,
        "gap": v.gap, "probability": v.probability, "monte_carlo_error": v.error, "first_year": v.first_year,
        "as_of": v.as_of, "value_as_of": v.value_as_of, "milestone": v.milestone,
        "milestone_assumed": v.milestone_assumed, "assumed_base": v.assumed_base,
        "binding_cause": " ".join(v.binding) or None, "cause_by_value": v.by_value if v.binding else None,
        "owner": v.owner or None, "draws": v.draws,
        "fights_with": " ".join(f"{t.key}/{t.stage}" for t in v.fights) or None,
    }  # fmt: skip
    if v.need is not None:
        flat.update(
            need_kind=v.need.kind, need_now=v.need.now,
            need_needed="out of reach" if math.isinf(v.need.needed) else v.need.needed, need_unit=v.need.unit,
            need_hires=v.need.besides,
        )  # fmt: skip
    if v.late is not None:
        flat.update(latest_start=v.late.latest_start, too_late=v.late.too_late)
    return flat


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def written(rows: Sequence[RegisterRow], form: str) -> bytes:
    """Return the register in a format.

    Parameters
    ----------
    rows : sequence of RegisterRow.
    form : str; csv, json or xlsx.

    Returns
    -------
    bytes; UTF-8 for text (CSV with a byte-order mark, so that Excel reads it), a workbook for xlsx.

    Notes
    -----
    Unit: see :func:`flat_rows`. Equal runs give equal bytes. Errors: none. Source: the run.
    """
    flat = flat_rows(rows)
    if form == "json":
        return (json.dumps(flat, ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode()
    import pandas as pd  # noqa: PLC0415

    frame = pd.DataFrame(flat, columns=list(FIELDS)).convert_dtypes()
    if form == "csv":
        return str(frame.to_csv(index=False, lineterminator="\n")).encode("utf-8-sig")
    return _workbook(flat)


def _workbook(flat: list[dict[str, Any]]) -> bytes:
    """Return a workbook of one sheet with a frozen header; text is text, never a formula."""
    import datetime  # noqa: PLC0415

    import xlsxwriter  # noqa: PLC0415

    stream = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(stream, options)
    # No clock time, so that equal runs are equal bytes.
    book.set_properties({"title": "simvet targets", "created": datetime.datetime(2000, 1, 1)})
    sheet = book.add_worksheet("targets")
    bold, percent = book.add_format({"bold": True, "text_wrap": True}), book.add_format({"num_format": "0.0%"})
    for column, name in enumerate(FIELDS):
        sheet.write(0, column, name, bold)
    for line, row in enumerate(flat, start=1):
        for column, name in enumerate(FIELDS):
            if row[name] is not None:
                sheet.write(line, column, row[name], percent if name in ("probability", "monte_carlo_error") else None)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, len(flat), len(FIELDS) - 1)
    sheet.set_column(0, len(FIELDS) - 1, 14)
    sheet.set_column(FIELDS.index("name_zh"), FIELDS.index("name_en"), 34)
    book.close()
    return stream.getvalue()


def write_register(rows: Sequence[RegisterRow], form: str, out: Path) -> Path:
    """Write the register to a new file, whole or not at all.

    Parameters
    ----------
    rows : sequence of RegisterRow.
    form : str; csv, json or xlsx.
    out : Path; must not exist.

    Returns
    -------
    Path.

    Raises
    ------
    InputError : the file cannot be written.

    Notes
    -----
    Unit: see :func:`flat_rows`. Source: the run.
    """
    content = written(rows, form)
    building = None
    try:
        with tempfile.NamedTemporaryFile(dir=out.absolute().parent, prefix=".simvet-", delete=False) as file:
            building = Path(file.name)
            file.write(content)
        building.chmod(0o644)
        building.rename(out)
    except OSError:
        if building is not None:
            building.unlink(missing_ok=True)
        raise InputError(str(out), "the folder cannot be written", "Choose another folder") from None
    return out


def lacking_text(row: RegisterRow, language: Language) -> str:
    """Return which datum a row lacks, in a language."""
    if row.missing is not None:
        return row.missing[language]
    return word("text", "before_books", language, year=row.target.year)
