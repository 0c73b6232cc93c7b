"""Our mazes as gymnasium environments, for agents from elsewhere (extra ``gym``).

Importing this package registers ``evo_plastic/MetaMaze2D-v0``; without an import of one's own:
``gymnasium.make("evo_plastic.environments:evo_plastic/MetaMaze2D-v0", tasks="maze9/test")``.
"""

import gymnasium

from evo_plastic.environments.meta_maze import MetaMaze2D, MetaMaze2DVector

__all__ = ["ENVIRONMENT", "MetaMaze2D", "MetaMaze2DVector"]

ENVIRONMENT = "evo_plastic/MetaMaze2D-v0"

gymnasium.register(
    id=ENVIRONMENT,
    entry_point="evo_plastic.environments.meta_maze:MetaMaze2D",
    vector_entry_point="evo_plastic.environments.meta_maze:MetaMaze2DVector",
)
