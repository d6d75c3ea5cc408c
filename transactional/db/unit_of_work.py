"""What is one decision of the service: everything in the block, committed once, or nothing. For services and the API.

The trap: a commit hidden in a helper. Here commit is one explicit call; leaving the block without it, or by an exception, rolls back.
"""

from __future__ import annotations

from types import TracebackType
from typing import Self

from sqlalchemy import Connection, Engine

from transactional.vocabulary.errors import InvariantBroken


class UnitOfWork:
    """`with UnitOfWork(engine) as work: ...; work.commit()`. One connection, one transaction, one commit."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None

    def __enter__(self) -> Self:
        if self._connection is not None:
            raise InvariantBroken("a unit of work was entered twice")
        self._connection = self._engine.connect()
        self._connection.begin()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        connection, self._connection = self.connection, None
        connection.close()  # rolls back whatever was not committed

    @property
    def connection(self) -> Connection:
        """The connection inside the block. Raises: InvariantBroken outside it."""
        if self._connection is None:
            raise InvariantBroken("a unit of work was used outside its block")
        return self._connection

    def commit(self) -> None:
        """Make the block's facts true. Deferred constraints (the balance of an entry) are checked here. Using the work afterwards is our bug."""
        transaction = self.connection.get_transaction()
        if transaction is None or not transaction.is_active:
            raise InvariantBroken("a unit of work was committed twice")
        transaction.commit()
