"""What people can be called, and who is meant by a name."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable

from castlist.errors import CastError, shown

UNKNOWN = "unknown"  # the answer for strangers; nobody may be called so
ALL = "all"  # whoever it is, where faces are to be hidden; nobody may be called so either
LONGEST = 255  # bytes of a folder's name
MANY = 20  # names; more aren't read in a sentence

_DRIVE = re.compile("[A-Za-z]:")  # as a path of Windows' begins, which no run's record holds
_UNSEEN = (
    "\u00ad\u061c\u180e\u200b\u200e\u200f\u2060-\u2064\ufeff"  # what has no width and steers where lines break or turn
)
_EDGES = re.compile(rf"^[\s{_UNSEEN}]+|[\s{_UNSEEN}]+$")
_JOINERS = re.compile(rf"[{_UNSEEN}\u200c\u200d]")  # and what joins letters, or keeps them apart
_BLANK = re.compile(r"[\s\u115f\u1160\u200c\u200d\u2800\u3164\uffa0]+")  # letters that aren't seen
# What Windows can't have as a folder, its devices, whatever their ending; and what nobody sees.
_NOT_EVERYWHERE = re.compile(
    rf"(con|prn|aux|nul|(com|lpt)[0-9\u00b9\u00b2\u00b3])\s*(\..*)?|.*[{_UNSEEN}].*", re.IGNORECASE | re.DOTALL
)
_UNFIT = frozenset("/\\\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")  # for a person's name


def one_form(name: str) -> str:
    """A person's name in the one form that castlist keeps: accents as Unicode's NFC, nothing unseen at either end.

    Systems write the same name in several forms; whoever types it can't see which.

    Raises:
        CastError: If it is no text.
    """
    if not isinstance(name, str):
        raise CastError("name-no-text", "A name must be a text. Got {got} instead.", got=shown(name))
    return _EDGES.sub("", unicodedata.normalize("NFC", name))


def meant_by(name: str, people: Iterable[str]) -> str:
    """Who of the people is meant by a name, whatever form either is in; somebody new is called as `one_form` says."""
    wanted = one_form(name)
    people = tuple(people)
    return name if name in people else next((one for one in people if one_form(one) == wanted), wanted)


def person_of(file: str) -> str:
    """Whose photo a file of a data set or a run is, in one form; the folder that it lies in may have another."""
    return one_form(file.partition("/")[0])


def settle_name(name: str, people: Iterable[str]) -> str:
    """Who of the people is meant, as `meant_by` says; somebody new is checked as `check_new_person` does.

    Raises:
        CastError: If nobody can be called so.
    """
    people = tuple(people)
    name = meant_by(name, people)
    check_person(name) if name in people else check_new_person(name, people)
    return name


def folded(name: str) -> str:
    """What two names have in common that look alike."""
    return unicodedata.normalize("NFKC", _JOINERS.sub("", one_form(name))).casefold()


def choices_for(name: str, known: Iterable[str]) -> str:
    """Whom a sentence offers for a name that nobody has: all that are known, or of many those most like it."""
    known = tuple(known)
    if len(known) > MANY:
        by_form = {folded(one): one for one in known}
        near = difflib.get_close_matches(folded(name), by_form, MANY, 0.5)
        return ", ".join([*([by_form[one] for one in near] or known[:MANY]), "…"])
    return ", ".join(known) or "-"


def is_possible(name: str) -> bool:
    """Whether a folder can have the name, and a terminal show it."""
    begins = bool(name.strip()) and not name.startswith(".") and not _DRIVE.match(name)
    return begins and not any(map(_is_unfit, name)) and len(name.encode()) <= LONGEST


def is_possible_everywhere(name: str) -> bool:
    """Whether a folder can have the name on every system, and it can be seen whole."""
    return is_possible(name) and not _NOT_EVERYWHERE.fullmatch(name) and not _BLANK.fullmatch(name)


def check_new_person(name: str, others: Iterable[str] = ()) -> None:
    """Check that somebody new can be called so: as `check_person` does, and so that others can keep the name.

    Who is called otherwise already keeps the name: in a run or an archive, by a folder, by another program.

    Raises:
        CastError: If not.
    """
    check_person(name, others)
    if not is_possible_everywhere(name):
        raise CastError(
            "name-not-everywhere",
            "Nobody can be called {name!r}: Windows has no such folder, or parts of it can't be seen. Choose a name of "
            "letters that are seen.",
            name=name,
        )


def check_person(name: str, others: Iterable[str] = ()) -> None:
    """Check that somebody can be called so: as a folder can, not UNKNOWN, and unlike the others.

    Raises:
        CastError: If not.
    """
    key = folded(name)
    if key in (UNKNOWN, ALL):
        raise CastError(
            "name-taken",
            "Nobody can be called {name!r}: castlist itself uses the word. Choose another name.",
            name=name,
        )
    if not is_possible(name):
        raise CastError(
            "name-impossible",
            "Nobody can be called {name!r}. Choose a name that a folder can have.",
            name=name if len(name) <= LONGEST else f"{name[:LONGEST]}...",  # a file may say anything
        )
    for other in others:
        if other != name and folded(other) == key:
            raise names_alike(other, name)


def names_alike(other: str, name: str) -> CastError:
    """That two names can't stand beside each other."""
    return CastError(
        "name-alike",
        "{other!r} and {name!r} differ only by case or Unicode form. Choose one of the two.",
        other=other,
        name=name,
    )


def _is_unfit(char: str) -> bool:
    """Whether a name can't hold it: parts of a path, what steers a terminal or turns the text, halves of characters."""
    return char in _UNFIT or unicodedata.category(char) in ("Cc", "Cs")
