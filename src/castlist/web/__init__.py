"""The house: an API and pages for whoever may come in, on this machine unless somebody decides otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from castlist.facade import open_door

if TYPE_CHECKING:
    from castlist.web.app import App as App
    from castlist.web.desk import Desk as Desk
    from castlist.web.foreman import Foreman as Foreman
    from castlist.web.house import TOKEN as TOKEN
    from castlist.web.house import House as House
    from castlist.web.house import Limits as Limits
    from castlist.web.opening import open_house as open_house
    from castlist.web.opening import read_token as read_token
    from castlist.web.serving import serve_house as serve_house

_ROOMS = {
    "App": "app",
    "Desk": "desk",
    "Foreman": "foreman",
    "House": "house",
    "Limits": "house",
    "TOKEN": "house",
    "open_house": "opening",
    "read_token": "opening",
    "serve_house": "serving",
}
__all__ = list(_ROOMS)
__getattr__ = open_door(__name__, _ROOMS)
