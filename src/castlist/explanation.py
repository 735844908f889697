"""What of a photo carried its name: Grad-CAM for a trained network, occlusion for the model `face`."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from castlist.errors import PhotoError, needs_extra
from castlist.faces import Face
from castlist.media import open_photo, read_photo, resize_photo
from castlist.naming import FaceEyes, NamedFace, Recognizer, Sight
from castlist.painting import draw_names
from castlist.quiet import without_notes

COVER = 0.2  # of the crop's side: the square that occlusion lays over it
PLACES = 14  # of the square along each side
SHOWN = 320  # pixels; side of a picture


@dataclass(frozen=True, eq=False)
class Explanation:
    """One answer and where in the picture it came from."""

    named: NamedFace
    person: str  # whose evidence it is: the answer, or for "unknown" the most similar person
    pixels: np.ndarray  # (height, width, 3), uint8, RGB; the face as aligned, or the whole photo
    evidence: np.ndarray  # (height, width), float32, 0 to 1; how much each place speaks for the person


class Explainer:
    """Explains the answers of a run."""

    def __init__(self, recognizer: Recognizer) -> None:
        """Get ready; of a run with a Keras model, its trained weights are loaded.

        Raises:
            RunError: If the weights are gone, or the model sees no single picture.
            MissingExtraError: If Keras is needed and missing.
        """
        self._recognizer = recognizer
        self._gradients = GradCam(recognizer) if recognizer.network is not None else None

    def explain(self, path: str | os.PathLike[str]) -> list[Explanation]:
        """Explain the answers for a photo: one for each face, largest first, or one for the whole photo.

        Raises:
            PhotoError: If it can't be read, or no face is found in it.
        """
        eyes = self._recognizer.eyes
        if not isinstance(eyes, FaceEyes):
            pixels = read_photo(path)
            return [self._explain_square(pixels, self._recognizer.name_pixels([pixels])[0][0])]
        faces = eyes.find(open_photo(path))
        if not faces:
            raise PhotoError("no-face", "no face found")
        (named,) = self._recognizer.name(eyes.keep([Sight(Path(path), faces=faces)]), repeat=True)
        if self._gradients is None:
            return [self._occlude(face, answer) for face, answer in zip(faces, named, strict=True)]
        return [self._explain_square(face.pixels, answer) for face, answer in zip(faces, named, strict=True)]

    def _explain_square(self, pixels: np.ndarray, named: NamedFace) -> Explanation:
        assert self._gradients is not None and self._recognizer.network is not None, "a run with a network"
        people = self._recognizer.run.people
        square = resize_photo(pixels, self._recognizer.network.image_size)
        known = named.name in people
        index = (
            people.index(named.name) if known else int(self._recognizer.network.probabilities(square[None]).argmax())
        )
        size = pixels.shape[1::-1]
        evidence = cv2.resize(self._gradients.evidence(square, index), size, interpolation=cv2.INTER_CUBIC)
        return Explanation(named, people[index], pixels, np.clip(evidence, 0, 1))

    def _occlude(self, face: Face, named: NamedFace) -> Explanation:
        """Cover one place after another; where the score falls most, the name came from."""
        network, gallery = self._recognizer.face_network, self._recognizer.gallery
        assert network is not None and gallery is not None, "a run of faces has both"
        crop = face.pixels
        side = len(crop)
        cover = round(COVER * side)
        starts = np.linspace(0, side - cover, PLACES).round().astype(int)
        corners = [(top, left) for top in starts for left in starts]
        covered = np.repeat(crop[None], len(corners) + 1, axis=0)  # the last one stays open
        for copy, (top, left) in zip(covered, corners, strict=False):
            copy[top : top + cover, left : left + cover] = crop.mean(axis=(0, 1))
        scores = gallery.scores(network.embed(covered, views=self._recognizer.run.settings.views))
        person = int(scores[-1].argmax())
        total, times = np.zeros((side, side), np.float32), np.zeros((side, side), np.float32)
        for (top, left), loss in zip(corners, scores[-1, person] - scores[:-1, person], strict=True):
            total[top : top + cover, left : left + cover] += loss
            times[top : top + cover, left : left + cover] += 1
        return Explanation(named, gallery.people[person], crop, _scaled(total / times))


class GradCam:
    """Which places of the last feature map speak for a person.

    Source: Selvaraju et al. 2017, "Grad-CAM: visual explanations from deep networks via gradient-based localization".
    """

    def __init__(self, recognizer: Recognizer) -> None:
        with needs_extra("keras", "Explaining a Keras model"), without_notes():
            from castlist.learning import load_trained  # before Keras, whose start-up notes it silences

            import keras  # isort: skip
        run, network = recognizer.run, recognizer.network
        assert network is not None, "a run with a network"
        model = load_trained(run, network.image_size)
        self._frames = network.frames
        self._head = model.layers[-1]
        # What looks at a picture may be a network within: the base of vgg16, the frame network of cnn-lstm.
        steps = model.operations
        inner = [i for i, step in enumerate(steps) if isinstance(step, keras.Model)]
        looking = steps[inner[0]] if inner else model
        # The last convolution: what follows only pools it, and sees less of where.
        maps = [layer.output for layer in looking.layers if isinstance(layer, keras.layers.Conv2D)]
        self._looking = keras.Model(looking.input, [maps[-1], looking.output if inner else self._head.input])
        self._before = keras.Model(model.input, steps[inner[0] - 1].output) if inner else None
        self._after = keras.Model(steps[inner[0] + 1].input, self._head.input) if inner else None

    def evidence(self, square: np.ndarray, person: int) -> np.ndarray:
        """Shape (height, width) of the feature map, float32, 0 to 1.

        Args:
            square: Shape (image_size, image_size, 3), uint8, RGB.
            person: The index of a person.
        """
        import tensorflow as tf

        photos = square[None].astype(np.float32)
        if self._frames:  # a model of sequences reads a photo as naming does: as all its frames
            photos = np.repeat(photos[None], self._frames, axis=1)
        if self._before is not None:
            photos = self._before(photos, training=False)
        with tf.GradientTape() as tape:
            features, last = self._looking(photos, training=False)
            if self._after is not None:
                last = self._after(last, training=False)
            score = tf.linalg.matvec(last, self._head.kernel[:, person])
        gradients = tape.gradient(score, features)
        weights = tf.reduce_mean(gradients, axis=(1, 2), keepdims=True)
        return _scaled(tf.reduce_sum(features * weights, axis=(0, -1)).numpy())


def draw_explanations(explanations: Sequence[Explanation]) -> np.ndarray:
    """Draw the answers for one photo, one below the other.

    Returns:
        Shape (height, width, 3), uint8, RGB.
    """
    rows = [_draw(one) for one in explanations]
    width = max(row.shape[1] for row in rows)
    return np.vstack([np.pad(row, ((0, 0), (0, width - row.shape[1]), (0, 0)), constant_values=255) for row in rows])


def _draw(one: Explanation) -> np.ndarray:
    """The picture, and beside it the same with what speaks for the name in warm colors; uint8, RGB."""
    scale = SHOWN / max(one.pixels.shape[:2])
    size = (max(round(one.pixels.shape[1] * scale), 1), max(round(one.pixels.shape[0] * scale), 1))
    picture = cv2.resize(one.pixels, size, interpolation=cv2.INTER_CUBIC)
    evidence = cv2.resize(one.evidence, size, interpolation=cv2.INTER_LINEAR)
    warm = cv2.applyColorMap((255 * evidence).astype(np.uint8), cv2.COLORMAP_INFERNO)[..., ::-1]
    grey = cv2.cvtColor(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    share = 0.65 * evidence[..., None]
    beside = (grey * (1 - share) + warm * share).astype(np.uint8)
    return draw_names(np.hstack([picture, beside]), [dataclasses.replace(one.named, box=None)])


def _scaled(values: np.ndarray) -> np.ndarray:
    """What speaks for the person, as a share of the place that speaks loudest; what speaks against it is 0."""
    speaking = np.maximum(values, 0)
    return np.asarray(speaking / max(speaking.max(), np.finfo(np.float32).tiny), np.float32)
