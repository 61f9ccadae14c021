"""What other sites and automations send to /intake/NAME, signed; its network is the inbox.

signing                 | items                       | source
who sent it, and when:  | a call's body split into    | takes calls in, and reads
HMAC over time and body | items, an item made a post  | them later from the inbox
"""

from monitor.sources.webhook.source import Webhook

__all__ = ["Webhook"]
