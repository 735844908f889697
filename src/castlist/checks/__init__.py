"""What is wrong with these photos, before it hurts: looked at, told, and nothing mended."""

from castlist.checks.inspection import check_photos, quick_check
from castlist.checks.records import KINDS, SEVERITIES, Finding, Findings

__all__ = ["KINDS", "SEVERITIES", "Finding", "Findings", "check_photos", "quick_check"]
