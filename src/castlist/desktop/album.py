"""The pictures that are open: which one is looked at, and who is in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tkinter import ttk
from typing import TYPE_CHECKING

import numpy as np

from castlist.desktop.answers import AnswersPanel
from castlist.desktop.desk import Desk
from castlist.desktop.picture import Picture, PictureView
from castlist.desktop.strip import Strip
from castlist.desktop.texts import Sentence
from castlist.desktop.worker import Task
from castlist.errors import CastlistError
from castlist.media import find_photos
from castlist.naming import NamedPhoto, Recognizer, Seen

if TYPE_CHECKING:
    from castlist.desktop.asking import Looked

THUMBNAIL = 72  # pixels at 1x


class Album:
    """Shows pictures, names them off the window's thread, and knows what was answered."""

    def __init__(self, desk: Desk, on_enrol: Callable[[str], object]) -> None:
        self._desk = desk
        self.recognizer: Recognizer | None = None
        self.pictures: list[Picture] = []
        self.answers: dict[int, NamedPhoto] = {}
        self._seen: dict[int, Seen] = {}  # by which they were answered, where faces can be enrolled
        self.index = 0
        self.face = 0
        self._pixels: tuple[int, np.ndarray] | None = None  # of the picture that is shown
        self._naming: Task | None = None
        self._viewing: Task | None = None
        self.strip = Strip(desk.root, round(THUMBNAIL * desk.scale), self.show)
        self._middle = ttk.PanedWindow(desk.root, orient="horizontal")
        self._middle.pack(fill="both", expand=True)
        self.view = PictureView(self._middle, desk.texts, desk.worker, self.choose_face)
        self.panel = AnswersPanel(self._middle, desk.texts, desk.scale, self.choose_face, on_enrol)
        self._middle.add(self.view, weight=4)
        self._middle.add(self.panel, weight=1)

    @property
    def picture(self) -> Picture | None:
        """What is looked at."""
        return self.pictures[self.index] if self.pictures else None

    @property
    def answer(self) -> NamedPhoto | None:
        """What was answered for the picture that is looked at; None as long as it isn't named."""
        return self.answers.get(self.index)

    @property
    def seen(self) -> Seen | None:
        """What was seen of the picture that is looked at; None where no face of it can be enrolled."""
        return self._seen.get(self.index)

    def name_with(self, recognizer: Recognizer, says: Sentence | None = None) -> None:
        """Name with another recognizer from now on, what is open too; then say so."""
        self.recognizer = recognizer
        run = recognizer.run
        self._desk.offer_people(self.panel.name, recognizer)
        self.panel.let_enrol(recognizer.gallery is not None and not run.has_network)
        if self.pictures:
            self._name(says)
        elif says:
            self._desk.status.say(says)

    def open(self, paths: Sequence[Path]) -> None:
        """Show and name files and folders."""

        def find(_: Task) -> Iterator[list[Picture]]:
            yield [Picture(path) for path in find_photos(paths)]

        self._desk.do(find, self.take)

    def take(self, pictures: list[Picture]) -> None:
        """Show and name pictures."""
        self.stop()
        self._lay_out(pictures)
        self.show(0)
        self._name()

    def put(self, picture: Picture, pixels: np.ndarray, answer: NamedPhoto, seen: Seen | None) -> None:
        """Show one picture that is named already, as the camera's are."""
        if len(self.pictures) != 1:
            self._lay_out([picture])
        self.pictures, self.index, self.answers = [picture], 0, {0: answer}
        self._seen = {} if seen is None else {0: seen}
        self._pixels = (0, pixels)
        self._draw()

    def show(self, index: int) -> None:
        """Look at one of the pictures."""
        self.index, self.face = index, 0
        if len(self.pictures) > 1:
            self.strip.choose(index)
        self._draw()
        if self._has_pixels:
            return
        if self._viewing:
            self._viewing.stop()
        picture = self.pictures[index]

        def read(_: Task) -> Iterator[np.ndarray]:
            yield picture.read()

        def take(pixels: np.ndarray) -> None:
            self._pixels = (index, pixels)
            self._draw()

        def end(error: CastlistError | None) -> None:
            if error:
                self.view.tell(lambda _: self._desk.texts.explain(error))

        self._viewing = self._desk.worker.start(read, take, end)

    def turn(self, step: int) -> None:
        """Look at a neighbor of the picture."""
        if 0 <= self.index + step < len(self.pictures):
            self.show(self.index + step)

    def choose_face(self, index: int) -> None:
        """Take a face of the picture as that which is to get a name."""
        if index != self.face:
            self.face = index
            self._draw()

    def stop(self) -> None:
        """Stop naming; what is named so far stays."""
        if self._naming:
            self._naming.stop()
            self._naming = None
            self._desk.status.idle()

    def _lay_out(self, pictures: list[Picture]) -> None:
        self.pictures, self.answers, self._seen = pictures, {}, {}
        self._pixels = None
        if len(pictures) > 1:
            self.strip.pack(fill="x", before=self._middle, side="bottom")
            self.strip.reset(len(pictures))
        else:
            self.strip.pack_forget()

    def _name(self, says: Sentence | None = None) -> None:
        if not self.recognizer:
            return
        self.stop()
        recognizer, pictures, total, kept = self.recognizer, self.pictures, len(self.pictures), self.index
        status = self._desk.status
        self.answers, self._seen = {}, {}
        self._draw()  # what another recognizer said must not stand there any longer
        status.busy(total)

        def take(looked: Looked) -> None:
            self.answers[looked.index] = looked.answer
            if looked.seen is not None:
                self._seen[looked.index] = looked.seen
            if total > 1:
                self.strip.put(looked.index, looked.thumbnail)
            if looked.index == self.index:
                if looked.pixels is not None and not self._has_pixels:
                    self._pixels = (looked.index, looked.pixels)
                self._draw()
            done = len(self.answers)
            status.done(done)
            if total > 1:
                status.say(
                    lambda translate: translate("{done} of {total} pictures named").format(done=done, total=total)
                )

        def end(error: CastlistError | None) -> None:
            self.stop()
            if says and not error:
                status.say(says)
            self._desk.notice.complain(error)

        def work(task: Task) -> Iterator[Looked]:
            # Here: what it imports takes longer than the window may stand still.
            from castlist.desktop.asking import name_pictures

            return name_pictures(recognizer, pictures, self.strip.side, task, keep=kept)

        self._naming = self._desk.worker.start(work, take, end)

    @property
    def _has_pixels(self) -> bool:
        """Whether the pixels at hand are those of the picture that is looked at."""
        return self._pixels is not None and self._pixels[0] == self.index

    def _draw(self) -> None:
        answer = self.answer
        self.panel.show(answer, self.face)
        if self._pixels and self._has_pixels:
            self.view.show(self._pixels[1], answer.faces if answer else (), self.face)
        elif answer and answer.problem:
            problem = answer.problem
            self.view.tell(lambda _: self._desk.texts.explain(problem))
        if self.pictures:
            self._desk.root.title(f"{self.pictures[self.index].path.name} – castlist")
