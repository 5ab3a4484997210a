"""What the rules of accounts and tokens need stored."""

from datetime import datetime
from typing import Any

from leonidas_jupyter.auth.schemas import StoredUser, TokenFamily
from leonidas_jupyter.tables.base import Database, Index, TableSpec
from leonidas_jupyter.tables.leases import UNFINISHED

USERS = TableSpec(
    name="users",
    model=StoredUser,
    key=("user_id",),
    unique=("username", "email"),
    indexes=(UNFINISHED,),
)
FAMILIES = TableSpec(
    name="token_families",
    model=TokenFamily,
    key=("family_id",),
    indexes=(Index("user", partition="user_id", sort="created_at"),),
    ttl="expires_at",
)
SPECS: tuple[TableSpec[Any], ...] = (USERS, FAMILIES)


class AuthRepository:
    """Users and the families of their refresh tokens."""

    def __init__(self, database: Database) -> None:
        self.users = database.table(USERS)
        self._families = database.table(FAMILIES)

    async def add_user(self, user: StoredUser) -> StoredUser:
        """Store a new user. Raises Exists with the field that is taken."""
        return await self.users.put(user, if_absent=True)

    async def user(self, user_id: str) -> StoredUser | None:
        """The user with this id."""
        return await self.users.get(user_id)

    async def named(self, username: str) -> StoredUser | None:
        """The user with this name."""
        return await self.users.find("username", username)

    async def with_email(self, email: str) -> StoredUser | None:
        """The user who registered this address."""
        return await self.users.find("email", email)

    async def set_password_hash(self, user_id: str, password_hash: str) -> None:
        """Replace a hash. Raises Missing."""
        await self.users.update(user_id, {"password_hash": password_hash})

    async def add_family(self, family: TokenFamily) -> TokenFamily:
        """Store a new family."""
        return await self._families.put(family, if_absent=True)

    async def family(self, family_id: str) -> TokenFamily | None:
        """The family, unless its time is over."""
        return await self._families.get(family_id)

    async def rotate(self, family: TokenFamily, expires_at: datetime) -> TokenFamily:
        """Begin the next generation. Raises Stale where it was changed since it was read."""
        changes = {"generation": family.generation + 1, "expires_at": expires_at}
        return await self._families.update(family.family_id, changes, if_version=family.version)

    async def revoke(self, family_id: str, at: datetime) -> None:
        """End a family. Raises Missing."""
        await self._families.update(family_id, {"revoked_at": at})
