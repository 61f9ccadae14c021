"""The plug-in `app_store`: an app's reviews in Apple's App Store, and answers to them."""

from monitor.sources.stores.app_store.source import AppStore

__all__ = ["AppStore"]
