"""What the API says of itself."""

from typing import Any

from django.test import Client


def documented(client: Client, tags: set[str], operations: int) -> dict[str, Any]:
    """The schemas by name, after a look at whether so many operations of these tags tell what they
    do and what each of their answers means."""
    schema = client.get("/api/v1/openapi.json").json()
    ours = {
        f"{method} {path}": operation
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
        if set(operation["tags"]) & tags
    }
    assert len(ours) == operations
    for name, operation in ours.items():
        assert operation["summary"], name
        assert operation["description"], name
        for status, answer in operation["responses"].items():
            assert answer["description"] not in {"", "OK"}, (name, status)
        if "{" in name:
            [media] = operation["responses"]["404"]["content"].items()
            assert media[0] == "application/problem+json"
            assert media[1]["example"]["status"] == 404
    schemas: dict[str, Any] = schema["components"]["schemas"]
    return schemas
