"""A training as TensorBoard reads it: curves while it runs, answers and settings at its end."""

from __future__ import annotations

import shutil
import time
from types import TracebackType

from castlist.errors import needs_extra
from castlist.files import make_folder, make_private
from castlist.learning.comparison import flatten
from castlist.learning.evaluation import Evaluation
from castlist.learning.report import png_size
from castlist.run import Epoch, Run

with needs_extra("tensorboard", "Writing logs for TensorBoard"):
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.plugins.hparams import api
    from tensorboard.summary.writer.event_file_writer import EventFileWriter


class EventLog:
    """Writes the folder tensorboard/ of a run; a context, which ends the files."""

    def __init__(self, run: Run) -> None:
        self._folder = run.path / "tensorboard"
        self._writers: dict[str, EventFileWriter] = {}

    def __enter__(self) -> EventLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for writer in self._writers.values():
            writer.close()

    def add_epoch(self, row: Epoch) -> None:
        """Add an epoch to the curves; those of training and validation share a picture, as in Keras's own logs."""
        self._add("train", row.epoch, loss=row.loss, accuracy=row.accuracy, learning_rate=row.learning_rate)
        self._add("validation", row.epoch, loss=row.val_loss, accuracy=row.val_accuracy)

    def add_result(self, run: Run, evaluation: Evaluation) -> None:
        """Add the figures on the test side, the confusion matrix that the report has drawn, and the settings."""
        shutil.rmtree(self._folder / "test", ignore_errors=True)  # of before a resume
        png = (run.path / "figures" / "confusion.png").read_bytes()
        width, height = png_size(png)
        picture = Summary.Image(encoded_image_string=png, width=width, height=height, colorspace=3)
        settings = {
            name: value if isinstance(value, bool | int | float | str) else str(value)
            for name, value in flatten(run.settings.to_dict()).items()
        }
        step = run.best_epoch or 0
        self._add("test", step, loss=evaluation.loss, accuracy=evaluation.accuracy)
        self._write("test", step, Summary(value=[Summary.Value(tag="confusion", image=picture)]))
        self._write("test", step, api.hparams_pb(settings, trial_id=run.path.name))

    def _add(self, side: str, step: int, **values: float) -> None:
        self._write(side, step, Summary(value=[Summary.Value(tag=tag, simple_value=v) for tag, v in values.items()]))

    def _write(self, side: str, step: int, summary: Summary) -> None:
        if side not in self._writers:
            folder = self._folder / side
            for made in (self._folder, folder):
                make_folder(made, private=True)
            self._writers[side] = EventFileWriter(str(folder))
            for path in folder.iterdir():
                make_private(path)
        self._writers[side].add_event(Event(wall_time=time.time(), step=step, summary=summary))
        self._writers[side].flush()  # TensorBoard shows it while training goes on
