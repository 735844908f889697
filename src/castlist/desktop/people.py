"""People of a run: added by a click, and taken back."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from castlist.desktop.album import Album
from castlist.desktop.desk import Desk
from castlist.desktop.dialogs import ask_consent
from castlist.desktop.texts import Sentence
from castlist.errors import Message
from castlist.languages import Translate

if TYPE_CHECKING:
    from castlist.naming import Recognizer
    from castlist.people import PointedFace


def enrol(desk: Desk, album: Album, name: str, on_changed: Callable[[Recognizer, Sentence], object]) -> None:
    """Give the chosen face of the picture a name, new or known."""
    recognizer, picture, seen = album.recognizer, album.picture, album.seen
    if not (recognizer and picture and seen is not None and len(seen.photo) and name):
        desk.notice.tell(lambda translate: translate("Choose a face in the picture, and write a name."))
        return
    from castlist.desktop.asking import enrol_clicked

    def take(done: PointedFace) -> None:
        album.panel.empty()  # or Enter would give the next face this name
        if not done.enrolled:
            desk.notice.tell(
                lambda translate: translate("{name} is known by this very face already.").format(name=name)
            )
            return
        album.remembered.append(done.enrolled)
        on_changed(
            recognizer,
            lambda translate: translate("Remembered: this is {name}. To take it back: Ctrl+Z.").format(name=name),
        )
        for doubt in done.doubts:
            desk.notice.tell(partial(_careful, desk, doubt))

    face = album.face
    desk.do(lambda _: enrol_clicked(recognizer, seen, face, name, picture.path.name), take)


def _careful(desk: Desk, doubt: Message, translate: Translate) -> str:
    return translate("Careful: {doubt} If that is wrong: Ctrl+Z.").format(doubt=desk.texts.explain(doubt))


def take_back(desk: Desk, album: Album, on_changed: Callable[[Recognizer, Sentence], object]) -> None:
    """Undo the last enrolment of the run; what wasn't enrolled in this window only if that is meant."""
    if not (recognizer := album.recognizer):
        return
    for last in recognizer.run.enrolled[-1:]:
        translate = desk.texts.translate
        question = translate("{name} was named earlier, or elsewhere. Take it back all the same?")
        if last not in album.remembered and not ask_consent(desk.root, question.format(name=last.name)):
            return
    from castlist.desktop.asking import take_back_last

    def take(name: str) -> None:
        on_changed(recognizer, lambda translate: translate("Taken back: {name}.").format(name=name))

    desk.do(lambda _: take_back_last(recognizer), take)
