"""What was once seen in a photo, kept by the content of its file, so that it needn't be looked at again."""

from __future__ import annotations

import contextlib
import json
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from castlist.caches import cache_folder
from castlist.duplicates import SIDE, DuplicatePair, PhotoSignature
from castlist.errors import CastlistError, Message
from castlist.faces import Box, Quality

VERSION = 13  # of the tables and of what fills them; another version's are made anew
_NUMBERS = 10  # of a face: four edges, confidence, eye distance, sharpness, yaw, two flags; its embedding follows
_KEPT = 20  # searches, and judgements
_JOURNALS = ("-journal", "-wal", "-shm")  # of SQLite, beside the file

HALF_HIDDEN = Message("face-half-hidden", "half hidden")


@dataclass(frozen=True)
class CheckedFace:
    """A face in a photo, without its pixels."""

    box: Box
    confidence: float
    quality: Quality
    cut_off: bool = False  # by the photo's edge
    covered: bool = False  # seems to be behind something

    @property
    def problem(self) -> Message | None:
        """Why a name can't be trusted, or None."""
        return HALF_HIDDEN if self.cut_off or self.covered else self.quality.problem

    @property
    def is_poor(self) -> bool:
        """Whether it may look like nobody of the cast though it is; covered ones are mostly told all the same."""
        return self.cut_off or self.quality.problem is not None


@dataclass(frozen=True, eq=False)
class CheckedPhoto:
    """What is kept of a photo."""

    signature: PhotoSignature | None  # None where it can't be read
    reason: Message | None  # why it can't be
    faces: tuple[CheckedFace, ...]  # largest first
    embeddings: np.ndarray  # (faces, values), float32, L2 norm 1
    drawn: bool = False  # its faces look drawn, or, where there is none, the whole of it


def cache_file() -> Path:
    """Where it is kept; it can be made anew."""
    return cache_folder() / "checks.sqlite"


def delete_checks_of(is_meant: Callable[[str], bool]) -> int:
    """Delete what is kept of a person's photos, also under other names; gives how many these were.

    Args:
        is_meant: Tells of a name whether it means the person.
    """
    if not cache_file().is_file():
        return 0
    with open_cache() as cache:
        return cache.delete(is_meant)


class Cache:
    """Photos by content and person: a person's rows can be deleted and nobody else's go with them.

    Each deletion begins an epoch. Who began in an earlier one may have seen the forgotten, and keeps nothing any more.
    """

    def __init__(self, connection: sqlite3.Connection, epoch: int | None = None) -> None:
        self._connection = connection
        self.epoch = _epoch(connection) if epoch is None else epoch

    def find(self, digest: str, person: str) -> CheckedPhoto | None:
        """What is kept of a photo, if anything is."""
        query = (
            "SELECT reason, height, width, thumbnail, n_faces, faces, drawn FROM photo WHERE digest = ? AND person = ?"
        )
        row = self._connection.execute(query, (digest, person)).fetchone()
        if row is None:
            return None
        reason, height, width, thumbnail, n_faces, faces, drawn = row
        if reason is not None:
            return CheckedPhoto(None, Message.from_dict(json.loads(reason)), (), np.zeros((0, 0), np.float32))
        grey = np.frombuffer(thumbnail, np.uint8).reshape(SIDE, SIDE)
        numbers = np.frombuffer(faces, np.float32).reshape(n_faces, -1 if n_faces else _NUMBERS)
        seen = tuple(
            CheckedFace(Box(*row[:4]), row[4], Quality(*row[5:8]), *map(bool, row[8:]))
            for row in numbers[:, :_NUMBERS].tolist()
        )
        # What follows the digest of a file is the mark of a face in it.
        signature = PhotoSignature(digest.partition(" ")[0], grey, height, width)
        return CheckedPhoto(signature, None, seen, numbers[:, _NUMBERS:], bool(drawn))

    def keep(self, digest: str, person: str, photo: CheckedPhoto) -> None:
        """Keep what was seen, unless somebody was forgotten meanwhile; it is on disk after the next `commit`."""
        if not self._may_keep():
            return
        numbers = []
        for face in photo.faces:
            box, quality = face.box, face.quality
            edges = (box.left, box.top, box.right, box.bottom)
            measured = (face.confidence, quality.eye_distance, quality.sharpness, quality.yaw)
            numbers.append((*edges, *measured, face.cut_off, face.covered))
        faces = np.hstack([np.array(numbers, np.float32), photo.embeddings]) if numbers else np.zeros((0, 0))
        signature, reason = photo.signature, None if photo.reason is None else json.dumps(photo.reason.to_dict())
        size = (signature.height, signature.width, signature.thumbnail.tobytes()) if signature else (None, None, None)
        self._connection.execute(
            "INSERT OR REPLACE INTO photo VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (digest, person, reason, *size, len(numbers), faces.astype(np.float32).tobytes(), photo.drawn),
        )

    def find_pairs(self, stamp: str) -> list[DuplicatePair] | None:
        """The duplicates among photos whose contents, in order, have this stamp."""
        row = self._connection.execute("SELECT pairs FROM search WHERE stamp = ?", (stamp,)).fetchone()
        return None if row is None else [DuplicatePair(*pair) for pair in json.loads(row[0])]

    def keep_pairs(self, stamp: str, pairs: list[DuplicatePair]) -> None:
        """Keep them, and only the last few such searches."""
        text = json.dumps([(pair.first, pair.second, pair.kind, pair.similarity) for pair in pairs])
        self._keep_last("search", stamp, text)

    def find_judgement(self, stamp: str) -> str | None:
        """What was judged of the faces and names with this stamp."""
        row = self._connection.execute("SELECT outcome FROM judgement WHERE stamp = ?", (stamp,)).fetchone()
        return None if row is None else str(row[0])

    def keep_judgement(self, stamp: str, outcome: str) -> None:
        """Keep it, and only the last few."""
        self._keep_last("judgement", stamp, outcome)

    def _may_keep(self) -> bool:
        """Whether nobody was forgotten meanwhile; if so, nobody can be until the next `commit`."""
        if not self._connection.in_transaction:
            self._connection.execute("BEGIN IMMEDIATE")
        if _epoch(self._connection) == self.epoch:
            return True
        self._connection.rollback()
        return False

    def _keep_last(self, table: str, stamp: str, text: str) -> None:
        if not self._may_keep():
            return
        self._connection.execute(f"INSERT OR REPLACE INTO {table} VALUES (?, ?)", (stamp, text))
        self._connection.execute(
            f"DELETE FROM {table} WHERE rowid NOT IN (SELECT rowid FROM {table} ORDER BY rowid DESC LIMIT ?)", (_KEPT,)
        )

    def commit(self) -> None:
        self._connection.commit()

    def delete(self, is_meant: Callable[[str], bool]) -> int:
        """Delete a person's rows, overwritten on disk; gives how many photos these were.

        A copy of such a photo in somebody else's folder shows the same face, so its row goes too, whosever it is. So do
        all judgements, which don't say of whom they are.
        """
        self._connection.execute("BEGIN IMMEDIATE")  # nobody keeps anything between these
        people = [person for (person,) in self._connection.execute("SELECT DISTINCT person FROM photo")]
        count = self._connection.executemany(
            "DELETE FROM photo WHERE digest IN (SELECT digest FROM photo WHERE person = ?)",
            [(person,) for person in people if is_meant(person)],
        ).rowcount
        self._connection.execute("DELETE FROM judgement")
        self._connection.execute("UPDATE epoch SET number = ?", (secrets.randbits(62),))
        self._connection.commit()
        return count


@contextlib.contextmanager
def open_cache(epoch: int | None = None) -> Iterator[Cache]:
    """Open the user's cache; one that is damaged or of another version is made anew.

    Args:
        epoch: In which what is going to be kept was seen; by default that of now.

    Raises:
        CastlistError: If it can't be opened or written.
    """
    path = cache_file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            connection = _connect(path)
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):  # locked or not to be written, not damaged
                raise
            for one in (path, *(path.with_name(path.name + end) for end in _JOURNALS)):
                one.unlink(missing_ok=True)
            connection = _connect(path)
        try:
            yield Cache(connection, epoch)
            connection.commit()
        finally:
            connection.close()
    except (OSError, sqlite3.Error) as error:
        raise CastlistError(
            "checks-unkept",
            "What was seen in photos can't be kept in {path!r} ({reason}). Make room there or delete it.",
            path=str(path),
            reason=str(error),
        ) from error


def _connect(path: Path) -> sqlite3.Connection:
    path.touch(mode=0o600)
    path.chmod(0o600)  # of an older castlist's too; SQLite gives its journal the same
    connection = sqlite3.connect(path, timeout=60)
    try:
        # A journal holds what was there before a change: it must not outlive the change.
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("PRAGMA secure_delete = ON")  # who is forgotten must not be readable in free pages
        if _version(connection) != VERSION:
            connection.execute("BEGIN IMMEDIATE")
            if _version(connection) != VERSION:  # still, with everybody else kept out
                _make_tables(connection)
            connection.commit()
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _epoch(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT number FROM epoch").fetchone()[0])


def _make_tables(connection: sqlite3.Connection) -> None:
    for table in ("photo", "search", "judgement", "epoch"):
        connection.execute(f"DROP TABLE IF EXISTS {table}")
    connection.execute(
        "CREATE TABLE photo (digest TEXT, person TEXT, reason TEXT, height INTEGER, width INTEGER, "
        "thumbnail BLOB, n_faces INTEGER, faces BLOB, drawn INTEGER, PRIMARY KEY (digest, person))"
    )
    connection.execute("CREATE TABLE search (stamp TEXT PRIMARY KEY, pairs TEXT)")
    connection.execute("CREATE TABLE judgement (stamp TEXT PRIMARY KEY, outcome TEXT)")
    # By chance: a cache that is made anew must not come to the same numbers again.
    connection.execute("CREATE TABLE epoch (number INTEGER)")
    connection.execute("INSERT INTO epoch VALUES (?)", (secrets.randbits(62),))
    connection.execute(f"PRAGMA user_version = {VERSION}")
