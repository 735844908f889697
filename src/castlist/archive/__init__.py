"""Archives: what was seen of very many photos, who is in them, and what people decided about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from castlist.facade import open_door

if TYPE_CHECKING:
    from castlist.archive.calling import called_before as called_before
    from castlist.archive.calling import hear_names as hear_names
    from castlist.archive.clustering import Cut as Cut
    from castlist.archive.clustering import group_faces as group_faces
    from castlist.archive.confirming import Confirmed as Confirmed
    from castlist.archive.confirming import confirmed_faces as confirmed_faces
    from castlist.archive.confirming import nearest_faces as nearest_faces
    from castlist.archive.confirming import refused_faces as refused_faces
    from castlist.archive.decisions import Decision as Decision
    from castlist.archive.decisions import Edges as Edges
    from castlist.archive.decisions import Kind as Kind
    from castlist.archive.decisions import Spot as Spot
    from castlist.archive.elsewhere import copy_photos as copy_photos
    from castlist.archive.filling import Filled as Filled
    from castlist.archive.filling import fill_archive as fill_archive
    from castlist.archive.finding import find_in_archive as find_in_archive
    from castlist.archive.finding import parse_day as parse_day
    from castlist.archive.folder import ArchiveFolder as ArchiveFolder
    from castlist.archive.following import Rewritten as Rewritten
    from castlist.archive.following import follow_contents as follow_contents
    from castlist.archive.forgetting import taking_out as taking_out
    from castlist.archive.groups import FaceGroup as FaceGroup
    from castlist.archive.groups import group_unnamed as group_unnamed
    from castlist.archive.groups import name_groups as name_groups
    from castlist.archive.groups import read_groups as read_groups
    from castlist.archive.holding import HeldArchive as HeldArchive
    from castlist.archive.liking import find_like as find_like
    from castlist.archive.manifest import write_manifest as write_manifest
    from castlist.archive.namer import open_namer as open_namer
    from castlist.archive.namer import open_same_eyes as open_same_eyes
    from castlist.archive.planning import content_digest as content_digest
    from castlist.archive.reading import Archive as Archive
    from castlist.archive.records import ArchivedFace as ArchivedFace
    from castlist.archive.records import ArchivedFile as ArchivedFile
    from castlist.archive.records import ArchivedPhoto as ArchivedPhoto
    from castlist.archive.records import Counts as Counts
    from castlist.archive.restating import call_otherwise as call_otherwise
    from castlist.archive.review import Question as Question
    from castlist.archive.review import Review as Review
    from castlist.archive.sheets import draw_faces as draw_faces
    from castlist.archive.sheets import save_groups_sheet as save_groups_sheet
    from castlist.archive.sheets import save_sheet as save_sheet
    from castlist.archive.showing import named_photos as named_photos

_ROOMS = {
    "Archive": "reading",
    "ArchiveFolder": "folder",
    "ArchivedFace": "records",
    "ArchivedFile": "records",
    "ArchivedPhoto": "records",
    "Counts": "records",
    "Confirmed": "confirming",
    "Cut": "clustering",
    "Decision": "decisions",
    "Edges": "decisions",
    "FaceGroup": "groups",
    "Filled": "filling",
    "HeldArchive": "holding",
    "Kind": "decisions",
    "Question": "review",
    "Review": "review",
    "call_otherwise": "restating",
    "called_before": "calling",
    "Rewritten": "following",
    "Spot": "decisions",
    "confirmed_faces": "confirming",
    "content_digest": "planning",
    "copy_photos": "elsewhere",
    "draw_faces": "sheets",
    "fill_archive": "filling",
    "find_in_archive": "finding",
    "find_like": "liking",
    "follow_contents": "following",
    "group_faces": "clustering",
    "group_unnamed": "groups",
    "hear_names": "calling",
    "name_groups": "groups",
    "named_photos": "showing",
    "nearest_faces": "confirming",
    "open_namer": "namer",
    "open_same_eyes": "namer",
    "parse_day": "finding",
    "read_groups": "groups",
    "refused_faces": "confirming",
    "save_groups_sheet": "sheets",
    "save_sheet": "sheets",
    "taking_out": "forgetting",
    "write_manifest": "manifest",
}
__all__ = list(_ROOMS)
__getattr__ = open_door(__name__, _ROOMS)
