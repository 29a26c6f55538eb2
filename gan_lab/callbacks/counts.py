"""How many samples metrics need, told before the training and not after it."""

from gan_lab.errors import LabError
from gan_lab.metrics import Evaluation


def refuse_counts(evaluation: Evaluation, num_samples: int, final_num_samples: int) -> None:
    """Measure real samples as generated ones will be, so that no count fails after the training.

    The smaller count stands for both: what it is enough for, more are enough for too.

    Raises:
        LabError: If a metric needs more, or no training samples are left for the floor.
    """
    train = len(evaluation.train)
    if evaluation.few and final_num_samples >= train:
        return  # there is no floor, and no count that would make one
    if final_num_samples >= train:
        raise LabError(
            f"callbacks.evaluation.final_num_samples={final_num_samples} must be below the {train} "
            "training samples, as many of which show what real ones score"
        )
    key = "num_samples" if num_samples <= final_num_samples else "final_num_samples"
    count = min(num_samples, final_num_samples)
    try:
        evaluation.at(count).floor  # noqa: B018
    except (LabError, ValueError) as error:
        raise LabError(f"callbacks.evaluation.{key}={count}: {error}") from error
