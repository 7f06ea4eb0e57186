"""What the alarm worker tells Prometheus."""

from prometheus_client import Counter, Gauge, Histogram

ROWS = Counter("shangyun_alarms_evaluated_rows", "Rows of readings judged")
DROPPED = Counter("shangyun_alarms_dropped", "Messages, batches and rows that were not judged, by reason", ["reason"])
CHANGES = Counter("shangyun_alarms_changes", "Lines written to the journal of alarms for the process")
QUEUED = Gauge("shangyun_alarms_queued_changes", "Changes that wait for the database")
ACTIVE = Gauge("shangyun_alarms_active", "Active conditions that nothing hides", ["priority"])
LEADS = Gauge("shangyun_alarms_leads", "1 while this worker judges, 0 while it stands by")
RETRIES = Counter("shangyun_alarms_database_retries", "Attempts that failed because the database was away or busy")
LAG_SECONDS = Histogram(
    "shangyun_alarms_lag_seconds",
    "From the instant that a condition changed, by its machine's clock, to the commit that says so",
    buckets=(0.25, 0.5, 1, 2, 5, 10, 30, 60, 600, 3600, 86_400),
)
