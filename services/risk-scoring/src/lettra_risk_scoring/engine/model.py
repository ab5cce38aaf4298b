"""A trained model as data: read, checked, asked, without the library that trained it. Pure.

A model answers two questions of an item: the probability that it is paid after its due date, and on how many days
from the due date (negative: before). `version` is a digest of all that is in it, so one version is one set of numbers.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from math import exp
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from lettra_risk_scoring.engine.features import NAMES, Features

TREES_MAX = 2_000
NODES_MAX = 1_000
LEAF = -1
Kind = Literal["customer_mean", "logistic", "boosting"]


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class CustomerMean(_Data):
    """The customer's mean so far; `overall` where nothing of it was paid yet."""

    kind: Literal["customer_mean"] = "customer_mean"
    overall: float


class Linear(_Data):
    """A weighted sum of the features, each less its mean and divided by its scale."""

    kind: Literal["linear"] = "linear"
    intercept: float
    weights: tuple[float, ...] = Field(min_length=len(NAMES), max_length=len(NAMES))
    means: tuple[float, ...] = Field(min_length=len(NAMES), max_length=len(NAMES))
    scales: tuple[Annotated[float, Field(gt=0)], ...] = Field(min_length=len(NAMES), max_length=len(NAMES))


class Tree(_Data):
    """Nodes as columns; node 0 is the root. `left` -1: a leaf. A value at or below its threshold goes left."""

    feature: tuple[int, ...] = Field(max_length=NODES_MAX)
    threshold: tuple[float, ...]
    left: tuple[int, ...]
    right: tuple[int, ...]
    value: tuple[float, ...]

    @model_validator(mode="after")
    def _sound(self) -> Tree:
        """Children come after their parent, so that every walk ends at a leaf."""
        count = len(self.feature)
        columns = (self.threshold, self.left, self.right, self.value)
        if not count or any(len(column) != count for column in columns):
            raise ValueError("a tree has columns of one length, and a root")
        for node in range(count):
            if self.left[node] == LEAF:
                continue
            children = (self.left[node], self.right[node])
            if not all(node < child < count for child in children) or not 0 <= self.feature[node] < len(
                NAMES
            ):
                raise ValueError(f"node {node} of a tree points nowhere")
        return self


class Trees(_Data):
    """The sum of what each tree says, times `rate`, on top of `base`."""

    kind: Literal["trees"] = "trees"
    base: float
    rate: float
    trees: tuple[Tree, ...] = Field(max_length=TREES_MAX)


Answer = Annotated[CustomerMean | Linear | Trees, Field(discriminator="kind")]


class Model(_Data):
    """A trained model. `residuals`: within which days nine in ten and one in ten predictions were exceeded.

    `window`: the first and last day of what it was trained on; `metrics`: how it did when it predicted what came.
    """

    format: Literal[1] = 1
    kind: Kind
    seed: int
    features: tuple[str, ...]
    window: tuple[str, str]
    samples: int
    metrics: Mapping[str, Mapping[str, float]]
    late: Answer
    days: Answer
    residuals: tuple[float, float]

    @model_validator(mode="after")
    def _of_these_features(self) -> Model:
        if self.features != NAMES:
            raise ValueError("the model was trained on other features; train it again")
        if self.residuals[0] > self.residuals[1]:
            raise ValueError("the residuals are the wrong way round")
        return self


@dataclass(frozen=True, slots=True)
class Ready:
    """A model with its version, ready to be asked."""

    model: Model
    version: str

    def late_probability(self, features: Features) -> float:
        """0 to 1: that the item is paid after its due date."""
        answer = self.model.late
        if isinstance(answer, CustomerMean):
            return answer.overall if features.late_share is None else features.late_share
        return sigmoid(raw(answer, features.values))

    def days(self, features: Features) -> float:
        """Days from the due date to payment; negative: before."""
        answer = self.model.days
        if isinstance(answer, CustomerMean):
            return answer.overall if features.delay_mean is None else features.delay_mean
        return raw(answer, features.values)


def raw(answer: Linear | Trees, values: array[float]) -> float:
    """What a linear model or trees sum up to."""
    if isinstance(answer, Linear):
        parts = zip(values, answer.means, answer.scales, answer.weights, strict=True)
        return answer.intercept + sum((value - mean) / scale * weight for value, mean, scale, weight in parts)
    return answer.base + answer.rate * sum(_leaf(tree, values) for tree in answer.trees)


def _leaf(tree: Tree, values: array[float]) -> float:
    node, left, feature, threshold = 0, tree.left, tree.feature, tree.threshold
    while left[node] != LEAF:
        node = left[node] if values[feature[node]] <= threshold[node] else tree.right[node]
    return tree.value[node]


def sigmoid(value: float) -> float:
    """The logistic function, without overflow."""
    if value >= 0:
        return 1 / (1 + exp(-value))
    return exp(value) / (1 + exp(value))


def version_of(content: Mapping[str, Any]) -> str:
    """The version of a model's content, as JSON would say it."""
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return f"late-{content['kind']}-{sha256(canonical.encode()).hexdigest()[:12]}"


def written(model: Model) -> str:
    """The model as a file: its version first, then its content."""
    content = model.model_dump(mode="json")
    return json.dumps({"version": version_of(content), "content": content}, indent=1) + "\n"


def read(text: str) -> Ready:
    """The model of a file. ValueError: it is none, or was changed after its version was given."""
    try:
        document = json.loads(text)
        content, version = document["content"], document["version"]
        model = Model.model_validate(content)
    except (TypeError, KeyError, ValueError) as error:
        raise ValueError(f"this is not a model of risk-scoring: {error}") from None
    if version != version_of(model.model_dump(mode="json")):
        raise ValueError(f"the content is not that of model {version}; it was changed: train it again")
    return Ready(model, version)
