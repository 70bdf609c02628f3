"""An agent whose import starts a thread: a tracer that sends its spans by and by."""

from __future__ import annotations

from typing import Any

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from shadow.candidates.tools import Tools

PROVIDER = TracerProvider()
PROVIDER.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint="http://collector.internal/v1/traces")))


def handle(claim: dict[str, Any], tools: Tools) -> dict[str, Any]:
    """Look at the order, in a span."""
    with PROVIDER.get_tracer("desk").start_as_current_span("look"):
        order = tools.call("orders.get", order_id=claim["order_id"])
    PROVIDER.force_flush(5_000)
    return {"decision": "approve", "amount": order["total"]}
