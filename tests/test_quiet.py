"""TensorFlow's notes are held back, and nothing else."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import logging, os, sys, threading
from castlist.quiet import without_notes

logging.basicConfig(format="%(message)s")  # holds the stderr of before
with without_notes():
    os.write(2, b"2026-01-31 18:30:00.123456: I external/local_tsl/util.cc:153] oneDNN custom operations are on.\\n")
    os.write(2, b"I0000 00:00:1738000000.1  cpu_feature_guard.cc:210] This binary is optimized\\n")
    os.write(2, b"INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\\n")
    print("shown at once", file=sys.stderr)
    logging.warning("logged")
    late = logging.StreamHandler()
    os.write(2, b"of another library\\n")
    def other():
        with without_notes():
            os.write(2, b"W0000 00:00:1738000000.1 gpu.cc:1] no GPU\\n")
    thread = threading.Thread(target=other)
    thread.start()
    thread.join()
    os.write(2, b"E0000 00:00:1738000000.1 gpu.cc:1] still inside\\n")
print("after", file=sys.stderr)
late.emit(logging.makeLogRecord({"msg": "of a handler from inside"}))
with without_notes():
    late.emit(logging.makeLogRecord({"msg": "and inside again"}))
"""


def test_notes_are_held_back_and_all_else_is_shown() -> None:
    done = subprocess.run([sys.executable, "-P", "-c", CODE], capture_output=True, text=True, check=True)
    assert done.stderr.splitlines() == [
        *("shown at once", "logged", "of another library"),
        *("after", "of a handler from inside", "and inside again"),
    ]


def test_a_program_without_stderr_goes_on() -> None:
    code = "import os\nos.close(2)\nfrom castlist.quiet import without_notes\nwith without_notes(): print('done')"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "done\n"
