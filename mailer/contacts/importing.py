"""Files of people: begun by a door, run by a worker, in whole or not at all.

The truth is the Import row: `begin` writes it, `run` takes it through. Whether a worker is at it is
known by the advisory lock of its database session, not by a clock: an import that says “running” while
that lock is free had a worker that died. Its transaction is rolled back then, and it starts again.
"""

import csv
import hashlib
import io
import logging
import shutil
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO
from uuid import uuid4

from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone
from psycopg import errors

from mailer import evidence, locks, suppression
from mailer.contacts import mapping, reading, staging
from mailer.contacts.progress import Progress, Watcher
from mailer.models import ApiKey, Import, MailingList, RefusedRow, Subscription

ImportRefused = mapping.ImportRefused  # also of what is said of columns
State = Import.State
Asks = Import.Asks
UNFINISHED = (State.WAITING, State.RUNNING)
OPEN = (State.ASKING, State.TRIED)  # a person's turn
logger = logging.getLogger(__name__)

MOST_DEATHS = 3
YOUNG = 3_600  # seconds
ANSWERED_WITHIN = timedelta(days=7)  # then the file goes: addresses don't stay about
REFUSED_OF_A_TRIAL = 1_000  # rows that are kept of a trial, to be looked at


@dataclass(frozen=True, slots=True)
class Provenance:
    """How the people of a file came to be in it, as whoever brings it states (15 U.S.C. 7702(1); GDPR 7(1); D92)."""

    notice: str = ""  # what they were told when they gave their address
    collected_by: str = ""
    collected_from: date | None = None
    collected_to: date | None = None

    def assert_possible(self, today: date) -> None:
        """Raise ImportRefused for days that can't be."""
        first, last = self.collected_from, self.collected_to
        if (first and last and first > last) or any(day > today for day in (first, last) if day):
            raise ImportRefused(
                "The addresses can't have been collected on those days: the first must not be after the last, and "
                "neither in the future."
            )


def begin(
    file: str | Path | BinaryIO,
    *,
    list: MailingList,
    source: str,
    filename: str,
    holds: reading.Holds = reading.Holds.UNSAID,
    vouched: str = "",
    provenance: Provenance | None = None,
    columns: Mapping[str, str] = MappingProxyType({}),
    is_trial: bool = False,
    user: Any = None,
    key: ApiKey | None = None,
) -> Import:
    """Keep a copy of the file for a worker and put the import in the queue. Raises ImportRefused.

    `holds` says whether the file is of people to mail or of people who must not be mailed, where it does not
    say so itself. `vouched` is how somebody knows that people gave these addresses, where they look generated.
    `columns` says of headings what stands below them, and is kept for the next file of that shape. A trial tells
    what would come in and changes nothing; `answer` then brings the file in.
    Who begins it is a member of staff or another program by its key; a shell is neither.
    """
    refuse_unlawful_source(source)
    provenance = provenance or Provenance()
    provenance.assert_possible(timezone.localdate())
    kept = settings.UPLOAD_DIR / f"{uuid4().hex}.csv"
    try:
        _keep(file, kept)
        import_ = Import(
            list=list,
            source=source,
            holds=holds,
            vouched=vouched,
            **asdict(provenance),
            filename=filename[-200:],
            path=str(kept),
            is_trial=is_trial,
            bytes_total=kept.stat().st_size,
            started_by=user,
            started_by_key=key,
        )
        with transaction.atomic():
            if columns:
                mapping.name_columns(import_, columns, user)
            import_.save()
        return import_
    except BaseException as wrong:
        kept.unlink(missing_ok=True)
        if isinstance(wrong, OSError):
            raise ImportRefused(f"The file can't be read or kept: {wrong.strerror}.") from wrong
        raise


def refuse_unlawful_source(source: str) -> None:
    """Every import says how the addresses came to us (D92). Raises ImportRefused."""
    if source not in Subscription.Source:
        raise ImportRefused(
            f"“{source}” is not a source Candor knows: write {', '.join(Subscription.Source.values)}. Addresses that "
            "were bought, rented, collected from websites, appended or guessed can't be brought in: nobody behind "
            "them asked for mail, and mailing them makes every breach of the law heavier (15 U.S.C. 7704(b)(1))."
        )


def _keep(file: str | Path | BinaryIO, kept: Path) -> None:
    kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    kept.touch(mode=0o600)
    with kept.open("wb") as copy:
        if isinstance(file, str | Path):
            with Path(file).open("rb") as original:
                shutil.copyfileobj(original, copy, 1 << 20)
        else:
            shutil.copyfileobj(file, copy, 1 << 20)


def answer(
    import_: Import,
    *,
    is_trial: bool,
    holds: reading.Holds | None = None,
    vouched: str | None = None,
    meanings: Mapping[str, Sequence[str]] | None = None,
    user: Any = None,
) -> None:
    """A person has looked: try the file again, or bring it in, with what they said. Raises ImportRefused.

    `meanings` tells for tables, by their shape, what each column says; it is kept for the next file of that shape.
    """
    with transaction.atomic():
        open_ = Import.objects.select_for_update().filter(pk=import_.pk, state__in=OPEN).first()
        if open_ is None:
            raise ImportRefused("Somebody has answered already.")
        for shape, said in (meanings or {}).items():
            mapping.keep(open_, shape, [*said], user)
        RefusedRow.objects.filter(of=open_).delete()
        _save(
            open_,
            state=State.WAITING,
            is_trial=is_trial,
            holds=open_.holds if holds is None else holds,
            vouched=open_.vouched if vouched is None else vouched,
            error="",
            asks="",
            deaths=0,
        )
    import_.refresh_from_db()


def give_up(import_: Import, words: str) -> None:
    """Do not bring a file in that waits for an answer, and forget it."""
    with transaction.atomic():
        open_ = Import.objects.select_for_update().filter(pk=import_.pk, state__in=OPEN).first()
        if open_ is not None:
            RefusedRow.objects.filter(of=open_).delete()
            _fail(open_, words)
    if open_ is not None:
        _forget_file(open_)
    import_.refresh_from_db()


def is_anything_waiting() -> bool:
    """Whether a file waits, or runs under a worker that may have died."""
    return _unfinished().exists()


def run_waiting() -> int:
    """Run what waits, and what was left by workers that died; returns how many.

    One at a time in the whole installation, so that files never take all workers from sending.
    """
    with locks.held(locks.IMPORT, 0) as is_our_turn:
        return sum(run(import_) for import_ in _unfinished().order_by("id")) if is_our_turn else 0


def _unfinished() -> QuerySet[Import]:
    return Import.objects.filter(state__in=UNFINISHED)


def run(import_: Import, watcher: Watcher | None = None) -> bool:
    """Bring one file in, whole, or leave everything as it was and say why in `import_.error`.

    Returns False if it is not ours to run: a worker is at it, or it is over. A lost database raises
    OperationalError; the import then starts again at the next sweep.
    """
    with locks.held(locks.IMPORT, import_.pk) as is_ours:
        import_.refresh_from_db()
        if not is_ours or import_.state not in UNFINISHED:
            return False
        if import_.state == State.RUNNING and not _starts_again(import_):
            return True
        _save(import_, state=State.RUNNING, started_at=timezone.now(), bytes_read=0, rows=0)
        session = connection.connection
        try:
            suppression.assert_ledger()
            _bring_in(import_, watcher)
        except KeyboardInterrupt:
            _fail(import_, "It was stopped by hand.")
            _forget_file(import_)
            raise
        except (reading.FileUnclear, staging.Suspicious) as wrong:
            _ask(import_, wrong)
            return True
        except Exception as wrong:
            if connection.connection is not session or session.closed:
                raise  # our lock went with the session, so the import is no longer ours to judge
            _fail(import_, _in_words(wrong, import_))
        if import_.state not in OPEN:
            _forget_file(import_)
    return True


def _ask(import_: Import, wrong: Exception) -> None:
    """Nothing is brought in until somebody says what only a person can know."""
    match wrong:
        case reading.ColumnsUnclear():
            asks = Asks.COLUMNS
        case reading.FileUnclear():
            asks = Asks.HOLDS
        case _:
            asks = Asks.VOUCHED
    _save(import_, state=State.ASKING, finished_at=timezone.now(), error=str(wrong), asks=asks)


def _starts_again(import_: Import) -> bool:
    """Count a worker that died over a file. One that kills worker after worker would stop all sending."""
    _save(import_, deaths=import_.deaths + 1)
    if import_.deaths < MOST_DEATHS:
        logger.warning("Import %d had a worker that died; it starts again.", import_.pk)
        return True
    logger.error("Import %d is given up: %d workers died over it.", import_.pk, import_.deaths)
    _fail(
        import_,
        f"It was tried {import_.deaths} times, and each time the worker was ended from outside, as when memory runs "
        "out. Have the operator look, then bring the file in again, in smaller pieces if need be.",
    )
    _forget_file(import_)
    return False


def forget_strays() -> int:
    """Remove uploads that belong to no import that is still to run; returns how many. Addresses don't stay about.

    Those of the last hour may belong to an import that is just beginning.
    """
    for unanswered in Import.objects.filter(state__in=OPEN, finished_at__lt=timezone.now() - ANSWERED_WITHIN):
        give_up(unanswered, f"Nobody answered within {ANSWERED_WITHIN.days} days. Bring the file in again.")
    if not settings.UPLOAD_DIR.is_dir():
        return 0
    wanted = set(Import.objects.filter(state__in=(*UNFINISHED, *OPEN)).values_list("path", flat=True))
    before = time.time() - YOUNG
    strays = [
        path
        for path in settings.UPLOAD_DIR.iterdir()
        if str(path) not in wanted and path.stat().st_mtime < before
    ]
    for path in strays:
        path.unlink(missing_ok=True)
    return len(strays)


def _bring_in(import_: Import, watcher: Watcher | None) -> None:
    actor = evidence.by(import_.started_by_key or import_.started_by)
    with (
        reading.read(
            Path(import_.path),
            import_.filename,
            timezone.localdate(),
            reading.Holds(import_.holds),
            mapping.kept(),
        ) as people,
        Progress(import_, watcher) as progress,
    ):
        if import_.is_trial:
            _try_out(import_, people, progress, actor)
            return
        with transaction.atomic():
            sums = staging.bring_in(progress.over(people), people.flagged, import_, actor)
            _finish(import_, State.DONE, sums, people)
            _prove(import_, people, actor)


def _try_out(import_: Import, people: reading.People, progress: Progress, actor: str) -> None:
    """The same, all of it taken back but for the sums and some of the refused rows."""
    with transaction.atomic():
        sums = staging.bring_in(progress.over(people), people.flagged, import_, actor, is_trial=True)
        refused = list(RefusedRow.objects.filter(of=import_).order_by("id")[:REFUSED_OF_A_TRIAL])
        transaction.set_rollback(True)
    with transaction.atomic():
        RefusedRow.objects.bulk_create(refused)
        _finish(import_, State.TRIED, sums, people)


def _finish(import_: Import, state: State, sums: staging.Sums, people: reading.People) -> None:
    if sums.rows == 0:
        raise reading.FileRefused("There is no row below the column names. Export the people again.")
    _save(
        import_,
        state=state,
        finished_at=timezone.now(),
        header=reading.as_csv(people.header),
        understood=[asdict(table) for table in people.tables],
        bytes_read=import_.bytes_total,
        rows=sums.rows,
        accepted=sums.accepted,
        duplicates=sums.duplicates,
        rejected=sums.rejected,
        flagged=dict(people.flagged) | ({"left_list": sums.left_list} if sums.left_list else {}),
        suppressed=sums.suppressed,
    )


def _prove(import_: Import, people: reading.People, actor: str) -> None:
    evidence.record(
        "imported",
        actor=actor,
        subject=f"import {import_.pk}",
        list=import_.list_id,
        source=import_.source,
        holds=import_.holds,
        vouched=bool(import_.vouched),
        notice_sha256=hashlib.sha256(import_.notice.encode()).hexdigest() if import_.notice else "",
        collected=[str(day) for day in (import_.collected_from, import_.collected_to) if day],
        systems=people.systems,
        **figures(import_),
    )


def figures(import_: Import) -> dict[str, Any]:
    """What became of the rows, in numbers only."""
    return {
        name: getattr(import_, name)
        for name in ("rows", "accepted", "duplicates", "rejected", "flagged", "suppressed")
    }


def _save(import_: Import, **values: Any) -> None:
    for name, value in values.items():
        setattr(import_, name, value)
    import_.save(update_fields=list(values))


def _fail(import_: Import, words: str) -> None:
    _save(import_, state=State.FAILED, finished_at=timezone.now(), error=words)


def _in_words(wrong: Exception, import_: Import) -> str:
    if isinstance(wrong, reading.FileRefused | suppression.LedgerUnreadable):
        return str(wrong)
    if isinstance(wrong, FileNotFoundError):
        return mapping.GONE
    if isinstance(wrong.__cause__, errors.DiskFull):
        return "The database's disk is full. Make room there, then bring the file in again."
    # Only where and what kind: a database's own words may quote the row, and logs hold no addresses.
    place = traceback.extract_tb(wrong.__traceback__)[-1]
    logger.error("Import %d failed: %s in %s:%s", import_.pk, type(wrong).__name__, place.name, place.lineno)
    return (
        f"Candor could not finish it ({type(wrong).__name__}). The log says where, under import {import_.pk}."
    )


def _forget_file(import_: Import) -> None:
    """Nobody's address stays in the upload folder after its import."""
    Path(import_.path).unlink(missing_ok=True)


def rejects_csv(import_: Import) -> Iterator[str]:
    """The refused rows as CSV, each behind its line and the reason, to be corrected and brought in again."""
    yield f"refused line,refused because,{import_.header}\r\n"
    refused = RefusedRow.objects.filter(of=import_).order_by("id").values_list("line", "words", "row")
    for line, words, row in refused.iterator(chunk_size=2_000):
        yield reading.as_csv([str(line), words, *map(reading.without_formula, _cells(row))]) + "\r\n"


def _cells(row: str) -> list[str]:
    try:
        return next(csv.reader(io.StringIO(row, newline=""), strict=True), [])
    except csv.Error:
        return [row]  # as it stands; whoever corrects it sees what was there
