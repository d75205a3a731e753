"""calls.py LEAST FILE...: "CALLER CALLEE COUNT" of the calls that callgrind saw in all files, the most frequent first, those of LEAST and more."""

import collections
import re
import sys

NAME = re.compile(r"(c?fn)=\((\d+)\)(?: (.*))?$")


def calls(path):
    """Names are written once and then meant by their numbers; a function that calls itself has a name for each depth."""
    names, found, caller, callee = {}, collections.Counter(), None, None
    with open(path) as counts:
        for line in counts:
            if name := NAME.match(line):
                kind, number, text = name.groups()
                if text:
                    names[number] = re.sub(r"'\d+$", "", text)
                if kind == "fn":
                    caller = names[number]
                else:
                    callee = names[number]
            elif line.startswith("calls="):
                found[caller, callee] += int(line[len("calls="):].split()[0])
    return found


total = sum(map(calls, sys.argv[2:]), collections.Counter())
for (caller, callee), count in sorted(total.items(), key=lambda call: (-call[1], call[0])):
    # The linker places no code without a name, and no function of another object.
    if count >= int(sys.argv[1]) and all(re.fullmatch(r"[\w$.]+", name) and not name.startswith("0x") for name in (caller, callee)):
        print(caller, callee, count)
