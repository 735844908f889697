"""A run that knows nobody yet: for photos that nobody has sorted, whose people get their names one by one."""

from __future__ import annotations

import dataclasses
import os

import numpy as np

from castlist.embeddings import face_network
from castlist.gallery import Gallery, default_background
from castlist.learning.starting import choose_precision, make_run_folder, new_run_path, package_versions
from castlist.paths import as_path
from castlist.run import SIDES, Run, RunFolder, put_network
from castlist.settings import Settings


def begin(runs: str | os.PathLike[str], *, name: str | None = None) -> Run:
    """Make a finished run of the model `face` that names nobody, until somebody is enrolled in it.

    Args:
        runs: The folder that the run folder is made in.
        name: The run folder's name; by default the model and the time.

    Raises:
        CastlistError: If nobody can call a run so, or it can't be written.
    """
    settings = Settings().filled
    path = make_run_folder(new_run_path(as_path(runs), name, settings), is_named=name is not None)
    nothing: dict[str, tuple[str, ...]] = dict.fromkeys(SIDES, ())
    run = Run(
        path=path,
        people=(),
        settings=settings,
        photos_root=str(path),  # no folder was learnt from
        photos_fingerprint="",
        sides=nothing,
        groups=dict.fromkeys(SIDES, 0),
        versions=package_versions(),
        precision=choose_precision(),
    )
    run.save()
    background = default_background()
    nobody = np.zeros((0, len(background.mean)), np.float32)
    gallery = Gallery.fit((), nobody, np.zeros(0, np.int64), (), background=background)
    with RunFolder(path).change() as change:
        put_network(change, face_network(settings))
        change.write(run.gallery_path.name, gallery.to_bytes())
        change.run = dataclasses.replace(change.run, complete=True)
    return change.run
