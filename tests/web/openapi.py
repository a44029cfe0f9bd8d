"""Requests made up from the API's own description: what it promises to take, and a bit beside."""

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
moments = st.datetimes(timezones=st.none() | st.timezones()).map(lambda one: one.isoformat())
_EDGES = [0, 1, 2, 5, 6, 7, 60, 61, 255, 256, 2**31, 2**63 - 1, 2**63, 2**64, -1]


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path, and the document that it stands in."""

    method: str
    path: str
    described: dict[str, Any]
    document: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    def parameters(self, place: str) -> Any:
        """A dictionary of parameters in query, path or header; the optional ones may be missing."""
        found = [one for one in self.described.get("parameters", []) if one["in"] == place]
        needed = {one["name"]: self._value(one["schema"]) for one in found if one["required"]}
        others = {one["name"]: self._value(one["schema"]) for one in found if not one["required"]}
        return st.fixed_dictionaries(needed, optional=others)

    def body(self, kind: str) -> Any:
        """A value of the body; None where this operation takes none of this kind."""
        content = self.described.get("requestBody", {}).get("content", {})
        return self._value(content[kind]["schema"]) if kind in content else st.none()

    def _value(self, schema: dict[str, Any]) -> Any:
        """What fits the schema, and now and then what does not."""
        fitting = self._fitting(schema)
        return st.integers(0, 14).flatmap(lambda n: anything if n == 0 else fitting)

    def _fitting(self, schema: dict[str, Any]) -> Any:
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            return self._fitting(self.document["components"]["schemas"][name])
        for word in ("anyOf", "allOf", "oneOf"):
            if word in schema:
                return st.one_of([self._fitting(one) for one in schema[word]])
        if "enum" in schema:
            return st.sampled_from(schema["enum"])
        if "const" in schema:
            return st.just(schema["const"])
        return self._of_type(schema)

    def _of_type(self, schema: dict[str, Any]) -> Any:
        kind = schema.get("type")
        if kind == "object":
            return self._object(schema)
        if kind == "array":
            return st.lists(self._value(schema.get("items", {})), max_size=8)
        return {
            "integer": st.sampled_from(_EDGES) | st.integers(0, 60),
            "number": st.integers(-5, 10**6) | st.floats(allow_nan=False),
            "boolean": st.booleans(),
            "null": st.none(),
            "string": moments if schema.get("format") == "date-time" else texts,
        }.get(str(kind), anything)

    def _object(self, schema: dict[str, Any]) -> Any:
        fields = schema.get("properties", {})
        required = set(schema.get("required", []))
        needed = {name: self._value(fields[name]) for name in required}
        others = {name: one for name, one in fields.items() if name not in required}
        # A few at a time: of thirty constraints at once no game is left.
        chosen = st.lists(st.sampled_from(sorted(others)), max_size=4) if others else st.just([])

        def filled(names: list[str]) -> Any:
            more = {name: self._value(others[name]) for name in names}
            return st.fixed_dictionaries(needed | more)

        return chosen.flatmap(filled)


def operations(document: dict[str, Any], *tags: str) -> list[Operation]:
    """Those of the document that carry one of the tags."""
    return [
        Operation(method, path, described, document)
        for path, methods in document["paths"].items()
        for method, described in methods.items()
        if set(described.get("tags", [])) & set(tags)
    ]
