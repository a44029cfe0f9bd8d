"""What the answers of `/garch-predictor` have in common."""

from pydantic import BaseModel, Field


class Named(BaseModel):
    """What the prices were taken from; none where they came with the request."""

    data: str | None = Field(description="SHA-256 of the data set of prices.")
    daily: str | None = Field(description="SHA-256 of the data set of days.")
