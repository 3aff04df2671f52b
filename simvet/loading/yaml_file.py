"""YAML text -> plain content with the lines it stands on; what only a hostile or broken file holds is refused."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent, NodeEvent
from ruamel.yaml.reader import ReaderError

from simvet.errors import InputError
from simvet.tables import place_of, read_text

LARGEST_SCENARIO = 1_000_000
"""Bytes; a scenario is a page of text."""
DEEPEST = 20
"""Blocks within blocks; a scenario has four levels, the pathway five."""
MOST_VALUES = 20_000
"""Values of a scenario, aliases written out; a hundred levers are a thousand."""


def parse(path: Path) -> CommentedMap:
    """Return the content of a YAML file, every key with its line.

    Parameters
    ----------
    path : Path.

    Returns
    -------
    CommentedMap of the keys at the top.

    Raises
    ------
    InputError : the file cannot be read, is too large, too deep, typed, or not YAML.

    Notes
    -----
    Unit: none. Source: the file.
    """
    text = read_text(path)
    place = place_of(path)
    if len(text) > LARGEST_SCENARIO:
        raise InputError(
            place, "the file has {size} MB", "Files of more than {most} MB are refused; give the right one",
            size=round(len(text) / 1e6, 1), most=LARGEST_SCENARIO // 1_000_000,
        )  # fmt: skip
    try:
        _require_plain(text, place)
        content = YAML(typ="rt").load(text)
    except DuplicateKeyError as error:
        line = (error.problem_mark.line + 1) if error.problem_mark else 1
        raise InputError(f"{place}:{line}", "a key stands twice", "Keep one of the two") from None
    except MarkedYAMLError as error:
        raise _not_yaml(error, text, place) from None
    except ReaderError as error:
        line = text[: error.position].count("\n") + 1
        raise InputError(f"{place}:{line}", "this is not YAML", "Save the file as plain UTF-8 text") from None
    except (YAMLError, ValueError, TypeError, AttributeError, AssertionError):
        raise InputError(place, "this is not YAML", "Save the file as plain UTF-8 text") from None
    except RecursionError:
        raise InputError(place, "the file is nested too deeply", "A scenario has at most four levels") from None
    if not isinstance(content, CommentedMap):
        raise InputError(place, "a scenario is a list of keys with values", "Start from a file in scenarios/")
    return content


def _require_plain(text: str, place: str) -> None:
    """Complain about what only a hostile or broken file holds: depth, types, aliases that multiply."""
    sizes: dict[str, int] = {}
    open_blocks: list[tuple[str | None, int]] = []
    total = 0
    for event in YAML(typ="rt").parse(text):
        where = f"{place}:{event.start_mark.line + 1}"
        if getattr(event, "tag", None) is not None:
            raise InputError(where, "types (!) are not read", "Write the plain value; quote a text that begins so")
        if isinstance(event, CollectionEndEvent):
            anchor, before = open_blocks.pop()
            sizes[anchor or ""] = total - before
        elif isinstance(event, AliasEvent):
            if event.anchor not in sizes and any(event.anchor == anchor for anchor, _ in open_blocks):
                raise InputError(where, "the alias {name!r} holds itself", "Write the block out", name=event.anchor)
            total += sizes.get(event.anchor, 1)
        elif isinstance(event, NodeEvent):
            total += 1
            if isinstance(event, CollectionStartEvent):
                open_blocks.append((event.anchor, total))
        if len(open_blocks) > DEEPEST:
            raise InputError(where, "the file is nested too deeply", "A scenario has at most four levels")
        if total > MOST_VALUES:
            raise InputError(
                where, "the file holds more than {most} values", "A scenario is a page of text; give the right file",
                most=MOST_VALUES,
            )  # fmt: skip


def _not_yaml(error: MarkedYAMLError, text: str, place: str) -> InputError:
    # What was opened and never closed is at fault where it opens, not at the end of the file.
    opened = error.context is not None and ("quoted" in error.context or "flow" in error.context)
    mark = error.context_mark if opened and error.context_mark else error.problem_mark
    line = mark.line if mark else 0
    lines = text.splitlines()
    if line < len(lines) and "\t" in lines[line][: len(lines[line]) - len(lines[line].lstrip())]:
        return InputError(f"{place}:{line + 1}", "the line begins with a tab", "Indent with spaces")
    if opened:
        return InputError(f"{place}:{line + 1}", "a quote or bracket opens here and is not closed", "Close it")
    return InputError(f"{place}:{line + 1}", "this is not YAML", "Look at indents, colons and quotes here")


def line_of(content: Any, path: tuple[Any, ...]) -> int:
    """Return the line of the deepest part of ``path`` that the file holds.

    Parameters
    ----------
    content : CommentedMap, as :func:`parse` returns it.
    path : tuple of keys and positions, from the top down.

    Returns
    -------
    int, from 1 on.

    Notes
    -----
    Unit: lines. Errors: none, what the file lacks is left out. Source: the marks of the parser.
    """
    line = 0
    here = content
    for part in path:
        try:
            if isinstance(here, CommentedMap) and part in here:
                line = here.lc.key(part)[0]
            elif isinstance(here, CommentedSeq) and isinstance(part, int) and part < len(here):
                line = here.lc.item(part)[0]
            else:
                break
            here = here[part]
        except (KeyError, AttributeError, TypeError):
            break
    return line + 1


def empty_place(content: Any) -> tuple[Any, ...]:
    """Return the place of the first key or list item without a value, () if there is none.

    Parameters
    ----------
    content : mapping, list or single value.

    Returns
    -------
    tuple of keys and positions, from the top down.

    Notes
    -----
    Unit: none. Errors: none. Source: the content.
    """
    pairs = content.items() if isinstance(content, Mapping) else enumerate(content) if isinstance(content, list) else ()
    for key, value in pairs:
        if value is None or key is None:
            return (key,)
        below = empty_place(value)
        if below:
            return (key, *below)
    return ()


def plain(content: Any) -> Any:
    """Return the content without its lines, in types of Python alone.

    Parameters
    ----------
    content : mapping, list or single value, as :func:`parse` returns it.

    Returns
    -------
    dict, list, str, int, float, bool or None; a date stays what the parser made of it.

    Notes
    -----
    Unit: none. Errors: none. Source: the content.
    """
    if isinstance(content, Mapping):
        return {key: plain(value) for key, value in content.items()}
    if isinstance(content, list):
        return [plain(value) for value in content]
    if isinstance(content, bool):
        return content
    if isinstance(content, int):
        return int(content)
    if isinstance(content, float):
        return float(content)
    return str(content) if isinstance(content, str) else content
