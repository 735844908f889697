"""What is wrong with these photos, before it hurts: looked at and told; mended only as somebody decides."""

from castlist.checks.decisions import Decision, Decisions, open_decisions, read_decisions
from castlist.checks.inspection import check_photos, quick_check
from castlist.checks.moving import Moved, apply_decisions, undo_moves
from castlist.checks.records import KINDS, SEVERITIES, Finding, Findings, summarize

__all__ = [
    "KINDS",
    "SEVERITIES",
    "Decision",
    "Decisions",
    "Finding",
    "Findings",
    "Moved",
    "apply_decisions",
    "check_photos",
    "open_decisions",
    "quick_check",
    "read_decisions",
    "summarize",
    "undo_moves",
]
