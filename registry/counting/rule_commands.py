"""The commands ``shangyun registry rule``: versions of the counting rule."""

import argparse
from pathlib import Path

from store.commands import add_database_option, open_database, os_user, record_command
from telemetry.errors import ConfigError


def add_commands(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    group = subparsers.add_parser("rule", help="the counting rule", description="Versions of the counting rule, as data.")
    commands = group.add_subparsers(title="commands", metavar="COMMAND", required=True)
    parser = commands.add_parser(
        "load", help="load a version", description="Load a version from a file. Running it again changes nothing."
    )
    parser.add_argument("file", type=Path, nargs="?", metavar="FILE.toml", help="(default: the one that comes with Shangyun)")
    add_database_option(parser)
    parser.set_defaults(run=load_rule)
    parser = commands.add_parser("show", help="show versions", description="Show one version with its sources, or list all.")
    parser.add_argument("version", nargs="?", metavar="VERSION")
    parser.add_argument("--json", action="store_true", help="the same for programs")
    add_database_option(parser)
    parser.set_defaults(run=show_rule)
    parser = commands.add_parser(
        "new", help="make a version", description="Make a new version of one that is there, with some parameters changed."
    )
    parser.add_argument("version", metavar="VERSION")
    parser.add_argument("--of", metavar="VERSION", help="the one that it comes from (default: the newest)")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="such as least_valid_days=15", dest="sets"
    )
    parser.add_argument("--document", required=True, metavar="TEXT", help="who decided on it, and where it is written")
    add_database_option(parser)
    parser.set_defaults(run=new_rule)


def load_rule(args: argparse.Namespace) -> int:
    from registry.counting.rule import DEFAULT_FILE
    from registry.counting.rule import load_rule as bring

    with open_database(args) as database, database.connection() as connection:
        version, is_new = bring(connection, args.file or DEFAULT_FILE, made_by=os_user())
        if is_new:
            record_command(connection, "city.rule", version, {"file": str(args.file or DEFAULT_FILE.name)})
    print(f"rule {version}: {'loaded' if is_new else 'there already, unchanged'}")
    return 0


def show_rule(args: argparse.Namespace) -> int:
    import json

    from registry.counting.rule import find_rule
    from store.city_counting import rules

    with open_database(args) as database, database.connection() as connection:
        if args.version is None and not args.json:
            for rule in rules(connection):
                print(f"{rule.version:20} {rule.made_at:%Y-%m-%d %H:%M}Z  {rule.made_by:16} {rule.document}")
            return 0
        shown = [find_rule(connection, args.version)] if args.version else rules(connection)
    if args.json:
        for rule in shown:
            print(json.dumps(rule._asdict(), ensure_ascii=False, default=str))
        return 0
    (rule,) = shown
    print(f"{rule.version}, by {rule.made_by} at {rule.made_at:%Y-%m-%d %H:%M}Z: {rule.document}")
    sources = rule.parameters.get("sources", {})
    for name, value in rule.parameters.items():
        if name != "sources":
            print(f"{name:28} {json.dumps(value, ensure_ascii=False):24} {sources.get(name, '')}")
    return 0


def new_rule(args: argparse.Namespace) -> int:
    from registry.counting.rule import add_rule, changed, find_rule

    changes = dict(_change(one) for one in args.sets)
    with open_database(args) as database, database.connection() as connection:
        old = find_rule(connection, args.of)
        rule = changed(old, version=args.version, document=args.document, changes=changes)
        is_new = add_rule(connection, rule, made_by=os_user())
        if is_new:
            record_command(connection, "city.rule", rule.version, {"of": old.version, "changes": changes})
    print(f"rule {rule.version}: {'made' if is_new else 'there already, unchanged'}")
    return 0


def _change(text: str) -> tuple[str, object]:
    import json

    name, sign, value = text.partition("=")
    if not sign or not name:
        raise ConfigError(f"--set {text!r}: NAME=VALUE, such as least_valid_days=15")
    try:
        return name.strip(), json.loads(value)
    except ValueError:
        return name.strip(), value.strip()
