"""How good a run is, for people to read: figures as PNG files and one self-contained page."""

from castlist.report.checking import write_check
from castlist.report.page import write_comparison, write_report
from castlist.report.search import write_search

__all__ = ["write_check", "write_comparison", "write_report", "write_search"]
