"""The verbs about face networks: background, weights."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from castlist.cli.console import show_json, tell
from castlist.cli.options import SYSTEM, Language
from castlist.cli.words import translate
from castlist.escaping import for_json


def background(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Holds one folder of photos per person; 100 people or more.")
    ],
    network: Annotated[
        str, typer.Option(metavar="FILE", help="Your face network, ONNX with a TOML beside it; or dlib.")
    ],
    json_: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    language: Language = SYSTEM,
) -> None:
    """Measure on many people how much faces differ for a network of your own, so that train knows a stranger.

    Kept beside the network: means and covariances, nobody's face. train --network FILE then uses them.
    """
    from castlist.learning import fit_background
    from castlist.showing import showing_count

    with showing_count(translate("Photos")) as on_count:
        done = fit_background(folder, network, on_count=on_count)
    if json_:
        counts = {"people": done.people, "photos": done.photos, "left_out": done.left_out}
        show_json(for_json({"file": str(done.file), **counts}))
        return
    tell(
        translate(
            "Measured on {photos} {photos:photo|photos} of {people} people.", photos=done.photos, people=done.people
        )
    )
    if done.left_out:
        tell(
            translate(
                "Left out, without a face, unreadable, or copies: {count} {count:photo|photos}.", count=done.left_out
            )
        )
    tell(
        translate(
            "Kept in {file!r}; train --network {network} uses it from now on.", file=str(done.file), network=network
        )
    )


def weights(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE", help="SFace's and YuNet's files, as OpenCV's zoo has them.")
    ],
    language: Language = SYSTEM,
) -> None:
    """Give castlist the files of its own networks, where the package that ships them can't be had any more.

    Each is known by its checksum and copied into castlist's cache; nothing is downloaded. They lie in
    https://github.com/opencv/opencv_zoo, in models/face_recognition_sface and models/face_detection_yunet.
    """
    from castlist.embeddings import keep_weights

    for kept in keep_weights(files):
        tell(translate("{title}: kept in {file!r}", title=kept.title, file=str(kept.file)))
