"""What is written: pictures and tables, where the user says, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from castlist.desktop.album import Album
from castlist.desktop.desk import Desk
from castlist.desktop.dialogs import ask_file
from castlist.desktop.worker import Task
from castlist.naming import NamedFilm, NamedPhoto

if TYPE_CHECKING:
    from castlist.desktop.asking import Watched


class Saving:
    """Asks for a file, and writes what is looked at into it."""

    def __init__(self, desk: Desk, album: Album) -> None:
        self._desk, self._album = desk, album

    def named(self) -> None:
        """The picture, with names on it."""
        self._desk.notice.hide()
        recognizer, picture, answer = self._album.recognizer, self._album.picture, self._album.answer
        if not recognizer or not picture or not answer or not self._is_read(answer):
            self._need_picture()
        elif path := self._ask(f"{picture.path.stem}.named", answer):
            from castlist.desktop.asking import save_named

            people = self._desk.people_of(recognizer)
            self._desk.do(lambda task: save_named(picture, answer, people, path, task), self._saved)

    def hidden(self) -> None:
        """The picture, with the faces of strangers hidden."""
        self._desk.notice.hide()
        recognizer, picture, answer = self._album.recognizer, self._album.picture, self._album.answer
        if not recognizer or not picture or not answer or not self._is_read(answer):
            self._need_picture()
        elif path := self._ask(f"{picture.path.stem}.hidden", answer):
            from castlist.desktop.asking import save_hidden

            self._desk.do(lambda task: save_hidden(recognizer, picture, path, task), self._saved)

    def table(self) -> None:
        """The names in all pictures that are open, as CSV."""
        self._desk.notice.hide()
        answers = [answer for _, answer in sorted(self._album.answers.items())]
        if not answers:
            self._need_picture()
        elif path := ask_file(self._desk.root, "names.csv"):
            from castlist.files import write_csv
            from castlist.naming import COLUMNS, film_rows, photo_rows

            def rows(answer: NamedPhoto | NamedFilm) -> Iterator[tuple[str, ...]]:
                return film_rows(answer) if isinstance(answer, NamedFilm) else photo_rows(answer)

            def work(_: Task) -> Iterator[Path]:
                write_csv(path, COLUMNS, [row for answer in answers for row in rows(answer)])
                yield path

            self._desk.do(work, self._saved)

    def _ask(self, stem: str, answer: NamedPhoto | NamedFilm) -> Path | None:
        return ask_file(self._desk.root, f"{stem}.{'mp4' if isinstance(answer, NamedFilm) else 'jpg'}")

    def _is_read(self, answer: NamedPhoto | NamedFilm) -> bool:
        return answer.is_read if isinstance(answer, NamedFilm) else not answer.problem

    def _saved(self, saved: Path | Watched) -> None:
        if isinstance(saved, Path):
            self._desk.status.say(lambda translate: translate("Saved: {path}").format(path=saved))
        else:
            self._desk.status.say(saved.describe)

    def _need_picture(self) -> None:
        self._desk.notice.tell(lambda translate: translate("Open a picture first."))
