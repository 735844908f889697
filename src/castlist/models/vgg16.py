"""The report's two networks after VGG16 (M5)."""

from __future__ import annotations

import keras
from keras import layers

from castlist.errors import SettingsError
from castlist.settings import Settings

BLOCKS = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))
SMALLEST = 48  # pixels; five halvings leave one place
DROPOUTS = (0.5, 0.5)
BATCH_NORM_MOMENTUM = 0.9  # of few steps an epoch, as in the report's CNN


def build_vgg16_scratch(image_size: int, n_people: int, settings: Settings) -> keras.Model:
    """Build VGG16's layers with the report's head: 41,462,855 parameters for 224 pixels and 7 people.

    Takes RGB 0-255 of shape (n, image_size, image_size, 3); gives probabilities of shape (n, n_people).

    Raises:
        SettingsError: If the image is smaller than 48 pixels or `settings.dropouts` hasn't two rates.

    Source: the report's summary; the layers of Simonyan and Zisserman 2014, configuration D.
    """
    if image_size < SMALLEST:
        raise SettingsError(
            f"The model vgg16-scratch needs an image_size of {SMALLEST} or more. Got {image_size} instead."
        )
    rates = DROPOUTS if settings.dropouts is None else settings.dropouts
    if len(rates) != len(DROPOUTS):
        raise SettingsError(f"The model vgg16-scratch needs {len(DROPOUTS)} dropouts. Got {len(rates)} instead.")

    inputs = keras.Input((image_size, image_size, 3), name="photos")
    x = layers.Rescaling(1 / 255)(inputs)
    for block, filters in enumerate(BLOCKS):
        for n_filters in filters:
            # Keras's usual start is too small for thirteen layers without normalization: nothing would be learnt.
            x = layers.Conv2D(n_filters, 3, padding="same", activation="relu", kernel_initializer="he_normal")(x)
        x = layers.MaxPooling2D(2)(x)
        if block == 0:
            x = layers.BatchNormalization(momentum=BATCH_NORM_MOMENTUM)(x)
    x = layers.Flatten()(x)
    for rate in rates:
        x = layers.Dense(1024, activation="relu")(x)
        x = layers.Dropout(rate)(x)
    outputs = layers.Dense(n_people, activation="softmax", dtype="float32", name="people")(x)
    return keras.Model(inputs, outputs, name="vgg16_scratch")
