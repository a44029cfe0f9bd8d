"""`/data-sets`: files of your own that answers are computed from."""

from typing import Any, Literal

from django.db import transaction
from django.http import HttpRequest
from ninja import File, Form, Router, Status
from ninja.files import UploadedFile

from django_ray_runtime.rest.audit import audit
from django_ray_runtime.rest.problems import Problem, described
from ray_services import data_sets
from ray_services.common.tables import MOST_BYTES
from ray_services.doors.answering import owner_of
from ray_services.doors.refusals import refusals
from ray_services.doors.shown import DataSetOut, data_set_out
from ray_services.doors.uploading import added

router = Router()

Kind = Literal["engagement", "prices", "daily", "bars", "texts", "factors"]
_NONE = "There is no data set of yours with this SHA-256."


@router.get(
    "",
    response=list[DataSetOut],
    summary="List data sets",
    openapi_extra=described({200: "Yours, newest first."}),
)
def list_data_sets(request: HttpRequest) -> list[DataSetOut]:
    """Those that you uploaded."""
    return [data_set_out(one) for one in data_sets.data_sets_of(owner_of(request))]


@router.post(
    "",
    response={201: DataSetOut, 200: DataSetOut},
    summary="Upload a data set",
    openapi_extra=described(
        {
            201: "It is stored; name it by its SHA-256.",
            200: "You had uploaded it before.",
            413: f"The body has 209715200 bytes; at most {MOST_BYTES} are accepted.",
            422: "file.row 3, adj_close: expected a finite number, or nothing, got 'n.a.'.",
        }
    ),
)
def upload(
    request: HttpRequest,
    file: UploadedFile = File(...),  # type: ignore[type-arg]  # noqa: B008
    kind: Kind = Form(...),  # type: ignore[type-arg]  # noqa: B008
) -> Status[DataSetOut]:
    """CSV or Parquet with the columns of `kind`, further ones and a trailing comma are ignored:

    - engagement: date, symbol, twitterPosts, twitterComments, twitterLikes, twitterImpressions,
      twitterSentiment
    - prices: date, ticker, adj_close, and open, high, low, close, volume where there are any
    - daily: Date, Adj Close
    - bars: datetime, open, high, low, close, volume
    - factors: date (a row for each month), mkt_rf, smb, hml, rmw, cma, rf, as fractions
    - texts: text, and date if there is one; or JSON objects of these, one on each line
    """
    if (file.size or 0) > MOST_BYTES:
        raise Problem(413, f"The file has {file.size} bytes; at most {MOST_BYTES} are accepted.")
    with refusals("file"):
        found, new = added(request, kind, file)
    return Status(201 if new else 200, data_set_out(found))


@router.delete(
    "/{sha256}",
    response={204: None},
    summary="Delete a data set",
    openapi_extra=described({204: "It is deleted.", 404: _NONE}),
)
def delete(request: HttpRequest, sha256: str) -> Status[Any]:
    """Calculations that still wait for it will fail."""
    with transaction.atomic():
        if not data_sets.remove(owner_of(request), sha256):
            raise Problem(404, _NONE)
        audit(request, "delete", "data set", sha256)
    return Status(204, None)
