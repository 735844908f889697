"""What is wrong with these photos, before it hurts: looked at and told; mended only as somebody decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from castlist.facade import open_door

if TYPE_CHECKING:
    from castlist.checks.cache import delete_checks_of as delete_checks_of
    from castlist.checks.decisions import Decision as Decision
    from castlist.checks.decisions import Decisions as Decisions
    from castlist.checks.decisions import open_decisions as open_decisions
    from castlist.checks.decisions import read_decisions as read_decisions
    from castlist.checks.downloads import find_decisions as find_decisions
    from castlist.checks.downloads import need_decided as need_decided
    from castlist.checks.inspection import check_photos as check_photos
    from castlist.checks.inspection import quick_check as quick_check
    from castlist.checks.moving import Moved as Moved
    from castlist.checks.moving import apply_decisions as apply_decisions
    from castlist.checks.moving import undo_moves as undo_moves
    from castlist.checks.page import write_check as write_check
    from castlist.checks.records import KINDS as KINDS
    from castlist.checks.records import Finding as Finding
    from castlist.checks.records import Findings as Findings
    from castlist.checks.records import describe as describe
    from castlist.checks.records import severities_from as severities_from
    from castlist.checks.records import summarize as summarize
    from castlist.checks.records import titles as titles

_ROOMS = {
    "Decision": "decisions",
    "Decisions": "decisions",
    "Finding": "records",
    "Findings": "records",
    "KINDS": "records",
    "Moved": "moving",
    "apply_decisions": "moving",
    "check_photos": "inspection",
    "delete_checks_of": "cache",
    "describe": "records",
    "find_decisions": "downloads",
    "need_decided": "downloads",
    "open_decisions": "decisions",
    "quick_check": "inspection",
    "read_decisions": "decisions",
    "severities_from": "records",
    "summarize": "records",
    "titles": "records",
    "undo_moves": "moving",
    "write_check": "page",
}
__all__ = list(_ROOMS)
__getattr__ = open_door(__name__, _ROOMS)
