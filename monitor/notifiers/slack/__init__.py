"""Slack: one card a case, edited in place; escalations in its thread to the people whom the policy names.

==========  =======================================================
notifier    the port: which messages, and where
lookup      finding what was posted and never answered
wire        one call of the Web API, and what its failure leaves known
errors      what each of Slack's errors means
pacing      how fast Slack may be called
scopes      what the app must be allowed to do
trying      whether it is, and may be where it shall
==========  =======================================================
"""

from monitor.notifiers.slack.notifier import Slack

__all__ = ["Slack"]
