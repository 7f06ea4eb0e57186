"""Messages by e-mail."""

import asyncio
import smtplib
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid

from analytics.notifications.entries import Entry
from analytics.notifications.messages import Writer
from analytics.notifications.sending import NotSent, read_secret
from analytics.notifications.settings import EmailChannel
from telemetry.errors import ConfigError

_TIMEOUT_SECONDS = 15.0


class MailSender:
    """Hands a message to an SMTP server, in a thread."""

    def __init__(self, channel: EmailChannel, writer: Writer) -> None:
        self._channel, self._writer = channel, writer

    async def send(self, entries: Sequence[Entry], *, now: float) -> str:
        message = EmailMessage()
        message["Subject"] = self._writer.subject(entries)
        message["From"] = self._channel.sender
        message["To"] = ", ".join(self._channel.recipients)
        message["Date"] = format_datetime(datetime.fromtimestamp(now, UTC))
        message["Message-ID"] = make_msgid(domain=self._channel.sender.partition("@")[2])
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: so that no out-of-office answer comes back
        message.set_content(self._writer.text(entries))
        try:
            await asyncio.to_thread(self._hand_over, message)
        except (smtplib.SMTPException, OSError) as error:
            raise NotSent(f"{type(error).__name__}: {str(error)[:200]}") from error
        return "accepted"

    def _hand_over(self, message: EmailMessage) -> None:
        channel = self._channel
        with self._connected() as server:
            if channel.username is not None:
                if channel.password_file is None:
                    raise ConfigError(f"channel {channel.name}: a username needs a password_file")
                server.login(channel.username, read_secret(channel.password_file))
            refused = server.send_message(message)
        if refused:
            raise NotSent(f"refused for {', '.join(refused)}")

    def _connected(self) -> smtplib.SMTP:
        channel = self._channel
        if channel.security == "none":
            return smtplib.SMTP(channel.host, channel.port, timeout=_TIMEOUT_SECONDS)
        context = ssl.create_default_context(cafile=channel.ca_file)
        if channel.security == "tls":
            return smtplib.SMTP_SSL(channel.host, channel.port, timeout=_TIMEOUT_SECONDS, context=context)
        server = smtplib.SMTP(channel.host, channel.port, timeout=_TIMEOUT_SECONDS)
        try:
            server.starttls(context=context)
        except BaseException:
            server.close()
            raise
        return server
