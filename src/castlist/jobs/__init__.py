"""Work that takes long, in a process of its own: watched by any number, stopped, never left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from castlist.facade import open_door

if TYPE_CHECKING:
    from castlist.jobs.archiving import CopySorted as CopySorted
    from castlist.jobs.archiving import Gather as Gather
    from castlist.jobs.archiving import Teach as Teach
    from castlist.jobs.archiving import WriteTags as WriteTags
    from castlist.jobs.events import ENDINGS as ENDINGS
    from castlist.jobs.events import ENDS as ENDS
    from castlist.jobs.events import UNREADABLE as UNREADABLE
    from castlist.jobs.events import Begun as Begun
    from castlist.jobs.events import Checked as Checked
    from castlist.jobs.events import Copied as Copied
    from castlist.jobs.events import Counted as Counted
    from castlist.jobs.events import Event as Event
    from castlist.jobs.events import Failed as Failed
    from castlist.jobs.events import Filled as Filled
    from castlist.jobs.events import Finished as Finished
    from castlist.jobs.events import Forgotten as Forgotten
    from castlist.jobs.events import Grouped as Grouped
    from castlist.jobs.events import Learnt as Learnt
    from castlist.jobs.events import Refreshed as Refreshed
    from castlist.jobs.events import Searched as Searched
    from castlist.jobs.events import Stage as Stage
    from castlist.jobs.events import Stopped as Stopped
    from castlist.jobs.events import Stopping as Stopping
    from castlist.jobs.events import TagsWritten as TagsWritten
    from castlist.jobs.events import read_event as read_event
    from castlist.jobs.events import write_event as write_event
    from castlist.jobs.process import Job as Job
    from castlist.jobs.process import interruption as interruption
    from castlist.jobs.works import Check as Check
    from castlist.jobs.works import Fill as Fill
    from castlist.jobs.works import Group as Group
    from castlist.jobs.works import Learn as Learn
    from castlist.jobs.works import Refresh as Refresh
    from castlist.jobs.works import Resume as Resume
    from castlist.jobs.works import Retrain as Retrain
    from castlist.jobs.works import StopAsked as StopAsked
    from castlist.jobs.works import Tell as Tell
    from castlist.jobs.works import Tune as Tune
    from castlist.jobs.works import Work as Work
    from castlist.jobs.works import read_work as read_work
    from castlist.jobs.works import write_work as write_work

_ROOMS = {
    "ENDINGS": "events",
    "ENDS": "events",
    "UNREADABLE": "events",
    "Begun": "events",
    "Check": "works",
    "Checked": "events",
    "Copied": "events",
    "CopySorted": "archiving",
    "Counted": "events",
    "Event": "events",
    "Failed": "events",
    "Fill": "works",
    "Filled": "events",
    "Finished": "events",
    "Forgotten": "events",
    "Gather": "archiving",
    "Group": "works",
    "Grouped": "events",
    "Job": "process",
    "Learn": "works",
    "Learnt": "events",
    "Refresh": "works",
    "Refreshed": "events",
    "Resume": "works",
    "Retrain": "works",
    "Searched": "events",
    "Stage": "events",
    "StopAsked": "works",
    "Stopped": "events",
    "Stopping": "events",
    "TagsWritten": "events",
    "Teach": "archiving",
    "Tell": "works",
    "Tune": "works",
    "Work": "works",
    "WriteTags": "archiving",
    "interruption": "process",
    "read_event": "events",
    "read_work": "works",
    "write_event": "events",
    "write_work": "works",
}
__all__ = list(_ROOMS)
__getattr__ = open_door(__name__, _ROOMS)
