"""`/draws`: official draws; staff import them."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.db import transaction
from django.http import HttpRequest
from ninja import File, Form, Query, Router
from ninja.files import UploadedFile

from django_ray_runtime.rest.access import staff_only
from django_ray_runtime.rest.audit import audit
from django_ray_runtime.rest.pages import Page, PageOf, paginate
from django_ray_runtime.rest.problems import FieldError, Problem, described, invalid
from generation.api.bodies import DrawQuery, LotteryKey
from generation.api.schemas import DrawOut, ImportOut
from generation.archive import DrawsDiffer, ImportsMet, store_draws
from generation.draws import DrawFileError, DrawRow, read_draws
from generation.lotteries import Lottery, get_lottery
from generation.models import Draw
from generation.sheets import SheetError

router = Router()

MOST_ROWS = 100  # told one by one


@router.get(
    "",
    response=Page[DrawOut],
    summary="List draws",
    openapi_extra=described({200: "A page of draws."}),
)
def list_draws(request: HttpRequest, query: Query[DrawQuery]) -> PageOf[Any]:
    """The stored draws of a lottery, the latest first."""
    return paginate(Draw.objects.filter(lottery=query.lottery), query, field="number")


@router.post(
    "/import",
    response=ImportOut,
    summary="Import draws",
    openapi_extra=described(
        {
            200: "All draws of the file are stored.",
            403: "This is for staff: ask an administrator to make you a staff user.",
            409: "draws 2800 of Mega-Sena are stored with other numbers or dates; correct the "
            "file, or replace them with --replace (replace=true over REST)",
            422: "file.csv has rows that are no draws of Mega-Sena: row 3: a number must be 1 to "
            "60, got '99'",
        }
    ),
)
@staff_only
def import_draws(
    request: HttpRequest,
    file: UploadedFile = File(...),  # type: ignore[type-arg]  # noqa: B008
    lottery: LotteryKey = Form("mega-sena"),  # type: ignore[type-arg]  # noqa: B008
    replace: bool = Form(  # type: ignore[type-arg]
        False, description="Replace draws that are stored otherwise."
    ),
) -> ImportOut:
    """For staff. The operator's file, CSV or XLSX with `Concurso`, `Data do Sorteio`, `Bola1`, …,
    or a CSV of `draw,date,n1,…`. All of its draws are stored, or none: `errors` names the rows."""
    known = get_lottery(lottery)
    rows = _rows(file, known)
    try:
        with transaction.atomic():
            done = store_draws(known, rows, replace=replace)
            audit(request, "import", "draws", known.key)
    except (DrawsDiffer, ImportsMet) as error:
        raise Problem(409, str(error)) from None
    return ImportOut(added=done.added, replaced=done.replaced, same=done.same)


def _rows(file: UploadedFile, lottery: Lottery) -> list[DrawRow]:
    with TemporaryDirectory(prefix="draws-") as folder:
        # Its name may be anything; the ending says what it is.
        ending = Path(file.name or "").suffix.lower()
        path = Path(folder) / f"file{ending if ending.isascii() and ending.isprintable() else ''}"
        path.write_bytes(file.read())
        try:
            return read_draws(path, lottery)
        except DrawFileError as error:
            raise _told(error) from None
        except SheetError as error:
            raise invalid("file", "file", str(error)) from None


def _told(error: DrawFileError) -> Problem:
    if not error.rows:
        return invalid("file", "file", str(error))
    errors = [
        FieldError(source="file", field=f"row {number}", detail=told)
        for number, told in list(error.rows.items())[:MOST_ROWS]
    ]
    return Problem(422, str(error), errors=errors)
