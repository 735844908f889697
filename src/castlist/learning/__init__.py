"""Half two: from a folder of folders to a finished run with its report."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from castlist.facade import open_door

if TYPE_CHECKING:
    from castlist.learning.beginning import begin as begin
    from castlist.learning.comparison import Duel as Duel
    from castlist.learning.comparison import changed_settings as changed_settings
    from castlist.learning.comparison import compare_answers as compare_answers
    from castlist.learning.comparison import comparison_rows as comparison_rows
    from castlist.learning.comparison import describe_duel as describe_duel
    from castlist.learning.comparison import share_with_interval as share_with_interval
    from castlist.learning.dataset import Dataset as Dataset
    from castlist.learning.dataset import delete_datasets_of as delete_datasets_of
    from castlist.learning.diagnosis import describe_diagnosis as describe_diagnosis
    from castlist.learning.diagnosis import describe_end as describe_end
    from castlist.learning.diagnosis import diagnose as diagnose
    from castlist.learning.evaluation import Evaluation as Evaluation
    from castlist.learning.evaluation import evaluate as evaluate
    from castlist.learning.evaluation import read_evaluation as read_evaluation
    from castlist.learning.models import build_model as build_model
    from castlist.learning.models import check_installed as check_installed
    from castlist.learning.progress import Progress as Progress
    from castlist.learning.progress import Trial as Trial
    from castlist.learning.report import TAGS as TAGS
    from castlist.learning.report import jpeg_uri as jpeg_uri
    from castlist.learning.report import shrink as shrink
    from castlist.learning.report import template as template
    from castlist.learning.report import write_comparison as write_comparison
    from castlist.learning.report import write_report as write_report
    from castlist.learning.sessions import answer_anew as answer_anew
    from castlist.learning.sessions import cast_of as cast_of
    from castlist.learning.sessions import learn as learn
    from castlist.learning.sessions import report_again as report_again
    from castlist.learning.sessions import resume as resume
    from castlist.learning.statistics import FittedBackground as FittedBackground
    from castlist.learning.statistics import fit_background as fit_background
    from castlist.learning.takes import ALONE as ALONE
    from castlist.learning.training import load_trained as load_trained
    from castlist.learning.tuning import best_so_far as best_so_far
    from castlist.learning.tuning import tune as tune

# Here, before whatever of this room imports Keras first: our models are written and measured on TensorFlow, and its
# start-up notes say nothing that a user could act on.
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
# By itself only on processors that have AVX-512; without it convolutions take more than twice as long on all others.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

_ROOMS = {
    "ALONE": "takes",
    "Dataset": "dataset",
    "Duel": "comparison",
    "Evaluation": "evaluation",
    "FittedBackground": "statistics",
    "Progress": "progress",
    "TAGS": "report",
    "Trial": "progress",
    "answer_anew": "sessions",
    "begin": "beginning",
    "best_so_far": "tuning",
    "build_model": "models",
    "cast_of": "sessions",
    "changed_settings": "comparison",
    "check_installed": "models",
    "compare_answers": "comparison",
    "comparison_rows": "comparison",
    "delete_datasets_of": "dataset",
    "describe_diagnosis": "diagnosis",
    "describe_duel": "comparison",
    "describe_end": "diagnosis",
    "diagnose": "diagnosis",
    "evaluate": "evaluation",
    "fit_background": "statistics",
    "jpeg_uri": "report",
    "learn": "sessions",
    "load_trained": "training",
    "read_evaluation": "evaluation",
    "report_again": "sessions",
    "resume": "sessions",
    "share_with_interval": "comparison",
    "shrink": "report",
    "template": "report",
    "tune": "tuning",
    "write_comparison": "report",
    "write_report": "report",
}
__all__ = list(_ROOMS)
__getattr__ = open_door(__name__, _ROOMS)
