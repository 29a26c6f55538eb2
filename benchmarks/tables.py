"""What the programs take that print a table of finished runs."""

import argparse
from pathlib import Path


def of_runs(about: str | None) -> argparse.ArgumentParser:
    """Return a parser of run folders, whose help is the program's own description."""
    layout = argparse.RawTextHelpFormatter
    parser = argparse.ArgumentParser(description=about, formatter_class=layout)
    parser.add_argument("runs", nargs="+", type=Path)
    return parser
