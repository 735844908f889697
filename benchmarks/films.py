"""Seconds to name, draw and hide a film of 1080p at 30 frames a second, this source tree against another, in turn.

python benchmarks/films.py ../shared/photos/clip --seconds 60 --against ../other/src
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import av
import cv2

HERE = Path(__file__).parents[1] / "src"
SIZE, RATE = (1920, 1080), 30
# Each measurement has a process of its own; the cast is learnt from the photos beside the film, and isn't counted.
CHILD = """
import sys, time
from pathlib import Path
import numpy as np
from castlist.embeddings import default_network
from castlist.faces import find_faces
from castlist.gallery import Gallery
from castlist.media import find_cast, read_photo
from castlist.naming import Recognizer, name_film
from castlist.painting import write_film
from castlist.run import Run
from castlist.settings import Settings
cast, film, out, work = Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4]
photos, network = find_cast(cast), default_network()
crops = np.stack([find_faces(read_photo(photo.path))[0].pixels for photo in photos.photos])
person = np.array([photos.people.index(photo.person) for photo in photos.photos])
gallery = Gallery.fit(photos.people, network.embed(crops), person, [str(photo.path) for photo in photos.photos])
run = Run(path=out.parent, people=photos.people, settings=Settings(), photos_root="", photos_fingerprint="",
          sides={}, groups={})
recognizer = Recognizer(run, face_network=network, gallery=gallery)
began, used = time.perf_counter(), time.process_time()
named = name_film(film, recognizer, thorough=work == "hide")
if work != "name":
    write_film(named, out, names=work == "draw", hidden="all" if work == "hide" else None)
print(time.perf_counter() - began, time.process_time() - used)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip", type=Path, help="a folder with a film and a folder `cast`")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--against", type=Path, help="the src folder of another version")
    options = parser.parse_args()
    trees = {"this": HERE} | ({"the other": options.against} if options.against else {})
    with tempfile.TemporaryDirectory() as folder:
        film = Path(folder) / "film.mp4"
        _enlarge(next(options.clip.glob("*.mp4")), film, options.seconds)
        print(f"{options.seconds} s of {SIZE[0]} x {SIZE[1]} at {RATE} frames a second\n")
        print("| work | tree | seconds | CPU seconds |\n|---|---|---|---|")
        for work in ("name", "draw", "hide"):
            for name, tree in trees.items():
                asked = [options.clip / "cast", film, Path(folder) / "out.mp4", work]
                environment = os.environ | {"PYTHONPATH": str(tree)}
                command = [sys.executable, "-P", "-c", CHILD, *asked]
                done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
                seconds, used = map(float, done.stdout.split())
                print(f"| {work} | {name} | {seconds:.1f} | {used:.1f} |", flush=True)


def _enlarge(source: Path, target: Path, seconds: int) -> None:
    with av.open(str(source)) as film:
        frames = [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]
    with av.open(str(target), "w") as out:
        stream = out.add_stream("libx264", rate=RATE, options={"preset": "veryfast", "crf": "20"})
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        for i in range(seconds * RATE):
            large = cv2.resize(frames[i % len(frames)], SIZE, interpolation=cv2.INTER_CUBIC)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(large, format="rgb24")))
        out.mux(stream.encode(None))


if __name__ == "__main__":
    main()
