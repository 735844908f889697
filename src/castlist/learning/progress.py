"""What learning tells while it goes on; known without Keras, since who watches may be another process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from castlist.run import Epoch


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Where a training stands, told after each step and each epoch."""

    epoch: int  # from 1
    epochs: int
    step: int  # of this epoch, from 1
    steps: int
    loss: float  # mean over this epoch so far
    accuracy: float
    finished: Epoch | None  # the epoch just validated, at its end; None within it
    frozen: bool  # whether the pretrained base is left as it is in this epoch
    seconds_left: float


@dataclass(frozen=True)
class Trial:
    """A training of a search that has ended."""

    number: int
    run: Path
    accuracy: float | None  # on validation; None: given up


OnProgress = Callable[[Progress], None]
OnTrial = Callable[[Trial], None]
