"""Which sender a channel's type means."""

from analytics.notifications.chat_robots import DingTalkSender, WeComSender
from analytics.notifications.mail import MailSender
from analytics.notifications.messages import Writer
from analytics.notifications.sending import Sender
from analytics.notifications.settings import Channel, DingTalkChannel, EmailChannel, WebhookChannel, WeComChannel
from analytics.notifications.webhook import WebhookSender


def sender_of(channel: Channel, writer: Writer) -> Sender:
    match channel:
        case EmailChannel():
            return MailSender(channel, writer)
        case WebhookChannel():
            return WebhookSender(channel, writer)
        case WeComChannel():
            return WeComSender(channel, writer)
        case DingTalkChannel():
            return DingTalkSender(channel, writer)
