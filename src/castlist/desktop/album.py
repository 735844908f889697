"""The pictures that are open: which one is looked at, and who is in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tkinter import ttk
from typing import TYPE_CHECKING

from castlist.desktop.answers import AnswersPanel
from castlist.desktop.desk import Desk
from castlist.desktop.films import Still, choose_still
from castlist.desktop.picture import Picture, PictureView
from castlist.desktop.strip import Strip
from castlist.desktop.texts import Sentence
from castlist.desktop.worker import Task
from castlist.errors import CastlistError
from castlist.naming import NamedFilm, NamedPhoto

if TYPE_CHECKING:
    import numpy as np

    from castlist.desktop.asking import Looked, Watched
    from castlist.naming import Recognizer, Seen
    from castlist.run import Enrolled

THUMBNAIL = 72  # pixels at 1x
ROOMY = 560  # height of a window at 1x in which the strip leaves enough room for the picture


class Album:
    """Shows pictures, names them off the window's thread, and knows what was answered."""

    def __init__(self, desk: Desk, on_enrol: Callable[[str], object]) -> None:
        self._desk = desk
        self.recognizer: Recognizer | None = None
        self.ready: Sentence = lambda _: ""  # said when a picture is named, if it is the only one
        self.pictures: list[Picture] = []
        self.answers: dict[int, NamedPhoto | NamedFilm] = {}
        self._seen: dict[int, Seen] = {}  # by which they were answered, where faces can be enrolled
        self._ready_for: Recognizer | None = None
        self._born = ""  # when the run was made whose eyes saw them
        self._people: Sequence[str] = ()
        self.remembered: list[Enrolled] = []  # what was enrolled in this window
        self.is_settled = False  # whether what was answered stands in an archive, and no run names it anew
        self.index = 0
        self.face = 0  # of a film: the row of its sightings
        self._pixels: tuple[int, int, np.ndarray] | None = None  # which picture's, which frame's, and they
        self._naming: Task | None = None
        self._viewing: Task | None = None
        self._asked: tuple[int, int] | None = None  # which picture's pixels, and which frame's, were asked for last
        self._wants_strip: bool | None = None  # None: as there is room
        self.strip = Strip(desk.root, desk.worker, round(THUMBNAIL * desk.scale), self.show)
        self._middle = ttk.PanedWindow(desk.root, orient="horizontal")
        self._middle.pack(fill="both", expand=True)
        self.view = PictureView(self._middle, desk.texts, desk.worker, self._click)
        self.panel = AnswersPanel(self._middle, desk.texts, desk.scale, self.choose_face, on_enrol)
        self._middle.add(self.view, weight=4)
        self._middle.add(self.panel, weight=1)
        self.panel.name.bind("<FocusIn>", lambda _: self._get_ready())
        desk.root.bind("<Configure>", lambda event: self._place_strip() if event.widget is desk.root else None)

    @property
    def picture(self) -> Picture | None:
        """What is looked at."""
        return self.pictures[self.index] if self.pictures else None

    @property
    def answer(self) -> NamedPhoto | NamedFilm | None:
        """What was answered for the picture that is looked at; None as long as it isn't named."""
        return self.answers.get(self.index)

    @property
    def seen(self) -> Seen | None:
        """What was seen of the picture that is looked at; None where no face of it can be enrolled."""
        return self._seen.get(self.index)

    def name_with(self, recognizer: Recognizer, says: Sentence | None = None) -> None:
        """Name with another recognizer from now on, or with what it knows by now; what is open too, then say so."""
        if self._born != (born := recognizer.run.created):
            self._seen, self._born = {}, born  # another network's
        self.recognizer = recognizer
        if not self.is_settled:
            self._offer()
        if self.pictures and not self.is_settled:
            self._name(says)
        elif says:
            self._desk.status.say(says)

    def open(self, paths: Sequence[Path]) -> None:
        """Show and name files and folders."""

        def find(_: Task) -> Iterator[list[Picture]]:
            from castlist.media import find_photos

            yield [Picture(path) for path in find_photos(paths)]

        self._desk.do(find, self.take)

    def take(self, pictures: list[Picture]) -> None:
        """Show and name pictures."""
        self.stop()
        self._lay_out(pictures)
        self.show(0)
        self._name()

    def settle(self, answers: Sequence[NamedPhoto | NamedFilm], people: Sequence[str]) -> None:
        """Show pictures with answers that stand."""
        self.stop()
        self._lay_out([Picture(answer.path) for answer in answers])
        self.is_settled = True
        self.panel.let_enrol(True)
        self.answer_anew(answers, people)
        self.show(0)

    def answer_anew(self, answers: Sequence[NamedPhoto | NamedFilm], people: Sequence[str]) -> None:
        """Show what is answered by now for the pictures that are open."""
        self.answers, self._people = dict(enumerate(answers)), people
        self.panel.name.configure(values=list(people), postcommand="")
        self._draw()

    def put(self, picture: Picture, pixels: np.ndarray, answer: NamedPhoto, seen: Seen | None) -> None:
        """Show one picture that is named already, as the camera's are."""
        if len(self.pictures) != 1:
            self._lay_out([picture])
        self.pictures, self.index, self.answers = [picture], 0, {0: answer}
        self._seen = {} if seen is None else {0: seen}
        self._pixels = (0, 0, pixels)
        self._draw()

    def show(self, index: int) -> None:
        """Look at one of the pictures."""
        self.index, self.face, self._asked = index, 0, None
        if len(self.pictures) > 1:
            self.strip.choose(index)
        self._draw()

    def turn(self, step: int) -> None:
        """Look at a neighbor of the picture."""
        if 0 <= self.index + step < len(self.pictures):
            self.show(self.index + step)

    def choose_face(self, index: int) -> None:
        """Take a face of the picture as that which is to get a name; of a film, show the row."""
        if index != self.face:
            self.face = index
            self._draw()

    def toggle_strip(self) -> None:
        """Show the strip, or give its room to the picture."""
        self._wants_strip = not self.strip.winfo_ismapped()
        self._place_strip()

    def stop(self) -> None:
        """Stop naming; what is named so far stays."""
        if self._naming:
            self._naming.stop()
            self._naming = None
            self._desk.status.idle()

    def _click(self, face: int) -> None:
        if isinstance(self.answer, NamedPhoto):
            self.choose_face(face)
            self.panel.ask_name()

    def _get_ready(self) -> None:
        if (recognizer := self.recognizer) and recognizer is not self._ready_for:
            from castlist.desktop.asking import get_ready

            self._ready_for = recognizer
            # What fails here is told when somebody is enrolled.
            self._desk.worker.start(lambda _: get_ready(recognizer), lambda _: None, lambda _: None)

    def _offer(self) -> None:
        """Let the panel offer the people of the run."""
        if recognizer := self.recognizer:
            self._people = recognizer.run.people
            self._desk.offer_people(self.panel.name, recognizer)
            self.panel.let_enrol(recognizer.gallery is not None and not recognizer.run.has_network)

    def _lay_out(self, pictures: list[Picture]) -> None:
        if self.is_settled:
            self._offer()
        self.pictures, self.answers, self._seen, self.is_settled = pictures, {}, {}, False
        self._pixels = self._asked = None
        if self._viewing:
            self._viewing.stop()
        self.strip.reset(pictures)
        self._place_strip()

    def _place_strip(self) -> None:
        wanted = self._wants_strip
        if wanted is None:
            wanted = self._desk.root.winfo_height() >= ROOMY * self._desk.scale
        is_there = bool(self.strip.winfo_manager())
        if (wanted and len(self.pictures) > 1) == is_there:
            return
        if is_there:
            self.strip.pack_forget()
        else:
            self.strip.pack(fill="x", before=self._middle, side="bottom")

    def _name(self, says: Sentence | None = None) -> None:
        if not self.recognizer:
            return
        self.stop()
        recognizer, pictures, known, total = self.recognizer, self.pictures, dict(self._seen), len(self.pictures)
        status = self._desk.status
        self.answers, self._seen = {}, {}
        self._draw()  # what another recognizer said must not stand there any longer
        status.busy(total)
        status.say(lambda translate: translate("Looking at the photos…"))

        def take(looked: Looked | Watched) -> None:
            from castlist.desktop.asking import Watched

            if isinstance(looked, Watched):
                status.say(looked.describe)
                return
            self._take(looked)
            done = len(self.answers)
            status.done(done)
            if total > 1:
                status.say(
                    lambda translate: translate("{done} of {total} pictures named").format(done=done, total=total)
                )

        def end(error: CastlistError | None) -> None:
            self.stop()
            if error:
                status.say(lambda _: "")  # nobody looks at the photos any more
            elif says or total == 1:
                status.say(says or self.ready)
            self._desk.notice.complain(error)

        def work(task: Task) -> Iterator[Looked]:
            # Here: what it imports takes longer than the window may stand still.
            from castlist.desktop.asking import name_pictures

            return name_pictures(recognizer, pictures, known, self.strip.side, task, lambda: self.index)

        self._naming = self._desk.worker.start(work, take, end)

    def _take(self, looked: Looked) -> None:
        self.answers[looked.index] = looked.answer
        if looked.seen is not None:
            self._seen[looked.index] = looked.seen
        if looked.thumbnail:
            self.strip.put(looked.index, looked.thumbnail)
        if looked.index == self.index:
            if looked.pixels is not None and self._pixels_at_hand is None:
                self._pixels = (looked.index, 0, looked.pixels)
            self._draw()

    @property
    def _still(self) -> Still:
        """Which frame is to be shown, of a photo its only one, with the faces that are known in it."""
        answer = self.answer
        if isinstance(answer, NamedFilm):
            return choose_still(answer, self.face)
        return Still(0, answer.faces if answer else ())

    @property
    def _pixels_at_hand(self) -> np.ndarray | None:
        """The pixels at hand, if they are of the picture that is looked at."""
        return self._pixels[2] if self._pixels and self._pixels[0] == self.index else None

    def _draw(self) -> None:
        answer, still, pixels = self.answer, self._still, self._pixels_at_hand
        self.panel.show(answer, self.face)
        has_frame = pixels is not None and self._pixels is not None and self._pixels[1] == still.frame
        if pixels is not None:
            chosen = 0 if isinstance(answer, NamedFilm) else self.face
            self.view.show(pixels, still.faces if has_frame else (), self._people, chosen)
        elif answer and answer.problem:
            problem = answer.problem
            self.view.tell(lambda _: self._desk.texts.explain(problem))
        if not has_frame:
            self._read(self.index, still.frame)
        if picture := self.picture:
            where = f" ({self.index + 1:,}/{len(self.pictures):,})" if len(self.pictures) > 1 else ""
            self._desk.root.title(f"{picture.path.name}{where} – castlist")

    def _read(self, index: int, frame: int) -> None:
        """Have the pixels of a picture shown, unless they are on their way."""
        if not self.pictures or (index, frame) == self._asked:
            return
        self._asked = index, frame
        if self._viewing:
            self._viewing.stop()
        picture = self.pictures[index]

        def read(task: Task) -> Iterator[np.ndarray]:
            yield picture.read(frame, task)

        def take(pixels: np.ndarray) -> None:
            self._pixels = (index, frame, pixels)
            self._draw()

        def end(error: CastlistError | None) -> None:
            if error:
                self.view.tell(lambda _: self._desk.texts.explain(error))

        self._viewing = self._desk.worker.start(read, take, end)
