"""The report's third network (M6) and one that works: each frame is looked at, then their order is read."""

from __future__ import annotations

import dataclasses

import keras
from keras import layers

from castlist.learning.models import dropouts_of
from castlist.learning.models.cnn_small import build_cnn_small
from castlist.settings import Settings

UNITS = 50  # of the LSTM


def build_cnn_lstm(image_size: int, n_people: int, settings: Settings) -> keras.Model:
    """Build the network of sequences: for 224 pixels, 7 people and the report's frame network, 615,579 parameters.

    The report's sigmoid and its dropout after the output are left out: neither gives probabilities.

    Takes RGB 0-255 of shape (n, settings.frames, image_size, image_size, 3); gives probabilities of shape
    (n, n_people).

    Source: the report's third network; the other frame network is cnn-small up to its features.
    """
    frame = {"report": _report_frame, "small": _small_frame}[settings.frame_network](image_size, n_people, settings)
    inputs = keras.Input((settings.frames, image_size, image_size, 3), name="photos")
    # As one batch of frames, all at once: TimeDistributed would look at one after the other.
    features = frame(keras.ops.reshape(inputs, (-1, image_size, image_size, 3)))
    x = keras.ops.reshape(features, (-1, settings.frames, features.shape[-1]))
    x = layers.Dropout(dropouts_of(settings)[0])(x)
    x = layers.LSTM(UNITS, unroll=True, name="reading")(x)  # a loop would be slower, and foreign to other programs
    outputs = layers.Dense(n_people, activation="softmax", dtype="float32", name="people")(x)
    return keras.Model(inputs, outputs, name="cnn_lstm")


def _small_frame(image_size: int, n_people: int, settings: Settings) -> keras.Model:
    alone = dataclasses.replace(settings, model="cnn-small", frames=1, dropouts=None)
    small = build_cnn_small(image_size, n_people, alone)
    (flat,) = (layer for layer in small.layers if isinstance(layer, layers.Flatten))
    return keras.Model(small.input, flat.output, name="frame")


def _report_frame(image_size: int, n_people: int, settings: Settings) -> keras.Model:
    inputs = keras.Input((image_size, image_size, 3))
    x = layers.Rescaling(1 / 255)(inputs)
    for _ in range(2):
        x = layers.Conv2D(1, 2, activation="relu")(x)
        x = layers.MaxPooling2D(2)(x)
    x = layers.BatchNormalization()(x)
    return keras.Model(inputs, layers.Flatten()(x), name="frame")
