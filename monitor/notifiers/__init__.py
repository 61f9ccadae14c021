"""What brings notices to people: one file a channel, each behind the port `Notifier`."""
