"""``shangyun users``: the first administrator, and help for who has locked themselves out."""

import argparse
import sys
from typing import TYPE_CHECKING

from store.commands import add_database_option, open_database, record_command
from telemetry.errors import ConfigError

if TYPE_CHECKING:
    from store.database import Database
    from store.users import User


def add_commands(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    group = subparsers.add_parser(
        "users", help="people who may sign in", description="People who may sign in to the web app; there is no default account."
    )
    commands = group.add_subparsers(title="commands", metavar="COMMAND", required=True)
    how = (
        "The password is read from standard input if that is not a terminal; otherwise a random one is printed once, "
        "which must be changed at the first log-in."
    )
    parser = commands.add_parser("add", help="add a user", description=f"Add a user. {how}")
    parser.add_argument("name", help="letters, digits and . _ - @")
    parser.add_argument(
        "--role", required=True, help="viewer, operator, engineer, county_officer, city_officer, evaluator, admin"
    )
    parser.add_argument("--sites", metavar="NAMES", help="sites that they may see, comma-separated; all when left out")
    add_database_option(parser)
    parser.set_defaults(run=add)
    parser = commands.add_parser(
        "password", help="set a password", description=f"Set a user's password and sign them out everywhere. {how}"
    )
    parser.add_argument("name")
    add_database_option(parser)
    parser.set_defaults(run=set_password)
    parser = commands.add_parser("disable", help="shut a user out", description="Shut a user out and sign them out everywhere.")
    parser.add_argument("name")
    add_database_option(parser)
    parser.set_defaults(run=disable)
    parser = commands.add_parser("list", help="list users", description="List users with role and sites.")
    add_database_option(parser)
    parser.set_defaults(run=show_list)


def add(args: argparse.Namespace) -> int:
    from dashboards.security.access import ROLES
    from dashboards.security.user_names import normal_name
    from store.users import add_user

    if args.role not in ROLES:
        raise ConfigError(f"--role: {args.role!r} is none of {', '.join(ROLES)}")
    try:
        name = normal_name(args.name)
    except ValueError as error:
        raise ConfigError(f"{args.name!r}: {error}") from None
    with open_database(args) as database:
        sites = _sites(database, args.sites)
        password, is_random = _password(name)
        password_hash = _hash(password)
        with database.connection() as connection:
            user = add_user(
                connection,
                name=name,
                password_hash=password_hash,
                role=args.role,
                sites=sites,
                must_change_password=is_random,
            )
            if user is None:
                raise ConfigError(f"there is a user {name} already; `shangyun users password {name}` gives a new password")
            record_command(connection, "user.add", name, {"role": args.role, "sites": sites})
    print(f"{name} may sign in as {args.role}")
    _show(password, is_random=is_random)
    return 0


def set_password(args: argparse.Namespace) -> int:
    from store import users
    from store.sessions import close_all_sessions

    with open_database(args) as database:
        user = _user(database, args.name)
        password, is_random = _password(user.name)
        password_hash = _hash(password)
        with database.connection() as connection:
            users.set_password(connection, user.id, password_hash, must_change_password=is_random)
            close_all_sessions(connection, user.id)
            record_command(connection, "user.reset_password", user.name, {})
    print(f"{user.name} has a new password")
    _show(password, is_random=is_random)
    return 0


def disable(args: argparse.Namespace) -> int:
    from store.sessions import close_all_sessions
    from store.users import change_user

    with open_database(args) as database:
        user = _user(database, args.name)
        with database.connection() as connection:
            change_user(connection, user.id, role=user.role, sites=user.sites, is_disabled=True)
            close_all_sessions(connection, user.id)
            record_command(connection, "user.change", user.name, {"is_disabled": True})
    print(f"{user.name} is shut out")
    return 0


def show_list(args: argparse.Namespace) -> int:
    from store.sites import list_sites
    from store.users import list_users

    with open_database(args) as database:
        users, names = list_users(database), {site.id: site.name for site in list_sites(database)}
    for user in users:
        sites = "all sites" if user.sites is None else ", ".join(names[site] for site in sorted(user.sites))
        state = "  disabled" if user.disabled_at else "  must change the password" if user.must_change_password else ""
        print(f"{user.name:<40} {user.role:<14} {sites}{state}")
    if not users:
        print("no users: shangyun users add NAME --role admin")
    return 0


def _user(database: "Database", name: str) -> "User":
    from store.users import list_users

    found = next((user for user in list_users(database) if user.name == name.strip().casefold()), None)
    if found is None:
        raise ConfigError(f"there is no user {name!r}; `shangyun users list` names all")
    return found


def _sites(database: "Database", names: str | None) -> list[int] | None:
    from store.sites import list_sites

    if names is None:
        return None
    known = {site.name: site.id for site in list_sites(database)}
    wanted = [name.strip() for name in names.split(",")]
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise ConfigError(f"--sites: there is no site {unknown[0]!r}; known: {', '.join(known) or 'none yet'}")
    return [known[name] for name in wanted]


def _password(name: str) -> tuple[str, bool]:
    from dashboards.security.passwords import LONGEST, SHORTEST, problem_of, random_password

    given = "" if sys.stdin is None or sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
    if not given:
        return random_password(), True
    if problem_of(given, name):
        raise ConfigError(f"the password needs {SHORTEST} to {LONGEST} characters, and must not be the name")
    return given, False


def _hash(password: str) -> str:
    from dashboards.security.passwords import Passwords

    return Passwords().hash_now(password)


def _show(password: str, *, is_random: bool) -> None:
    if is_random:
        print(f"password: {password}\nIt is shown this once, and must be changed at the first log-in.")
