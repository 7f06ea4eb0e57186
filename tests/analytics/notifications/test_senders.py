"""Every channel against a real server on a socket."""

import asyncio
import email
import email.policy
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Any, cast

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from analytics.notifications.chat_robots import dingtalk_signature
from analytics.notifications.messages import Writer
from analytics.notifications.senders import sender_of
from analytics.notifications.sending import NotSent, check_secrets
from analytics.notifications.settings import DingTalkChannel, EmailChannel, WebhookChannel, WeComChannel
from analytics.notifications.webhook import webhook_signature
from telemetry.errors import ConfigError
from tests.analytics.notifications.conftest import WebSide, make_entry

NOW = 1_700_000_000.123


def test_a_dingtalk_signature_is_what_openssl_makes() -> None:
    # printf '%s\n%s' 1700000000123 SEC0123456789abcdef | openssl dgst -sha256 -hmac SEC0123456789abcdef -binary | base64
    assert dingtalk_signature("SEC0123456789abcdef", 1_700_000_000_123) == "V9VP5gL2WDsEZvZQHnbd9k4n+p56ibcLMh+WKMZRQas="


def test_a_webhook_signature_is_what_openssl_makes() -> None:
    # printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac 'top secret'
    expected = "sha256=b818565009498d6980f18cd02e140c93528f621038a94cf111e7fee05f3a2bbf"
    assert webhook_signature("top secret", 1_700_000_000, b'{"a":1}') == expected


async def test_wecom_gets_markdown_with_the_robots_key(web_side: WebSide, secrets: Path, writer: Writer) -> None:
    channel = WeComChannel(name="duty", type="wecom", address=web_side.address, key_file=secrets / "key")
    assert await sender_of(channel, writer).send([make_entry()], now=NOW) == "errcode 0: ok"
    (request,) = web_side.requests
    assert request.query == {"key": "k-1"}
    assert request.json["msgtype"] == "markdown"
    assert request.json["markdown"]["content"].startswith("**［紧急］ 报警 plant-1/boiler-1")


async def test_dingtalk_gets_markdown_signed_with_the_time(web_side: WebSide, secrets: Path, writer: Writer) -> None:
    channel = DingTalkChannel(
        name="duty", type="dingtalk", address=web_side.address, token_file=secrets / "token", secret_file=secrets / "secret"
    )
    await sender_of(channel, writer).send([make_entry()], now=NOW)
    (request,) = web_side.requests
    assert request.query == {
        "access_token": "t-1",
        "timestamp": "1700000000123",
        "sign": "V9VP5gL2WDsEZvZQHnbd9k4n+p56ibcLMh+WKMZRQas=",
    }
    assert request.json["markdown"]["title"] == "[紧急] 报警 plant-1/boiler-1 锅筒水位 低低"


@pytest.mark.parametrize(
    ("answer", "told", "pause_seconds"),
    [
        ((200, '{"errcode":45009,"errmsg":"api freq out of limit"}'), "errcode 45009: api freq out of limit", 60),
        ((200, '{"errcode":130101,"errmsg":"send too fast"}'), "errcode 130101: send too fast", 60),
        ((200, '{"errcode":310000,"errmsg":"sign not match"}'), "errcode 310000: sign not match", 0),
        ((502, "Bad Gateway"), "HTTP 502: Bad Gateway", 0),
        ((200, "<html>log in to the guest network</html>"), "HTTP 200 with something else than JSON: <html>log in", 0),
    ],
)
async def test_a_robot_that_says_no_is_understood(
    web_side: WebSide, secrets: Path, writer: Writer, *, answer: tuple[int, str], told: str, pause_seconds: float
) -> None:
    web_side.answers = [answer]
    channel = WeComChannel(name="duty", type="wecom", address=web_side.address, key_file=secrets / "key")
    with pytest.raises(NotSent) as failure:
        await sender_of(channel, writer).send([make_entry()], now=NOW)
    assert failure.value.answer.startswith(told)
    assert failure.value.pause_seconds == pause_seconds


async def test_a_server_that_is_away_is_told_without_the_key(secrets: Path, writer: Writer) -> None:
    channel = WeComChannel(name="duty", type="wecom", address="http://127.0.0.1:9/hook", key_file=secrets / "key")
    with pytest.raises(NotSent) as failure:
        await sender_of(channel, writer).send([make_entry()], now=NOW)
    assert failure.value.answer == "ConnectError: http://127.0.0.1:9/hook"


async def test_a_program_gets_json_that_it_can_verify(web_side: WebSide, secrets: Path, writer: Writer) -> None:
    channel = WebhookChannel(name="erp", type="webhook", address=web_side.address, secret_file=secrets / "secret")
    web_side.answers = [(204, "")]
    assert await sender_of(channel, writer).send([make_entry(), make_entry(act="return")], now=NOW) == "HTTP 204"
    (request,) = web_side.requests
    assert request.headers["X-Shangyun-Timestamp"] == "1700000000"
    assert request.headers["X-Shangyun-Signature"] == webhook_signature("SEC0123456789abcdef", 1_700_000_000, request.body)
    first, second = request.json["messages"]
    assert (first["key"], second["key"]) == ("42.3.activate.0", "42.3.return.0")
    assert first | {"title": 0, "consequence": 0, "action": 0} == {
        "key": "42.3.activate.0",
        "act": "activate",
        "priority": "critical",
        "gateway": "plant-1",
        "machine": "boiler-1",
        "equipment": 7,
        "kind": "boiler",
        "rule": "boiler.drum_level.low_low",
        "title": 0,
        "value": -80.25,
        "limit": -75.0,
        "unit": "mm",
        "time": "2026-11-20T04:00:00.000Z",
        "since": "2026-11-20T04:00:00.000Z",
        "occurrence": 3,
        "alarm": 42,
        "by": None,
        "consequence": 0,
        "action": 0,
        "link": "https://shangyun.example.com/equipment/7",
    }


def test_a_missing_secret_is_found_before_it_is_needed(tmp_path: Path) -> None:
    channel = WeComChannel(name="duty", type="wecom", key_file=tmp_path / "nothing")
    with pytest.raises(ConfigError, match="nothing"):
        check_secrets(channel)
    (tmp_path / "nothing").write_text("\n")
    with pytest.raises(ConfigError, match="empty"):
        check_secrets(channel)


# --- e-mail ---------------------------------------------------------------------------------------------------------


class MailSide:
    """As much of an SMTP server as smtplib needs (RFC 5321, 3207, 4954)."""

    def __init__(self) -> None:
        self.port = 0
        self.context: ssl.SSLContext | None = None
        self.said: list[str] = []
        self.mails = list[EmailMessage]()
        self.is_secure = False
        self.refuses = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example.com ESMTP\r\n")
        while line := (await reader.readline()).decode().rstrip("\r\n"):
            self.said.append(line)
            word = line.split()[0].upper()
            if word == "EHLO":
                starttls = b"250-STARTTLS\r\n" if self.context and not self.is_secure else b""
                writer.write(b"250-mail.example.com\r\n" + starttls + b"250 AUTH PLAIN\r\n")
            elif word == "STARTTLS":
                writer.write(b"220 go ahead\r\n")
                await writer.start_tls(cast("ssl.SSLContext", self.context))
                self.is_secure = True
            elif word == "AUTH":
                writer.write(b"235 in\r\n")
            elif word == self.refuses:
                writer.write(b"451 try later\r\n")
            elif word == "DATA":
                writer.write(b"354 go on\r\n")
                data = await reader.readuntil(b"\r\n.\r\n")
                self.mails.append(email.message_from_bytes(data[:-5], policy=email.policy.default))
                writer.write(b"250 taken\r\n")
            elif word == "QUIT":
                writer.write(b"221 bye\r\n")
                break
            else:
                writer.write(b"250 fine\r\n")
            await writer.drain()
        writer.close()


@asynccontextmanager
async def mail_side(certificate: Path | None = None) -> AsyncIterator[MailSide]:
    side = MailSide()
    if certificate is not None:
        side.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        side.context.load_cert_chain(certificate)
    server = await asyncio.start_server(side.serve, "127.0.0.1", 0)
    side.port = server.sockets[0].getsockname()[1]
    async with server:
        yield side


def mail_channel(port: int, **changed: Any) -> EmailChannel:
    told = {"sender": "shangyun@plant.example", "recipients": ("duty@plant.example", "chief@plant.example")}
    return EmailChannel(name="mail", type="email", host="127.0.0.1", port=port, **(told | changed))


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mail.example.com")])
    today = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), today, today + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "server.pem"
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    return path


async def test_an_email_is_sent_encrypted_and_signed_in(certificate: Path, secrets: Path, writer: Writer) -> None:
    async with mail_side(certificate) as side:
        channel = mail_channel(side.port, ca_file=certificate, username="shangyun", password_file=secrets / "password")
        assert await sender_of(channel, writer).send([make_entry()], now=NOW) == "accepted"
    assert side.is_secure
    (mail,) = side.mails
    assert mail["Subject"] == "[紧急] 报警 plant-1/boiler-1 锅筒水位 低低"
    assert mail["To"] == "duty@plant.example, chief@plant.example"
    assert "处置: 立即停炉，检查给水" in mail.get_content()
    encrypted_from = side.said.index("STARTTLS")
    assert not [line for line in side.said[:encrypted_from] if not line.upper().startswith("EHLO")]


async def test_a_mail_server_without_encryption_gets_nothing_unless_it_is_asked_for(writer: Writer) -> None:
    async with mail_side() as side:
        with pytest.raises(NotSent, match="STARTTLS"):
            await sender_of(mail_channel(side.port), writer).send([make_entry()], now=NOW)
        assert not side.mails
        await sender_of(mail_channel(side.port, security="none"), writer).send([make_entry()], now=NOW)
        assert len(side.mails) == 1


async def test_a_mail_server_that_says_later_is_told(writer: Writer) -> None:
    async with mail_side() as side:
        side.refuses = "MAIL"
        with pytest.raises(NotSent, match="try later"):
            await sender_of(mail_channel(side.port, security="none"), writer).send([make_entry()], now=NOW)
