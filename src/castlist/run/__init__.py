"""The run folder: all that passes from learning to naming, written so that nothing half-done is ever read."""

from castlist.run.calls import Called
from castlist.run.cast import agree, load_gallery, need_same, put_network
from castlist.run.folder import Change, RunFolder, Stamp
from castlist.run.history import HISTORY, Epoch, best_epoch, read_accuracy, read_history
from castlist.run.inventory import FACE_FILES, derived_in, unknown_in
from castlist.run.listing import find_runs, list_runs, newest_run
from castlist.run.lock import hold
from castlist.run.record import SIDES, Enrolled, Leaving, Run, check_files, open_run
from castlist.run.stage import delete

__all__ = [
    "FACE_FILES",
    "HISTORY",
    "SIDES",
    "Called",
    "Change",
    "Enrolled",
    "Epoch",
    "Leaving",
    "Run",
    "RunFolder",
    "Stamp",
    "agree",
    "best_epoch",
    "check_files",
    "delete",
    "derived_in",
    "find_runs",
    "hold",
    "list_runs",
    "load_gallery",
    "need_same",
    "newest_run",
    "open_run",
    "put_network",
    "read_accuracy",
    "read_history",
    "unknown_in",
]
