"""The face network in Keras, to be trained on with a cast: what `face --fine-tune` learns."""

from __future__ import annotations

import functools
from itertools import pairwise

import keras
import numpy as np
from keras import layers

from castlist.embeddings import BLOCKS, MEAN, SHA256, WEIGHTS, Layer, read_weights
from castlist.errors import SettingsError
from castlist.faces import DEFAULT_TEMPLATE, PACKAGE, find_package_file, read_checked
from castlist.settings import Settings

SHARPNESS = 16.0  # of the softmax over cosines, which lie between -1 and 1


def build_face(image_size: int, n_people: int, settings: Settings) -> keras.Model:
    """Build the pretrained face network with a softmax over a cast.

    Takes aligned crops, RGB 0-255, of shape (n, 150, 150, 3); gives probabilities of shape (n, n_people).

    Raises:
        SettingsError: If the image size is another.
        WeightsError: If the pretrained weights are missing or not what they should be.

    Source: dlib's `dnn_face_recognition_ex.cpp`; each affine layer is folded into the convolution before it, since
    statistics of small batches would break it.
    """
    if image_size != DEFAULT_TEMPLATE.size:
        raise SettingsError(
            "face-image-size",
            "The model face needs an image_size of {own}. Got {size} instead.",
            own=DEFAULT_TEMPLATE.size,
            size=image_size,
        )
    convolutions, head = _pretrained()
    remaining = iter(convolutions)
    pretrained: list[tuple[layers.Layer, list[np.ndarray]]] = []

    def convolution(x: keras.KerasTensor, stride: int) -> keras.KerasTensor:
        weights, biases = next(remaining)
        layer = layers.Conv2D(len(biases), weights.shape[2], stride, padding="same" if stride == 1 else "valid")
        pretrained.append((layer, [weights.transpose(2, 3, 1, 0), biases]))
        return layer(x)

    inputs = keras.Input((image_size, image_size, 3), name="photos")
    x = layers.Rescaling(1 / 256, offset=[-value / 256 for value in MEAN])(inputs)
    x = layers.MaxPooling2D(3, 2)(layers.ReLU()(convolution(x, 2)))
    for (channels, _), (n_filters, halves) in pairwise([(32, False), *BLOCKS]):
        inner = convolution(layers.ReLU()(convolution(x, 2 if halves else 1)), 1)
        if halves:
            x = layers.AveragePooling2D(2)(x)
            # dlib adds what differs in shape as if the smaller were followed by zeros.
            gap = x.shape[1] - inner.shape[1]
            inner = layers.ZeroPadding2D(((0, gap), (0, gap)))(inner)
            x = keras.ops.pad(x, [[0, 0], [0, 0], [0, 0], [0, n_filters - channels]])
        x = layers.ReLU()(layers.Add()([inner, x]))
    x = layers.GlobalAveragePooling2D()(x)
    vectors = layers.Dense(head.shape[1], use_bias=False, dtype="float32", name="vectors")
    x = layers.UnitNormalization(dtype="float32")(vectors(x))
    x = layers.Rescaling(SHARPNESS, dtype="float32")(x)
    outputs = layers.Dense(n_people, activation="softmax", dtype="float32", name="people")(x)
    model = keras.Model(inputs, outputs, name="face")
    for layer, weights in [*pretrained, (vectors, [head])]:
        layer.set_weights(weights)
    return model


@functools.cache
def _pretrained() -> tuple[list[Layer], np.ndarray]:
    file = find_package_file("face_recognition_models", WEIGHTS, PACKAGE)
    return read_weights(read_checked(file, SHA256, PACKAGE))
