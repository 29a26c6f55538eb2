"""Who takes part in the race: each recipe names what it changed."""

from dataclasses import dataclass

PLAIN = "plain"


@dataclass(frozen=True)
class Recipe:
    """An entrant.

    Attributes:
        name: In table and plot.
        changes: What it does differently from the default, for people.
        overrides: The same as arguments of ``python -m gan_lab.train``.
    """

    name: str
    changes: str
    overrides: tuple[str, ...] = ()


def recipes(*found: Recipe) -> dict[str, Recipe]:
    """Return recipes by their names."""
    return {recipe.name: recipe for recipe in found}


EARLIER = (
    *("model=dcgan", "optimizer.lr=2e-4", "scheduler=none", "discriminator_norm=batch"),
    *("callbacks.ema.decay=null", "trainer.max_steps=5000"),
)
"""The default that came before."""
PLAIN_LATENT = "prior=normal", "scheduler=none", "learning_rate=5e-4"
"""The default's networks alone."""

RECIPES = recipes(
    Recipe(PLAIN, "the copied script: 32 pixels, upsampling, dropout, Adam 2e-4, endless"),
    Recipe("default", "nothing"),
    Recipe("networks", "a normal latent, Adam 5e-4 throughout", PLAIN_LATENT),
    Recipe("earlier", "the default before: DCGAN of width 32, Adam 2e-4, 5,000 steps", EARLIER),
)
