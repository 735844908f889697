"""castlist: learn who is who from folders of photos; name them in new ones.

What is named here stays; whatever else is inside may move. `castlist.jobs` watches and stops what takes long,
`castlist.testing` is for tests of programs that use castlist. docs/python.md shows it at work.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from castlist.facade import open_door

if TYPE_CHECKING:
    from castlist.archive import (
        Archive,
        ArchivedFace,
        FaceGroup,
        fill_archive,
        find_in_archive,
        group_unnamed,
        name_groups,
    )
    from castlist.caches import set_cache_folder
    from castlist.checks import Finding, Findings, check_photos
    from castlist.errors import (
        CastError,
        CastlistError,
        FontError,
        Message,
        MissingExtraError,
        PhotoError,
        RecordError,
        RunError,
        SettingsError,
        ShapeError,
        WeightsError,
    )
    from castlist.export import export_run
    from castlist.languages import translate_message
    from castlist.learning import Evaluation, Progress
    from castlist.media import (
        UNKNOWN,
        Cast,
        RefusedPhoto,
        find_cast,
        find_marked_cast,
        find_photos,
        is_film,
        read_photo,
    )
    from castlist.naming import NamedFace, NamedFilm, NamedPhoto, Recognizer, Seen, Track, name_film
    from castlist.painting import draw_photo, write_film
    from castlist.people import Enrolment, Receipt, Renewal, enrol, forget, refresh, renew_report, retrain_without
    from castlist.run import Run, list_runs, newest_run, open_run
    from castlist.settings import Augmentation, Settings
    from castlist.tagging import hear_regions, plan_tags, tag, undo_tags
    from castlist.threads import set_threads
    from castlist.watching import learn, resume

__version__ = "0.1.0"

_ROOMS = {
    "Archive": "archive",
    "ArchivedFace": "archive",
    "Augmentation": "settings",
    "Cast": "media",
    "CastError": "errors",
    "CastlistError": "errors",
    "Enrolment": "people",
    "Evaluation": "learning",
    "FaceGroup": "archive",
    "Finding": "checks",
    "Findings": "checks",
    "FontError": "errors",
    "Message": "errors",
    "MissingExtraError": "errors",
    "NamedFace": "naming",
    "NamedFilm": "naming",
    "NamedPhoto": "naming",
    "PhotoError": "errors",
    "Progress": "learning",
    "Receipt": "people",
    "RecordError": "errors",
    "Recognizer": "naming",
    "RefusedPhoto": "media",
    "Renewal": "people",
    "Run": "run",
    "RunError": "errors",
    "Seen": "naming",
    "Settings": "settings",
    "SettingsError": "errors",
    "ShapeError": "errors",
    "Track": "naming",
    "UNKNOWN": "media",
    "WeightsError": "errors",
    "check_photos": "checks",
    "draw_photo": "painting",
    "enrol": "people",
    "export_run": "export",
    "fill_archive": "archive",
    "find_cast": "media",
    "find_in_archive": "archive",
    "find_marked_cast": "media",
    "find_photos": "media",
    "forget": "people",
    "group_unnamed": "archive",
    "hear_regions": "tagging",
    "is_film": "media",
    "learn": "watching",
    "list_runs": "run",
    "name_film": "naming",
    "name_groups": "archive",
    "newest_run": "run",
    "open_run": "run",
    "plan_tags": "tagging",
    "read_photo": "media",
    "refresh": "people",
    "renew_report": "people",
    "resume": "watching",
    "retrain_without": "people",
    "set_cache_folder": "caches",
    "set_threads": "threads",
    "tag": "tagging",
    "translate_message": "languages",
    "undo_tags": "tagging",
    "write_film": "painting",
}
__all__ = [
    "UNKNOWN",
    "Archive",
    "ArchivedFace",
    "Augmentation",
    "Cast",
    "CastError",
    "CastlistError",
    "Enrolment",
    "Evaluation",
    "FaceGroup",
    "Finding",
    "Findings",
    "FontError",
    "Message",
    "MissingExtraError",
    "NamedFace",
    "NamedFilm",
    "NamedPhoto",
    "PhotoError",
    "Progress",
    "Receipt",
    "Recognizer",
    "RecordError",
    "RefusedPhoto",
    "Renewal",
    "Run",
    "RunError",
    "Seen",
    "Settings",
    "SettingsError",
    "ShapeError",
    "Track",
    "WeightsError",
    "check_photos",
    "draw_photo",
    "enrol",
    "export_run",
    "fill_archive",
    "find_cast",
    "find_in_archive",
    "find_marked_cast",
    "find_photos",
    "forget",
    "group_unnamed",
    "hear_regions",
    "is_film",
    "learn",
    "list_runs",
    "name_film",
    "name_groups",
    "newest_run",
    "open_run",
    "plan_tags",
    "read_photo",
    "refresh",
    "renew_report",
    "resume",
    "retrain_without",
    "set_cache_folder",
    "set_threads",
    "tag",
    "translate_message",
    "undo_tags",
    "write_film",
]

# Who uses castlist decides where its log goes; without a decision, nowhere.
logging.getLogger(__name__).addHandler(logging.NullHandler())

# Naming must not load what learning needs.
__getattr__ = open_door(__name__, _ROOMS)
