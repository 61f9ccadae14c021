"""`filtered` finds every post that a rule set aside; digest and report count them."""

from __future__ import annotations

from tests.cli.shop import CONFIG, Shop

RULES = """
[brands.relevance]
context = ["parcel*"]
"""


def test_what_was_set_aside_is_found_and_counted(shop: Shop) -> None:
    shop.configure(CONFIG.replace("[[sources]]", f"{RULES}\n[[sources]]"))
    shop.post("1", "awful weather", url="https://x.example/1")
    shop.post("2", "awful parcel")
    shop.runs()
    [one] = shop.data("filtered")
    assert (one["rule"], one["would_be"], one["url"]) == ("context", "alert", "https://x.example/1")
    said = shop.does("filtered", "--since", "24h", "--brand", "acme").stdout
    assert "awful weather | filtered, context: none of the words" in said
    assert shop.does("filtered", "--rule", "spam").stdout == "no post was set aside\n"
    told = "Set aside: 1 post (1 context); 1 of them would have been complaints"
    assert told in shop.does("digest").stdout
    assert told in shop.does("report").stdout
    assert "complaint-monitor filtered" in shop.does("report", "--format", "html").stdout
    assert "complaint-monitor filtered" in shop.does("digest", "--format", "html").stdout
    assert shop.data("report")["filtered"] == [{"rule": "context", "posts": 1, "asking": 1}]
    assert shop.data("digest")["filtered"] == [{"rule": "context", "posts": 1, "asking": 1}]


def test_a_rule_that_cannot_be_read_is_a_mistake_of_the_config(shop: Shop) -> None:
    wrong = RULES.replace("parcel*", "a+b")
    shop.configure(CONFIG.replace("[[sources]]", f"{wrong}\n[[sources]]"))
    assert '"a+b" is not a word or phrase' in shop.refuses("check")
