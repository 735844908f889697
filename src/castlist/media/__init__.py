"""What comes in and goes out: photos, casts of photos, films; the only decoders of the package."""

from castlist.media.cast import (
    ALL,
    UNKNOWN,
    Cast,
    Photo,
    RefusedPhoto,
    check_person,
    find_cast,
    find_photos,
)
from castlist.media.films import Film, FilmWriter, Frame, frame_file, is_film, read_still, silence_opencv
from castlist.media.photos import Moment, read_file, read_photo, resize_photo, time_taken

__all__ = [
    "ALL",
    "UNKNOWN",
    "Cast",
    "Film",
    "FilmWriter",
    "Frame",
    "Moment",
    "Photo",
    "RefusedPhoto",
    "check_person",
    "find_cast",
    "find_photos",
    "frame_file",
    "is_film",
    "read_file",
    "read_photo",
    "read_still",
    "resize_photo",
    "silence_opencv",
    "time_taken",
]
