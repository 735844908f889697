"""Names that travel: faces and keywords in XMP, in sidecars and in photos, as other programs read and write them."""

from castlist.media.regions.embedded import look_inside, need_exiftool
from castlist.media.regions.marked import Marked, MarkReader
from castlist.media.regions.plans import (
    TagPlan,
    plan_inside,
    plan_sidecar,
    plan_untagging,
    remove_sidecar,
    write_inside,
    write_planned,
)
from castlist.media.regions.records import Edges, TagItem, Tags, make_tags, tag_texts
from castlist.media.regions.sidecars import Sidecars
from castlist.media.regions.takeout import takeout_file

__all__ = [
    "Edges",
    "MarkReader",
    "Marked",
    "Sidecars",
    "TagItem",
    "TagPlan",
    "Tags",
    "look_inside",
    "make_tags",
    "need_exiftool",
    "plan_inside",
    "plan_sidecar",
    "plan_untagging",
    "remove_sidecar",
    "tag_texts",
    "takeout_file",
    "write_inside",
    "write_planned",
]
