"""Where the command begins, also as `python -m castlist`."""

import sys

from castlist.stopping import INTERRUPTED, told_to_end


def main() -> None:
    """Run the command; whoever interrupts it while it is being loaded is told so, without a traceback, too."""
    with told_to_end() as signals:
        try:
            from castlist.cli import run
        except BaseException as error:  # an import that was interrupted may end in any
            if not signals and not isinstance(error, KeyboardInterrupt):
                raise
            sys.stderr.write("castlist: stopped.\n")
            sys.exit(128 + signals[0] if signals else INTERRUPTED)
        run(signals)


if __name__ == "__main__":
    main()
