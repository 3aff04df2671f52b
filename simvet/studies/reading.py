"""A finished batch read again from its folder, with the study that it was run with."""

from __future__ import annotations

from pathlib import Path

from simvet.errors import InputError
from simvet.studies.batch import Ensemble
from simvet.studies.chunks import cut
from simvet.studies.store import Folder, require_folder
from simvet.studies.study import Study


def read_ensemble(study: Study, folder: str | Path) -> Ensemble:
    """Return the results of a study from the folder of its batch; nothing is run.

    Parameters
    ----------
    study : Study; the one that the folder was filled with.
    folder : path.

    Returns
    -------
    Ensemble; chunks without whole parts are named in ``failed``.

    Raises
    ------
    InputError : there is no such folder, or it holds another study.

    Notes
    -----
    Shape and unit: see Ensemble. Source: the parts.
    """
    path = Path(folder)
    if not path.is_dir():
        raise InputError(str(folder), "there is no such folder", "Run simvet batch first")
    require_folder(path, study)
    policy, values = study.experiments()
    chunks = cut(len(policy), study.draws, study.chunk_draws)
    held = Folder(path, study.digest)
    whole = held.finished(chunks)
    parts: dict[int, Path | bytes] = {chunk.number: held.part(chunk) for chunk in chunks if chunk.number in whole}
    lacking = {chunk.number: "no part" for chunk in chunks if chunk.number not in whole}
    return Ensemble(study, policy, values, chunks, parts, lacking)
