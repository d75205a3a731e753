"""scripts/manual.py BINARY: the manual page of the command line, from what the binary says of itself, as roff on standard output."""

import json
import subprocess
import sys


def escaped(text):
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\n".join("\\&" + line if line.startswith((".", "'")) else line for line in text.splitlines())


def spelled(argument):
    names = [("--" if name["kind"] == "long" else "-") + name["name"] for name in argument.get("names", [])]
    value = f" <{argument.get('valueName', '')}>" if argument["kind"] == "option" else ""
    return ", ".join(names) + value if names else f"<{argument.get('valueName', '')}>"


def section(command, path):
    name = " ".join([*path, command["commandName"]])
    yield f".SS {escaped(name)}"
    for part in ("abstract", "discussion"):
        if command.get(part):
            yield escaped(command[part])
            yield ".PP"
    for argument in command.get("arguments", []):
        names = {name["name"] for name in argument.get("names", [])}
        if argument.get("shouldDisplay", True) and argument.get("abstract") and not names & {"help", "version"}:
            yield ".TP"
            yield f".B {escaped(spelled(argument))}"
            yield escaped(argument["abstract"])
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
    yield ".SH COMMANDS"
    for child in root["subcommands"]:
        if child["commandName"] != "help":
            yield from section(child, [])
    yield ".SH ENVIRONMENT"
    for name, text in [("SWIFTLET_ADMIN_TOKEN", "The token that commands send to a running gateway, and that a gateway takes."),
                       ("SWIFTLET_STORE, SWIFTLET_SERVER_LISTEN, ...", "Settings; `swiftlet schema --reference` names all of them.")]:
        yield f".TP\n.B {escaped(name)}\n{escaped(text)}"
    yield ".SH FILES"
    for name, text in [("/etc/swiftlet/swiftlet.yaml", "Settings of the service."), ("/etc/swiftlet/environment", "Its secrets."),
                       ("/var/lib/swiftlet", "Its store.")]:
        yield f".TP\n.I {escaped(name)}\n{escaped(text)}"


if __name__ == "__main__":
    print("\n".join(page(sys.argv[1])))
