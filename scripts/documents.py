#!/usr/bin/env python3
"""scripts/documents.py [--check]: writes Sources/CConsole/documents.c, which embeds the pages below docs and the examples that they name.

With --check it only says whether that file is as it would be written.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
TARGET = ROOT / "Sources/CConsole/documents.c"
HEAD = """\
// Written by scripts/documents.py: every page below docs, and the examples.
#include "CConsole.h"

// Part of C23; the compiler knows it in older C too, and says so.
#pragma clang diagnostic ignored "-Wc23-extensions"

"""


def pages():
    """Name and path of each, in the order of names."""
    for path in sorted((ROOT / "docs").rglob("*")):
        if path.suffix in (".md", ".json"):
            yield path.relative_to(ROOT / "docs"), path
    named = {name for page in (ROOT / "docs").rglob("*.md") for name in re.findall(r"\]\((?:\.\./)+(examples/[^)#]+)", page.read_text())}
    for name in sorted(named):
        yield pathlib.PurePath(name), ROOT / name


def source():
    every = list(pages())
    text = HEAD
    for number, (_, path) in enumerate(every):
        text += f'static const unsigned char d{number}[] = {{\n#embed "../../{path.relative_to(ROOT)}"\n}};\n'
    text += "\nstatic const struct ConsoleFile documents[] = {\n"
    rows = [f'{{"{name}", d{number}, sizeof d{number}}},' for number, (name, _) in enumerate(every)]
    text += "".join(f"    {row}\n" for row in rows) + "};\n\n"
    return text + ("size_t console_documents(void) { return sizeof documents / sizeof *documents; }\n\n"
                   "struct ConsoleFile console_document(size_t index) { return documents[index]; }\n")


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        sys.exit(0 if TARGET.exists() and TARGET.read_text() == source() else f"{TARGET} is not up to date: scripts/documents.py")
    TARGET.write_text(source())
