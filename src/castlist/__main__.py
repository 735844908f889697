"""`python -m castlist`, where the command isn't on the path."""

from castlist.cli import main

if __name__ == "__main__":
    main()
