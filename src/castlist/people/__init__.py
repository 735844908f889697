"""People who come to a finished run, and who leave it for good."""

from __future__ import annotations

from typing import TYPE_CHECKING

from castlist.facade import open_door

if TYPE_CHECKING:
    from castlist.people.enrolment import Enrolment as Enrolment
    from castlist.people.enrolment import enrol as enrol
    from castlist.people.enrolment import enrol_face as enrol_face
    from castlist.people.forgetting import forget as forget
    from castlist.people.receipts import Receipt as Receipt
    from castlist.people.refreshing import refresh as refresh
    from castlist.people.retraining import discard_retraining as discard_retraining
    from castlist.people.retraining import retrain_without as retrain_without

_ROOMS = {
    "Enrolment": "enrolment",
    "Receipt": "receipts",
    "discard_retraining": "retraining",
    "enrol": "enrolment",
    "enrol_face": "enrolment",
    "forget": "forgetting",
    "refresh": "refreshing",
    "retrain_without": "retraining",
}
__all__ = list(_ROOMS)
__getattr__ = open_door(__name__, _ROOMS)
