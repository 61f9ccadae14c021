"""Every error that Slack documents for the methods used here: what it means for the notice, and for people.

What is wrong with the *message* is refused for good. What is wrong with the *place or the token* is for
a person to mend: the notice stays in the outbox and leaves when it is mended, and after a few attempts
the operators hear of it. Slack says of some errors that part of the work may have been done: then nobody
knows, and the channel is looked through before anything is sent again.
"""

from __future__ import annotations

from enum import StrEnum

from monitor.domain.errors import Outcome


class Means(StrEnum):
    """What an error is about."""

    MESSAGE = "message"
    """This message will never be taken."""
    MEND = "mend"
    """None will be, until a person has done something."""
    LATER = "later"
    """It was not taken now."""
    UNKNOWN = "unknown"
    """It may have been taken."""


OUTCOMES = {
    Means.MESSAGE: Outcome.PERMANENT,
    Means.MEND: Outcome.NOT_SENT,
    Means.LATER: Outcome.NOT_SENT,
    Means.UNKNOWN: Outcome.UNKNOWN,
}

_TOKEN = "make a new token (docs/notifiers/slack.md) and set the secret"  # noqa: S105 - no password
_SCOPE = "add the scopes of docs/notifiers/slack.md to the app and install it again"
_ADMIN = "ask an administrator of the workspace"

_MEND = {
    "access_denied": _ADMIN,
    "accesslimited": "calls from this network are not allowed: " + _ADMIN,
    "account_inactive": _TOKEN,
    "app_access_restricted": _ADMIN,
    "as_user_not_supported": _TOKEN,
    "channel_is_limited_access": _ADMIN,
    "channel_not_found": "check the channel's id; in a private channel: /invite the app",
    "channel_type_not_supported": "name another channel",
    "compliance_exports_prevent_deletion": _ADMIN,
    "deprecated_endpoint": "upgrade complaint-monitor",
    "ekm_access_denied": _ADMIN,
    "enterprise_is_restricted": _ADMIN,
    "external_channel_migrating": "wait until the channel has moved",
    "file_type_not_allowed": _ADMIN,
    "file_upload_size_restricted": _ADMIN,
    "file_uploads_disabled": _ADMIN,
    "file_uploads_except_images_disabled": _ADMIN,
    "invalid_auth": _TOKEN,
    "invalid_channel": "check the channel's id",
    "is_archived": "unarchive the channel or name another one",
    "is_inactive": "unarchive the channel or name another one",
    "messages_tab_disabled": "switch on the app's messages tab",
    "method_deprecated": "upgrade complaint-monitor",
    "method_not_supported_for_channel_type": "name another channel",
    "missing_scope": _SCOPE,
    "no_permission": _SCOPE,
    "not_allowed_token_type": "use the app's bot token (xoxb-…)",
    "not_authed": _TOKEN,
    "not_in_channel": "/invite the app into the channel",
    "posting_to_channel_denied": _ADMIN,
    "posting_to_general_channel_denied": _ADMIN,
    "restricted_action": _ADMIN,
    "restricted_action_non_threadable_channel": "name a channel that has threads",
    "restricted_action_read_only_channel": "name a channel that the app may write to",
    "restricted_action_thread_only_channel": "name a channel that is not for threads alone",
    "storage_limit_reached": "the workspace's file storage is full",
    "team_access_not_granted": _ADMIN,
    "team_not_found": _TOKEN,
    "token_expired": _TOKEN,
    "token_revoked": _TOKEN,
    "two_factor_setup_required": _ADMIN,
    "upgrade_required": "upgrade complaint-monitor",
}

_MESSAGE = (
    "alt_txt_too_large",
    "block_mismatch",
    "blocked_file_type",
    "cant_broadcast_message",
    "cant_delete_message",
    "cant_update_message",
    "cannot_reply_to_message",
    "channels_limit_exceeded",
    "duplicate_channel_not_found",
    "duplicate_message_not_found",
    "edit_window_closed",
    "file_deleted",
    "file_is_deleted",
    "file_not_found",
    "file_share_limit_reached",
    "file_update_failed",
    "invalid_arg_name",
    "invalid_arguments",
    "invalid_array_arg",
    "invalid_attachments",
    "invalid_blocks",
    "invalid_blocks_format",
    "invalid_charset",
    "invalid_cursor",
    "invalid_form_data",
    "invalid_json",
    "invalid_metadata_filter_keys",
    "invalid_metadata_format",
    "invalid_metadata_schema",
    "invalid_post_type",
    "invalid_ts_latest",
    "invalid_ts_oldest",
    "json_not_object",
    "list_record_comment_fetch_failed",
    "markdown_text_conflict",
    "max_file_sharing_exceeded",
    "message_not_found",
    "metadata_must_be_sent_from_app",
    "metadata_too_large",
    "missing_argument",
    "missing_post_type",
    "msg_blocks_too_long",
    "msg_too_long",
    "no_dual_broadcast_content_update",
    "no_text",
    "restricted_action_thread_locked",
    "slack_connect_blocked_file_type",
    "slack_connect_canvas_sharing_blocked",
    "slack_connect_clip_sharing_blocked",
    "slack_connect_file_link_sharing_blocked",
    "slack_connect_file_upload_sharing_blocked",
    "slack_connect_lists_sharing_blocked",
    "snippet_too_large",
    "streaming_state_conflict",
    "thread_not_found",
    "too_many_attachments",
    "too_many_contact_cards",
    "unable_to_share_files",
    "unknown_snippet_type",
    "unknown_subtype",
)

_LATER = (
    "message_limit_exceeded",
    "org_login_required",
    "rate_limited",
    "ratelimited",
    "request_timeout",
    "service_unavailable",
    "team_added_to_org",
)

ERRORS: dict[str, Means] = {
    **dict.fromkeys(_MEND, Means.MEND),
    **dict.fromkeys(_MESSAGE, Means.MESSAGE),
    **dict.fromkeys(_LATER, Means.LATER),
    **dict.fromkeys(("fatal_error", "internal_error", "update_failed"), Means.UNKNOWN),
}

OF_A_CHANNEL = frozenset(
    {
        "channel_is_limited_access",
        "channel_not_found",
        "channel_type_not_supported",
        "external_channel_migrating",
        "invalid_channel",
        "is_archived",
        "is_inactive",
        "not_in_channel",
        "posting_to_channel_denied",
        "posting_to_general_channel_denied",
        "restricted_action",
        "restricted_action_read_only_channel",
        "restricted_action_thread_only_channel",
    }
)
"""To be mended in one channel: the others go on meanwhile."""
OF_THE_APP = frozenset(name for name, words in _MEND.items() if words in (_TOKEN, _SCOPE)) | {
    "accesslimited",
    "app_access_restricted",
    "enterprise_is_restricted",
    "not_allowed_token_type",
    "team_access_not_granted",
    "two_factor_setup_required",
}
"""With this token no channel can be written to: none is tried meanwhile; the operators hear of it once."""
WITHOUT_BLOCKS = frozenset(
    {"block_mismatch", "invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"}
)
"""Then the words alone are sent: a complaint is told, be it plainly."""
WITHOUT_THREAD = frozenset(
    {
        "cannot_reply_to_message",
        "message_not_found",
        "restricted_action_non_threadable_channel",
        "restricted_action_thread_locked",
        "thread_not_found",
    }
)
"""Then it is told beside the card that is gone or locked."""
MAY_NOT_LOOK = frozenset(
    {
        "access_denied",
        "method_not_supported_for_channel_type",
        "missing_scope",
        "no_permission",
        "not_allowed_token_type",
    }
)
"""The app may not read what was written: nobody can know what arrived."""


def meaning(error: str) -> Means:
    """What an error is about; one that Slack has invented since is taken for a passing refusal."""
    return ERRORS.get(error, Means.LATER)


def in_words(error: str, where: str) -> str:
    """The error with its remedy, for the person who has to act on it."""
    remedy = _MEND.get(error)
    said = f"Slack, {where}: {error}"
    return f"{said}; {remedy}" if remedy else said
