"""Keywords of emergency calls: which words say what happened, and whether they say it as a fact.

`lexicon.csv` holds the phrases (category, Russian and Kazakh patterns), `contexts.yaml` what turns a mention into a
question, a negation, a supposition or a figure of speech; `docs/calls-keywords.md` describes both files.
"""

from pipelines.calls.keywords.tagging import tag_keywords

__all__ = ["tag_keywords"]
