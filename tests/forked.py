"""Names in a process that has named and then forked: the child names too, and ends as any process does.

python forked.py RUN PHOTO
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np

from castlist.faces import Graph
from castlist.inference import open_session
from castlist.naming import Recognizer
from small_runs import crop, looked_at


def main(run: Path, photo: Path) -> None:
    graph = Graph()
    square = graph.constant(np.eye(512, dtype=np.float32))
    graph.node("MatMul", "x", square, output="y")
    shape = {"x": (np.float32, ("n", 512))}, {"y": (np.float32, ("n", 512))}
    session = open_session(graph.serialize(*shape, {}))  # with threads, as a trained network's
    recognizer = Recognizer.load(run)

    def name() -> list[str]:
        passed = session.run(None, {"x": np.ones((2000, 512), np.float32)})[0]
        (seen,) = recognizer.name_photos([photo])
        (faces,) = recognizer.name(looked_at(recognizer, crop(1)))
        return [str(passed.sum()), str(len(seen.faces)), *(face.name for face in faces)]

    before = name()
    child = os.fork()
    after = name()
    # In one write: the two speak at the same moment, and print writes word by word where Python isn't buffered.
    os.write(1, f"{'child' if child == 0 else 'parent'} {after == before} {before[2]}\n".encode())
    if child:
        sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
