"""Files of people, brought by programs: what a key began, that key alone may ask about."""

from typing import Annotated, cast

from django.core.files.uploadedfile import TemporaryUploadedFile
from django.db import transaction
from django.http import HttpRequest, StreamingHttpResponse
from ninja import File, Form, Path, Router, Status
from ninja.files import UploadedFile

from mailer import tasks
from mailer.api.bodies import ImportIn, ImportOut
from mailer.api.keys import Scope, key_of, open_to
from mailer.api.problems import FieldProblem, Problem
from mailer.contacts import importing
from mailer.contacts.reading import Holds
from mailer.models import Import, MailingList

router = Router(tags=["imports"])
Number = Annotated[int, Path(ge=1, le=2**63 - 1)]
CSV = {
    "responses": {
        200: {"content": {"text/csv": {"schema": {"type": "string"}}}, "description": "The refused rows"}
    }
}


@router.post("/imports", **open_to(Scope.IMPORTS_WRITE), response={202: ImportOut})
def bring_in(
    request: HttpRequest, said: Annotated[ImportIn, Form()], file: Annotated[UploadedFile, File()]
) -> Status:
    """Bring in a CSV file of people, or a ZIP of such, of up to 1 GiB. A worker reads it; ask for its state by its id.

    It comes in whole or not at all; rows that can't be used are kept for you to correct.
    """
    if unknown := sorted(set(request.POST) - set(ImportIn.model_fields)):
        raise _refused(unknown[0], "This is not known here. Is it misspelt?")
    mailing_list = MailingList.objects.filter(slug=said.list).first()
    if mailing_list is None:
        raise _refused(
            "list", "There is no list of this short name. GET /api/v1/lists tells which there are."
        )
    try:
        with transaction.atomic():
            import_ = _begun(request, said, file, mailing_list)
            tasks.nudge_imports()
    except importing.ImportRefused as refused:
        raise _refused("file", str(refused)) from refused
    return Status(202, ImportOut.of(import_))


def _begun(request: HttpRequest, said: ImportIn, file: UploadedFile, mailing_list: MailingList) -> Import:
    return importing.begin(
        cast(
            TemporaryUploadedFile, file
        ).temporary_file_path(),  # streamed there by Django: memory does not grow with the file
        list=mailing_list,
        source=said.source,
        holds=Holds(said.holds),
        vouched=said.vouched,
        provenance=importing.Provenance(
            said.notice, said.collected_by, said.collected_from, said.collected_to
        ),
        filename=file.name or "file",
        key=key_of(request),
    )


def _refused(field: str, words: str) -> Problem:
    return Problem("refused", words, errors=[FieldProblem(pointer=f"/{field}", code="refused", detail=words)])


@router.get("/imports/{number}", **open_to(Scope.IMPORTS_WRITE), response=ImportOut)
def get_import(request: HttpRequest, number: Number) -> ImportOut:
    """How far an import is that this key began, and what became of its rows."""
    return ImportOut.of(_own(request, number))


@router.get("/imports/{number}/refused.csv", **open_to(Scope.IMPORTS_WRITE, **CSV))
def get_refused_rows(request: HttpRequest, number: Number) -> StreamingHttpResponse:
    """The rows that did not come in, each behind its line and the reason: correct them and send them again."""
    import_ = _own(request, number)
    return StreamingHttpResponse(
        importing.rejects_csv(import_),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="refused-rows-of-import-{number}.csv"'},
    )


def _own(request: HttpRequest, number: int) -> Import:
    found = Import.objects.select_related("list").filter(pk=number, started_by_key=key_of(request)).first()
    if found is None:
        raise Problem("not-found", "This key has begun no import of this number.")
    return found
