"""Who is in a finished run: people who come, are called otherwise, and leave for good."""

from __future__ import annotations

from typing import TYPE_CHECKING

from castlist.facade import open_door

if TYPE_CHECKING:
    from castlist.people.choosing import ChosenFace as ChosenFace
    from castlist.people.enrolment import Enrolment as Enrolment
    from castlist.people.enrolment import PointedFace as PointedFace
    from castlist.people.enrolment import enrol as enrol
    from castlist.people.enrolment import enrol_by as enrol_by
    from castlist.people.enrolment import enrol_face as enrol_face
    from castlist.people.forgetting import forget as forget
    from castlist.people.listing import Person as Person
    from castlist.people.listing import list_people as list_people
    from castlist.people.receipts import Receipt as Receipt
    from castlist.people.refreshing import Renewal as Renewal
    from castlist.people.refreshing import refresh as refresh
    from castlist.people.renaming import merge as merge
    from castlist.people.renaming import rename as rename
    from castlist.people.reporting import renew_report as renew_report
    from castlist.people.retraining import discard_retraining as discard_retraining
    from castlist.people.retraining import retrain_without as retrain_without
    from castlist.people.teaching import Taught as Taught
    from castlist.people.teaching import teach as teach
    from castlist.people.undoing import forget_photo as forget_photo
    from castlist.people.undoing import undo as undo

_ROOMS = {
    "ChosenFace": "choosing",
    "Enrolment": "enrolment",
    "PointedFace": "enrolment",
    "Person": "listing",
    "Receipt": "receipts",
    "Renewal": "refreshing",
    "Taught": "teaching",
    "discard_retraining": "retraining",
    "enrol": "enrolment",
    "enrol_by": "enrolment",
    "enrol_face": "enrolment",
    "forget": "forgetting",
    "forget_photo": "undoing",
    "list_people": "listing",
    "merge": "renaming",
    "refresh": "refreshing",
    "rename": "renaming",
    "renew_report": "reporting",
    "retrain_without": "retraining",
    "teach": "teaching",
    "undo": "undoing",
}
__all__ = list(_ROOMS)
__getattr__ = open_door(__name__, _ROOMS)
