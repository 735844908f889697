"""The report's two networks after VGG16 (M5)."""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path

import keras
from keras import layers

from castlist.errors import WeightsError, reason_of
from castlist.learning.models import dropouts_of
from castlist.settings import Settings

FILE = "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5"
MD5 = "6d6bbae143d832006294945121d1f1fc"  # of that file, as Keras publishes it
ADDRESS = f"https://storage.googleapis.com/tensorflow/keras-applications/vgg16/{FILE}"
IMAGENET_MEAN = (123.68, 116.779, 103.939)  # RGB, of the photos that the weights were learnt from

BLOCKS = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))
BATCH_NORM_MOMENTUM = 0.9  # of few steps an epoch, as in the report's CNN

logger = logging.getLogger(__name__)


def build_vgg16(image_size: int, n_people: int, settings: Settings) -> keras.Model:
    """Build VGG16's convolutions with one dense layer: 14,890,311 parameters for 224 pixels and 7 people.

    The base is the layer "base"; it holds ImageNet's weights only after `load_imagenet`.

    Takes RGB 0-255 of shape (n, image_size, image_size, 3); gives probabilities of shape (n, n_people).

    Source: the report's summary; `keras.applications.VGG16` and its preprocessing: BGR, less ImageNet's mean.
    """
    inputs = keras.Input((image_size, image_size, 3), name="photos")
    x = layers.Rescaling(1.0, offset=[-value for value in IMAGENET_MEAN])(inputs)
    x = keras.ops.flip(x, axis=-1)
    base = keras.applications.VGG16(
        include_top=False, weights=None, input_shape=(image_size, image_size, 3), name="base"
    )
    x = layers.Flatten()(base(x))
    outputs = layers.Dense(n_people, activation="softmax", dtype="float32", name="people")(x)
    return keras.Model(inputs, outputs, name="vgg16")


def load_imagenet(model: keras.Model, settings: Settings) -> None:
    """Put ImageNet's weights into the base of a new vgg16; with the weights "none" it stays as it was built.

    Raises:
        WeightsError: As `find_imagenet`, or if the file can't be read.
    """
    source = find_imagenet(settings)
    if source is None:
        return
    base = model.get_layer("base")
    try:
        loaded = keras.applications.VGG16(include_top=False, weights=source, input_shape=base.input_shape[1:])
    except Exception as error:  # Keras raises many kinds
        raise WeightsError(
            "no-vgg16-weights",
            "{path!r} can't be read as the weights of VGG16 ({reason}).",
            path=str(source),
            reason=reason_of(error),
        ) from error
    base.set_weights(loaded.get_weights())
    logger.debug("ImageNet's weights read from %s", source)


def find_imagenet(settings: Settings) -> Path | None:
    """The file of ImageNet's weights: the one that the settings name, else Keras's, from its own cache or the net.

    Returns:
        None if the settings' weights are "none".

    Raises:
        WeightsError: If the file is not what it must be, or there is none and no network.
    """
    if settings.weights == "none":
        return None
    if settings.weights:
        _check_file(Path(settings.weights), settings.weights_sha256)
        return Path(settings.weights)
    try:
        return Path(keras.utils.get_file(FILE, ADDRESS, cache_subdir="models", file_hash=MD5))
    except Exception as error:  # Keras raises many kinds
        raise WeightsError(
            "no-imagenet-weights",
            "ImageNet's weights can't be loaded from the net. Get {address} (MD5 {md5}) elsewhere and name it with "
            "--weights FILE, or begin without them: --weights none.",
            address=ADDRESS,
            md5=MD5,
        ) from error


def _check_file(path: Path, sha256: str | None) -> None:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise WeightsError(
            "weights-unreadable",
            "The weights {path!r} can't be read ({reason}).",
            path=str(path),
            reason=reason_of(error),
        ) from error
    found = hashlib.sha256(data).hexdigest()
    if sha256 is None:
        if hashlib.md5(data, usedforsecurity=False).hexdigest() != MD5:
            raise WeightsError(
                "weights-not-keras",
                "The weights {path!r} have the SHA-256 {found}. It must be Keras's {file}, MD5 {md5}; if you trust "
                "another, set weights_sha256 to its SHA-256.",
                path=str(path),
                found=found,
                file=FILE,
                md5=MD5,
            )
    elif found != sha256.lower():
        raise WeightsError(
            "weights-not-expected",
            "The weights {path!r} have the SHA-256 {found}. weights_sha256 is {expected}.",
            path=str(path),
            found=found,
            expected=sha256,
        )


def build_vgg16_scratch(image_size: int, n_people: int, settings: Settings) -> keras.Model:
    """Build VGG16's layers with the report's head: 41,462,855 parameters for 224 pixels and 7 people.

    Takes RGB 0-255 of shape (n, image_size, image_size, 3); gives probabilities of shape (n, n_people).

    Source: the report's summary; the layers of Simonyan and Zisserman 2014, configuration D.
    """
    rates = dropouts_of(settings)
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
