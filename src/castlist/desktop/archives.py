"""An archive in the window: its names without a look, and what is said about a face goes into it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from castlist.desktop.album import Album
from castlist.desktop.desk import Desk
from castlist.desktop.worker import Task
from castlist.languages import Translate
from castlist.media import UNKNOWN
from castlist.naming import NamedFilm, NamedPhoto

if TYPE_CHECKING:
    from castlist.archive import Archive

Answers = list[NamedPhoto | NamedFilm]


def is_archive(paths: Sequence[Path]) -> bool:
    """Whether what is to be opened is an archive, and nothing else."""
    return len(paths) == 1 and (paths[0] / "archive.json").is_file()


class ArchiveView:
    """Shows an archive in the album, and decides there."""

    def __init__(self, desk: Desk, album: Album, on_shown: Callable[[], object]) -> None:
        self._desk, self._album, self._on_shown = desk, album, on_shown
        self._archive: Archive | None = None

    @property
    def is_open(self) -> bool:
        """Whether what is looked at is an archive's."""
        return self._archive is not None and self._album.is_settled

    def open(self, path: Path) -> None:
        """Show an archive's photos with the names that it has."""

        def read(_: Task) -> Iterator[tuple[Archive, Answers, list[str]]]:
            from castlist.archive import Archive, named_photos  # here: what it imports takes long

            opened = Archive(path)
            yield opened, named_photos(opened), sorted(opened.people() - {UNKNOWN})

        def take(found: tuple[Archive, Answers, list[str]]) -> None:
            self._archive, answers, people = found
            self._on_shown()
            self._album.settle(answers, people)
            count = len(answers)
            self._desk.status.say(
                lambda translate: translate("The archive has {count} pictures; none was looked at again.").format(
                    count=f"{count:,}"
                )
            )

        self._desk.do(read, take)

    def decide(self, name: str) -> None:
        """Say who the chosen face is; nothing that is computed overrides it."""
        archive, answer, index = self._archive, self._album.answer, self._album.face
        if not (archive and name and isinstance(answer, NamedPhoto) and index < len(answer.faces)):
            self._desk.notice.tell(lambda translate: translate("Choose a face in the picture, and write a name."))
            return
        box = answer.faces[index].box
        assert box is not None, "faces of an archive have boxes"

        def work(_: Task) -> Iterator[str]:
            from castlist.media import meant_by

            edges = box.left, box.top, box.right, box.bottom
            said = meant_by(name, archive.people())
            archive.decide("is", archive.spot(answer.path, box=edges), name=said)
            yield said

        self._change(
            work, lambda translate, who: translate("Decided: this is {name}. To take it back: Ctrl+Z.").format(name=who)
        )

    def take_back(self) -> None:
        """Take the last decision back, whoever made it."""
        archive = self._archive
        assert archive is not None, "only asked while one is open"

        def work(_: Task) -> Iterator[str]:
            yield archive.undo().name or ""

        self._change(work, lambda translate, who: translate("Taken back: {name}.").format(name=who))

    def _change(self, work: Callable[[Task], Iterator[str]], says: Callable[[Translate, str], str]) -> None:
        """Change what is decided, then show the archive by that."""
        archive = self._archive
        assert archive is not None, "only asked while one is open"

        def change(task: Task) -> Iterator[tuple[str, Answers, list[str]]]:
            from castlist.archive import named_photos

            (who,) = work(task)
            yield who, named_photos(archive), sorted(archive.people() - {UNKNOWN})

        def take(changed: tuple[str, Answers, list[str]]) -> None:
            who, answers, people = changed
            self._album.answer_anew(answers, people)
            self._album.panel.empty()
            conflicts = archive.verdicts.conflicts
            self._desk.status.say(lambda translate: says(translate, who))
            if conflicts:
                self._desk.notice.tell(lambda _: self._desk.texts.explain(conflicts[-1]))

        self._desk.do(change, take)
