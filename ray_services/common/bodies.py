"""What all requests have in common."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class Body(BaseModel):
    """A request whose answer is computed."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)  # JSON has no such numbers

    def seconds(self) -> float:
        """About how long one core computes; what takes long goes through the queue."""
        return 0.0


Data = Annotated[
    Sha256 | None,
    Field(description="SHA-256 of a data set that you uploaded; without it, our own."),
]
