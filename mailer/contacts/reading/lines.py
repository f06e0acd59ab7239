"""The physical lines of a file, counted, which can be given back to be read again."""

import csv
from collections import deque
from typing import TextIO

LONGEST_LINE = 262_144  # characters; csv's own limit for a cell is 131,072
# A quoted cell may hold line breaks; a quotation mark left open must not eat the file.
MOST_LINES_OF_A_ROW = 200


class Lines:
    """An iterator for csv.reader. What never ends is cut and refused, so that memory stays bounded."""

    def __init__(self, text: TextIO) -> None:
        self._readline = text.readline
        self._returned: deque[str] = deque()
        self.number = 0
        self.taken: list[str] = []

    def __iter__(self) -> "Lines":
        return self

    def __next__(self) -> str:
        line = self._returned.popleft() if self._returned else self._readline(LONGEST_LINE)
        if not line:
            raise StopIteration
        self.number += 1
        self.taken.append(line)
        if len(line) == LONGEST_LINE:
            self._skip_rest(line)
            raise csv.Error(f"it is longer than {LONGEST_LINE} characters")
        if len(self.taken) > MOST_LINES_OF_A_ROW:
            raise csv.Error("a quotation mark opens a cell and nothing closes it")
        return line

    def _skip_rest(self, line: str) -> None:
        while line and line[-1] not in "\r\n":
            line = self._readline(LONGEST_LINE)

    def begin_row(self) -> int:
        """The number of the line on which the next row starts."""
        self.taken.clear()
        return self.number + 1

    def give_back_all_but_first(self) -> str:
        """Give back what a broken row took beyond its first line, which is returned."""
        first, *others = self.taken
        self._returned.extendleft(reversed(others))
        self.number -= len(others)
        return first
