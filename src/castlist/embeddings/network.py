"""The face network: aligned crops in, identity vectors out."""

from __future__ import annotations

import functools
import itertools
import json
import threading
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from castlist.embeddings.dlib_weights import default_network_file
from castlist.errors import SettingsError, ShapeError, WeightsError
from castlist.faces import DEFAULT_TEMPLATE, TEMPLATES, Template, open_network
from castlist.settings import FaceSettings
from castlist.threads import work_ahead

# Each view is a mirror image or not, a zoom, and a shift in pixels; a face's vector is the mean over its views.
View = tuple[bool, float, float, float]
VIEWS: dict[str, tuple[View, ...]] = {
    "plain": ((False, 1.0, 0.0, 0.0),),
    # Views err less alike the more they differ: a mirror image a little larger names more of LFW's training people.
    "mirror": ((False, 1.0, 0.0, 0.0), (True, 1.06, 0.0, 0.0)),
    "careful": tuple(
        (mirrored, *view)
        for view in ((1.0, 0.0, 0.0), (0.94, 0.0, 0.0), (1.06, 0.0, 0.0), (1.0, 5.0, 0.0), (1.0, 0.0, 5.0))
        for mirrored in (False, True)
    ),
}


@dataclass(frozen=True)
class FaceNetwork:
    """A network that maps an aligned crop to a vector, and how it wants its crops."""

    file: Path
    template: Template = DEFAULT_TEMPLATE
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)  # subtracted from red, green and blue
    scale: float = 1.0  # multiplied after that
    channels: str = "rgb"  # or "bgr"
    layout: str = "nhwc"  # or "nchw"
    sidecar: Path | None = None  # the TOML that said so

    @classmethod
    def load(cls, file: Path) -> FaceNetwork:
        """Load an ONNX file that castlist wrote, or any other with a TOML of the same name beside it.

        The TOML has `template`, the name of one or five points (`[[x, y], ...]`, then with `size`, the crop's side),
        and, where they differ from these: `mean = [0, 0, 0]`, `scale = 1`, `channels = "rgb"`, `layout = "nhwc"`.

        Raises:
            WeightsError: If the file can't be run, or nothing says how it wants its crops.
        """
        session = _session(file)
        sidecar = file.with_suffix(".toml")
        if sidecar.is_file():
            try:
                return cls(file, sidecar=sidecar, **_read_sidecar(sidecar))
            except (OSError, ValueError, TypeError, KeyError) as error:
                raise WeightsError(f"{str(sidecar)!r} doesn't describe a face network ({error}).") from error
        note = session.get_modelmeta().custom_metadata_map.get("castlist")
        if note is None:
            raise WeightsError(
                f"Nothing says how {str(file)!r} wants its crops. Put {sidecar.name!r} beside it, with a line such as "
                f'template = "arcface-112".'
            )
        return cls(file, template=TEMPLATES[json.loads(note)["template"]])

    @property
    def files(self) -> tuple[Path, ...]:
        """What must be copied, names kept, for the network to be loaded elsewhere."""
        return (self.file, self.sidecar) if self.sidecar else (self.file,)

    def embed(self, faces: np.ndarray, *, batch_size: int = 8, views: str = "mirror") -> np.ndarray:
        """Map crops aligned to this network's template to identity vectors, as the function `embed` does."""
        size = self.template.size
        if faces.ndim != 4 or faces.shape[1:] != (size, size, 3) or faces.dtype != np.uint8:
            raise ShapeError(f"Faces must be (n, {size}, {size}, 3), uint8. Got {faces.shape}, {faces.dtype} instead.")
        if views not in VIEWS:
            raise SettingsError(f"Unknown views {views!r}. Choose from: {', '.join(VIEWS)}.")
        if not len(faces):
            return np.zeros((0, _session(self.file).get_outputs()[0].shape[-1]), np.float32)
        batches = [faces[i : i + batch_size] for i in range(0, len(faces), batch_size)]

        def see(work: tuple[np.ndarray, View]) -> np.ndarray:
            batch, view = work
            return normalize(self.run(look(batch, view)))

        # Each pass has a core for itself: the threads of one pass would wait for each other after each of 29 layers.
        seen = list(work_ahead(see, itertools.product(batches, VIEWS[views])))
        n_views = len(VIEWS[views])
        return np.concatenate([normalize(np.sum(seen[i : i + n_views], axis=0)) for i in range(0, len(seen), n_views)])

    def run(self, faces: np.ndarray) -> np.ndarray:
        """What the network itself says of crops of one batch: shape (n, values), not normalized."""
        session = _session(self.file)
        entry = session.get_inputs()[0]
        vectors: np.ndarray = session.run(None, {entry.name: self._prepared(faces, entry.type)})[0]
        return vectors

    def _prepared(self, faces: np.ndarray, kind: str) -> np.ndarray:
        values: Any = faces
        if kind != "tensor(uint8)":
            values = (faces.astype(np.float32) - np.array(self.mean, np.float32)) * np.float32(self.scale)
        if self.channels == "bgr":
            values = values[..., ::-1]
        if self.layout == "nchw":
            values = values.transpose(0, 3, 1, 2)
        return np.ascontiguousarray(values)


def embed(
    faces: np.ndarray, *, batch_size: int = 8, views: str = "mirror", network: FaceNetwork | None = None
) -> np.ndarray:
    """Map aligned face crops to identity vectors.

    Args:
        faces: Shape (n, 150, 150, 3), uint8, RGB; another side where another network wants one.
        batch_size: Crops per pass; changes memory, not results.
        views: What is averaged for each face: "plain" the crop alone, "mirror" also its mirror image, a little larger
            (the default), "careful" ten views: both, larger, smaller and shifted; five times the work.
        network: By default dlib's, which the first call writes into the user's cache.

    Returns:
        Shape (n, 128), float32, L2 norm 1.

    Raises:
        ShapeError: If `faces` has another shape.
        WeightsError: If the network's weights are missing or not what they should be.
    """
    return (network or default_network()).embed(faces, batch_size=batch_size, views=views)


_opening = threading.Lock()


def _session(file: Path) -> Any:
    with _opening:  # threads that start together would each open their own
        return _open(file)


@functools.cache
def _open(file: Path) -> Any:
    try:
        data = file.read_bytes()
    except OSError as error:
        raise WeightsError(f"The network {str(file)!r} can't be opened ({error.strerror or error}).") from error
    return open_network(data, n_threads=1)


@functools.cache
def default_network() -> FaceNetwork:
    """dlib's face network, written as ONNX into the user's cache the first time."""
    return FaceNetwork.load(default_network_file())


def face_network(settings: FaceSettings) -> FaceNetwork:
    """The face network that the settings name."""
    return FaceNetwork.load(Path(settings.network)) if settings.network else default_network()


def normalize(vectors: np.ndarray) -> np.ndarray:
    """Scale vectors to length 1; shape (n, values), float32."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), np.float32)


def look(faces: np.ndarray, view: View) -> np.ndarray:
    """Crops as another view shows them: mirrored, zoomed around the middle, shifted right and down."""
    mirrored, zoom, right, down = view
    if (zoom, right, down) != (1.0, 0.0, 0.0):
        size = faces.shape[1]
        middle = (size - 1) / 2 * (1 - zoom)
        matrix = np.array([[zoom, 0, middle + right], [0, zoom, middle + down]])
        warped = (cv2.warpAffine(face, matrix, (size, size), borderMode=cv2.BORDER_REPLICATE) for face in faces)
        faces = np.stack(list(warped)) if len(faces) else faces
    return np.ascontiguousarray(faces[:, :, ::-1]) if mirrored else faces


def _read_sidecar(file: Path) -> dict[str, Any]:
    table = tomllib.loads(file.read_text("utf-8"))
    template, size = table.pop("template"), table.pop("size", None)
    if isinstance(template, str):
        if template not in TEMPLATES:
            raise ValueError(f"unknown template {template!r}; choose from: {', '.join(TEMPLATES)}")
        chosen = TEMPLATES[template]
    else:
        points = np.asarray(template, float).reshape(5, 2)
        chosen = Template("own", int(size), tuple((x, y) for x, y in points.tolist()))
    mean = table.pop("mean", (0, 0, 0))
    r, g, b = np.broadcast_to(np.asarray(mean, float), 3).tolist()
    settings: dict[str, Any] = {"scale": float(table.pop("scale", 1.0))}
    for key, choices in (("channels", ("rgb", "bgr")), ("layout", ("nhwc", "nchw"))):
        settings[key] = table.pop(key, choices[0])
        if settings[key] not in choices:
            raise ValueError(f"{key} must be {' or '.join(choices)}, not {settings[key]!r}")
    if table:
        raise ValueError(f"unknown keys: {', '.join(table)}")
    return {"template": chosen, "mean": (r, g, b), **settings}
