"""A run's record, run.json: who is in it, how it was learnt, checked when it is read."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import functools
import hashlib
import json
import math
import os
import platform
import re
import typing
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from castlist.arguments import checked
from castlist.errors import CastError, Message, PhotoError, RunError, SettingsError, reason_of
from castlist.escaping import for_json
from castlist.files import read_regular, write_bytes
from castlist.media import check_person, folded, one_form
from castlist.paths import as_path, by_own_name, is_file, join_below, spell
from castlist.run import inventory
from castlist.run.calls import Called
from castlist.settings import Settings

FORMAT = 2  # of the run folder; a higher one is from a later castlist. 1 had no generation and nobody leaving.
LARGEST = 1 << 27  # bytes of a record; that of a million photos has fewer
SIDES = ("train", "validation", "test")
NUMBERED = re.compile(r"-\d+(\.[^./]*)?$")  # the end of a photo's name among others of the same


@dataclass(frozen=True, kw_only=True)
class Leaving:
    """Somebody who was forgotten by the run and isn't yet by all the caches; with what the receipt will say."""

    name: str
    embeddings: int  # that were deleted
    files: int  # names of files that were


@dataclass(frozen=True, kw_only=True)
class Enrolled:
    """What was added to the run at once after it was learnt, so that it can be taken back."""

    name: str
    files: tuple[str, ...]  # as in `Run.sides`
    apart: tuple[str, ...] = ()  # look-alikes whom the name isn't given any more, as in `Run.places`


@dataclass(frozen=True, kw_only=True)
class Run:
    """A run folder's record, run.json, and where its other files lie."""

    path: Path
    people: tuple[str, ...]  # in the order of the network's outputs
    settings: Settings
    photos_root: str  # the folder learnt from, where it lay then
    photos_fingerprint: str
    sides: Mapping[str, tuple[str, ...]]  # which photo is on which side, paths below photos_root
    groups: Mapping[str, int]  # how many groups each side holds
    refused: tuple[tuple[str, Message], ...] = ()  # file, reason
    notes: tuple[Message, ...] = ()
    precision: str = "float32"
    created: str = field(default_factory=lambda: datetime.datetime.now().astimezone().isoformat(timespec="seconds"))
    versions: Mapping[str, str] = field(default_factory=dict)
    machine: str = field(default_factory=lambda: f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}")
    tuned: bool = False  # of the model face, as older castlists could: its network was trained on, and gives the names
    complete: bool = False  # the network is exported and checked; False while training, or when it was interrupted
    best_epoch: int | None = None
    temperature: float = 1.0  # that the trained network's logits are divided by; its ONNX file has it within
    seconds: float | None = None  # spent in training, interruptions not counted
    generation: int = 0  # raised by each change of the folder
    leaving: tuple[Leaving, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)  # SHA-256 of what names; of runs made before, nothing
    enrolled: tuple[Enrolled, ...] = ()  # the last one last
    places: Mapping[str, str] = field(default_factory=dict)  # of enrolled photos: where each lay then
    from_regions: bool = False  # whether people were told by marks in photos: the person comes before each photo's path
    calls: tuple[Called, ...] = ()  # who is called otherwise than once, the last one last

    @property
    def network_path(self) -> Path:
        """The trained Keras model as naming runs it, ONNX; a run of the model `face` has none."""
        return self.path / inventory.NETWORK

    @property
    def face_network_path(self) -> Path:
        """The face network, ONNX; a run on whole photos has none."""
        return self.path / inventory.FACE_NETWORK

    @property
    def face_digests(self) -> tuple[str, ...]:
        """The SHA-256 of the face network's files; of runs made before these were kept, none."""
        return tuple(self.files[name] for name in inventory.FACE_FILES if name in self.files)

    @property
    def gallery_path(self) -> Path:
        """The people as embeddings, with the threshold for unknown; a run on whole photos has none."""
        return self.path / inventory.GALLERY

    @property
    def weights_path(self) -> Path:
        """The best weights on validation so far; no architecture, no code."""
        return self.path / inventory.WEIGHTS

    @property
    def state_path(self) -> Path:
        """Where training stands: last weights, optimizer, epoch."""
        return self.path / inventory.STATE

    @property
    def history_path(self) -> Path:
        """One row per epoch."""
        return self.path / inventory.HISTORY_TABLE

    @property
    def answers_path(self) -> Path:
        """What was answered for the test photos; a search's trial has none."""
        return self.path / inventory.ANSWERS

    @property
    def metrics_path(self) -> Path:
        """How good these answers are."""
        return self.path / inventory.METRICS

    @property
    def report_path(self) -> Path:
        """The report, a page."""
        return self.path / inventory.REPORT

    @property
    def figures_path(self) -> Path:
        """The folder of the report's figures."""
        return self.path / inventory.FIGURES

    @property
    def has_network(self) -> bool:
        """Whether a trained Keras model gives the names, not the gallery alone."""
        return self.settings.kind.is_trained or self.tuned

    @checked
    def photo_path(self, file: str) -> Path | None:
        """Where a photo lay that was learnt from; None where its name leads out of there, as of somebody else's run.

        A photo of somebody who is called otherwise since may still lie where it did, under the name before.
        """
        root, (person, _, rest) = Path(self.photos_root), file.partition("/")
        path = join_below(root, rest if self.from_regions else file)
        if path is None or is_file(path):
            return path
        own, before = (self._folders.get((one_form(person), is_before), []) for is_before in (False, True))
        if self.from_regions:
            own, before = [], [root]
        places = [(folder, rest) for folder in (*own, *before)]
        places += [(folder, NUMBERED.sub(r"\1", rest)) for folder in before]
        return next((other for place in places if (other := join_below(*place)) and is_file(other)), path)

    @functools.cached_property
    def _folders(self) -> Mapping[tuple[str, bool], list[Path]]:
        """The folders of photos, by who they are of, and whether they are still called as the person was before."""
        folders: dict[tuple[str, bool], list[Path]] = {}
        with contextlib.suppress(OSError, ValueError):  # gone, or no path, of somebody else's run
            for folder in Path(self.photos_root).iterdir():
                called = spell(folder.name)
                folders.setdefault((one_form(called), False), []).append(folder)
                for name in {one_form(one.name) for one in self.calls if one.was(called)}:
                    folders.setdefault((name, True), []).append(folder)
        return folders

    @checked
    def meaning(self, name: str) -> Callable[[str], bool]:
        """Tells of a name whether it means somebody: as the run calls the person, in any form, or called one before."""
        wanted = one_form(name)
        calls = [one for one in self.calls if one_form(one.name) == wanted]
        return lambda other: one_form(other) == wanted or any(one.was(other) for one in calls)

    @checked
    def need_photos(self, fingerprint: str) -> None:
        """Make sure that a data set's fingerprint is that of the photos that the run began with.

        Raises:
            RunError: If not.
        """
        if fingerprint != self.photos_fingerprint:
            raise RunError(
                "photos-changed",
                "The photos in {root!r} are not those that the run {path!r} began with. "
                "Bring them back, or train anew.",
                root=self.photos_root,
                path=str(self.path),
            )

    def to_bytes(self) -> bytes:
        """The record as run.json holds it."""
        record = {item.name: getattr(self, item.name) for item in dataclasses.fields(self) if item.name != "path"}
        record["settings"] = self.settings.to_dict()
        record["refused"] = [(file, reason.to_dict()) for file, reason in self.refused]
        record["notes"] = [note.to_dict() for note in self.notes]
        record["leaving"] = [dataclasses.asdict(one) for one in self.leaving]
        record["calls"] = [dataclasses.asdict(one) for one in self.calls]
        record["enrolled"] = [dataclasses.asdict(one) for one in self.enrolled]
        return for_json({"format": FORMAT, **record}, indent=1).encode("utf-8")

    def save(self) -> None:
        """Write run.json, beside and renamed: for a run that nobody else can have yet. Else `RunFolder.change`.

        Raises:
            CastlistError: If it can't be written.
        """
        write_bytes(self.path / inventory.RECORD, self.to_bytes(), private=True)


def read_part(run: Run, name: str) -> bytes:
    """A file of a run's folder.

    Raises:
        RunError: If it can't be read.
    """
    path = run.path / name
    try:
        return read_regular(path)
    except (OSError, PhotoError) as error:
        raise RunError(
            "run-file-unreadable", "{path!r} can't be read ({reason}).", path=str(path), reason=reason_of(error)
        ) from error


def check_files(run: Run, *, known: Collection[str] = ()) -> None:
    """Make sure that what names is what was learnt: damaged weights would name people plausibly and wrongly.

    Args:
        run: The run.
        known: Files whose content was compared already.

    Raises:
        RunError: If a file isn't what the record knows; one that is missing is told by whoever needs it.
    """
    for name, digest in run.files.items():
        if name in known or name not in inventory.SIGNED:
            continue
        if (run.path / name).exists() and sign(read_part(run, name)) != digest:
            raise other_file(run, name)


def other_file(run: Run, name: str) -> RunError:
    """That a file of a run isn't the one that belongs there."""
    return RunError(
        "run-file-differs",
        "The run {path!r} is broken: its {file} isn't what was learnt. Copy the run again, or train it anew.",
        path=str(run.path),
        file=name,
    )


def sign(data: bytes) -> str:
    """The digest of a file, as the record keeps it."""
    return hashlib.sha256(data).hexdigest()


@checked
def open_run(path: str | os.PathLike[str]) -> Run:
    """Read a run folder's record.

    Raises:
        RunError: If the folder is no run, is broken, or was written by a later castlist.
    """
    path = by_own_name(as_path(path))
    try:
        data = read_regular(path / inventory.RECORD, LARGEST)
    except (FileNotFoundError, NotADirectoryError):
        raise RunError("not-a-run", "{path!r} is not a run folder: it has no run.json.", path=str(path)) from None
    except (OSError, PhotoError) as error:
        raise RunError(
            "record-unreadable",
            "The run {path!r} can't be opened: its run.json can't be read ({reason}).",
            path=str(path),
            reason=reason_of(error),
        ) from error
    try:
        return _read(path, data)
    except (SettingsError, CastError, KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise RunError(
            "record-broken",
            "The run {path!r} is broken: its run.json doesn't hold what it should ({reason}).",
            path=str(path),
            reason=str(error),
        ) from error


def _read(path: Path, data: bytes) -> Run:
    record = msgspec.convert(json.loads(data), dict)
    version = record.pop("format")
    if type(version) is int and version > FORMAT:
        raise RunError(
            "later-format",
            "The run {path!r} has format {format}; this castlist reads formats up to {known}. "
            "Upgrade castlist, or train again.",
            path=str(path),
            format=version,
            known=FORMAT,
        )
    if version not in range(1, FORMAT + 1):
        raise ValueError(f"no format {version!r}")
    settings = msgspec.convert(record.pop("settings"), dict)
    settings.pop("fine_tune", None)  # of before; `tuned` tells what came of it
    values: dict[str, Any] = {
        "settings": Settings.from_dict(settings),
        "refused": tuple((str(file), Message.from_dict(reason)) for file, reason in record.pop("refused")),
        "notes": tuple(map(Message.from_dict, record.pop("notes"))),
    }
    hints = _hints()
    for name, value in record.items():
        if name == "path" or name not in hints:
            raise ValueError(f"unknown: {name!r}")
        values[name] = msgspec.convert(value, hints[name])
    run = Run(path=path, **values)
    _check(run)
    return run


@functools.cache
def _hints() -> dict[str, Any]:
    return typing.get_type_hints(Run)


def _check(run: Run) -> None:
    """What types don't say; a folder from somebody else may hold anything.

    Raises:
        ValueError: If the people, the sides or the time are none.
        CastError: If somebody can't be called so.
    """
    _check_people(run)
    if not 0 < run.temperature < math.inf:
        raise ValueError("its temperature must be above 0")
    if set(run.sides) != set(SIDES) or set(run.groups) != set(SIDES):
        raise ValueError(f"its sides must be {', '.join(SIDES)}")
    _check_files(file for files in run.sides.values() for file in files)
    _check_files(file for file, _ in run.refused)
    _check_files(file for one in run.enrolled for file in one.files)
    datetime.datetime.fromisoformat(run.created)


def _check_people(run: Run) -> None:
    people = {folded(name) for name in run.people}
    is_empty = not run.people and (run.has_network or any(run.sides.values()))
    if is_empty or len(people) < len(run.people):
        raise ValueError("its people must be names, each once")
    others: tuple[Leaving | Enrolled | Called, ...] = (*run.leaving, *run.enrolled, *run.calls)
    for name in (*run.people, *(one.name for one in others)):
        check_person(name)


def _check_files(files: Iterable[str]) -> None:
    for file in files:
        if file.startswith(("/", "\\")) or ".." in re.split(r"[/\\]", file) or re.match("[A-Za-z]:", file):
            raise ValueError(f"not a path below the photos: {file!r}")
