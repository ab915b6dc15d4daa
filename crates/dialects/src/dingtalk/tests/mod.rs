//! DingTalk held to the suite that all dialects pass, and to its own quirks.
