"""What comes in and goes out: photos, casts of photos, films; the only decoders of the package."""

from __future__ import annotations

from typing import TYPE_CHECKING

from castlist.facade import open_door

if TYPE_CHECKING:
    from castlist.media.cast import Cast as Cast
    from castlist.media.cast import Photo as Photo
    from castlist.media.cast import RefusedPhoto as RefusedPhoto
    from castlist.media.cast import find_cast as find_cast
    from castlist.media.cast import holds_people as holds_people
    from castlist.media.filming import Canvas as Canvas
    from castlist.media.filming import FilmWriter as FilmWriter
    from castlist.media.films import HEAD as HEAD
    from castlist.media.films import Film as Film
    from castlist.media.films import Frame as Frame
    from castlist.media.films import frame_file as frame_file
    from castlist.media.films import is_film as is_film
    from castlist.media.films import read_still as read_still
    from castlist.media.headers import Moment as Moment
    from castlist.media.headers import Taking as Taking
    from castlist.media.headers import profile_of as profile_of
    from castlist.media.headers import read_taking as read_taking
    from castlist.media.headers import time_taken as time_taken
    from castlist.media.inputs import each_photo as each_photo
    from castlist.media.inputs import find_photos as find_photos
    from castlist.media.limits import check_bytes as check_bytes
    from castlist.media.marking import find_marked_cast as find_marked_cast
    from castlist.media.marks import digest_of as digest_of
    from castlist.media.marks import marked_exif as marked_exif
    from castlist.media.marks import need_no_photo as need_no_photo
    from castlist.media.marks import original_of as original_of
    from castlist.media.names import ALL as ALL
    from castlist.media.names import UNKNOWN as UNKNOWN
    from castlist.media.names import check_new_person as check_new_person
    from castlist.media.names import check_person as check_person
    from castlist.media.names import choices_for as choices_for
    from castlist.media.names import folded as folded
    from castlist.media.names import is_possible_everywhere as is_possible_everywhere
    from castlist.media.names import meant_by as meant_by
    from castlist.media.names import one_form as one_form
    from castlist.media.names import person_of as person_of
    from castlist.media.names import settle_name as settle_name
    from castlist.media.photos import Decoded as Decoded
    from castlist.media.photos import OpenPhoto as OpenPhoto
    from castlist.media.photos import check_size as check_size
    from castlist.media.photos import open_photo as open_photo
    from castlist.media.photos import read_file as read_file
    from castlist.media.photos import read_photo as read_photo
    from castlist.media.photos import resize_photo as resize_photo
    from castlist.media.regions import Edges as Edges
    from castlist.media.regions import Marked as Marked
    from castlist.media.regions import MarkReader as MarkReader
    from castlist.media.regions import Sidecars as Sidecars
    from castlist.media.regions import TagItem as TagItem
    from castlist.media.regions import TagPlan as TagPlan
    from castlist.media.regions import Tags as Tags
    from castlist.media.regions import look_inside as look_inside
    from castlist.media.regions import make_tags as make_tags
    from castlist.media.regions import need_exiftool as need_exiftool
    from castlist.media.regions import plan_inside as plan_inside
    from castlist.media.regions import plan_sidecar as plan_sidecar
    from castlist.media.regions import plan_untagging as plan_untagging
    from castlist.media.regions import remove_sidecar as remove_sidecar
    from castlist.media.regions import tag_texts as tag_texts
    from castlist.media.regions import takeout_file as takeout_file
    from castlist.media.regions import write_inside as write_inside
    from castlist.media.regions import write_planned as write_planned
    from castlist.media.walking import SIDECARS as SIDECARS

_ROOMS = {
    "ALL": "names",
    "HEAD": "films",
    "SIDECARS": "walking",
    "UNKNOWN": "names",
    "Canvas": "filming",
    "Cast": "cast",
    "Decoded": "photos",
    "Edges": "regions",
    "Film": "films",
    "FilmWriter": "filming",
    "Frame": "films",
    "MarkReader": "regions",
    "Marked": "regions",
    "Moment": "headers",
    "OpenPhoto": "photos",
    "Photo": "cast",
    "RefusedPhoto": "cast",
    "Sidecars": "regions",
    "TagItem": "regions",
    "TagPlan": "regions",
    "Tags": "regions",
    "Taking": "headers",
    "check_bytes": "limits",
    "check_new_person": "names",
    "check_person": "names",
    "choices_for": "names",
    "check_size": "photos",
    "digest_of": "marks",
    "each_photo": "inputs",
    "find_cast": "cast",
    "find_marked_cast": "marking",
    "find_photos": "inputs",
    "folded": "names",
    "frame_file": "films",
    "holds_people": "cast",
    "is_film": "films",
    "is_possible_everywhere": "names",
    "look_inside": "regions",
    "make_tags": "regions",
    "marked_exif": "marks",
    "meant_by": "names",
    "need_exiftool": "regions",
    "need_no_photo": "marks",
    "one_form": "names",
    "person_of": "names",
    "open_photo": "photos",
    "original_of": "marks",
    "plan_inside": "regions",
    "plan_sidecar": "regions",
    "plan_untagging": "regions",
    "profile_of": "headers",
    "read_file": "photos",
    "read_photo": "photos",
    "read_still": "films",
    "read_taking": "headers",
    "remove_sidecar": "regions",
    "resize_photo": "photos",
    "settle_name": "names",
    "tag_texts": "regions",
    "takeout_file": "regions",
    "time_taken": "headers",
    "write_inside": "regions",
    "write_planned": "regions",
}
__all__ = list(_ROOMS)
__getattr__ = open_door(__name__, _ROOMS)
