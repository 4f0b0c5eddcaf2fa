#!/usr/bin/env python3
"""Fills a folder with links to the programs of Debian packages: of those named, of what they depend
on, and of the Essential ones, which every Debian has. With this folder as PATH no other program is
found.

Usage: path_of_packages.py FOLDER PACKAGE...      A package that is not installed is left out.
"""

import re
import subprocess
import sys
from pathlib import Path

FOLDERS = ("/bin", "/sbin", "/usr/bin", "/usr/sbin")


def lines_of(*command: str) -> list[str]:
    return subprocess.run(
        command, stdout=subprocess.PIPE, text=True, check=True
    ).stdout.splitlines()


# ----------------------------------------------------------------------------------------- packages


def names(field: str) -> list[list[str]]:
    """`a:any (>= 1) | b, c` -> [[a, b], [c]]"""
    return [
        re.findall(r"(?:^|\|)\s*([^\s:(|]+)", group) for group in field.split(",") if group.strip()
    ]


def with_dependencies(wanted: list[str]) -> set[str]:
    """Of alternatives the first that is installed, as apt takes it; the Essential packages, too."""
    fields = (
        "${Package}\t${db:Status-Status}\t${Essential}\t${Pre-Depends},${Depends}\t${Provides}\n"
    )
    depends, provider, left = {}, {}, list(wanted)
    for line in lines_of("dpkg-query", "--show", "--showformat", fields):
        package, status, essential, depended, provided = line.split("\t")
        if status != "installed":
            continue
        depends[package] = names(depended)
        provider.update((name, package) for group in names(provided) for name in group)
        left += [package] if essential == "yes" else []
    # Whoever else provides the same name.
    provider.update((package, package) for package in depends)
    found = set()
    while left:
        package = provider.get(left.pop())
        if package and package not in found:
            found.add(package)
            left += [
                next((name for name in group if name in provider), "") for group in depends[package]
            ]
    return found


# ----------------------------------------------------------------------------------------- programs


def is_program(path: Path) -> bool:
    return str(path.parent) in FOLDERS and path.is_file() and bool(path.stat().st_mode & 0o111)


def programs_of(packages: set[str]) -> dict[str, Path]:
    """{name: where it is}. A diverted program is found under its own name, unless one of `packages`
    took that."""
    diversion = re.compile(r"(?:local )?diversion of (.+?) to (.+?)(?: by (.+))?")
    diverted = {
        found[1]: (found[2], found[3])
        for line in lines_of("dpkg-divert", "--list")
        if (found := diversion.fullmatch(line))
    }
    found = {}
    for package in packages:
        for name in lines_of("dpkg-query", "--listfiles", package):
            to, by = diverted.get(name, (name, package))
            path = Path(name if by == package else to)
            if is_program(path):
                found[Path(to if by in packages and by != package else name).name] = path
    return found


def alternatives(programs: dict[str, Path]) -> dict[str, Path]:
    """{name: program} of the names that `update-alternatives` gives, such as c++: the best of
    `programs` for each."""
    ours = {path.resolve() for path in programs.values()}
    found = {}
    for line in lines_of("update-alternatives", "--get-selections"):
        name = line.split()[0]
        first, *blocks = "\n".join(lines_of("update-alternatives", "--query", name)).split("\n\n")
        links = {name: value(first, "Link"), **followers(first)}
        choices = [block for block in blocks if Path(value(block, "Alternative")).resolve() in ours]
        if choices:
            best = max(choices, key=lambda block: int(value(block, "Priority")))
            for each, path in {name: value(best, "Alternative"), **followers(best)}.items():
                if Path(links[each]).parent.name in ("bin", "sbin") and is_program(Path(path)):
                    found[Path(links[each]).name] = Path(path)
    return found


def value(block: str, key: str) -> str:
    return re.search(rf"^{key}: (.*)$", block, re.MULTILINE)[1]


def followers(block: str) -> dict[str, str]:
    """What changes along with a name: that of another program, a manual page."""
    return dict(re.findall(r"^ (\S+) (\S+)$", block, re.MULTILINE))


def main(folder: Path, *packages: str) -> None:
    programs = programs_of(with_dependencies(list(packages)))
    folder.mkdir(parents=True)
    for name, path in {**alternatives(programs), **programs}.items():
        (folder / name).symlink_to(path)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
