"""What is painted onto pictures and films: names, boxes, and what hides a face."""

from __future__ import annotations

from typing import TYPE_CHECKING

from castlist.facade import open_door

if TYPE_CHECKING:
    from castlist.painting.films import write_film as write_film
    from castlist.painting.fonts import find_fonts as find_fonts
    from castlist.painting.fonts import set_font_folders as set_font_folders
    from castlist.painting.hiding import check_hidden as check_hidden
    from castlist.painting.hiding import hide_faces as hide_faces
    from castlist.painting.hiding import is_hidden as is_hidden
    from castlist.painting.labels import COLORS as COLORS
    from castlist.painting.labels import PLATE as PLATE
    from castlist.painting.labels import UNNAMED as UNNAMED
    from castlist.painting.labels import color_of as color_of
    from castlist.painting.labels import draw_names as draw_names
    from castlist.painting.labels import percent as percent
    from castlist.painting.pictures import draw_photo as draw_photo
    from castlist.painting.pictures import free_place as free_place
    from castlist.painting.pictures import save_picture as save_picture
    from castlist.painting.pictures import tell_apart as tell_apart
    from castlist.painting.previews import preview_face as preview_face
    from castlist.painting.previews import preview_face_in as preview_face_in
    from castlist.painting.previews import preview_photo as preview_photo
    from castlist.painting.previews import preview_pixels as preview_pixels
    from castlist.painting.sheets import SHEET_COLUMNS as SHEET_COLUMNS
    from castlist.painting.sheets import Cell as Cell
    from castlist.painting.sheets import draw_sheet as draw_sheet
    from castlist.painting.sheets import make_thumbnail as make_thumbnail

_ROOMS = {
    "COLORS": "labels",
    "Cell": "sheets",
    "PLATE": "labels",
    "SHEET_COLUMNS": "sheets",
    "UNNAMED": "labels",
    "check_hidden": "hiding",
    "color_of": "labels",
    "draw_names": "labels",
    "draw_photo": "pictures",
    "draw_sheet": "sheets",
    "find_fonts": "fonts",
    "free_place": "pictures",
    "hide_faces": "hiding",
    "is_hidden": "hiding",
    "make_thumbnail": "sheets",
    "percent": "labels",
    "preview_face": "previews",
    "preview_face_in": "previews",
    "preview_photo": "previews",
    "preview_pixels": "previews",
    "save_picture": "pictures",
    "set_font_folders": "fonts",
    "tell_apart": "pictures",
    "write_film": "films",
}
__all__ = list(_ROOMS)
__getattr__ = open_door(__name__, _ROOMS)
