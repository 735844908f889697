"""Names of other people's files and runs, written where they can do no harm: on a terminal, in JSON, in a table."""

from __future__ import annotations

import json
import re
from typing import Any

# What a terminal obeys instead of showing it, what turns the direction of writing, and halves of surrogate pairs.
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
# What makes a cell a formula, in some languages at full width, too.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def for_terminal(text: str) -> str:
    """A text as one line that a terminal only shows; what it would obey is written as its number."""
    return _CONTROLS.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


def for_json(record: Any) -> str:
    """A record as one line of JSON that a terminal only shows; its content is the same."""
    line = json.dumps(record, ensure_ascii=False)
    return _CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", line)


def for_cell(text: str) -> str:
    """A text as a table's cell that no spreadsheet calculates."""
    return f"'{text}" if text.startswith(_FORMULA) else text
