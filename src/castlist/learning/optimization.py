"""How the weights are moved: the optimizer, and the learning rate of each step."""

from __future__ import annotations

import math

from castlist.errors import needs_extra
from castlist.quiet import without_notes
from castlist.settings import TrainingSettings

with needs_extra("keras", "Training"), without_notes():
    import keras


def learning_rate_at(step: int, steps_per_epoch: int, settings: TrainingSettings) -> float:
    """The learning rate of a step, counted from 0 over the whole training."""
    epoch = step / steps_per_epoch
    rate = settings.rate / (1 + settings.decay * step)
    if settings.frozen_epochs and epoch >= settings.frozen_epochs:
        rate *= settings.thawed_rate
    if settings.schedule == "step":
        return rate * settings.step_factor ** (int(epoch) // settings.step_epochs)
    if settings.schedule == "cosine":
        warmup = min(settings.warmup_epochs, settings.epochs - 1)
        if epoch < warmup:
            return rate * (step + 1) / (warmup * steps_per_epoch)
        return rate * 0.5 * (1 + math.cos(math.pi * (epoch - warmup) / (settings.epochs - warmup)))
    return rate


def build_optimizer(settings: TrainingSettings) -> keras.optimizers.Optimizer:
    """The optimizer that the settings name."""
    rate, clip_norm = float(settings.rate), settings.clip_norm or None
    if settings.optimizer == "sgd":
        return keras.optimizers.SGD(
            rate, momentum=settings.momentum, nesterov=settings.nesterov, global_clipnorm=clip_norm
        )
    if settings.optimizer == "adamw":
        return keras.optimizers.AdamW(rate, weight_decay=settings.weight_decay, global_clipnorm=clip_norm)
    kinds = {"adam": keras.optimizers.Adam, "rmsprop": keras.optimizers.RMSprop}
    return kinds[settings.optimizer](rate, global_clipnorm=clip_norm)
