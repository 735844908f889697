"""An archive as whoever asks it sees it: what was computed, and above that what people decided."""

from __future__ import annotations

import functools
import os
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from castlist.archive.counting import COUNTED, are_failed, count_rows
from castlist.archive.decisions import Decision, DecisionLog, Edges, Kind, Spot
from castlist.archive.folder import ArchiveFolder
from castlist.archive.judging import Places, Shards, box_of, judge_rows, place_of
from castlist.archive.records import ArchivedFace, ArchivedFile, ArchivedPhoto, Counts
from castlist.archive.table import EDGES, Table, keep, where
from castlist.archive.verdicts import NOTHING, Verdict, Verdicts, face_at
from castlist.arguments import checked
from castlist.errors import CastlistError, Message
from castlist.faces import NO_FACE, Box
from castlist.media import UNKNOWN, settle_name
from castlist.paths import as_path, join_below, name_below, spell

_ASKED = (
    *EDGES,
    "photo",
    "digest",
    "face",
    "name",
    "probability",
    "perhaps",
    "best",
    "taken",
    "start",
    "end",
)
_OF_PHOTOS = (*_ASKED, "width", "height", "orientation", "bytes", "modified")
_OF_FILES = ("photo", "digest", "face", "taken", "width", "height", "reason", "problem")

FORGOTTEN = Message("archive-forgotten", "whoever was here has been forgotten")


class Archive:
    """An archive to be asked: its rows as they are when it is opened, with what was decided until then or by itself."""

    def __init__(self, path: str | os.PathLike[str], *, only_decided: bool = False) -> None:
        """Open an archive.

        Args:
            path: Its folder.
            only_decided: Hold the rows of photos that were decided on, and no others: enough to count, and to tell
                conflicts, however many there are.

        Raises:
            CastlistError: If the folder is no archive, or can't be read.
        """
        self.folder = ArchiveFolder.here(path)
        self.root = Path(self.folder.record().root)
        self._log = DecisionLog(self.folder.decisions)
        shards = []
        held = sorted({spot.photo for one in self._log.read() for spot in one.spots}) if only_decided else None
        for unit in self.folder.units() if held != [] else ():
            rows, _ = self.folder.read(unit, [*_OF_PHOTOS, "gone", "reason", "problem"])
            rows = keep(rows, where(rows, "gone", [False]))
            shards.append(rows if held is None else keep(rows, where(rows, "digest", held)))
        self._shards = Shards(shards)
        self._places = Places()
        self.hear()

    def hear(self) -> None:
        """Take in what was decided meanwhile, by whomever."""
        self.heard = self._log.stamp()  # before it is read: what is added meanwhile is heard the next time
        decisions = self._log.read()
        verdicts = judge_rows(decisions, self._shards, self._places)
        named_in: defaultdict[str, set[str]] = defaultdict(set)
        for (digest, _), verdict in verdicts.of.items():
            if verdict.name is not None:
                named_in[digest].add(verdict.name)
        # At once, for whoever reads in another thread; the verdicts last, by which others tell that all is read.
        self._named_in, self.decisions, self.verdicts = named_in, decisions, verdicts

    def people(self) -> set[str]:
        """Everybody whom a face is named or was decided to be, and UNKNOWN."""
        return self._computed.union({UNKNOWN}, *self._named_in.values())

    @functools.cached_property
    def _computed(self) -> set[str]:
        """Everybody whom a face is named, whatever was decided."""
        names = (name for shard in self._shards.every for name in shard["name"].unique().to_pylist())
        return {name for name in names if name is not None}

    @checked
    def named_in(self, digest: str) -> set[str]:
        """Who was decided to be in a photo."""
        return self._named_in.get(digest, set())

    @checked
    def faces(
        self, names: Collection[str] | None = None, digests: Collection[str] | None = None
    ) -> Iterator[ArchivedFace]:
        """The faces of photos that are there, but those that somebody decided to be none.

        Args:
            names: Only those that are called so; None: all.
            digests: Only those in photos of these contents; None: in all.
        """
        decided = sorted({digest for digest, _ in self.verdicts.of})
        for shard in self._shards.every if digests is None else self._shards.of(digests):
            shard = shard.filter(shard["face"].is_valid())
            if names is not None:
                shard = keep(shard, where(shard, "name", sorted(names)) | where(shard, "digest", decided))
            for row in shard.select(_ASKED).to_pylist():
                if (face := self._face(row)) and (names is None or face.name in names):
                    yield face

    def photos(self) -> Iterator[ArchivedPhoto]:
        """The photos that are there and could be read; no films."""
        for shard in self._shards.every:
            rows = keep(shard, ~shard["width"].is_null().to_numpy() & shard["start"].is_null().to_numpy())
            for name, some in groupby(rows.select(_OF_PHOTOS).to_pylist(), key=lambda row: row["photo"]):
                faces = list(some)
                row, path = faces[0], join_below(self.root, name)
                if path is not None:
                    yield ArchivedPhoto(
                        path=path,
                        name=name,
                        digest=row["digest"],
                        size=(row["width"], row["height"]),
                        orientation=row["orientation"],
                        bytes=row["bytes"],
                        modified=row["modified"],
                        faces=tuple(filter(None, (self._face(one) for one in faces if one["face"] is not None))),
                    )

    def unnamed(self) -> Iterator[ArchivedFace]:
        """The faces that nothing computed a name for, as if nothing were decided; without those of the forgotten."""
        for shard in self._shards.every:
            shard = keep(shard, where(shard, "name", [UNKNOWN]) & ~where(shard, "reason", [FORGOTTEN.code]))
            for row in shard.select(_ASKED).to_pylist():
                if face := self._judged(row, NOTHING):
                    yield face

    def files(self) -> Iterator[ArchivedFile]:
        """The photos and films that are there, also those that can't be read."""
        for shard in self._shards.every:
            yield from self._files(keep(shard, where(shard, "face", [None, 1])))  # one row of each

    def unreadable(self) -> Iterator[ArchivedFile]:
        """The photos and films that are there and can't be read, also where only what was decided on is held."""
        for unit in self.folder.units():
            rows, _ = self.folder.read(unit, [*_OF_FILES, "gone"])
            yield from self._files(keep(rows, are_failed(rows)))

    def counts(self) -> Counts:
        """How much there is now."""
        total = Counter(dict.fromkeys(Counts.__dataclass_fields__, 0))
        decided = sorted({digest for digest, _ in self.verdicts.of})
        for unit in self.folder.units():
            total.update(count_rows(self.folder.read(unit, COUNTED)[0], decided))
        for face in self.faces(digests=decided):
            total["faces"] += 1
            if face.name != UNKNOWN:
                total["named"] += 1
            elif face.perhaps:
                total["perhaps"] += 1
        return Counts(**total)

    @checked
    def spot(self, photo: str | os.PathLike[str], *, face: int | None = None, box: Edges | None = None) -> Spot:
        """A face of a photo, as decisions know it.

        Args:
            photo: Its path, as it is or below the archive's root.
            face: Which of its faces, counted from the left, from 1; may be left out where there is one.
            box: Where the face is, instead.

        Raises:
            CastlistError: If the archive knows no such photo or no such face, or it isn't clear which.
        """
        rows = self._rows_of(photo)
        boxes = {row["face"]: tuple(row[edge] for edge in EDGES) for row in rows if row["face"] is not None}
        listed = ", ".join(f"{row['face']} at {_where(row)}" for row in rows if row["face"] is not None)
        if not boxes:
            raise CastlistError("archive-no-face", "The archive knows no face in {photo!r}.", photo=str(photo))
        digest = rows[0]["digest"]
        if box is not None:
            face = face_at({row["face"]: place_of(row) for row in rows if row["face"]}, Box(*box)) or 0
        elif face is None and len(boxes) == 1:
            (face,) = boxes
        if face is None:
            raise CastlistError(
                "archive-which-face",
                "{photo!r} has {count} faces; say which with --face N: {faces}.",
                photo=str(photo),
                count=len(boxes),
                faces=listed,
            )
        if face not in boxes:
            raise CastlistError(
                "archive-not-that-face",
                "{photo!r} has no such face. Choose from: {faces}.",
                photo=str(photo),
                faces=listed,
            )
        start = next(row["start"] for row in rows if row["face"] == face)
        return Spot(digest, boxes[face], start)

    @checked
    def decide(
        self, kind: Kind, face: Spot, *, name: str | None = None, other: Spot | None = None, who: str | None = None
    ) -> Decision:
        """Write a decision down, as `DecisionLog.add` does; gives it."""
        decision = self._log.add(kind, face, name=self._settled(name), other=other, who=who)
        self.hear()
        return decision

    @checked
    def decide_all(self, kind: Kind, faces: Sequence[Spot], *, name: str | None = None, who: str | None = None) -> None:
        """Write the same down of several faces, as `DecisionLog.add_all` does."""
        self._log.add_all(kind, faces, name=self._settled(name), who=who)
        self.hear()

    @checked
    def decide_names(self, named: Sequence[tuple[Spot, str]], *, who: str) -> None:
        """Write down who faces, at least one, are: one decision, which one undo takes back."""
        of: dict[str, list[Spot]] = {}
        for face, name in named:
            of.setdefault(name, []).append(face)
        self._log.add_names(of, who=who, as_one=True)
        self.hear()

    @checked
    def verdicts_but(self, who: str) -> Verdicts:
        """What was decided by all others than somebody."""
        return judge_rows([one for one in self.decisions if one.who != who], self._shards)

    @checked
    def ever_named(self, who: str) -> set[tuple[str, str]]:
        """As `DecisionLog.ever_named`."""
        return self._log.ever_named(who)

    @checked
    def undo(self, *, id: str | None = None, who: str | None = None) -> Decision:
        """Take a decision back that holds, as `DecisionLog.undo` does; gives it."""
        taken = self._log.undo(id=id, who=who)
        self.hear()
        return taken

    def _settled(self, name: str | None) -> str | None:
        """Who is meant; a decision on somebody who is called nearly like another could never be taught."""
        return None if name is None else settle_name(name, self.people())

    def _face(self, row: dict[str, Any]) -> ArchivedFace | None:
        """A face as its row and what was decided tell it; None: it was decided to be none."""
        return self._judged(row, self.verdicts.of.get((row["digest"], row["face"]), NOTHING))

    def _judged(self, row: dict[str, Any], verdict: Verdict) -> ArchivedFace | None:
        digest, number, path = row["digest"], row["face"], join_below(self.root, row["photo"])
        if path is None:  # an archive may come from anybody, and what is found is copied
            return None
        name, probability, perhaps = row["name"], row["probability"], row["perhaps"]
        best = {one["name"]: one["probability"] for one in row["best"] or ()}
        if not verdict.is_face:
            return None
        if verdict.is_final:
            name, probability, perhaps, best = verdict.name or UNKNOWN, 1.0, None, {}
        else:
            # Nobody is twice in a photo; in a film, again and again.
            there = self.named_in(digest) if row["start"] is None else set()
            others = verdict.not_names | there
            perhaps = None if perhaps in others else perhaps
            best = {one: share for one, share in best.items() if one not in others}
            if name in others:
                name, probability = UNKNOWN, 1 - probability
        return ArchivedFace(
            path=path,
            digest=digest,
            number=number,
            box=box_of(row),
            name=name or UNKNOWN,
            probability=probability or 0.0,
            perhaps=perhaps,
            others=tuple((one, share) for one, share in best.items() if one != (name or UNKNOWN)),
            is_decided=verdict.is_final,
            taken=row["taken"],
            start=row["start"],
            end=row["end"],
        )

    def _files(self, rows: Table) -> Iterator[ArchivedFile]:
        for row in rows.select(_OF_FILES).to_pylist():
            if path := join_below(self.root, row["photo"]):
                failed = row["face"] is None and row["reason"] != NO_FACE.code
                problem = Message.filled(row["reason"] or "", row["problem"] or "") if failed else None
                size = (row["width"] or 0, row["height"] or 0)
                yield ArchivedFile(path, row["photo"], row["digest"], size, row["taken"], problem)

    def _rows_of(self, photo: str | os.PathLike[str]) -> list[dict[str, Any]]:
        path = as_path(photo)
        names = [spell(path.as_posix())]
        for whole in {path.absolute(), path.resolve()}:
            if whole.is_relative_to(self.root):
                names.append(name_below(self.root, whole))
        for shard in self._shards.every:
            if rows := keep(shard, where(shard, "photo", names)).select(_ASKED).to_pylist():
                return rows
        raise CastlistError(
            "archive-no-photo",
            "The archive {path!r} knows no photo {photo!r}. Give its path, or its path below {root!r}.",
            path=str(self.folder.path),
            photo=str(photo),
            root=str(self.root),
        )


def _where(row: Mapping[str, Any]) -> str:
    """Where a face is, for whoever is to choose one."""
    return f"{row['left']:.0f},{row['top']:.0f}" + ("" if row["start"] is None else f" from {row['start']:.1f} s")
