"""Work that takes long, in a process of its own: watched by any number, stopped, never left behind."""

from castlist.jobs.events import (
    Begun,
    Checked,
    Counted,
    Event,
    Failed,
    Finished,
    Forgotten,
    Learnt,
    Refreshed,
    Searched,
    Stage,
    Stopped,
    Stopping,
    read_event,
    write_event,
)
from castlist.jobs.process import Job
from castlist.jobs.works import Check, Learn, Refresh, Resume, Retrain, StopAsked, Tell, Tune, Work

__all__ = [
    "Begun",
    "Check",
    "Checked",
    "Counted",
    "Event",
    "Failed",
    "Finished",
    "Forgotten",
    "Job",
    "Learn",
    "Learnt",
    "Refresh",
    "Refreshed",
    "Resume",
    "Retrain",
    "Searched",
    "Stage",
    "StopAsked",
    "Stopped",
    "Stopping",
    "Tell",
    "Tune",
    "Work",
    "read_event",
    "write_event",
]
