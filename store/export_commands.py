"""The command ``shangyun export``."""

import argparse

from store.commands import add_database_option, open_database


def add_commands(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = subparsers.add_parser(
        "export",
        help="write readings to CSV or Parquet",
        description="Write readings of machines of one kind to a file, a row per machine and time.",
    )
    add_database_option(parser)
    group = parser.add_argument_group("which")
    group.add_argument("--equipment", action="append", default=[], metavar="GATEWAY/NAME", help="this machine; may be repeated")
    group.add_argument("--gateway", metavar="NAME", help="the machines of this gateway")
    group.add_argument("--kind", metavar="KIND", help="the machines of this kind")
    group.add_argument("--signals", metavar="A,B,...", help="these signals (default: all)")
    group.add_argument(
        "--start", metavar="TIME", help="date, local time in --zone, or ISO 8601 with offset (default: from the first row)"
    )
    group.add_argument("--end", metavar="TIME", help="likewise; itself not included (default: now)")
    group.add_argument(
        "--level",
        choices=("raw", "1m", "1h", "1d"),
        default="raw",
        help="rows, or mean, minimum and maximum by minute, hour, local day (%(default)s)",
    )
    group.add_argument("--quality", action="store_true", help="with raw rows: a column of quality codes beside each signal")
    group = parser.add_argument_group("how")
    group.add_argument(
        "--zone", default="UTC", metavar="ZONE", help="time zone of --start, --end, and times in CSV (%(default)s)"
    )
    group.add_argument("--format", choices=("csv", "parquet"), help="default: what the name of the file says")
    group.add_argument("--output", default="-", metavar="FILE", help="file, or - for standard output (%(default)s)")
    group.add_argument("--bom", action="store_true", help="begin CSV with a mark by which Excel knows UTF-8")
    parser.set_defaults(run=run_export)


def run_export(args: argparse.Namespace) -> int:
    import sys
    from datetime import UTC, datetime, timedelta
    from zoneinfo import ZoneInfo

    from store.equipment import list_equipment
    from store.export import Selection, choose_machines, export, first_time, parse_instant, sample_signals
    from store.export_files import open_sink
    from telemetry.errors import ConfigError
    from telemetry.progress import Progress

    try:
        ZoneInfo(args.zone)
    except (KeyError, ValueError, OSError):
        raise ConfigError(f"--zone: {args.zone!r} is not a time zone, such as Asia/Shanghai") from None
    if args.quality and args.level != "raw":
        raise ConfigError("--quality goes with raw rows only")
    form = args.format or ("parquet" if args.output.endswith((".parquet", ".pq")) else "csv")
    end = parse_instant(args.end, args.zone) if args.end else datetime.now(UTC) + timedelta(minutes=10)
    with open_database(args) as database:
        machines = choose_machines(list_equipment(database), names=args.equipment, gateway=args.gateway, kind=args.kind)
        start = parse_instant(args.start, args.zone) if args.start else first_time(database, machines, end=end)
        if start >= end:
            raise ConfigError(f"the end, {end:%Y-%m-%d %H:%M:%S} UTC, is not after the start, {start:%Y-%m-%d %H:%M:%S} UTC")
        known = tuple(
            dict.fromkeys(name for machine in machines for name in sample_signals(database, machine, start=start, end=end))
        )
        signals = tuple(args.signals.split(",")) if args.signals else known
        unknown = [name for name in signals if name not in known]
        if unknown or not signals:
            raise ConfigError(f"{machines[0].kind} has no numeric signal {', '.join(unknown)}; known: {', '.join(known)}")
        selection = Selection(
            machines=machines, signals=signals, start=start, end=end, level=args.level, zone=args.zone, quality=args.quality
        )
        total = round((end - start).total_seconds()) * len(machines)
        with (
            Progress("export" if args.output == "-" else args.output, total=total, unit="s of data") as progress,
            open_sink(args.output, selection.schema, form=form, zone=args.zone, bom=args.bom) as sink,
        ):
            rows = export(database, selection, sink, advance=progress.advance)
    print(f"{args.output}: {rows:,} rows of {len(machines)} machines, {len(signals)} signals", file=sys.stderr)
    return 0
