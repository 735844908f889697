"""The run folder: all that passes from learning to naming, written so that nothing half-done is ever read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from castlist.facade import open_door

if TYPE_CHECKING:
    from castlist.run.calls import Called as Called
    from castlist.run.cast import agree as agree
    from castlist.run.cast import load_gallery as load_gallery
    from castlist.run.cast import need_same as need_same
    from castlist.run.cast import put_network as put_network
    from castlist.run.folder import Change as Change
    from castlist.run.folder import RunFolder as RunFolder
    from castlist.run.folder import Stamp as Stamp
    from castlist.run.folder import refusals as refusals
    from castlist.run.history import HISTORY as HISTORY
    from castlist.run.history import Epoch as Epoch
    from castlist.run.history import best_epoch as best_epoch
    from castlist.run.history import read_accuracy as read_accuracy
    from castlist.run.history import read_history as read_history
    from castlist.run.inventory import FACE_FILES as FACE_FILES
    from castlist.run.inventory import RECORD as RECORD
    from castlist.run.inventory import derived_in as derived_in
    from castlist.run.inventory import unknown_in as unknown_in
    from castlist.run.listing import find_runs as find_runs
    from castlist.run.listing import list_runs as list_runs
    from castlist.run.listing import newest_run as newest_run
    from castlist.run.lock import hold as hold
    from castlist.run.record import SIDES as SIDES
    from castlist.run.record import Enrolled as Enrolled
    from castlist.run.record import Leaving as Leaving
    from castlist.run.record import Run as Run
    from castlist.run.record import check_files as check_files
    from castlist.run.record import open_run as open_run
    from castlist.run.record import other_file as other_file
    from castlist.run.stage import delete as delete

_ROOMS = {
    "Called": "calls",
    "Change": "folder",
    "Enrolled": "record",
    "Epoch": "history",
    "FACE_FILES": "inventory",
    "HISTORY": "history",
    "Leaving": "record",
    "Run": "record",
    "RECORD": "inventory",
    "RunFolder": "folder",
    "SIDES": "record",
    "Stamp": "folder",
    "agree": "cast",
    "best_epoch": "history",
    "check_files": "record",
    "delete": "stage",
    "derived_in": "inventory",
    "find_runs": "listing",
    "hold": "lock",
    "list_runs": "listing",
    "load_gallery": "cast",
    "need_same": "cast",
    "newest_run": "listing",
    "open_run": "record",
    "other_file": "record",
    "put_network": "cast",
    "read_accuracy": "history",
    "read_history": "history",
    "refusals": "folder",
    "unknown_in": "inventory",
}
__all__ = list(_ROOMS)
__getattr__ = open_door(__name__, _ROOMS)
