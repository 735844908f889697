"""The face network in Keras, to be trained on with a cast: what `face --fine-tune` learns."""

from __future__ import annotations

import functools

import keras
import numpy as np
from keras import layers

from castlist.embeddings import SfaceParts, read_parts
from castlist.errors import SettingsError
from castlist.faces import DEFAULT_TEMPLATE
from castlist.settings import Settings

SHARPNESS = 16.0  # of the softmax over cosines, which lie between -1 and 1


def build_face(image_size: int, n_people: int, settings: Settings) -> keras.Model:
    """Build the pretrained face network with a softmax over a cast.

    Takes aligned crops, RGB 0-255, of shape (n, 112, 112, 3); gives probabilities of shape (n, n_people).

    Raises:
        SettingsError: If the image size is another.
        WeightsError: If the pretrained weights are missing or not what they should be.

    Source: SFace's file; each normalization is folded into the convolution before it, since statistics of small batches
    would break it.
    """
    if image_size != DEFAULT_TEMPLATE.size:
        raise SettingsError(
            "face-image-size",
            "The model face needs an image_size of {own}. Got {size} instead.",
            own=DEFAULT_TEMPLATE.size,
            size=image_size,
        )
    parts = _pretrained()
    pretrained: list[tuple[layers.Layer, list[np.ndarray]]] = []

    def learnt(layer: layers.Layer, *weights: np.ndarray) -> layers.Layer:
        pretrained.append((layer, list(weights)))
        return layer

    inputs = keras.Input((image_size, image_size, 3), name="photos")
    shift, scale = float(parts.shift.item()), float(parts.scale.item())
    x = layers.Rescaling(scale, offset=-shift * scale)(inputs)
    for part in parts.layers:
        weights = (part.weights * part.gains[:, None, None, None]).transpose(2, 3, 1, 0)
        if part.pads[0]:
            x = layers.ZeroPadding2D(part.pads[0])(x)
        if part.group > 1:
            convolution = layers.DepthwiseConv2D(weights.shape[0], part.strides[0])
            weights = weights.swapaxes(2, 3)
        else:
            convolution = layers.Conv2D(weights.shape[3], weights.shape[0], part.strides[0])
        x = learnt(convolution, weights, part.offsets)(x)
        x = learnt(layers.PReLU(shared_axes=[1, 2]), part.slopes[None, None])(x)
    x = layers.Flatten()(layers.Permute((3, 1, 2))(x))  # as SFace has them: channels first
    head = parts.head * np.outer(parts.last_gains, parts.gains)[..., None]
    biases = parts.head.sum(axis=2) @ parts.offsets * parts.last_gains + parts.last_offsets
    head = head.reshape(len(head), -1).T
    x = learnt(layers.Dense(len(biases), dtype="float32", name="vectors"), head, biases)(x)
    x = layers.UnitNormalization(dtype="float32")(x)
    x = layers.Rescaling(SHARPNESS, dtype="float32")(x)
    outputs = layers.Dense(n_people, activation="softmax", dtype="float32", name="people")(x)
    model = keras.Model(inputs, outputs, name="face")
    for layer, weights in pretrained:
        layer.set_weights(weights)
    return model


@functools.cache
def _pretrained() -> SfaceParts:
    return read_parts()
