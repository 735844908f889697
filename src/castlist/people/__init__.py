"""People who come to a finished run, and who leave it for good."""

from __future__ import annotations

from typing import TYPE_CHECKING

from castlist.facade import open_door

if TYPE_CHECKING:
    from castlist.people.enrolment import Receipt as Receipt
    from castlist.people.enrolment import discard_retraining as discard_retraining
    from castlist.people.enrolment import enrol as enrol
    from castlist.people.enrolment import enrol_face as enrol_face
    from castlist.people.enrolment import forget as forget
    from castlist.people.enrolment import refresh as refresh
    from castlist.people.enrolment import retrain_without as retrain_without

_ROOMS = {
    "Receipt": "enrolment",
    "discard_retraining": "enrolment",
    "enrol": "enrolment",
    "enrol_face": "enrolment",
    "forget": "enrolment",
    "refresh": "enrolment",
    "retrain_without": "enrolment",
}
__all__ = list(_ROOMS)
__getattr__ = open_door(__name__, _ROOMS)
