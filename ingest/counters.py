"""What an ingest worker tells Prometheus."""

from prometheus_client import Counter, Gauge, Histogram

RECEIVED = Counter("shangyun_ingest_messages_received", "Messages taken from the broker")
QUEUED = Gauge("shangyun_ingest_messages_queued", "Messages that wait for a transaction")
ROWS = Counter("shangyun_ingest_rows_committed", "Rows of readings committed")
LATE_ROWS = Counter("shangyun_ingest_rows_late", "Rows of minutes that were over already, whose rollups are made anew")
LAG_SECONDS = Histogram(
    "shangyun_ingest_lag_seconds",
    "From sealing the oldest bundle of a transaction, by its gateway's clock, to its commit",
    buckets=(0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 600, 3600, 86_400),
)
DUPLICATES = Counter("shangyun_ingest_bundles_duplicate", "Bundles skipped because they were committed before")
DEAD_LETTERS = Counter("shangyun_ingest_dead_letters", "Messages put aside because they cannot be stored", ["reason"])
COMMIT_SECONDS = Histogram(
    "shangyun_ingest_commit_seconds",
    "Time of a transaction",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
GROUP_BUNDLES = Histogram(
    "shangyun_ingest_group_bundles", "Messages in a transaction", buckets=(1, 3, 10, 30, 100, 300, 1000, 3000, 10_000)
)
RETRIES = Counter("shangyun_ingest_database_retries", "Attempts that failed because the database was away or busy")
RECEIPTS = Counter("shangyun_ingest_receipts_sent", "Receipts published")
RECEIPTS_LOST = Counter("shangyun_ingest_receipts_lost", "Receipts that could not be published; the bundles come again")
CPU_SECONDS = Counter(
    "shangyun_ingest_cpu_seconds",
    "Processor time by stage: loop (receive, receipts), build (decode, encode), commit, tidy",
    ["stage"],
)
