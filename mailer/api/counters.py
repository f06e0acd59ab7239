"""Numbers that fall, told by the program that knows them: a shop's stock, a ticket office's seats (DUTIES T3, D26)."""

from django.http import HttpRequest
from ninja import Router

from mailer import counters
from mailer.api.bodies import CounterOut, ReadingIn
from mailer.api.keys import Scope, key_of, open_to
from mailer.api.problems import FieldProblem, Problem
from mailer.models import Counter

router = Router(tags=["counters"])


@router.get("/counters", **open_to(Scope.COUNTERS_WRITE), response=list[CounterOut])
def counters_that_there_are(request: HttpRequest) -> list[CounterOut]:
    """What is counted, and what each stands at. A counter is recorded in the admin, with the draft that says it."""
    return [_told(counter) for counter in Counter.objects.order_by("slug")]


@router.post("/counters", **open_to(Scope.COUNTERS_WRITE), response=CounterOut)
def tell_counter(request: HttpRequest, said: ReadingIn) -> CounterOut:
    """Tell what a counter stands at now. Campaigns that say another number of it stop with the next message.

    Tell it again at least once a day, changed or not: a number that nobody has told for 24 hours counts as unknown.
    """
    counter = Counter.objects.filter(slug=said.counter).first()
    if counter is None:
        raise Problem(
            "refused",
            "Nothing was recorded: there is no counter of this short name. GET /api/v1/counters tells which there are.",
            errors=[
                FieldProblem(pointer="/counter", code="counter_unknown", detail="There is no such counter.")
            ],
        )
    counters.tell(counter, said.stands_at, key_of(request))
    return _told(counter)


def _told(counter: Counter) -> CounterOut:
    last = counters.last_of(counter)
    return CounterOut(
        counter=counter.slug,
        what=counter.what,
        stands_at=last.value if last else None,
        told_at=last.read_at if last else None,
    )
