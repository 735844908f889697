"""The report's convolutional network (M4): seven convolutions, three blocks of two and one more, two dense layers."""

from __future__ import annotations

import keras
from keras import layers

from castlist.learning.models import dropouts_of
from castlist.settings import Settings

# The report keeps Keras's 0.99, which needs hundreds of steps to forget its start: with a thousand photos, validation
# stays at chance for the first dozen epochs.
BATCH_NORM_MOMENTUM = 0.9


def build_cnn(image_size: int, n_people: int, settings: Settings) -> keras.Model:
    """Build the report's CNN: 79,810,471 parameters for 224 pixels and 7 people.

    Takes RGB 0-255 of shape (n, image_size, image_size, 3); gives probabilities of shape (n, n_people).

    Source: the summary that the report prints.
    """
    rates = dropouts_of(settings)
    inputs = keras.Input((image_size, image_size, 3), name="photos")
    x = layers.Rescaling(1 / 255)(inputs)

    for block, filters in enumerate([(16, 32), (64,), (256, 256), (512, 512)]):
        for i, n_filters in enumerate(filters):
            x = layers.Conv2D(n_filters, 3, padding="valid" if i else "same", activation="relu")(x)
        x = layers.MaxPooling2D(2)(x)
        x = layers.BatchNormalization(momentum=BATCH_NORM_MOMENTUM)(x)
        x = layers.Dropout(rates[block])(x)

    x = layers.Flatten()(x)
    x = layers.Dense(1024, activation="relu")(x)
    x = layers.Dropout(rates[4])(x)
    # float32 whatever the precision: probabilities of 8 bits would not sum to 1.
    outputs = layers.Dense(n_people, activation="softmax", dtype="float32", name="people")(x)
    return keras.Model(inputs, outputs, name="cnn")
