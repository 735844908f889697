"""How good a run is, for people to read: figures as PNG files and one self-contained page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from castlist.facade import open_door

if TYPE_CHECKING:
    from castlist.learning.report.figures import png_size as png_size
    from castlist.learning.report.page import TAGS as TAGS
    from castlist.learning.report.page import template as template
    from castlist.learning.report.page import write_comparison as write_comparison
    from castlist.learning.report.page import write_report as write_report
    from castlist.learning.report.pictures import jpeg_uri as jpeg_uri
    from castlist.learning.report.pictures import shrink as shrink
    from castlist.learning.report.search import write_search as write_search

_ROOMS = {
    "TAGS": "page",
    "jpeg_uri": "pictures",
    "png_size": "figures",
    "shrink": "pictures",
    "template": "page",
    "write_comparison": "page",
    "write_report": "page",
    "write_search": "search",
}
__all__ = list(_ROOMS)
__getattr__ = open_door(__name__, _ROOMS)
