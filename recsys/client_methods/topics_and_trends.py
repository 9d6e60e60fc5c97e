"""Topics, entities and trends of the catalogue: methods of the client."""

from __future__ import annotations

from typing import Any

from .service_requests import Json, ServiceRequests, quoted


class TopicsAndTrends(ServiceRequests):
    """What items are about, and how much is said of it over time."""

    def topics(self, **parameters: Any) -> list[Json]:
        """Return what the catalogue is about: level=1 for groups, parent=… for those of one."""
        first = self._get("/topics", parameters)
        return [one for page in self.pages(first) for one in page["topics"]]

    def topic(self, topic_id: int) -> Json:
        """Return a topic or a group of topics, with what stands for it."""
        return self._get(f"/topics/{topic_id}", {})

    def topic_timeline(self, topic_id: int, **parameters: Any) -> Json:
        """Return what was done about a topic, with a forecast: resolution=hour or day, last=."""
        return self._get(f"/topics/{topic_id}/timeline", parameters)

    def entities(self, **parameters: Any) -> Json:
        """Return a page of the names of the catalogue, most frequent first: kind=, q=, n=."""
        return self._get("/entities", parameters)

    def entity(self, name: str) -> Json:
        """Return what is known of a name, in any spelling."""
        return self._get(f"/entities/{quoted(name)}", {})

    def entity_timeline(self, name: str, **parameters: Any) -> Json:
        """Return what was done to items that have a name, by hour or day, and a forecast."""
        return self._get(f"/entities/{quoted(name)}/timeline", parameters)

    def trends(self, **parameters: Any) -> Json:
        """Return a page of what is taken up more than expected: kind=, state=, user=, n=."""
        return self._get("/trends", parameters)

    def spread(self, item_id: str, **parameters: Any) -> Json:
        """Return how an item spreads: n= nodes of the tree, lang="zh"."""
        return self._get(f"/items/{quoted(item_id)}/spread", parameters)
