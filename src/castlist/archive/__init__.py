"""Archives: what was seen of very many photos, who is in them, and what people decided about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from castlist.facade import open_door

if TYPE_CHECKING:
    from castlist.archive.filling import Filled as Filled
    from castlist.archive.filling import fill as fill
    from castlist.archive.folder import ArchiveFolder as ArchiveFolder

_ROOMS = {
    "ArchiveFolder": "folder",
    "Filled": "filling",
    "fill": "filling",
}
__all__ = list(_ROOMS)
__getattr__ = open_door(__name__, _ROOMS)
