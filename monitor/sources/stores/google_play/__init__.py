"""The plug-in `google_play`: an app's reviews on Google Play, and answers to them."""

from monitor.sources.stores.google_play.source import GooglePlay

__all__ = ["GooglePlay"]
