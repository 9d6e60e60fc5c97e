"""Word classes: parts that patterns of several files share."""

from __future__ import annotations

SUBJECT = r"(?P<x>.+?)"


RECOMMEND = r"(?:推荐|推送|推|给我看|给我|显示|展示|出现|放|看到?|发|塞|安利)"


PLACED = r"(?P<x>第.{1,2}?(?:个|条|部|本|篇|首)|最后一(?:个|条|部|本|篇)|这个|这篇|这条)"
