"""What the adapters tell Prometheus, beside the counters of the worker."""

from prometheus_client import Counter

SPARKPLUG_IGNORED = Counter(
    "shangyun_ingest_sparkplug_ignored",
    "Metrics passed over (datatype, transient) and messages passed over (unknown: no birth explains them; stale: an old will)",
    ["why"],
)
SPARKPLUG_GAPS = Counter("shangyun_ingest_sparkplug_gaps", "Jumps in the sequence numbers of edge nodes")
SPARKPLUG_REBIRTHS = Counter("shangyun_ingest_sparkplug_rebirths_asked", "Edge nodes asked for their birth certificates")
