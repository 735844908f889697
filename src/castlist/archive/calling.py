"""People whom the run came to call otherwise: what was decided about them goes with them.

The decisions are never rewritten: a line says from where on somebody has another name. An archive that was away when
the run renamed somebody hears of it when the two meet again, before any of its faces is named by the run.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

from castlist.archive.decisions import ABOUT_NAMES, HEARD, Decision, DecisionLog, is_meant
from castlist.archive.folder import ArchiveFolder
from castlist.errors import Message
from castlist.media import one_form
from castlist.paths import is_folder
from castlist.run import Run


def hear_names(folder: ArchiveFolder, run: Run) -> list[Message]:
    """Write down whom an archive's run calls otherwise since the archive last heard of it.

    Another run calls people as it likes, unless the archive's own is gone: then it is the same one, moved.

    Returns:
        Decisions that may be about somebody else: made by a name after the run had given it to another person.

    Raises:
        CastlistError: If it can't be read or written.
    """
    if not _is_of(folder, run):
        return []
    doubts: list[Message] = []

    def tell(every: list[Decision]) -> list[Decision]:
        doubts.clear()
        heard_until = max((one.when for one in every if one.id.startswith(HEARD)), default="")
        lines: list[Decision] = []
        for i, call in enumerate(call for call in run.calls if call.when > heard_until):
            names = {one.name for one in every if one.kind in ABOUT_NAMES and one.name is not None}
            before = next((name for name in sorted(names) if call.was(name)), None)
            reused = before is not None and before in run.people
            line = Decision(
                id=f"{HEARD}{call.when}-{i}",
                who=f"run {run.path.name}",
                when=call.when,
                kind="called",
                name=before,
                to=None if before is None else call.name,
                reused=reused,
            )
            lines.append(line)
            later = sum(one.kind in ABOUT_NAMES and one.name == before and one.when > call.when for one in every)
            if reused and later:
                doubts.append(_doubt(str(before), call.name, later))
            every = [msgspec.structs.replace(one, name=line.to) if is_meant(one, line) else one for one in every]
        # What concerns nobody is kept once, for how far the archive has heard.
        return [line for line in lines[:-1] if line.name is not None] + lines[-1:]

    DecisionLog(folder.decisions).hear(tell)
    return doubts


def called_before(folder: ArchiveFolder, run: Run, name: str, names: Iterable[str]) -> list[str]:
    """What else somebody is called where nobody has heard yet that an archive's run calls the person so.

    Args:
        folder: The archive's.
        run: Which knows the person by the name.
        name: Of the person.
        names: Others that somebody may be called by, beside those in the archive's rows.

    Raises:
        CastlistError: If it can't be read.
    """
    calls = [call for call in run.calls if one_form(call.name) == one_form(name)] if _is_of(folder, run) else []
    if not calls:
        return []
    known = set(names)
    for unit in folder.units():
        for row in folder.read(unit, ["name", "perhaps", "best"])[0].to_pylist():
            known.update(filter(None, (row["name"], row["perhaps"], *(one["name"] for one in row["best"] or ()))))
    # A name that somebody else bears by now is that person's.
    return sorted(one for one in known.difference(run.people) if any(call.was(one) for call in calls))


def _is_of(folder: ArchiveFolder, run: Run) -> bool:
    """Whether a run is the archive's own, where it was or moved."""
    home = Path(folder.record().run)
    return home == run.path.absolute() or not is_folder(home)


def _doubt(name: str, to: str, count: int) -> Message:
    return Message(
        "decided-by-old-name",
        "{count} {count:decision|decisions} about {name!r}: made after the run had come to call that person "
        "{to!r}, and somebody else {name!r}. If it is {to!r}, decide again.",
        {"count": count, "name": name, "to": to},
    )
