"""What it would take, in words: moves, targets, what stands in the way, and the smallest step back."""

from __future__ import annotations

from collections.abc import Sequence

from simvet.report.study_words import value_text
from simvet.report.wording import Language, word
from simvet.studies.answers import Aim, Answer, Barred, Move


def money_text(amount: float, language: Language) -> str:
    """Return an amount of CNY in the size its reader thinks in; unit: said; errors: none; source: usage."""
    if language == "zh":
        if abs(amount) >= 1e8:
            return word("solve", "yi", language, value=f"{amount / 1e8:,.1f}")
        return word("solve", "wan", language, value=f"{amount / 1e4:,.0f}")
    if abs(amount) >= 1e9:
        return word("solve", "yi", language, value=f"{amount / 1e9:,.2f}")
    return word("solve", "wan", language, value=f"{amount / 1e6:,.1f}")


def aim_name(aim: Aim, language: Language) -> str:
    """Return what the register calls a target, with its reading where the text has several; source: the register."""
    name = aim.labels[language]
    if aim.reading != aim.key:
        name = word("solve", "reading", language, name=name, reading=word("indicator", aim.reading, language))
    return word("solve", "aim", language, name=name, year=aim.year)


def aim_bound(aim: Aim, language: Language, bound: float | None = None) -> str:
    """Return what a target asks for, or another bound of its kind; unit: said; errors: none; source: the register."""
    value = aim.bound if bound is None else bound
    if value is None:
        return word("solve", "provincial", language)
    if aim.reading == "general_vocational_ratio" and bound is None:
        return word("solve", "balanced", language)
    return word("solve", f"sign_{SIGNS[aim.comparator]}", language, value=value_text(value, aim.unit, language))


SIGNS = {">=": "least", "<=": "most", "==": "exact", "~": "about"}
"""Comparators of the register, as keys of the wording."""


def move_text(move: Move, language: Language) -> str:
    """Return a move in one sentence; unit: said; errors: none; source: the package."""
    return word(
        "solve", "move", language, name=move.labels[language], before=value_text(move.stands, move.unit, language),
        after=value_text(move.value, move.unit, language), start=move.start, owner=word("owner", move.owner, language),
        cost=money_text(move.cost, language),
    )  # fmt: skip


def verdict_sentence(answer: Answer, language: Language) -> str:
    """Return the answer in one sentence; unit: said; errors: none; source: the answer."""
    reached = sum(aim.standing in ("held", "won") for aim in answer.aims)
    facts = {
        "reached": reached, "count": len(answer.aims), "moves": len(answer.moves),
        "cost": money_text(answer.cost, language), "low": money_text(answer.cost_low, language),
        "high": money_text(answer.cost_high, language), "p": f"{answer.probability:.0%}", "start": answer.start,
        "budget": money_text(answer.budget or 0.0, language),
        "needed": money_text(answer.needed_budget or 0.0, language),
    }  # fmt: skip
    kind = answer.kind if answer.moves or answer.kind not in ("part", "budget") else f"{answer.kind}_alone"
    return word("solve", f"verdict_{kind}", language, **facts)


def check_sentence(answer: Answer, language: Language) -> str:
    """Return what the independent run says of the package; unit: none; errors: none; source: the answer."""
    key = "check_holds" if answer.checked else "check_fails"
    return word("solve", key, language, draws=answer.fresh_draws, seed=answer.fresh_seed)


def barred_sentences(answer: Answer, language: Language, most: int | None = None) -> list[str]:
    """Return why targets are missed, and the smallest step back for each.

    Parameters
    ----------
    answer : Answer.
    language : str.
    most : int, optional; sentences at most.

    Returns
    -------
    list of str.

    Notes
    -----
    Unit: said. Errors: none. Source: MODEL, section 8 (c).
    """
    return [_barred(answer, one, language) for one in answer.barred[:most]]


def _barred(answer: Answer, one: Barred, language: Language) -> str:
    aim = answer.aims[one.target]
    facts = {"name": aim_name(aim, language), "bound": aim_bound(aim, language), "best": f"{one.best:.0%}",
             "p": f"{answer.probability:.0%}"}  # fmt: skip
    if one.with_:
        rivals = _joined([f"{aim_name(answer.aims[r], language)}{aim_bound(answer.aims[r], language)}"
                          for r in one.with_], language)  # fmt: skip
        key = "shut_out" if one.smallest else "shut_out_thinned"
        told = word("solve", key, language, rivals=rivals, **facts)
    elif one.best >= answer.probability:
        key = "not_together" if answer.budget is None else "not_for_the_money"
        told = word("solve", key, language, budget=money_text(answer.budget or 0.0, language), **facts)
    else:
        told = word("solve", "beyond", language, **facts)
    return told + _step_back(answer, one, aim, language)


def _step_back(answer: Answer, one: Barred, aim: Aim, language: Language) -> str:
    """Return the smallest relaxation: a lower bound in time, or the bound later; "" where neither was found."""
    said = []
    eases = one.bound is not None and aim.bound is not None and _eases(aim, one.bound)
    if eases:
        said.append(word("solve", "bound_can", language, bound=aim_bound(aim, language, one.bound)))
    if one.year is not None:
        said.append(word("solve", "year_can", language, year=one.year))
    if not said:
        return "" if one.with_ or one.best >= answer.probability else word("solve", "nothing_can", language)
    return word("solve", "step_back", language, steps=word("solve", "or", language).join(said))


def _eases(aim: Aim, bound: float) -> bool:
    """Return whether another bound asks for less; one that asks for more is no way out."""
    own = aim.bound or 0.0
    return bound > own if aim.comparator == "<=" else bound < own


def _joined(names: Sequence[str], language: Language) -> str:
    return word("solve", "and", language).join(names)


def basis_sentence(answer: Answer, language: Language) -> str:
    """Return what a proof of none rests on; unit: none; errors: none; source: the search."""
    return word("solve", "rests_on", language, looked=answer.looked, levers=len(answer.offered), start=answer.start,
                draws=answer.draws)  # fmt: skip
