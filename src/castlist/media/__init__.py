"""What comes in and goes out: photos, casts of photos, films; the only decoders of the package."""

from castlist.media.cast import Cast, Photo, RefusedPhoto, find_cast, holds_people
from castlist.media.filming import FilmWriter
from castlist.media.films import HEAD, Film, Frame, frame_file, is_film, read_still
from castlist.media.headers import Moment, Taking, read_taking, time_taken
from castlist.media.inputs import find_photos
from castlist.media.marking import find_marked_cast
from castlist.media.marks import digest_of, marked_exif, original_of
from castlist.media.names import ALL, UNKNOWN, check_person, is_possible, meant_by, one_form
from castlist.media.photos import Decoded, OpenPhoto, check_size, open_photo, read_file, read_photo, resize_photo
from castlist.media.regions import (
    Edges,
    Marked,
    MarkReader,
    Sidecars,
    TagItem,
    TagPlan,
    Tags,
    look_inside,
    make_tags,
    need_exiftool,
    plan_inside,
    plan_sidecar,
    plan_untagging,
    remove_sidecar,
    tag_texts,
    write_inside,
    write_planned,
)

__all__ = [
    "ALL",
    "HEAD",
    "UNKNOWN",
    "Cast",
    "Decoded",
    "Edges",
    "Film",
    "FilmWriter",
    "Frame",
    "MarkReader",
    "Marked",
    "Moment",
    "OpenPhoto",
    "Photo",
    "RefusedPhoto",
    "Sidecars",
    "TagItem",
    "TagPlan",
    "Tags",
    "Taking",
    "check_person",
    "check_size",
    "digest_of",
    "find_cast",
    "find_marked_cast",
    "find_photos",
    "frame_file",
    "holds_people",
    "is_film",
    "is_possible",
    "look_inside",
    "make_tags",
    "marked_exif",
    "meant_by",
    "need_exiftool",
    "one_form",
    "open_photo",
    "original_of",
    "plan_inside",
    "plan_sidecar",
    "plan_untagging",
    "read_file",
    "read_photo",
    "read_still",
    "read_taking",
    "remove_sidecar",
    "resize_photo",
    "tag_texts",
    "time_taken",
    "write_inside",
    "write_planned",
]
