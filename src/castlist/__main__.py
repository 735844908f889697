"""Where the command begins, also as `python -m castlist`."""

import sys


def main() -> None:
    """Run the command; whoever interrupts it while it is being loaded gets no traceback either."""
    try:
        from castlist.cli import main as run
    except KeyboardInterrupt:
        sys.stderr.write("castlist: stopped.\n")
        sys.exit(130)
    run()


if __name__ == "__main__":
    main()
