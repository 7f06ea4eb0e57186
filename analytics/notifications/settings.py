"""Settings of the channels that messages go through; what is secret stands in files of its own."""

from datetime import timedelta
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from telemetry.settings import Settings, SettingsPath

Act = Literal["activate", "return", "acknowledge"]


def _web_address(address: str) -> str:
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{address!r} is not an address of a web server")
    return address


WebAddress = Annotated[str, AfterValidator(_web_address)]
MailAddress = Annotated[str, Field(pattern=r"^[^@\s<>]+@[^@\s<>]+$", max_length=254)]


class _Channel(Settings):
    """What every channel has: who is told of what, and how often."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")
    language: Literal["zh", "en"] = "zh"
    priorities: tuple[Literal["critical", "high", "medium", "low"], ...] = ("critical", "high")
    acts: tuple[Act, ...] = ("activate",)
    """``return`` and ``acknowledge`` are told of alarms whose beginning was told."""
    sites: tuple[str, ...] = ()
    """Names of sites; all where neither these nor ``gateways`` are given."""
    gateways: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    """Kinds of equipment; all, and the gateways themselves, where none is given."""
    remind_minutes: float | None = Field(default=None, ge=1, le=1440)
    """A critical alarm that nobody has acknowledged is told again each time so long has passed."""
    most_per_minute: int = Field(default=20, ge=1, le=600)
    """More are gathered into one message."""
    longest_age_minutes: float = Field(default=60, ge=1, le=10_080)
    """What could not be sent for so long is given up."""

    @property
    def longest_age(self) -> timedelta:
        return timedelta(minutes=self.longest_age_minutes)


class EmailChannel(_Channel):
    """E-mail by SMTP."""

    type: Literal["email"]
    host: str = Field(min_length=1)
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    """``tls`` from the first byte, mostly on port 465; ``none`` only within the plant."""
    ca_file: SettingsPath | None = None
    """Of a server whose certificate the system does not know."""
    username: str | None = None
    password_file: SettingsPath | None = None
    sender: MailAddress
    recipients: tuple[MailAddress, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _can_log_in(self) -> Self:
        if (self.username is None) != (self.password_file is None):
            raise ValueError("'username' and 'password_file' belong together")
        return self


class WebhookChannel(_Channel):
    """POST of JSON to a program, signed with HMAC-SHA256."""

    type: Literal["webhook"]
    address: WebAddress
    secret_file: SettingsPath


class WeComChannel(_Channel):
    """A robot in a group of WeCom (企业微信)."""

    type: Literal["wecom"]
    address: WebAddress = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send"
    key_file: SettingsPath
    """The ``key`` of the robot's webhook address."""


class DingTalkChannel(_Channel):
    """A robot in a group of DingTalk (钉钉), with signing (加签) as its security setting."""

    type: Literal["dingtalk"]
    address: WebAddress = "https://oapi.dingtalk.com/robot/send"
    token_file: SettingsPath
    """The ``access_token`` of the robot's webhook address."""
    secret_file: SettingsPath
    """The secret of its signing, ``SEC...``."""


Channel = Annotated[EmailChannel | WebhookChannel | WeComChannel | DingTalkChannel, Field(discriminator="type")]
