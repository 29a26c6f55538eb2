"""Imitation on Acrobot and MountainCar beside cloning, a constant reward, chance and the expert.

    python -m benchmarks.beyond.imitation                # the real thing; again goes on
    python -m benchmarks.beyond.imitation --search       # how the expert of Acrobot was found
    python -m benchmarks.beyond.imitation --steps 5 --seeds 1 --trajectories 1

The policy is moved by PPO with generalised advantages; the published rows' by TRPO. Of an expert's
episode every fifth step is shown, as the authors do: all steps of one clone well.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from benchmarks.jobs import arguments, figure, summary_of, table, told, train
from gan_lab.environments import Environment

KEPT = "data.every=5"
"""Steps for each that is shown, as the authors' im_classic_pipeline.yaml: data_subsamp_freq."""
WORLDS = {
    "Acrobot-v1": ["data.environment=Acrobot-v1", "data.states=6", "data.actions=3"],
    "MountainCar-v0": ["data.environment=MountainCar-v0", "data.states=2", "data.actions=3"],
}
METHODS = {
    "GAIL": ["experiment=gail"],
    "cloning": ["experiment=cloning"],
    "constant reward": ["experiment=gail", "terms.policy.kind=constant"],
}
PUBLISHED = [  # Ho and Ermon 2016, appendix
    ("Acrobot-v0", "-75.3", "1", "-77.3", "-130.6"),
    ("Acrobot-v0", "-75.3", "4", "-83.1", "-93.2"),
    ("Acrobot-v0", "-75.3", "10", "-78.9", "-95.1"),
    ("MountainCar-v0", "-98.8", "1", "-101.6", "-136.8"),
    ("MountainCar-v0", "-98.8", "4", "-101.4", "-133.3"),
    ("MountainCar-v0", "-98.8", "10", "-100.8", "-123.1"),
]


def main() -> None:
    """Run what is missing and print the tables."""
    parser = arguments(__doc__ or "", "outputs/results/imitation", 300)
    parser.add_argument("--trajectories", type=int, nargs="+", default=[1, 4, 10])
    parser.add_argument("--worlds", nargs="+", default=list(WORLDS), choices=list(WORLDS))
    parser.add_argument("--search", action="store_true", help="an expert of Acrobot, minutes")
    given = parser.parse_args()
    if given.search:
        search(lambda text: print(text, flush=True))
        return
    rows = []
    for world in given.worlds:
        for count in given.trajectories:
            row, around = [world, str(count)], []
            for method, own in METHODS.items():
                # A constant reward does not depend on the expert: its runs are made once.
                shown = given.trajectories[0] if method == "constant reward" else count
                runs = []
                for seed in range(given.seeds):
                    folder = given.folder / f"{world}-{shown}-{method.replace(' ', '_')}-{seed}"
                    steps = 4 * given.steps if method == "cloning" else given.steps
                    batch = 8 if shown == 1 else 64  # of one trajectory some fifteen are shown
                    overrides = [
                        *(*own, *WORLDS[world], KEPT, f"data.batch_size={batch}"),
                        *(f"data.trajectories={shown}", f"seed={seed}"),
                        *(f"trainer.max_steps={steps}", "trainer.accelerator=cpu"),
                        *("callbacks.returns.episodes=100", *given.overrides),
                        f"callbacks.returns.every_n_steps={max(1, steps // 6)}",
                    ]
                    done = given.table_only
                    runs.append(summary_of(folder) if done else train(folder, overrides))
                row.append(told([figure(run, "return/policy") for run in runs], 1))
                around = around or [
                    told([figure(run, f"return/{name}") for run in runs], 1)
                    for name in ("expert", "random")
                ]
            rows.append([*row, *around])
    print(f"{given.steps} rounds, {given.seeds} seeds, mean return [95 % interval]\n")
    print(table(["environment", "trajectories", *METHODS, "expert", "random"], rows))
    print("\nPublished, with TRPO, other experts and budgets:\n")
    print(table(["environment", "expert", "trajectories", "GAIL", "cloning"], PUBLISHED))


def search(tell: Callable[[str], None], rounds: int = 30, seed: int = 0) -> Tensor:
    """Find a linear policy for Acrobot by the cross-entropy method, as the one shipped was.

    References:
        The Cross-Entropy Method for Fast Policy Search (Mannor et al. 2003).

    Args:
        tell: Is told of each round.
        rounds: Of 40 policies, four episodes each, of which the best eight are kept.
        seed: Of what is drawn.

    Returns:
        Weights (3, 7) of the actions: of the scaled states' six numbers, and of one.
    """
    world, random = Environment("Acrobot-v1"), np.random.default_rng(seed)
    mean, deviation = np.zeros((3, 7)), np.full((3, 7), 2.0)

    def earned(weights: Tensor, seeds: range) -> float:
        def act(states: Tensor) -> Tensor:
            return (states @ weights[:, :6].T + weights[:, 6]).argmax(dim=1)

        return float(world.play(act, seeds).returns.mean())

    for number in range(rounds):
        tried = mean + deviation * random.standard_normal((40, 3, 7))
        seeds = range(1000 * number, 1000 * number + 4)
        returns = [earned(torch.tensor(weights).float(), seeds) for weights in tried]
        best = tried[np.argsort(returns)[-8:]]
        # Noise that fades, lest the search settle at once.
        mean, deviation = best.mean(0), best.std(0) + 0.3 * max(0.0, 1 - number / 20)
        tell(f"{number}: best {max(returns):.1f}, kept {np.sort(returns)[-8:].mean():.1f}")
    found = torch.tensor(mean).float()
    tell(f"{found.tolist()}: {earned(found, range(5000, 5200)):.1f} over 200 episodes")
    return found


if __name__ == "__main__":
    main()
