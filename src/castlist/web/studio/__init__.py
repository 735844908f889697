"""The studio: pages for everybody in the house."""

from __future__ import annotations

from typing import TYPE_CHECKING

from castlist.facade import open_door

if TYPE_CHECKING:
    from castlist.web.studio.others import pages as pages
    from castlist.web.studio.page import explained as explained
    from castlist.web.studio.page import no_such_page as no_such_page
    from castlist.web.studio.wall import FirstPages as FirstPages

_ROOMS = {"FirstPages": "wall", "explained": "page", "no_such_page": "page", "pages": "others"}
__all__ = list(_ROOMS)
__getattr__ = open_door(__name__, _ROOMS)
