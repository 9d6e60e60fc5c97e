"""PostedItemVectors: vectors of the items posted since training, computed from their texts."""

from __future__ import annotations

import numpy as np

from recsys.array_types import Floats
from recsys.data.records import Item
from recsys.serving.model import Model
from recsys.text import clean


class PostedItemVectors:
    """Vectors by place: that of row r of a live state is r - len(model). Zero rows where unknown.

    An array is replaced by a larger one when it grows; rows of items that are there do not change.
    """

    words: Floats  # (room, t): text vectors
    inputs: Floats  # (room, v): vectors in the input space of the neighbour model
    behaviour: Floats  # (room, 2, d): inputs and outputs of the engine with factors

    def __init__(self, model: Model, room: int) -> None:
        self._model = model
        inputs, behaviour = model.item_input_vectors, model.behaviour
        self.words = np.zeros((room, model.words.shape[1]), np.float32)
        self.inputs = np.zeros((room, 0 if inputs is None else inputs.shape[1]), np.float32)
        width = 0 if behaviour is None else behaviour.outputs.shape[1]
        self.behaviour = np.zeros((room, 2, width), np.float32)

    def grow(self, extra: int) -> None:
        """Make room for more items."""
        self.words = np.pad(self.words, ((0, extra), (0, 0)))
        self.inputs = np.pad(self.inputs, ((0, extra), (0, 0)))
        self.behaviour = np.pad(self.behaviour, ((0, extra), (0, 0), (0, 0)))

    def encode(self, place: int, item: Item) -> int:
        """Compute the vectors of an item; return the row of its topic, -1: none."""
        model = self._model
        if model.student is None:
            return -1
        text = clean.document(item.title, item.text, item.tags, item.category)
        words = model.student.encode([text])
        self.words[place] = words[0]
        if model.item_input_map is not None:
            self.inputs[place] = model.item_input_map.encode([text], words)[0]
        if model.bridge is not None:
            self.behaviour[place] = np.tensordot(words[0], model.bridge, 1)
        if model.topics is None or not text:
            return -1
        topics, _ = model.topics.assign([text], words)
        return int(topics[0])

    def inherit(self, place: int, row: int) -> None:
        """Give a new version of an item the factors that the model has for its first version."""
        behaviour = self._model.behaviour
        if behaviour is not None:
            self.behaviour[place] = behaviour.inputs[row], behaviour.outputs[row]
