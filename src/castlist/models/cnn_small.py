"""A small residual network for aligned faces, trained from scratch."""

from __future__ import annotations

import keras
from keras import layers

from castlist.models import dropouts_of
from castlist.settings import Settings

FILTERS = (48, 96, 192)
BATCH_NORM_MOMENTUM = 0.9  # of few steps an epoch, as in the report's CNN


def build_cnn_small(image_size: int, n_people: int, settings: Settings) -> keras.Model:
    """Build the small network: 1,557,975 parameters for 64 pixels and 7 people.

    The features are flattened, not averaged over the picture: in an aligned face each place means something.

    Takes RGB 0-255 of shape (n, image_size, image_size, 3); gives probabilities of shape (n, n_people).

    Source: residual blocks of He et al. 2016, "Identity mappings in deep residual networks", two convolutions each.
    """
    rates = dropouts_of(settings)
    inputs = keras.Input((image_size, image_size, 3), name="photos")
    x = layers.Rescaling(1 / 127.5, offset=-1)(inputs)
    for i, filters in enumerate(FILTERS):
        # The first one sees pixels: wider, and nothing to normalize before it.
        x = layers.Conv2D(filters, 3 if i else 5, strides=2, padding="same", use_bias=False)(_normalize(x) if i else x)
        inner = layers.Conv2D(filters, 3, padding="same", use_bias=False)(_normalize(x))
        inner = layers.Conv2D(filters, 3, padding="same", use_bias=False)(_normalize(inner))
        x = layers.Add()([x, inner])
    x = layers.Conv2D(256, 3, strides=2, padding="same", use_bias=False)(_normalize(x))
    x = layers.Flatten()(_normalize(x))
    x = layers.Dropout(rates[0])(x)
    outputs = layers.Dense(n_people, activation="softmax", dtype="float32", name="people")(x)
    return keras.Model(inputs, outputs, name="cnn_small")


def _normalize(x: keras.KerasTensor) -> keras.KerasTensor:
    return layers.ReLU()(layers.BatchNormalization(momentum=BATCH_NORM_MOMENTUM)(x))
