"""A small network for aligned faces, trained from scratch on top of what needs no training: gradients by direction."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers, ops

from castlist.learning.models import dropouts_of
from castlist.settings import Settings

DIRECTIONS = 12
CELL = 8  # pixels from one place where gradients are summed to the next
SHARPNESS = 0.7  # a direction answers to gradients within 45 degrees of it: cos(45 degrees) = 0.7
CEILING = 0.25  # of a direction's share of its neighbourhood: one hard shadow must not drown all else
FLAT = 1e-4  # energy of a neighbourhood, of 1, below which it counts as empty
FILTERS = (64, 96, 128)
BATCH_NORM_MOMENTUM = 0.9  # of few steps an epoch, as in the report's CNN
LUMINANCE = (0.299, 0.587, 0.114)


def build_cnn_small(image_size: int, n_people: int, settings: Settings) -> keras.Model:
    """Build the small network: 278,955 parameters for 96 pixels and 7 people.

    A few hundred photos are too few to learn from pixels what edges are. So the first layers are fixed: how much the
    picture brightens in each direction, summed over cells and measured against the neighbourhood. Three convolutions
    and a dense layer learn the people from that. The features are flattened, not averaged over the picture: in an
    aligned face each place means something.

    Takes RGB 0-255 of shape (n, image_size, image_size, 3); gives probabilities of shape (n, n_people).

    Source: the fixed part is that of Dalal and Triggs 2005, "Histograms of oriented gradients for human detection",
    with directions instead of orientations.
    """
    rate = dropouts_of(settings)[0]
    inputs = keras.Input((image_size, image_size, 3), name="photos")
    x = layers.Dropout(rate / 2)(_gradients(inputs))
    for i, filters in enumerate(FILTERS):
        x = layers.Conv2D(filters, 3 if i else 1, padding="same", use_bias=False)(x)
        x = layers.BatchNormalization(momentum=BATCH_NORM_MOMENTUM)(x)
        x = layers.ReLU()(x)
    x = layers.Flatten()(x)
    x = layers.Dropout(rate)(x)
    outputs = layers.Dense(n_people, activation="softmax", dtype="float32", name="people")(x)
    return keras.Model(inputs, outputs, name="cnn_small")


def _gradients(photos: keras.KerasTensor) -> keras.KerasTensor:
    """Gradients by direction and place, (n, s, s, 4 * DIRECTIONS), in float32 whatever the precision."""
    angles = 2 * np.pi * np.arange(DIRECTIONS) / DIRECTIONS
    kernel = np.zeros((3, 3, 1, DIRECTIONS))
    kernel[1, 2], kernel[1, 0] = np.cos(angles), -np.cos(angles)
    kernel[2, 1], kernel[0, 1] = np.sin(angles), -np.sin(angles)
    kernel = kernel * np.array(LUMINANCE)[:, None] / 255
    x = layers.Conv2D(
        DIRECTIONS,
        3,
        use_bias=False,
        trainable=False,
        dtype="float32",
        kernel_initializer=keras.initializers.Constant(kernel),
        name="gradients",
    )(photos)
    x = ops.relu(x)
    # The squares of the positive parts sum to a quarter of so many times the squared length, whatever the direction.
    length = ops.sqrt(_energy(x) * (4 / DIRECTIONS) + 1e-8)
    x = ops.relu(x - SHARPNESS * length)
    # Two boxes after each other weigh nearly as a bell does; one alone lets a pixel's move change too much.
    x = ops.average_pool(x, CELL, CELL // 2, "same")
    x = ops.average_pool(x, 3, 2, "same")
    blocks = ops.sqrt(4 * ops.average_pool(_energy(x), 2, 1, "valid") + FLAT)
    size = blocks.shape[1]
    corners = [x[:, i : i + size, j : j + size] for i in (0, 1) for j in (0, 1)]
    x = ops.concatenate([ops.minimum(corner / blocks, CEILING) for corner in corners], axis=-1)
    return layers.BatchNormalization(
        momentum=BATCH_NORM_MOMENTUM, center=False, scale=False, dtype="float32", name="shares"
    )(x)


def _energy(x: keras.KerasTensor) -> keras.KerasTensor:
    return ops.sum(ops.square(x), axis=-1, keepdims=True)
