"""Finds the selectors that match a set of labels, and the label sets that match a selector."""

from collections.abc import Mapping

from ledger.ids import ObjectKey

Labels = Mapping[str, str]
_Pair = tuple[str, str]


class Selectors:
    """The selectors and the labelled objects of one namespace.

    A selector is filed under one of its label pairs, the one with the fewest selectors at the time: a label that all
    services share does not make every lookup look at every service.
    """

    def __init__(self) -> None:
        self._selectors: dict[ObjectKey, Labels] = {}
        self._filed_under: dict[ObjectKey, _Pair] = {}
        self._by_pair: dict[_Pair, dict[ObjectKey, None]] = {}
        self._labels: dict[ObjectKey, Labels] = {}
        self._labelled: dict[_Pair, dict[ObjectKey, None]] = {}

    def __bool__(self) -> bool:
        return bool(self._selectors or self._labels)

    def set_selector(self, key: ObjectKey, selector: Labels) -> None:
        """Files (or files anew) a selector of at least one pair."""
        self.drop_selector(key)
        pair = min(selector.items(), key=lambda item: len(self._by_pair.get(item, ())))
        self._selectors[key] = selector
        self._filed_under[key] = pair
        self._by_pair.setdefault(pair, {})[key] = None

    def drop_selector(self, key: ObjectKey) -> None:
        if self._selectors.pop(key, None) is not None:
            _discard(self._by_pair, self._filed_under.pop(key), key)

    def set_labels(self, key: ObjectKey, labels: Labels) -> None:
        """Files (or files anew) an object's labels."""
        self.drop_labels(key)
        self._labels[key] = labels
        for pair in labels.items():
            self._labelled.setdefault(pair, {})[key] = None

    def drop_labels(self, key: ObjectKey) -> None:
        for pair in self._labels.pop(key, {}).items():
            _discard(self._labelled, pair, key)

    def matching_selectors(self, labels: Labels) -> list[ObjectKey]:
        """The selectors of which every pair is among `labels`."""
        found = []
        for pair in labels.items():
            for key in self._by_pair.get(pair, ()):
                if _matches(self._selectors[key], labels):
                    found.append(key)
        return found

    def matching_labels(self, selector: Labels) -> list[ObjectKey]:
        """The objects whose labels hold every pair of `selector`, which has at least one."""
        rarest = min((self._labelled.get(pair, {}) for pair in selector.items()), key=len)
        return [key for key in rarest if _matches(selector, self._labels[key])]


def _matches(selector: Labels, labels: Labels) -> bool:
    return all(labels.get(name) == value for name, value in selector.items())


def _discard(index: dict[_Pair, dict[ObjectKey, None]], pair: _Pair, key: ObjectKey) -> None:
    keys = index[pair]
    del keys[key]
    if not keys:
        del index[pair]
