"""What was deleted of a person, and what still exists, as sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from castlist.arguments import checked
from castlist.checks import delete_checks_of
from castlist.errors import Message, RecordError, RunError
from castlist.learning import delete_datasets_of
from castlist.media import choices_for
from castlist.paths import spell
from castlist.run import Run, open_run, unknown_in


@dataclass(frozen=True)
class Receipt:
    """What was deleted of a person, and what still exists."""

    name: str
    removed: tuple[Message, ...]
    remaining: tuple[Message, ...]  # what is not the run's to delete

    def to_dict(self) -> dict[str, Any]:
        """The receipt as JSON holds it; `from_dict` reads it."""
        removed, remaining = ([one.to_dict() for one in some] for some in (self.removed, self.remaining))
        return {"name": self.name, "removed": removed, "remaining": remaining}

    @classmethod
    @checked
    def from_dict(cls, record: dict[str, Any]) -> Receipt:
        """Read what `to_dict` gave.

        Raises:
            RecordError: If it is something else.
        """
        try:
            removed, remaining = (tuple(map(Message.from_dict, record[key])) for key in ("removed", "remaining"))
            return cls(str(record["name"]), removed, remaining)
        except (KeyError, TypeError) as error:
            raise RecordError(
                "record-no-receipt",
                "It must be a receipt as to_dict gives it. Got {value} instead.",
                value=f"{record!r:.100}",
            ) from error


def unknown_person(run: Run, name: str) -> RunError:
    """That a run knows nobody of a name."""
    return RunError(
        "nobody-called-in-run",
        "The run {path!r} knows nobody called {name!r}. Choose from: {people}.",
        path=str(run.path),
        name=name,
        people=choices_for(name, run.people),
    )


def delete_kept(name: str, is_meant: Callable[[str], bool]) -> tuple[list[Message], list[Message]]:
    """Delete what castlist keeps of a person outside any run; it can be made anew.

    Args:
        name: Of the person.
        is_meant: Tells of a name whether it means the person, as `Run.meaning` does.

    Returns:
        What was deleted, and what still exists of it.
    """
    removed, remaining = [], []
    deleted = delete_datasets_of(is_meant)
    if deleted:
        removed.append(
            Message(
                "forgot-datasets",
                "{sets} kept data {sets:set|sets} of photos that {name!r} was among.",
                {"sets": len(deleted), "name": name},
            )
        )
    if used := [one for one in deleted if one.in_use]:
        remaining.append(
            Message(
                "datasets-in-use",
                "Trainings that read {sets} of the kept data sets: they go on to their end, and their runs will know "
                "{name!r}. Forget {name!r} in these too, or train them anew.",
                {"sets": len(used), "name": name},
            )
        )
    if checked := delete_checks_of(is_meant):
        removed.append(
            Message(
                "forgot-checks",
                "What `castlist check` kept of {photos} {photos:photo|photos} of {name!r}.",
                {"photos": checked, "name": name},
            )
        )
    return removed, remaining


def what_remains(run: Run, is_meant: Callable[[str], bool]) -> Iterator[Message]:
    """What a run's folder doesn't hold of whoever is meant, and is for somebody else to delete."""
    for folder in _folders_of(Path(run.photos_root), is_meant):
        yield Message(
            "photos-remain",
            "The photos themselves, in {folder!r}; training again would learn them again.",
            {"folder": str(folder)},
        )
    for path in _runs_around(run.path):
        try:
            people = open_run(path).people
        except RunError:
            yield Message("broken-run-remains", "The run {path!r}, which can't be read.", {"path": str(path)})
        else:
            for name in filter(is_meant, people):
                yield Message(
                    "run-remains", "The run {path!r}, which knows {name!r} too.", {"path": str(path), "name": name}
                )
    if unknown := unknown_in(run.path):
        yield Message(
            "foreign-files-remain",
            "What castlist didn't put into the run folder: {files}.",
            {"files": ", ".join(path.name for path in unknown)},
        )
    yield Message(
        "copies-remain",
        "Whatever was written elsewhere: pictures, tables and metadata with names, copies of this run, backups.",
    )
    yield Message(
        "checks-remain",
        "What `castlist check` kept of the person's photos in folders of other names.",
    )


def _folders_of(root: Path, is_meant: Callable[[str], bool]) -> list[Path]:
    """The folders of a person's photos; in one form, two may have the same name."""
    try:
        return sorted(path for path in root.iterdir() if is_meant(spell(path.name)) and path.is_dir())
    except (OSError, ValueError):  # gone, nobody may look, or no path, of somebody else's run
        return []


def _runs_around(path: Path) -> list[Path]:
    """The other run folders beside a run, those of searches included, and those within it."""
    beside = path.absolute().parent
    records = {*beside.glob("*/run.json"), *beside.glob("*/*/run.json"), *path.absolute().glob("*/run.json")}
    return sorted(record.parent for record in records if record.parent != path.absolute())
