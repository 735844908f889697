"""A run begun: where its folder lies, and its record before anything is trained."""

from __future__ import annotations

import dataclasses
import datetime
import itertools
import logging
import platform
from pathlib import Path

from castlist.errors import Message, RunError
from castlist.files import PRIVATE_FOLDER, cannot_write, need_folder
from castlist.learning.dataset import Dataset
from castlist.media import is_possible_everywhere
from castlist.paths import name_below
from castlist.run import SIDES, Run
from castlist.settings import Settings

logger = logging.getLogger(__name__)

PACKAGES = (
    "castlist",
    "keras",
    "numpy",
    "onnxruntime",
    "opencv-python-headless",
    "pillow",
    "tensorflow",
    "tensorflow-cpu",
)


def start_run(dataset: Dataset, settings: Settings, path: Path, photos_root: Path, *, is_named: bool = True) -> Run:
    """Begin a run folder: its record is written, nothing is trained yet.

    Args:
        dataset: What is learnt.
        settings: How.
        path: The folder.
        photos_root: The folder of the photos.
        is_named: Whether somebody chose its name; else one that is taken by now gets a number.

    Raises:
        RunError: If there is a folder of the chosen name already.
        CastlistError: If it can't be written.
    """
    counts = dataset.side_counts()
    run = Run(
        path=path,
        people=dataset.people,
        settings=settings.filled,
        photos_root=str(photos_root.resolve()),
        photos_fingerprint=dataset.fingerprint,
        from_regions=dataset.is_marked,
        sides={name: tuple(dataset.files[i] for i in dataset.indices(side)) for side, name in enumerate(SIDES)},
        groups={name: counts[name]["groups"] for name in SIDES},
        refused=tuple((name_below(photos_root, photo.path), photo.reason) for photo in dataset.refused),
        notes=(*dataset.notes, *_sequence_notes(settings)),
        versions=package_versions(),
        precision=choose_precision() if settings.precision == "auto" else settings.precision,
    )
    run = dataclasses.replace(run, path=make_run_folder(path, is_named=is_named))
    run.save()
    logger.info("a run of the model %s is begun", settings.model)
    logger.debug("which is %s", run.path)
    return run


def make_run_folder(path: Path, *, is_named: bool) -> Path:
    """Make a run's folder, this process alone: of two of one name the second must not touch the first.

    Args:
        path: The folder.
        is_named: Whether somebody chose its name; else one that is taken by now gets a number.

    Raises:
        RunError: If there is a folder of the chosen name already.
        CastlistError: If it can't be made.
    """
    need_folder(path.parent)
    numbers = itertools.count(2)
    place = path
    while True:
        try:
            place.mkdir(PRIVATE_FOLDER)
            return place
        except FileExistsError:
            if is_named:
                raise _taken(place) from None
            place = path.with_name(f"{path.name}-{next(numbers)}")
        except OSError as error:
            raise cannot_write(place, error) from error


def _sequence_notes(settings: Settings) -> tuple[Message, ...]:
    if settings.frames == 1:
        return ()
    return (
        Message(
            "seen-in-sequences",
            "Photos are seen {frames} at a time, all of one person: figures are of such sequences, each called by its "
            "first photo.",
            {"frames": settings.frames},
        ),
    )


def choose_precision() -> str:
    """mixed_bfloat16 where the processor computes in it, float32 elsewhere: emulated, it is slower, not faster."""
    try:
        flags = Path("/proc/cpuinfo").read_text("utf-8")
    except OSError:
        return "float32"
    return "mixed_bfloat16" if "amx_bf16" in flags or "avx512_bf16" in flags else "float32"


def new_run_path(folder: Path, name: str | None, settings: Settings) -> Path:
    """Where a new run will lie: under its name, or under its model and the time.

    Raises:
        RunError: If the name can't be a folder's, or is taken.
    """
    if name is None:
        stem = f"{settings.model}-{datetime.datetime.now():%Y%m%d-%H%M%S}"
        return folder / stem  # of two in one second the later gets a number when it begins
    if not isinstance(name, str) or not is_possible_everywhere(name):
        raise RunError(
            "run-name", "A run can't be named {name!r}. Use letters, digits, spaces, dashes.", name=str(name)
        )
    if (folder / name).exists():
        raise _taken(folder / name)
    return folder / name


def _taken(path: Path) -> RunError:
    return RunError("run-exists", "There is already a run {path!r}. Choose another name, or remove it.", path=str(path))


def package_versions() -> dict[str, str]:
    """The versions of the installed packages that a run's result depends on."""
    from importlib import metadata  # late: it loads a mail parser, and only a training needs it

    versions = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions
