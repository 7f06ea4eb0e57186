"""The commands ``shangyun alarms rules ...``."""

import argparse
import os
from pathlib import Path

from store.commands import add_database_option, open_database


def add_rule_commands(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    group = subparsers.add_parser("rules", help="list, check and load rules", description="What is watched, by kind of machine.")
    commands = group.add_subparsers(title="commands", metavar="COMMAND", required=True)
    parser = commands.add_parser("list", help="list the rules in force", description="List the rules of the database.")
    add_database_option(parser)
    parser.add_argument("--kind", help="only those of this kind")
    parser.add_argument("--json", action="store_true", help="one JSON object per line, with the whole rule")
    parser.set_defaults(run=show_rules)
    parser = commands.add_parser(
        "check", help="check a file of rules", description="Check rules of your own without the network."
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="TOML with [[rules]]")
    parser.set_defaults(run=check_rules)
    parser = commands.add_parser(
        "load",
        help="take rules of a file into force",
        description="Write the rules of a file as the plant's own, over those of the same names; a worker soon takes them.",
    )
    add_database_option(parser)
    parser.add_argument("file", type=Path, metavar="FILE", help="TOML with [[rules]]")
    parser.set_defaults(run=load_rules)


def show_rules(args: argparse.Namespace) -> int:
    import json

    from store.alarm_rules import list_rules

    with open_database(args) as database:
        rules = [rule for rule in list_rules(database) if args.kind in (None, rule.kind)]
    for rule in rules:
        if args.json:
            print(json.dumps({**rule.definition, "enabled": rule.is_enabled, "origin": rule.origin, "version": rule.version}))
            continue
        state = "" if rule.is_enabled else "  disabled"
        print(f"{rule.name:55} {rule.definition['priority']:9} {rule.origin:6} version {rule.version}{state}")
    return 0


def check_rules(args: argparse.Namespace) -> int:
    from analytics.alarms.rules import rules_from_toml

    print(f"{args.file}: {len(rules_from_toml(args.file))} rules, fine")
    return 0


def load_rules(args: argparse.Namespace) -> int:
    from datetime import UTC, datetime

    from analytics.alarms.rules import rules_from_toml
    from store.alarm_rules import PLANT, KindRule, get_rule, save_rule
    from telemetry.errors import ConfigError

    rules = rules_from_toml(args.file)
    actor = f"shangyun alarms rules load ({os.environ.get('USER', 'unknown')})"
    with open_database(args) as database:
        for rule in rules:
            known = get_rule(database, rule.name)
            definition = rule.model_dump(mode="json")
            if known is not None and (known.definition, known.is_enabled, known.origin) == (definition, rule.enabled, PLANT):
                print(f"{rule.name}: as it was")
                continue
            version = 0 if known is None else known.version
            saved = KindRule(rule.name, rule.kind, definition)
            now = datetime.now(UTC)
            if not save_rule(database, saved, is_enabled=rule.enabled, expected_version=version, changed_by=actor, now=now):
                raise ConfigError(f"{rule.name} was changed by somebody else at this moment; load the file again")
            print(f"{rule.name}: {'new' if known is None else 'changed'}")
    return 0
