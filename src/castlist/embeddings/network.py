"""The face network: aligned crops in, identity vectors out."""

from __future__ import annotations

import functools
import hashlib
import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from castlist.embeddings import dlib_weights, sface
from castlist.embeddings.sidecar import read_sidecar
from castlist.errors import CastlistError, SettingsError, ShapeError, WeightsError
from castlist.faces import DEFAULT_TEMPLATE, TEMPLATES, Template
from castlist.inference import Chain, Opening, open_session, read_network
from castlist.settings import DLIB, FaceSettings
from castlist.threads import work_ahead

BATCH = 2  # crops in one pass; what more of them leave between layers falls out of the processor's cache

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
    digest: str = ""  # of both files' content: the same for the same network, wherever it lies
    session: Any = field(default=None, repr=False, compare=False)  # as `open_session` gave it
    n_values: int = field(default=0, repr=False, compare=False)  # how long its vectors are; 0: the session says it

    def __post_init__(self) -> None:
        if self.session and not self.n_values:
            _need_vectors(self)
            object.__setattr__(self, "n_values", int(self.session.get_outputs()[0].shape[1]))

    @classmethod
    def load(cls, file: Path) -> FaceNetwork:
        """Load an ONNX file that castlist wrote, or any other with a TOML of the same name beside it.

        Of SFace's file, as OpenCV's zoo has it, all is known without one. The TOML has `template`, the name of one or
        five points (`[[x, y], ...]`, then with `size`, the crop's side), and, where they differ from these:
        `mean = [0, 0, 0]`, `scale = 1`, `channels = "rgb"`, `layout = "nhwc"`.

        Raises:
            WeightsError: If the file can't be run, or nothing says how it wants its crops.
        """
        data, sidecar = read_network(file), file.with_suffix(".toml")
        digest = hashlib.sha256(data).hexdigest()
        if sidecar.is_file() and digest not in sface.WEIGHTS.digests:
            text = read_network(sidecar)
            try:
                wishes = read_sidecar(text)
            except ValueError as error:
                raise WeightsError(
                    "sidecar-wrong",
                    "{path!r} doesn't describe a face network ({reason}).",
                    path=str(sidecar),
                    reason=str(error),
                ) from error
            digests = digest, hashlib.sha256(text).hexdigest()
            session = open_session(data, n_threads=1, digest=digest)
            return cls(file, sidecar=sidecar, digest=_digest(*digests), session=session, **wishes)
        return cls._of(file, data, digest)

    @classmethod
    def _of(cls, file: Path, data: bytes, digest: str) -> FaceNetwork:
        """A file that says itself how it wants its crops, or is known to castlist."""
        if digest in sface.WEIGHTS.digests:  # all is known of it, and the first faces are found before it is open
            halves = (
                Opening(functools.partial(open_session, data, n_threads=1, digest=digest, rewrite=rewrite))
                for rewrite in (sface.rewrite_body, sface.rewrite_head)
            )
            template, values = TEMPLATES[sface.TEMPLATE], sface.VALUES
            return cls(file, template, digest=_digest(digest), session=Chain(*halves), n_values=values)
        session = open_session(data, n_threads=1, digest=digest)
        note = session.get_modelmeta().custom_metadata_map.get("castlist")
        if note is None:
            raise WeightsError(
                "sidecar-missing",
                "Nothing says how {path!r} wants its crops. Put {sidecar!r} beside it, with a line such as "
                'template = "arcface-112".',
                path=str(file),
                sidecar=file.with_suffix(".toml").name,
            )
        return cls(file, template=_noted_template(note, file), digest=_digest(digest), session=session)

    def is_of(self, digests: Sequence[str]) -> bool:
        """Whether this network is what files of these SHA-256 hold: its own, and that of what is beside it."""
        return bool(digests) and self.digest == _digest(*digests)

    @property
    def is_default(self) -> bool:
        """Whether it is SFace, wherever its file lies: how faces in general lie for it, castlist knows."""
        return any(self.is_of((digest,)) for digest in sface.WEIGHTS.digests)

    @property
    def files(self) -> tuple[Path, ...]:
        """What must be copied, names kept, for the network to be loaded elsewhere."""
        return (self.file, self.sidecar) if self.sidecar else (self.file,)

    def read_graph(self) -> bytes:
        """The network as onnxruntime is given it."""
        data = read_network(self.file)
        return data if self.sidecar else _graph_of(data)

    def embed(self, faces: np.ndarray, *, batch_size: int = BATCH, views: str = "plain") -> np.ndarray:
        """Map crops aligned to this network's template to identity vectors, as the function `embed` does."""
        size = self.template.size
        if faces.ndim != 4 or faces.shape[1:] != (size, size, 3) or faces.dtype != np.uint8:
            raise ShapeError(
                "faces-shape",
                "Faces must be (n, {size}, {size}, 3), uint8. Got {shape}, {dtype} instead.",
                size=size,
                shape=str(faces.shape),
                dtype=str(faces.dtype),
            )
        if views not in VIEWS:
            raise SettingsError(
                "views-unknown", "Unknown views {views!r}. Choose from: {known}.", views=views, known=", ".join(VIEWS)
            )
        step = 1 if self.session.get_inputs()[0].shape[0] == 1 else batch_size
        batches = [faces[i : i + step] for i in range(0, max(len(faces), 1), step)]

        def see(work: tuple[np.ndarray, View]) -> np.ndarray:
            batch, view = work
            return normalize(self.run(look(batch, view)))

        # Each pass has a core for itself: the threads of one pass would wait for each other after each of 29 layers.
        seen = list(work_ahead(see, itertools.product(batches, VIEWS[views])))
        n_views = len(VIEWS[views])
        return np.concatenate([normalize(np.sum(seen[i : i + n_views], axis=0)) for i in range(0, len(seen), n_views)])

    def run(self, faces: np.ndarray) -> np.ndarray:
        """What the network itself says of crops of one batch: shape (n, values), not normalized."""
        if not len(faces):
            return np.zeros((0, self.n_values), np.float32)
        entry = self.session.get_inputs()[0]
        try:
            answer = self.session.run(None, {entry.name: self._prepared(faces, entry.type)})[0]
        except CastlistError:  # it couldn't be opened
            raise
        except Exception as error:  # onnxruntime raises kinds of its own that share no base
            raise WeightsError(
                "network-fails",
                "The network {path!r} fails on {count} {count:crop|crops} ({reason}). Export it for any number of "
                "crops, or for one.",
                path=str(self.file),
                count=len(faces),
                reason=str(error).strip(),
            ) from error
        vectors = np.asarray(answer, np.float32)
        if vectors.shape != (len(faces), self.n_values):
            raise _misfit(self, vectors.shape)
        if not np.isfinite(vectors).all():
            raise WeightsError(
                "network-no-numbers",
                "The network {path!r} is damaged: what it gives is no number.",
                path=str(self.file),
            )
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
    faces: np.ndarray, *, batch_size: int = BATCH, views: str = "plain", network: FaceNetwork | None = None
) -> np.ndarray:
    """Map aligned face crops to identity vectors.

    Args:
        faces: Shape (n, 112, 112, 3), uint8, RGB; another side where another network wants one.
        batch_size: Crops per pass; changes memory, not results.
        views: What is averaged for each face: "plain" the crop alone (the default), "mirror" also its mirror image, a
            little larger, "careful" ten views: both, larger, smaller and shifted; ten times the work.
        network: By default SFace.

    Returns:
        Shape (n, 128), float32, L2 norm 1.

    Raises:
        ShapeError: If `faces` has another shape.
        WeightsError: If the network's weights are missing or not what they should be.
    """
    return (network or default_network()).embed(faces, batch_size=batch_size, views=views)


def default_network() -> FaceNetwork:
    """SFace, from the package that ships it or as a user gave it."""
    return _load_once(sface.WEIGHTS.find())


@functools.lru_cache(maxsize=1)
def _load_once(file: Path) -> FaceNetwork:
    data = sface.WEIGHTS.read(file)
    return FaceNetwork._of(file, data, hashlib.sha256(data).hexdigest())


def face_network(settings: FaceSettings) -> FaceNetwork:
    """The face network that the settings name: a file, or "dlib"."""
    if not settings.network:
        return default_network()
    return FaceNetwork.load(dlib_weights.network_file() if settings.network == DLIB else Path(settings.network))


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


def _need_vectors(network: FaceNetwork) -> None:
    """Make sure that a network gives a vector for each of some crops of its template, or for one, as far as it says."""
    inputs, gives = network.session.get_inputs(), network.session.get_outputs()[0].shape
    size = network.template.size
    crop = (size, size, 3) if network.layout == "nhwc" else (3, size, size)
    reads = inputs[0].shape
    fits = len(reads) == 4 and all(a == b or not isinstance(a, int) for a, b in zip(reads, (1, *crop), strict=True))
    is_one = len(inputs) == 1 and inputs[0].type in ("tensor(float)", "tensor(uint8)")
    if not (fits and is_one and len(gives) == 2 and isinstance(gives[1], int)):
        raise _misfit(network, gives)


def _misfit(network: FaceNetwork, gives: Sequence[Any]) -> WeightsError:
    """The error of a network that gives something else than a vector for each crop, or reads something else."""
    inputs, size = network.session.get_inputs(), network.template.size
    crop = ("n", size, size, 3) if network.layout == "nhwc" else ("n", 3, size, size)
    return WeightsError(
        "face-network-shape",
        "The face network {path!r} must read crops, {crop}, one at a time or any number, and give a vector for "
        "each. It reads {reads} and gives {gives} instead. Say its template and layout in the TOML beside it, or "
        "export it anew.",
        path=str(network.file),
        crop=str(crop),
        reads=", ".join(f"{entry.type} of {tuple(entry.shape)}" for entry in inputs[:3]) + ", ..." * (len(inputs) > 3),
        gives=str(tuple(gives)),
    )


def _noted_template(note: str, file: Path) -> Template:
    """The template that castlist's own files name inside."""
    try:
        return TEMPLATES[json.loads(note)["template"]]
    except (ValueError, TypeError, KeyError) as error:
        raise WeightsError(
            "network-note-wrong", "What {path!r} says of its crops can't be read. Get the file anew.", path=str(file)
        ) from error


def _graph_of(data: bytes) -> bytes:
    """A network's file as it is, but SFace's, which its package keeps small and not quick."""
    return sface.rewrite(data) if hashlib.sha256(data).hexdigest() in sface.WEIGHTS.digests else data


def _digest(*digests: str) -> str:
    """One digest of those of several files."""
    return hashlib.sha256(b"".join(map(bytes.fromhex, digests))).hexdigest()
