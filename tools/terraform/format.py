#!/usr/bin/env python3
"""Whether Terraform files are written as `terraform fmt` writes them; for machines without terraform.

Checks indentation, alignment of `=` and of trailing comments, spaces between tokens, and line ends. Does not know all
of the language: `terraform fmt -check`, where there is one, has the last word.

    format.py [--fix] FOLDER…
"""

import argparse
import difflib
import pathlib
import re
import sys

OPENING, CLOSING = "([{", ")]}"
HEREDOC = re.compile(r"<<-?\"?(\w+)\"?\s*$")


def pieces(line):
    """Cuts a line into ("code", text), ("string", text) and ("comment", text)."""
    found, start, at = [], 0, 0
    while at < len(line):
        if line[at] == '"':
            if at > start:
                found.append(("code", line[start:at]))
            end = string_end(line, at)
            found.append(("string", line[at:end]))
            start = at = end
        elif line[at] == "#" or line.startswith("//", at):
            if at > start:
                found.append(("code", line[start:at]))
            found.append(("comment", line[at:]))
            start = at = len(line)
        else:
            at += 1
    if start < len(line):
        found.append(("code", line[start:]))
    return found


def string_end(line, at):
    """Behind the quote that ends the string that begins at `at`; strings within ${…} are passed over."""
    at += 1
    while at < len(line):
        if line[at] == "\\":
            at += 2
        elif line[at] == '"':
            return at + 1
        elif line[at : at + 2] in ("${", "%{") and line[at - 1] not in "$%":
            depth, at = 1, at + 2
            while at < len(line) and depth:
                if line[at] == '"':
                    at = string_end(line, at)
                    continue
                depth += {"{": 1, "}": -1}.get(line[at], 0)
                at += 1
        else:
            at += 1
    return at


def spaced(found):
    """One line's code with single spaces, and its trailing comment."""
    text, comment, code_only = "", "", ""
    for kind, piece in found:
        if kind == "comment":
            comment = piece.rstrip()
        elif kind == "string":
            text += "\0" + str(len(code_only)) + "\0"
            code_only += "\1" + piece
        else:
            text += piece
    strings = code_only.split("\1")[1:]
    text = re.sub(r"\s+", " ", text).strip()
    text = re.sub(r"([(\[]) ", r"\1", text)
    text = re.sub(r" ([)\],])", r"\1", text)
    text = re.sub(r",(?=[^ ])", ", ", text)
    text = re.sub(r" ?(==|!=|<=|>=|=>|&&|\|\||(?<![=!<>])=(?![=>])) ?", r" \1 ", text)
    text = re.sub(r" ?([?]) ?", r" \1 ", text)
    for string in strings:
        text = re.sub("\0\\d+\0", lambda _: string, text, count=1)
    return text.strip(), comment


def net(found):
    code = "".join(piece for kind, piece in found if kind == "code")
    return sum(character in OPENING for character in code) - sum(character in CLOSING for character in code)


def assignment(text, found):
    """Where the `=` of `name = value` stands, if the value ends on its line."""
    match = re.match(r'^([\w-]+|"[^"]*"|\([^)]*\)) = ', text)
    return match and net(found) == 0 and match.end() - 2


def formatted(source):
    lines, indents, heredoc = [], [], None
    for raw in source.split("\n"):
        if heredoc:
            lines.append(("raw", raw, "", None))
            heredoc = None if raw.strip() == heredoc else heredoc
            continue
        found = pieces(raw.strip())
        if not found:
            lines.append(("blank", "", "", None))
            continue
        text, comment = spaced(found)
        change = net(found)
        if change < 0:
            closed = -change
            while closed and indents:
                if closed >= indents[-1]:
                    closed -= indents.pop()
                else:
                    indents[-1] -= closed
                    closed = 0
        indent = "  " * len(indents)
        if change > 0:
            indents.append(change)
        match = HEREDOC.search(text)
        heredoc = match and match[1]
        lines.append(("code", indent + text, comment, (assignment(text, found) or None, len(indent))))
    return finish(align(lines))


def align(lines):
    """Puts the `=` of lines that follow each other below each other, then their trailing comments."""

    def chains(belongs):
        chain = []
        for index, line in enumerate(lines):
            if belongs(line):
                chain.append(index)
            elif chain:
                yield chain
                chain = []
        if chain:
            yield chain

    for chain in list(chains(lambda line: line[0] == "code" and line[3][0])):
        column = max(lines[index][3][0] + lines[index][3][1] for index in chain)
        for index in chain:
            kind, text, comment, (equals, indent) = lines[index]
            at = equals + indent
            lines[index] = (kind, text[:at] + " " * (column - at) + text[at:], comment, (equals, indent))
    for chain in list(chains(lambda line: line[0] == "code" and line[1].strip() and line[2])):
        column = max(len(lines[index][1]) for index in chain)
        for index in chain:
            kind, text, comment, place = lines[index]
            lines[index] = (kind, text + " " * (column - len(text)) + " " + comment, "", place)
    return [text + comment for _, text, comment, _ in lines]


def finish(lines):
    return "\n".join(lines).rstrip("\n") + "\n"


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--fix", action="store_true", help="write them so")
    arguments.add_argument("folders", nargs="+", type=pathlib.Path)
    options = arguments.parse_args()

    files = sorted(
        path
        for folder in options.folders
        for path in folder.rglob("*")
        if path.name.endswith((".tf", ".tfvars", ".tftest.hcl", ".tf.example", ".tfvars.example"))
        and ".terraform" not in path.parts
    )
    if not files:
        raise SystemExit("format: no Terraform files found")
    wrong = 0
    for path in files:
        source = path.read_text(encoding="utf-8")
        right = formatted(source)
        if source == right:
            continue
        wrong += 1
        if options.fix:
            path.write_text(right, encoding="utf-8")
        else:
            name = str(path)
            sys.stdout.writelines(
                difflib.unified_diff(source.splitlines(True), right.splitlines(True), name, f"{name}, formatted")
            )
    print(f"format: {len(files)} files, {wrong} {'rewritten' if options.fix else 'not as terraform fmt writes them'}")
    sys.exit(1 if wrong and not options.fix else 0)


if __name__ == "__main__":
    main()
