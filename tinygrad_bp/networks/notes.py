"""`Notes`: what the numbers of a network mean, which is saved along with it."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from tinygrad_bp.core.output import saying
from tinygrad_bp.networks.data.preprocessing import Preprocessing
from tinygrad_bp.networks.scaling import Scaling
from tinygrad_bp.text import counted, shown


@saying
@dataclass(frozen=True)
class Notes:
    """What the inputs and outputs of a network are, and how it was trained. All may be left out.

    Attributes:
        columns: the names of the inputs.
        targets: the names of the outputs; of classes the name of the column that they stood in.
        loss: the name of the loss.
        classes: the names of the classes, in order; None if targets are numbers.
        class_values: what the classes are, numbers or truth values, if that is not their names.
        scaling, target_scaling: how inputs and targets were scaled; None if they were not.
        threshold: above which an output means that its label holds, where each is the probability of a label; None if outputs are no such.
        more: what else should be saved with the network, by names of your own: texts, numbers, lists and dictionaries.
        preprocessing: how columns, as they were measured, become inputs; None if they are the inputs.

    Raises TypeError for what is of another type, ValueError for scales that are 0 or not finite and for a name in `more` that is one
    of the others.
    """

    columns: list[str] | None = None
    targets: list[str] | None = None
    loss: str | None = None
    classes: list[str] | None = None
    scaling: Scaling | None = None
    target_scaling: Scaling | None = None
    more: Mapping[str, Any] = field(default_factory=dict)
    preprocessing: Preprocessing | None = None
    class_values: list[str | int | float | bool] | None = None
    threshold: float | None = None

    def __post_init__(self) -> None:
        for name in ("columns", "targets", "classes"):
            texts = getattr(self, name)
            if texts is not None and not (isinstance(texts, list) and all(isinstance(text, str) for text in texts)):
                raise TypeError(f"the notes of the network have {name} that are no list of names: {shown(texts)}")
        values = self.class_values
        if values is not None:
            if not isinstance(values, list) or not all(isinstance(each, str | int | float) for each in values):
                raise TypeError(
                    f"the notes of the network have class_values that are no list of numbers: {shown(values)}"
                )
            if len(values) != len(self.classes or ()):
                raise ValueError(
                    f"the notes of the network have {len(values)} class_values of {counted(len(self.classes or ()), 'class', 'classes')}"
                )
        if not isinstance(self.loss, str | None):
            raise TypeError(f"the notes of the network have a loss that is no name: {shown(self.loss)}")
        if self.threshold is not None and (
            isinstance(self.threshold, bool) or not isinstance(self.threshold, int | float)
        ):
            raise TypeError(f"the notes of the network have a threshold that is no number: {shown(self.threshold)}")
        for name in ("scaling", "target_scaling"):
            _check_scaling(name, getattr(self, name))
        if not isinstance(self.preprocessing, Preprocessing | None):
            raise TypeError(f"the notes of the network have preprocessing that is none: {shown(self.preprocessing)}")
        if not isinstance(self.more, Mapping):
            raise TypeError(f"the notes of the network have more that is no dictionary: {shown(self.more)}")
        if twice := set(self.more).intersection(OWN):
            raise ValueError(f"the notes of the network have {min(twice)} twice, in more, too")

    @classmethod
    def of_json(cls, content: Mapping[str, Any]) -> Notes:
        """The notes in a file: names that are not ours go into `more`. Raises what the class raises."""
        own = {name: content[name] for name in OWN if content.get(name) is not None}
        for name in ("scaling", "target_scaling"):
            if isinstance(found := own.get(name), dict) and {"means", "scales"} <= set(found):
                own[name] = Scaling(_floats(found["means"]), _floats(found["scales"]))
        if "preprocessing" in own:
            own["preprocessing"] = Preprocessing.of_json(own["preprocessing"])
        return cls(**own, more={name: x for name, x in content.items() if name not in OWN})

    def as_json(self) -> dict[str, Any]:
        """What a file holds: only what there is."""
        own = {name: getattr(self, name) for name in OWN}
        written = {name: asdict(x) if isinstance(x, Scaling) else x for name, x in own.items() if x is not None}
        if self.preprocessing is not None:
            written["preprocessing"] = self.preprocessing.as_json()
        return written | dict(self.more)


OWN = tuple(each.name for each in fields(Notes) if each.name != "more")


def _floats(numbers: Any) -> Any:
    """Numbers of JSON as floats; what is no list of numbers stays as it is, to be refused."""
    plain = isinstance(numbers, list) and all(type(x) in (int, float) for x in numbers)
    return [float(x) for x in numbers] if plain else numbers


def _check_scaling(name: str, scaling: Any) -> None:
    if scaling is None:
        return
    parts: Iterable[Any] = (scaling.means, scaling.scales) if isinstance(scaling, Scaling) else (None,)
    for part in parts:
        if not isinstance(part, list) or not all(isinstance(x, int | float) and not isinstance(x, bool) for x in part):
            raise TypeError(
                f"the notes of the network have a {name} that is not two lists of numbers: {shown(scaling)}"
            )
    if not all(x and abs(x) <= sys.float_info.max for x in scaling.scales):
        raise ValueError(f"the notes of the network have a {name} by 0 or by what is no finite number")
