"""What several runs of a bench say together."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any


@dataclass(frozen=True, slots=True)
class Result:
    """One figure: every run's value, and every run's ratio to what it is held against."""

    bench: str
    unit: str
    against: str
    values: tuple[float, ...]
    ratios: tuple[float, ...]

    def as_line(self) -> dict[str, Any]:
        """Medians under the names that other programs rely on; least and most of the runs beside them."""
        return {
            "bench": self.bench,
            "value": median(self.values),
            "unit": self.unit,
            "against": self.against,
            "ratio": round(median(self.ratios), 3),
            "runs": len(self.values),
            "values": [min(self.values), max(self.values)],
            "ratios": [min(self.ratios), max(self.ratios)],
        }


def merged(lines: Iterable[Mapping[str, Any]]) -> Iterator[Result]:
    """The lines of all runs, one Result for each bench and yardstick, in the order of the first run."""
    together: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for line in lines:
        together.setdefault((line["bench"], line["against"]), []).append(line)
    for (bench, against), same in together.items():
        values, ratios = zip(*((line["value"], line["ratio"]) for line in same), strict=True)
        yield Result(bench, same[-1]["unit"], against, values, ratios)


def table(results: Iterable[Result]) -> str:
    """The same for people: one line a figure, in columns."""
    rows = [("bench", "value", "ratio", "least–most", "against")]
    for result in results:
        rows.append(
            (
                result.bench,
                f"{median(result.values):,.10g} {result.unit}",
                f"{median(result.ratios):.3g}",
                f"{min(result.ratios):.3g}–{max(result.ratios):.3g}",
                result.against,
            )
        )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
