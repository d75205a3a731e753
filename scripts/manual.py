"""scripts/manual.py BINARY: the manual page of the command line, from what the binary says of itself, as roff on standard output."""

import json
import subprocess
import sys


EXITS = [
    (0, "It is done, and all is well."),
    (1, "It could not be done, or what was looked at is not as it should be: a problem in a file, a provider that does not answer, a promise of a "
        "scenario that was broken, a gate of a replay that failed, a difference between file and running settings."),
    (2, "Of replay: something that was given cannot be used."),
    (64, "The command line says something that there is not. Standard error says what, and what comes nearest."),
    (78, "The system is not as a process needs it: /proc is not mounted."),
]


def escaped(text):
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\n".join("\\&" + line if line.startswith((".", "'")) else line for line in text.splitlines())


def spelled(argument):
    names = [("--" if name["kind"] == "long" else "-") + name["name"] for name in argument.get("names", [])]
    value = f" <{argument.get('valueName', '')}>" if argument["kind"] == "option" else ""
    return ", ".join(names) + value if names else f"<{argument.get('valueName', '')}>"


def usage(argument):
    """As it stands in a synopsis."""
    text = spelled(argument).split(", ")[-1] + (" ..." if argument.get("isRepeating") else "")
    return f"[{text}]" if argument.get("isOptional") else text


def section(command, path):
    name = " ".join([*path, command["commandName"]])
    yield f".SS {escaped(name)}"
    arguments = [one for one in command.get("arguments", []) if not {name["name"] for name in one.get("names", [])} & {"help", "version"}]
    if not [child for child in command.get("subcommands", []) if child["commandName"] != "help"]:
        yield f".B swiftlet {escaped(name)}"
        if arguments:
            yield escaped(" ".join(usage(one) for one in arguments))
        yield ".PP"
    for part in ("abstract", "discussion"):
        if command.get(part):
            yield escaped(command[part])
            yield ".PP"
    for argument in arguments:
        if argument.get("shouldDisplay", True) and argument.get("abstract"):
            yield ".TP"
            yield f".B {escaped(spelled(argument))}"
            standard = f" The default is {argument['defaultValue']}." if argument.get("defaultValue") else ""
            yield escaped(argument["abstract"] + standard)
    for child in command.get("subcommands", []):
        if child["commandName"] != "help":
            yield from section(child, [*path, command["commandName"]])


def page(binary):
    said = json.loads(subprocess.run([binary, "--experimental-dump-help"], capture_output=True, text=True, check=True).stdout)
    version = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    root = said["command"]
    yield f'.TH SWIFTLET 1 "" "Swiftlet {version}" "User Commands"'
    yield ".SH NAME"
    yield "swiftlet \\- a self\\-hosted LLM router"
    yield ".SH SYNOPSIS"
    yield ".B swiftlet\n.I command\n[options]"
    yield ".SH DESCRIPTION"
    yield escaped(root["abstract"])
    yield ".PP"
    yield escaped("Commands that look at or change a running gateway ask its admin listener, --url, and take the admin token from "
                  "SWIFTLET_ADMIN_TOKEN. Where a command prints data, --json prints it as the admin API has it.")
    yield ".SH COMMANDS"
    for child in root["subcommands"]:
        if child["commandName"] != "help":
            yield from section(child, [])
    yield ".SH ENVIRONMENT"
    for name, text in [("NO_COLOR", "Where it is set and not empty, nothing is coloured. Into files and pipes nothing ever is."),
                       ("SWIFTLET_ADMIN_TOKEN", "The token that commands send to a running gateway, and that a gateway takes."),
                       ("SWIFTLET_STORE, SWIFTLET_SERVER_LISTEN, ...", "Settings; `swiftlet schema --reference` names all of them.")]:
        yield f".TP\n.B {escaped(name)}\n{escaped(text)}"
    yield ".SH EXIT STATUS"
    for code, text in EXITS:
        yield f".TP\n.B {code}\n{escaped(text)}"
    yield ".SH FILES"
    for name, text in [("/etc/swiftlet/swiftlet.yaml", "Settings of the service."), ("/etc/swiftlet/environment", "Its secrets."),
                       ("/var/lib/swiftlet", "Its store.")]:
        yield f".TP\n.I {escaped(name)}\n{escaped(text)}"


if __name__ == "__main__":
    print("\n".join(page(sys.argv[1])))
