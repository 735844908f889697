"""What people decided about faces: one line of JSON each, only ever added to, apart from all that is computed.

A decision is about a photo's content and a box in it, so that neither another network nor a move of the photo loses it.
"""

from __future__ import annotations

import contextlib
import datetime
import getpass
import os
import secrets
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec

from castlist.errors import CastError, CastlistError, Message, SettingsError, reason_of
from castlist.escaping import for_json
from castlist.files import append_lines, cannot_write, write_bytes
from castlist.media import check_person, one_form
from castlist.run import hold

Edges = tuple[float, float, float, float]  # left, top, right, bottom; pixels of the upright photo
Kind = Literal["is", "is-not", "stranger", "no-face", "portrait", "same", "different", "undo", "called"]

LOCK = ".decisions.lock"
PATIENCE = 30.0  # seconds; a line takes milliseconds
ABOUT_NAMES, ABOUT_TWO = ("is", "is-not", "portrait"), ("same", "different")
HEARD = "called-"  # what the ids of lines begin with that a run was heard to say


class Spot(msgspec.Struct, frozen=True, omit_defaults=True):
    """A face, as a decision knows it."""

    photo: str  # SHA-256 of the photo's content, in hexadecimal digits
    box: Edges
    start: float | None = None  # seconds; of a track of a film, where many faces have the same box


class Decision(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A line of the file."""

    id: str  # of older files, faces decided on at once are lines of one id
    who: str  # decided
    when: str  # ISO 8601, UTC; of "called" by a run, when the run came to call somebody otherwise
    kind: Kind
    face: Spot | None = None  # all but "undo" and "called"
    more: tuple[Spot, ...] = ()  # faces of which the same decision says the same
    name: str | None = None  # of ABOUT_NAMES, where "portrait" is the face to show for somebody; of "called", the name
    # before: None where no decision bore it
    other: Spot | None = None  # of "same" and "different"
    undoes: str | None = None  # the id of a decision that is taken back
    to: str | None = None  # of "called", the name since
    reused: bool = False  # of "called": somebody else bears the name now, so that later decisions mean another person

    @property
    def faces(self) -> tuple[Spot, ...]:
        """The faces that it is about, each for itself."""
        return (*((self.face,) if self.face else ()), *self.more)

    @property
    def spots(self) -> tuple[Spot, ...]:
        """All faces that it speaks of."""
        return (*self.faces, *((self.other,) if self.other else ()))

    @property
    def is_somebodys(self) -> bool:
        """Whether somebody decided it and may take it back; not what a run was heard to say, nor what undoes."""
        if self.kind == "called":
            return self.name is not None and not self.id.startswith(HEARD)
        return self.kind != "undo"


class DecisionLog:
    """The file of decisions; others may add to it at the same moment."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._parsed: tuple[bytes, list[Decision]] = b"", []  # lines are added only: these aren't read again

    def stamp(self) -> tuple[int, int]:
        """What tells the file from itself at another moment."""
        try:
            status = self._path.stat()
        except OSError:  # none was made yet; or reading says what is wrong
            return 0, 0
        return status.st_mtime_ns, status.st_size

    def read(self) -> list[Decision]:
        """All that was decided and isn't taken back, in the order in which it was, with names as they are by now.

        Raises:
            CastlistError: If the file can't be read, or a line is no decision.
        """
        return [one for one in self._holding() if one.kind != "called"]

    def add(
        self, kind: Kind, face: Spot, *, name: str | None = None, other: Spot | None = None, who: str | None = None
    ) -> Decision:
        """Write a decision down; it is on disk when this returns.

        Args:
            kind: What is decided; not "undo".
            face: About whom.
            name: Whom it is or isn't.
            other: The face that is the same person's, or isn't.
            who: Who decides; by default the user of this machine.

        Raises:
            CastlistError: If nobody can be called so, or it can't be written.
        """
        if face == other:
            raise SettingsError("decide-itself", "A face is compared with another one. Got the same face twice.")
        decision = _sign(who, kind=kind, face=face, name=name, other=other)
        with self._alone():
            self._append(decision)
        return decision

    def add_names(self, faces: Mapping[str, Sequence[Spot]], *, who: str | None = None, as_one: bool = False) -> None:
        """Write down whose faces some are, at least one of each person: a line a person.

        Args:
            faces: Of each person by name.
            who: Who says so.
            as_one: Whether one undo takes all of it back, not one person's.

        Raises:
            CastlistError: As of `add`; then none is written.
        """
        lines = [_sign(who, kind="is", face=some[0], more=tuple(some[1:]), name=name) for name, some in faces.items()]
        if as_one:
            lines = [msgspec.structs.replace(one, id=lines[0].id) for one in lines]
        with self._alone():
            self._append(*lines)

    def add_all(self, kind: Kind, faces: Sequence[Spot], *, name: str | None = None, who: str | None = None) -> None:
        """Write the same down of several faces, at least one: one decision, which one undo takes back.

        Raises:
            CastlistError: As of `add`.
        """
        decision = _sign(who, kind=kind, face=faces[0], more=tuple(faces[1:]), name=name)
        with self._alone():
            self._append(decision)

    def call(self, name: str, to: str, *, who: str | None = None) -> None:
        """Write down that somebody is called otherwise in all that was decided; one undo takes it back.

        Raises:
            CastlistError: As of `add`.
        """
        decision = _sign(who, kind="called", name=name, to=to)
        with self._alone():
            if decision.name != decision.to and any(is_meant(one, decision) for one in self._holding()):
                self._append(decision)

    def ever_named(self, who: str) -> set[tuple[str, str]]:
        """Photos, and who somebody ever decided to be in them, taken back or not.

        Raises:
            CastlistError: As of `read`.
        """
        every = follow_names(self._parse(self._data()))
        return {(spot.photo, one.name) for one in every if one.who == who and one.name for spot in one.faces}

    def hear(self, tell: Callable[[list[Decision]], list[Decision]]) -> list[Decision]:
        """Write down what somebody who knows all lines says that people are called by now; gives that.

        Raises:
            CastlistError: If it can't be read or written.
        """
        with self._alone():
            if heard := tell(follow_names(self._parse(self._data()))):
                self._append(*heard)
        return heard

    def undo(self, *, id: str | None = None, who: str | None = None) -> Decision:
        """Take a decision back that holds; gives it.

        Args:
            id: Of the decision; None: the last one.
            who: Takes it back.

        Raises:
            CastlistError: If there is none, or it can't be written.
        """
        with self._alone():
            holding = [one for one in self._holding() if id in (None, one.id)]
            if not holding:
                raise CastlistError("nothing-decided", "There is no decision that could be taken back.")
            self._append(_sign(who, kind="undo", undoes=holding[-1].id))
        return holding[-1]

    def forget(self, name: str) -> int:
        """Write the file anew without what is about somebody, nor what took that back; gives how much that was.

        Names are as they are by now; of what people were called before nothing is left.

        Raises:
            CastlistError: If it can't be read or written.
        """
        with self._alone():
            every = self._parse(self._data())
            told = b"".join(map(_line, every))
            every = [
                msgspec.structs.replace(one, name=None, to=None, reused=False) if one.kind == "called" else one
                for one in follow_names(every)
            ]
            bearing = {one.id for one in every if one.name is not None and one_form(one.name) == one_form(name)}
            kept = b"".join(_line(one) for one in every if one.id not in bearing and one.undoes not in bearing)
            if kept != told:
                write_bytes(self._path, kept, private=True)
        return len(bearing)

    def follow(self, changed: Mapping[str, str], kept: Collection[str]) -> None:
        """Have what was decided hold for photos whose content castlist itself has changed.

        Args:
            changed: The digest after, by the digest before.
            kept: Digests before that other files still have; what was decided holds for both.

        Raises:
            CastlistError: If it can't be read or written.
        """

        def of_another(spot: Spot) -> Spot:
            return msgspec.structs.replace(spot, photo=changed.get(spot.photo, spot.photo))

        with self._alone():
            every, following = self._parse(self._data()), []
            for one in every:
                faces = tuple(map(of_another, one.faces))
                after = msgspec.structs.replace(
                    one, face=faces[0] if faces else None, more=faces[1:], other=one.other and of_another(one.other)
                )
                before = {spot.photo for spot in one.spots}
                # Of one id, so that one undo takes both back.
                following += [one, after] if after != one and not before.isdisjoint(kept) else [after]
            if following != every:
                write_bytes(self._path, b"".join(map(_line, following)), private=True)

    def _holding(self) -> list[Decision]:
        """What people decided and nobody took back, with names as they are by now."""
        every = follow_names(self._parse(self._data()))
        undone = {one.undoes for one in every}
        return [one for one in every if one.is_somebodys and one.id not in undone]

    def _append(self, *decisions: Decision) -> None:
        append_lines(self._path, b"".join(map(_line, decisions)))

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep others from adding while the block runs."""
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(hold(self._path.parent / LOCK, patience=PATIENCE))
            except OSError as error:
                raise cannot_write(self._path, error) from error
            yield

    def _data(self) -> bytes:
        try:
            return self._path.read_bytes()
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise self._broken(reason_of(error)) from error

    def _parse(self, data: bytes) -> list[Decision]:
        known, decisions = self._parsed
        if not data.startswith(known):  # somebody was forgotten, say
            known, decisions = b"", []
        # What follows the last line's end was cut off by a kill: nobody was told that it is decided.
        whole = data[: data.rfind(b"\n") + 1]
        decisions = [*decisions]
        for line in whole[len(known) :].split(b"\n")[:-1]:
            try:
                decisions.append(_checked(msgspec.json.decode(line, type=Decision)))
            except (ValueError, CastError) as error:
                raise self._broken(f"line {len(decisions) + 1}: {error}") from error
        self._parsed = whole, decisions
        return decisions

    def _broken(self, reason: Message | str) -> CastlistError:
        return CastlistError(
            "archive-decisions-broken",
            "The decisions {path!r} can't be read ({reason}). Upgrade castlist if a later one wrote that; else mend "
            "it, or take the line out.",
            path=str(self._path),
            reason=reason,
        )


def follow_names(every: Sequence[Decision]) -> list[Decision]:
    """Decisions by the names that people have by the last line; each line speaks of the decisions above it."""
    followed: list[Decision] = []
    undone = {one.undoes for one in every}
    for one in every:
        if one.kind == "called" and one.name is not None and one.id not in undone:
            followed = [
                msgspec.structs.replace(before, name=one.to) if is_meant(before, one) else before for before in followed
            ]
        followed.append(one)
    return followed


def is_meant(decision: Decision, called: Decision) -> bool:
    """Whether a decision from before is about whom a line says to be called otherwise."""
    return (
        decision.kind in ABOUT_NAMES
        and decision.name == called.name
        and not (called.reused and decision.when > called.when)
    )


def _sign(who: str | None, **decided: Any) -> Decision:
    """A decision of this moment, with names in their one form.

    Raises:
        CastError: If nobody can be called so.
    """
    for key in decided.keys() & {"name", "to"}:
        if decided[key] is not None:
            decided[key] = one_form(decided[key])
            check_person(decided[key])
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
    return Decision(id=secrets.token_hex(8), who=who or _user(), when=now, **decided)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a user without a name, as in a container
        return str(os.getuid()) if hasattr(os, "getuid") else "?"


def _line(decision: Decision) -> bytes:
    return for_json(msgspec.to_builtins(decision)).encode() + b"\n"


def _checked(decision: Decision) -> Decision:
    """A decision that says all that its kind needs.

    Raises:
        ValueError: If it doesn't.
        CastError: If nobody can be called so.
    """
    kind = decision.kind
    named = decision.name is not None
    says = (decision.face, decision.name, decision.other, decision.undoes, decision.to)
    is_called = kind == "called"
    needs = (
        kind != "undo" and not is_called,
        kind in ABOUT_NAMES or (is_called and named),
        kind in ABOUT_TWO,
        kind == "undo",
        is_called and named,
    )
    if tuple(one is not None for one in says) != needs or (
        decision.more and (kind in ABOUT_TWO or decision.face is None)
    ):
        raise ValueError(f"a decision {kind!r} says too little or too much")
    for name in filter(None, (decision.name, decision.to)):
        check_person(name)
    return decision
