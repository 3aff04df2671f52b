"""All notebooks run from their sources, show their pictures, and are kept as they ran.

After a change of a notebook or of the model: ``python tests/app/test_notebooks.py`` writes the executed copies anew.
"""

import base64
import json
import tempfile
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import jupytext
import nbformat
import pytest
from nbclient import NotebookClient
from PIL import Image

FOLDER = Path(__file__).resolve().parents[2] / "notebooks"
NAMES = (
    "01_a_first_run",
    "02_a_lever_and_its_owner",
    "03_agents_and_cohorts_agree",
    "04_a_batch_and_its_sensitivity",
    "05_the_cheapest_plan",
    "06_your_own_region",
    "07_what_the_region_can_carry",
)
MOST_BYTES = 600_000


@cache
def executed(name: str) -> Any:
    """Run a notebook from its source in a fresh kernel.

    Parameters
    ----------
    name : str; without folder and ending.

    Returns
    -------
    nbformat notebook with outputs. Unit: none.

    Raises
    ------
    CellExecutionError : a cell failed.
    """
    notebook = jupytext.read(FOLDER / f"{name}.py")
    where = {"metadata": {"path": str(FOLDER)}}
    NotebookClient(notebook, timeout=600, kernel_name="python3", record_timing=False, resources=where).execute()
    return notebook


def outputs(notebook: Any) -> list[Any]:
    return [output for cell in notebook.cells for output in cell.get("outputs", [])]


def pictures(notebook: Any) -> list[str]:
    return [o["data"]["image/png"] for o in outputs(notebook) if "image/png" in o.get("data", {})]


def kept(name: str) -> Any:
    return nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_runs_without_error_or_missing_glyph_and_shows_pictures(name: str) -> None:
    ran = executed(name)
    assert not [o for o in outputs(ran) if o["output_type"] == "error"]
    assert "Glyph" not in json.dumps(outputs(ran), ensure_ascii=False)
    assert not [o for o in outputs(ran) if o.get("name") == "stderr"]
    assert len(pictures(ran)) >= 3


@pytest.mark.parametrize("name", NAMES)
def test_the_kept_notebook_holds_the_cells_of_its_source(name: str) -> None:
    source = jupytext.read(FOLDER / f"{name}.py")
    told = [(cell.cell_type, cell.source) for cell in source.cells]
    assert [(cell.cell_type, cell.source) for cell in kept(name).cells] == told


@pytest.mark.parametrize("name", NAMES)
def test_the_kept_notebook_is_small_executed_and_tells_nothing_of_the_machine(name: str) -> None:
    text = (FOLDER / f"{name}.ipynb").read_text(encoding="utf-8")
    assert len(text.encode()) < MOST_BYTES
    notebook = kept(name)
    assert len(pictures(notebook)) >= 3
    assert all(cell.execution_count for cell in notebook.cells if cell.cell_type == "code")
    assert not [cell for cell in notebook.cells if cell.metadata]
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    machine = (str(FOLDER.parent.resolve()), str(Path.home()), tempfile.gettempdir(), "site-packages")
    assert not [trace for trace in machine if trace in text]


def shrunk(picture: str) -> str:
    """Cut a PNG to 128 colours; the pictures have few, and the file becomes a third."""
    content = BytesIO()
    Image.open(BytesIO(base64.b64decode(picture))).convert("RGB").quantize(128, dither=Image.Dither.NONE).save(
        content, "PNG", optimize=True
    )
    return base64.b64encode(content.getvalue()).decode()


def keep(name: str) -> Path:
    """Write the executed copy of a notebook beside its source, without times, versions or paths.

    Parameters
    ----------
    name : str; without folder and ending.

    Returns
    -------
    Path of the copy. Unit: none. Errors: CellExecutionError when a cell fails.
    """
    notebook = executed(name)
    for position, cell in enumerate(notebook.cells):
        cell["id"], cell["metadata"] = f"cell-{position:02d}", {}
    for output in outputs(notebook):
        if "image/png" in output.get("data", {}):
            output["data"]["image/png"] = shrunk(output["data"]["image/png"])
    notebook["metadata"] = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    nbformat.validate(notebook)
    copy = FOLDER / f"{name}.ipynb"
    text = json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True)
    copy.write_text(text + "\n", encoding="utf-8")
    return copy


if __name__ == "__main__":
    for each in NAMES:
        keep(each)
