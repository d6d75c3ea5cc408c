"""How requests leave us, and whether one certainly did not. For the adapters, which hand a session of ours to their SDK.

The traps: a redirect that is followed, so that a payment is posted twice or its key goes to another host; `.netrc` and proxies of the environment, which
requests obeys unasked; a connection lost after sending read as "refused", so the payer pays elsewhere as well.
"""

from __future__ import annotations

import threading

import requests
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError


class Transport:
    """One session per thread, none shared (requests promises no thread safety). `close` ends them all."""

    def __init__(self, proxy: str | None = None) -> None:
        self._proxy = proxy
        self._of_thread = threading.local()
        self._all: list[requests.Session] = []
        self._lock = threading.Lock()

    def session(self) -> requests.Session:
        """This thread's session: no retries, no redirects, nothing of the environment."""
        session: requests.Session | None = getattr(self._of_thread, "session", None)
        if session is None:
            session = requests.Session()
            session.trust_env = False
            session.max_redirects = 0
            session.proxies = {"http": self._proxy, "https": self._proxy} if self._proxy else {}
            self._of_thread.session = session
            with self._lock:
                self._all.append(session)
        return session

    def close(self) -> None:
        """End every connection; the transport may be used again."""
        with self._lock:
            for session in self._all:
                session.close()


def was_never_sent(error: BaseException) -> bool:
    """Whether the connection was never made, so that nothing can have been done.

    The trap: `__context__` is not followed, since it may be an earlier error of somebody else that was being handled.
    """
    left: list[BaseException] = [error]
    for _ in range(10):
        if not left:
            return False
        one = left.pop()
        if isinstance(one, NewConnectionError | ConnectTimeoutError):
            return True
        beneath = (one.__cause__, getattr(one, "reason", None), *one.args)
        left.extend(cause for cause in beneath if isinstance(cause, BaseException))
    return False
