"""The card of a model of causes (Mitchell et al. 2019): what it learnt from, how good it was, what it is not for."""

from collections.abc import Mapping

from pipelines.cases.model.training import Trained

_FIGURES = {
    "top1": "cause named first",
    "top3": "cause among the first three",
    "top5": "cause among the first five",
    "log_loss": "log loss, nats",
    "ece": "expected calibration error of the first cause",
    "set_coverage": "cause is in the set",
    "set_size": "causes in a set, mean",
}


def model_card(trained: Trained, metrics: Mapping[str, float], current: Mapping[str, float] | None = None) -> str:
    """Return the card as Markdown. `metrics`: of the same recipe on the latest cases, trained on those before them."""
    model = trained.model
    lines = [
        f"# Model of fire causes {model.version}",
        "",
        f"Trained on {trained.cases} closed cases from {trained.first_day or 'unknown'} to "
        f"{trained.last_day or 'unknown'}; sha256 of the cases `{trained.data_hash}`.",
        "",
        f"Tells {len(model.causes)} causes apart. The mean of {trained.plan.networks.members} small networks over the "
        "facts, and of a logistic regression on likeness to past cases; one such pair for each stage of what is known. "
        "Probabilities are calibrated by a temperature on periods that were not trained on; a set holds the cause in "
        f"{model.coverage:.0%} of cases like those of these periods.",
        "",
        "## Facts",
        "",
        *(f"{number}. {', '.join(view.facts)}" for number, view in enumerate(model.views, start=1)),
        "",
        "A case is judged by the first list that holds all its known facts.",
        "",
        f"## On the latest {int(metrics.get('cases', 0))} cases, trained on those before them",
        "",
        "| | this | the model before |",
        "|---|---|---|",
        *(
            f"| {title} | {metrics[name]:.3f} | {f'{current[name]:.3f}' if current and name in current else ''} |"
            for name, title in _FIGURES.items()
            if name in metrics
        ),
        "",
        "## Limits",
        "",
        "It repeats how causes were established in the cases it learnt from, with their habits and their errors. It "
        "says which versions to check, never which cause is to be established: a person decides, by evidence. Causes "
        "of few past cases are seldom named first. It knows nothing of places, seasons and kinds of object that the "
        "cases do not have.",
        "",
    ]
    return "\n".join(lines)
