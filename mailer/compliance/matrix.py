"""The matrix: which duty is kept where, and by which tests; made from rules, tests and docs/duties.toml, and checked.

A test names the duties that it keeps by the marker `duty`, a rule by its review. What does not exist can't be named.
"""

import ast
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mailer.compliance.catalogue import Rule, catalogue

NUMBERS = [f"D{number}" for number in range(1, 131)]
KEPT = {"yes": "kept", "partly": "kept in part", "operator": "left to the operator"}


class MatrixRefused(Exception):
    """The matrix would say what is not so; the message has everything that is wrong, a line each."""


@dataclass(frozen=True, slots=True)
class Duty:
    """One duty of the law or of those who carry mail, and what became of it in Candor."""

    number: str
    law: str
    words: str
    kept: str
    where: tuple[str, ...]
    operator: str
    rules: tuple[Rule, ...]
    tests: tuple[str, ...]


def duties(root: Path) -> list[Duty]:
    """All duties, in order. Raises MatrixRefused if anything is named that is not there, or a promise has no test."""
    data = tomllib.loads((root / "docs" / "duties.toml").read_text())
    tests = tests_by_duty(root / "tests")
    told = [_duty(number, data.get(number, {}), tests.get(number, [])) for number in NUMBERS]
    if wrong := [*_unknown(data, tests), *(words for duty in told for words in _against(duty, root))]:
        raise MatrixRefused("\n".join(wrong))
    return told


def tests_by_duty(folder: Path) -> dict[str, list[str]]:
    """“mailer/test_x.py::test_y” of each duty: read from the files, so that no test has to be run for it."""
    found: dict[str, list[str]] = {}
    for path in sorted(folder.rglob("test_*.py")):
        module = ast.parse(path.read_text())
        everywhere = set(_marked(module.body))
        for test in _tests(module):
            for number in sorted({*everywhere, *_numbers(test.decorator_list)}):
                found.setdefault(number, []).append(f"{path.relative_to(folder)}::{test.name}")
    return found


def _tests(module: ast.Module) -> Iterator[ast.FunctionDef]:
    """What pytest collects."""
    for node in module.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield node


def _marked(statements: Sequence[ast.stmt]) -> Iterator[str]:
    """The duties of a whole file: `pytestmark`."""
    for statement in statements:
        if isinstance(statement, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == "pytestmark" for target in statement.targets
        ):
            value = statement.value
            yield from _numbers(value.elts if isinstance(value, ast.List) else [value])


def _numbers(marks: Sequence[ast.expr]) -> Iterator[str]:
    for mark in marks:
        if isinstance(mark, ast.Call) and isinstance(mark.func, ast.Attribute) and mark.func.attr == "duty":
            yield from (str(number.value) for number in mark.args if isinstance(number, ast.Constant))


def _duty(number: str, told: Mapping[str, object], tests: Sequence[str]) -> Duty:
    where = told.get("where", [])
    return Duty(
        number,
        str(told.get("law", "")),
        str(told.get("duty", "")),
        str(told.get("kept", "")),
        tuple(map(str, where)) if isinstance(where, list) else (),
        str(told.get("operator", "")),
        tuple(rule for rule in catalogue() if number in rule.reviewed.numbers),
        tuple(tests),
    )


# -- what is against it --------------------------------------------------------------------------------


def _unknown(data: Mapping[str, object], tests: Mapping[str, Sequence[str]]) -> Iterator[str]:
    for number in sorted({*data, *tests} - {*NUMBERS}):
        yield f"{number} is no duty; named by {', '.join(tests.get(number, ['docs/duties.toml']))}."


def _against(duty: Duty, root: Path) -> Iterator[str]:
    if not (duty.law and duty.words and duty.kept in KEPT):
        yield f"{duty.number} lacks its law, its words, or whether it is kept (yes, partly, operator)."
    yield from (f"{duty.number}: {path} is not there." for path in duty.where if not (root / path).exists())
    if duty.kept in {"yes", "partly"} and not (duty.tests and (duty.where or duty.rules)):
        yield f"{duty.number} is said to be kept, but no test or no place of enforcement is named."
    if duty.kept != "yes" and not duty.operator:
        yield f"{duty.number} is not kept whole, so docs/duties.toml must say what the operator does."


# -- as a page -----------------------------------------------------------------------------------------

INTRODUCTION = """\
# What Candor does about each duty, and what is left to you

Candor helps you comply; you remain the sender, and this is not legal advice. This page is made by `manage.py
print_compliance` from the rules, the tests and [duties.toml](duties.toml). `make check` turns red when it is stale,
when a test or file that it names is not there, or when a duty is called kept without a test.

The law is that of {as_of}. Of {number} duties {yes} are kept, {partly} are kept in part, and {operator} are left to the
operator. What a program keeps, what is around it can still break: read the first table.

"""


def page(told: Sequence[Duty]) -> str:
    """docs/compliance.md."""
    counts = {kept: sum(duty.kept == kept for duty in told) for kept in KEPT}
    as_of = min(rule.reviewed.day for rule in catalogue())
    parts = [
        INTRODUCTION.format(number=len(told), as_of=f"{as_of.day} {as_of:%B %Y}", **counts),
        "## What is left to you\n\n| duty | | what you do |\n| --- | --- | --- |\n",
        *(
            f"| {duty.number} | {_cell(duty.words)} | {_cell(duty.operator)} |\n"
            for duty in told
            if duty.operator
        ),
        "\n## Every duty\n\n",
        *map(_section, told),
    ]
    return "".join(parts).rstrip() + "\n"


def _section(duty: Duty) -> str:
    rules = ", ".join(f"`{rule.name}`" for rule in duty.rules)
    where = ", ".join(f"[{path}](../{path})" for path in duty.where)
    lines = [
        f"**{duty.number}. {duty.words}** ({duty.law}): {KEPT[duty.kept]}.",
        f"Rules: {rules}." if rules else "",
        f"In: {where}." if where else "",
        f"Tests: {'; '.join(map(_test, duty.tests))}." if duty.tests else "",
    ]
    return "  \n".join(filter(None, lines)) + "\n\n"


def _test(name: str) -> str:
    """A test's name is a sentence; the link says in which file it stands."""
    path, _, test = name.partition("::")
    return f"[{re.sub('^test_', '', test).replace('_', ' ')}](../tests/{path})"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
