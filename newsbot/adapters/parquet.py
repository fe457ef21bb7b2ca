"""Deals as a Parquet file, through pyarrow (extra `parquet`)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Context, Decimal, InvalidOperation

from newsbot.errors import UserError
from newsbot.stages.export import DealRow
from newsbot.vocabulary import ROLES

#: Digits of a sum, and those behind the point: no paper states more, and 38 is what
#: every reader of Parquet takes.
PRECISION, SCALE = 38, 6
_EXACT = Context(prec=PRECISION)
_BOUNDS = ("firm", "about", "at_least", "up_to")


def parquet_bytes(rows: Sequence[DealRow]) -> bytes:
    """Write rows as one Parquet file.

    Columns as in CSV, but lists stay lists, sums exact decimals and times times;
    an amount is a struct of value, currency, kind, bound and payer.

    Raises:
        UserError: pyarrow is missing, or a sum has more digits than Parquet takes.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise UserError(
            'Parquet needs pyarrow: pip install "newsbot[parquet]"'
        ) from error
    time = pa.timestamp("us", tz="UTC")
    texts = pa.list_(pa.string())
    figure = pa.struct(
        [
            ("value", pa.decimal128(PRECISION, SCALE)),
            ("currency", pa.string()),
            ("kind", pa.string()),
            ("bound", pa.string()),
            ("payer", pa.string()),
        ]
    )
    capacity = pa.struct([("value", pa.float64()), ("unit", pa.string())])
    schema = pa.schema(
        [
            ("id", pa.string()),
            ("first_seen", time),
            ("last_seen", time),
            ("status", pa.string()),
            ("types", texts),
            ("parties", texts),
            *((f"{role}s", texts) for role in ROLES),
            ("amounts", pa.list_(figure)),
            ("capacity", pa.list_(capacity)),
            *((f"{name}_usd", pa.float64()) for name in _BOUNDS),
            ("left_out", pa.string()),
            ("languages", texts),
            ("sources", texts),
            ("titles", texts),
            ("urls", texts),
        ]
    )
    try:
        table = pa.Table.from_pylist([_values(row) for row in rows], schema=schema)
    except (pa.ArrowInvalid, InvalidOperation) as error:
        raise UserError("a sum has too many digits for Parquet") from error
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    written: bytes = sink.getvalue().to_pybytes()
    return written


def _values(row: DealRow) -> dict[str, object]:
    """A row as pyarrow takes it."""
    return {
        "id": row.id,
        "first_seen": row.first_seen_at,
        "last_seen": row.last_seen_at,
        "status": row.status,
        "types": list(row.types),
        "parties": [name for name, _ in row.parties],
        **{f"{role}s": list(row.in_role(role)) for role in ROLES},
        "amounts": [
            {
                "value": one.value.quantize(Decimal(1).scaleb(-SCALE), context=_EXACT),
                "currency": one.currency,
                "kind": one.kind,
                "bound": one.bound,
                "payer": one.payer,
            }
            for one in row.amounts
        ],
        "capacity": [
            {"value": float(value), "unit": unit} for value, unit in row.capacity
        ],
        **{
            f"{name}_usd": row.sums and float(getattr(row.sums, name).dollars)
            for name in _BOUNDS
        },
        "left_out": row.left_out,
        "languages": list(dict.fromkeys(one.language for one in row.sources)),
        "sources": list(dict.fromkeys(one.site for one in row.sources)),
        "titles": [one.title for one in row.sources],
        "urls": [one.url for one in row.sources],
    }
