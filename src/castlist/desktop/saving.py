"""What is written: pictures and tables, where the user says, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from castlist.desktop.album import Album
from castlist.desktop.desk import Desk
from castlist.desktop.dialogs import ask_file
from castlist.desktop.worker import Task


class Saving:
    """Asks for a file, and writes what is looked at into it."""

    def __init__(self, desk: Desk, album: Album) -> None:
        self._desk, self._album = desk, album

    def named(self) -> None:
        """The picture, with names on it."""
        self._desk.notice.hide()
        picture, answer = self._album.picture, self._album.answer
        if not picture or not answer or answer.problem:
            self._need_picture()
        elif path := ask_file(self._desk.root, f"{picture.path.stem}.named.jpg"):
            from castlist.desktop.asking import save_named

            self._desk.do(lambda _: save_named(picture, answer, path), self._saved)

    def hidden(self) -> None:
        """The picture, with the faces of strangers hidden."""
        self._desk.notice.hide()
        recognizer, picture, answer = self._album.recognizer, self._album.picture, self._album.answer
        if not recognizer or not picture or not answer or answer.problem:
            self._need_picture()
        elif path := ask_file(self._desk.root, f"{picture.path.stem}.hidden.jpg"):
            from castlist.desktop.asking import save_hidden

            self._desk.do(lambda _: save_hidden(recognizer, picture, path), self._saved)

    def table(self) -> None:
        """The names in all pictures that are open, as CSV."""
        self._desk.notice.hide()
        answers = [answer for _, answer in sorted(self._album.answers.items())]
        if not answers:
            self._need_picture()
        elif path := ask_file(self._desk.root, "names.csv"):
            from castlist.files import write_csv
            from castlist.naming import COLUMNS, photo_rows

            def work(_: Task) -> Iterator[Path]:
                write_csv(path, COLUMNS, [row for answer in answers for row in photo_rows(answer)])
                yield path

            self._desk.do(work, self._saved)

    def _saved(self, path: Path) -> None:
        self._desk.status.say(lambda translate: translate("Saved: {path}").format(path=path))

    def _need_picture(self) -> None:
        self._desk.notice.tell(lambda translate: translate("Open a picture first."))
