#!/usr/bin/env python3
"""Puts tables that compare.py wrote into docs/performance.md, between its two marks.

usage: benchmarks/compare/into_docs.py TABLE.md ...
"""

import pathlib
import sys

DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs/performance.md"
BEGIN, END = "<!-- bench:begin -->\n", "<!-- bench:end -->\n"


def lowered(text):
    """Without the title, and with sections one level down."""
    lines = text.strip().splitlines()[1:]
    return "\n".join("#" + line if line.startswith("## ") else line for line in lines).strip() + "\n"


def main(tables):
    page = DOCS.read_text()
    before, rest = page.split(BEGIN)
    after = rest.split(END)[1]
    DOCS.write_text(before + BEGIN + "\n".join(lowered(pathlib.Path(table).read_text()) for table in tables) + END + after)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    main(sys.argv[1:])
