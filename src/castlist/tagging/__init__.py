"""Names brought from an archive into the photos' own metadata, and taken out of it again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from castlist.facade import open_door

if TYPE_CHECKING:
    from castlist.tagging.hearing import Heard as Heard
    from castlist.tagging.hearing import hear_regions as hear_regions
    from castlist.tagging.planning import plan_tags as plan_tags
    from castlist.tagging.removal import named_by_others as named_by_others
    from castlist.tagging.removal import remove_person as remove_person
    from castlist.tagging.removal import tagged_names as tagged_names
    from castlist.tagging.removal import undo_tags as undo_tags
    from castlist.tagging.removal import where_named as where_named
    from castlist.tagging.writing import Tagged as Tagged
    from castlist.tagging.writing import tag as tag

_ROOMS = {
    "Heard": "hearing",
    "Tagged": "writing",
    "hear_regions": "hearing",
    "named_by_others": "removal",
    "plan_tags": "planning",
    "remove_person": "removal",
    "tag": "writing",
    "tagged_names": "removal",
    "undo_tags": "removal",
    "where_named": "removal",
}
__all__ = list(_ROOMS)
__getattr__ = open_door(__name__, _ROOMS)
