"""What one run is: frozen models that mirror a YAML file, section by section.

Every default stands here and nowhere else. Numbers derived from several keys are computed
by the object that needs them.
"""

from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from evo_plastic.errors import brief

Count = Annotated[int, Field(strict=True, ge=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Factor = Annotated[float, Field(gt=0, le=1)]
Share = Annotated[float, Field(ge=0, lt=1)]
NetworkName = Literal[
    "dnn", "meta-dnn", "meta-rnn", "meta-lstm", "prnn", "dec-pdnn", "dec-prnn",
    "prnn-et", "prnn-scratch-et", "evolving-merging",
]  # fmt: skip
ModulationName = Literal["none", "pre", "post"]
STATIC: tuple[NetworkName, ...] = ("dnn", "meta-dnn", "meta-rnn", "meta-lstm")
MOST_CLUSTERS = 1 << 16
"""Of tied rules: what a map of 16-bit numbers tells apart."""
TRACED: tuple[NetworkName, ...] = ("prnn-et", "prnn-scratch-et")


def faults(error: ValidationError) -> str:
    """What a document that is not a configuration file has wrong, on one line."""
    return brief("; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()))


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class NetworkConfig(Section):
    name: NetworkName = "dec-prnn"
    """Network of Wang 2022, Table 1; ``evo-plastic networks`` lists them."""

    modulation: ModulationName = "post"
    """Dopamine: none, PreDN or PostDN. Networks without plastic connections: always none."""

    hidden_size: Annotated[int, Field(strict=True, ge=1, le=4096)] = 64
    """Neurons of each hidden layer."""

    preset: Literal["wang2022", "released"] = "released"
    """Constants of the rules: the code of May 2022, or the one released with genomes later."""

    scale: Positive | None = None
    """Update scale of the plasticity rule; null: the preset's."""

    bound: Positive | None = None
    """Greatest weight, for prnn-et and prnn-scratch-et; null: the preset's."""

    squashed: bool | None = None
    """Whether the rate of an eligibility trace is squashed into (0, 1); null: the preset's."""

    clusters: Annotated[int, Field(strict=True, ge=1, le=MOST_CLUSTERS)] | None = None
    """Rules per plastic matrix of evolving-merging; null: as many as neurons it joins."""

    precision: Literal["float32", "float64"] = "float32"
    """Arithmetic of the kernels; float64 is slower and meant for checks."""

    @model_validator(mode="after")
    def _only_what_the_network_has(self) -> "NetworkConfig":
        if self.name in STATIC:
            if self.modulation != "none":
                raise ValueError(f"{self.name} has no plastic connection: modulation must be none")
            if self.scale is not None:
                raise ValueError(f"{self.name} has no plastic connection: scale must be null")
        if self.name not in TRACED and not (self.bound is None and self.squashed is None):
            raise ValueError(f"{self.name} has no traces: bound and squashed must be null")
        if self.name != "evolving-merging" and self.clusters is not None:
            raise ValueError(f"{self.name} has no tied rules: clusters must be null")
        return self


class TaskConfig(Section):
    name: Literal["maze9", "maze15", "maze21", "maze15-crowded", "maze15-spacious"] = "maze9"
    """Distribution of mazes; ``evo-plastic tasks list`` shows size and density of each."""

    rollouts: Annotated[int, Field(strict=True, ge=1, le=64)] = 3
    """Rollouts of one lifetime; memories persist between them."""

    weights: tuple[NotNegative, ...] | None = None
    """Weight of each rollout in the fitness; null: the paper's (3 or 8 rollouts)."""

    @model_validator(mode="after")
    def _one_weight_per_rollout(self) -> "TaskConfig":
        if self.weights is None:
            if self.rollouts not in (3, 8):
                raise ValueError("weights must be given unless rollouts is 3 or 8")
        elif len(self.weights) != self.rollouts or sum(self.weights) <= 0:
            raise ValueError(f"weights must be {self.rollouts} numbers, not all zero")
        return self


class _Search(Section):
    """What all evolution strategies have."""

    population: Annotated[int, Field(strict=True, ge=4, le=100_000)] = 360
    """Candidates per generation."""

    sigma: Positive = 0.05
    """Initial step size: standard deviation of every gene around the mean."""

    initial_spread: NotNegative = 0.05
    """Standard deviation of the genes of the first mean."""


class SepCMAESConfig(_Search):
    name: Literal["sep-cma-es"] = "sep-cma-es"
    """Separable CMA-ES; ``seq-cma-es`` (Wang 2022) is accepted as an alias."""

    variant: Literal["canonical", "wang2022"] = "canonical"
    """Ros & Hansen 2008, or the constants and the sampling of Wang 2022's code."""

    step_size: Literal["csa", "dual-csa", "tpa"] | None = None
    """What sigma follows: the length of the path of the search, in addition a faster path while
    that is sure to shrink, or two points on the line of the last step; null: dual-csa. Variant
    wang2022 has a way of its own, always null."""

    active: bool | None = None
    """Whether variances learn from the worse half of the candidates too; null: true. Variant
    wang2022: always null."""

    mean_rate: Positive | None = None
    """How far the mean goes towards the weighted mean of the better half; null: 1, all the way.
    More pays where fitness is noisy. Variant wang2022: always null."""

    @model_validator(mode="after")
    def _only_what_the_variant_has(self) -> "SepCMAESConfig":
        chosen = (self.step_size, self.active, self.mean_rate)
        if self.variant == "wang2022" and any(value is not None for value in chosen):
            raise ValueError("variant wang2022: step_size, active and mean_rate must be null")
        return self


class OpenAIESConfig(_Search):
    name: Literal["openai-es"]
    """Gradient ascent on the mean of a Gaussian of one width (Salimans et al. 2017)."""

    sigma: Positive = 0.03
    """Standard deviation of every gene in the first generation."""

    sigma_decay: Factor = 1.0
    """Factor on sigma after every generation."""

    smallest_sigma: NotNegative = 0.0
    """Where the decay of sigma stops."""

    optimiser: Literal["adam", "momentum"] = "adam"
    """How the gradient moves the mean."""

    learning_rate: Positive = 0.02
    """Step of the optimiser in the first generation."""

    learning_rate_decay: Factor = 1.0
    """Factor on the learning rate after every generation."""

    smallest_learning_rate: NotNegative = 0.0
    """Where the decay of the learning rate stops."""

    momentum: Share = 0.9
    """Share of the old velocity in the new one."""

    square_momentum: Share = 0.999
    """The same for the squares of the gradient, which Adam alone uses."""

    weight_decay: NotNegative = 0.005
    """How much of the mean is taken off the gradient."""

    @model_validator(mode="after")
    def _in_pairs(self) -> "OpenAIESConfig":
        if self.population % 2:
            raise ValueError("population must be even: candidates are mirrored in pairs")
        return self


class CMAConfig(_Search):
    name: Literal["cma"]
    """The ``cma`` package by Hansen et al., with path-length control of the step size."""

    covariance: Literal["full", "diagonal"] = "full"
    """Full: at most 2000 genes."""

    restarts: Literal["none", "ipop", "bipop"] = "none"
    """Begin anew where the package's own tests say that a search has ended: with doubled
    populations, or with large and small ones by turns."""


class _Gradients(Section):
    """What all gradient trainers have. Their generation is an update."""

    lifetimes: Count = 64
    """Lifetimes per update, each in a maze of its own."""

    learning_rate: Positive = 1e-3
    """Step of Adam."""

    discount: Factor = 0.97
    """Weight of a reward one step later, across rollouts too."""

    trace: Annotated[float, Field(ge=0, le=1)] = 0.95
    """How far advantages look ahead before they trust the critic (lambda of GAE); 1: returns."""

    rewards: Literal["all", "fitness"] = "all"
    """Which rewards count: those of all rollouts alike, or by the rollouts' weights in the
    fitness, which are zero for the first two of three."""

    value_weight: NotNegative = 0.5
    """Weight of the critic's squared error in the loss."""

    entropy_weight: NotNegative = 0.01
    """Weight of what keeps the policy from becoming certain: in ppo its entropy, in a2c, as
    Miconi 2018 has it, the sum of its squared probabilities, as a penalty."""

    largest_gradient: Positive = 1.0
    """Gradients are scaled down to this length."""

    window: Count | None = None
    """Steps that a gradient flows back through; null: whole lifetimes."""

    initial_spread: NotNegative = 0.05
    """Standard deviation of the genes of the first genome."""


class A2CConfig(_Gradients):
    name: Literal["a2c"]
    """Advantage actor-critic: one step of Adam on every batch of lifetimes."""


class PPOConfig(_Gradients):
    name: Literal["ppo"]
    """Proximal policy optimisation, clipped (Schulman et al. 2017)."""

    epochs: Count = 4
    """How often a batch of lifetimes is learned from."""

    minibatches: Count = 4
    """Steps of Adam per epoch, each on other lifetimes."""

    clip: Factor = 0.2
    """How far the probability of an action may move before its gradient is dropped."""

    @model_validator(mode="after")
    def _a_lifetime_each(self) -> "PPOConfig":
        if self.minibatches > self.lifetimes:
            raise ValueError(f"minibatches must be at most lifetimes, {self.lifetimes}")
        return self


def _named(value: Any) -> Any:
    """A strategy without a name is the default one."""
    return {"name": "sep-cma-es"} | value if isinstance(value, dict) else value


EvolutionConfig = SepCMAESConfig | OpenAIESConfig | CMAConfig
GradientConfig = A2CConfig | PPOConfig
StrategyConfig = Annotated[
    Annotated[EvolutionConfig | GradientConfig, Field(discriminator="name")],
    BeforeValidator(_named),
]
STRATEGIES: dict[str, type[_Search] | type[_Gradients]] = {
    "sep-cma-es": SepCMAESConfig,
    "openai-es": OpenAIESConfig,
    "cma": CMAConfig,
    "a2c": A2CConfig,
    "ppo": PPOConfig,
}
"""What ``strategy`` is, by its name."""


class Stage(Section):
    start: Annotated[int, Field(strict=True, ge=0)]
    """First generation of the stage, counted from 0."""

    tasks: Count
    """Fresh tasks in every generation of the stage, shared by all candidates."""


class ValidationConfig(Section):
    every: Count = 100
    """Generations between two validations of the mean."""

    lifetimes: Annotated[int, Field(strict=True, ge=1, le=1024)] = 1024
    """How many instances of the task's ``validate`` split are lived in, from its first on."""

    repeats: Count = 1
    """Lifetimes per instance, each with action noise of its own."""


class TrainingConfig(Section):
    generations: Count = 15_000
    """Where training ends."""

    budget_seconds: Positive | None = None
    """Training also ends once its wall clock, earlier sessions included, passes this."""

    curriculum: Annotated[tuple[Stage, ...], Field(min_length=1)] = (Stage(start=0, tasks=8),)
    """Stages in order; the first starts at generation 0. Like repeats, noise and racing not for
    a2c and ppo, which live strategy.lifetimes in every generation."""

    repeats: Count = 4
    """Lifetimes per task and candidate, each with action noise of its own."""

    noise: Literal["common", "independent"] = "common"
    """Action noise: the same for all candidates of a generation, or one's own for each."""

    racing: bool = False
    """Whether all candidates live in half of a stage's tasks only, and the better half of them in
    as many more as the stage has. For strategies that learn from the better half above all: it
    sets openai-es back."""

    validation: ValidationConfig = ValidationConfig()

    checkpoint_every: Count = 100
    """Generations between two checkpoints."""

    checkpoints_kept: Count = 3
    """How many of the newest checkpoints stay on disk."""

    @model_validator(mode="after")
    def _stages_in_order(self) -> "TrainingConfig":
        starts = [stage.start for stage in self.curriculum]
        if starts[0] != 0 or starts != sorted(set(starts)):
            raise ValueError("curriculum: stages must start at 0 and be in increasing order")
        if self.racing and any(stage.tasks % 2 for stage in self.curriculum):
            raise ValueError("racing: every stage must have an even number of tasks")
        return self


class PoolConfig(Section):
    backend: Literal["auto", "local", "ray"] = "auto"
    """Who evaluates: threads of this process, or Ray actors. auto: Ray when address is set."""

    workers: Count | None = None
    """How many workers; null: one per CPU of the machine or cluster."""

    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where a2c and ppo compute gradients; auto: on a GPU if there is one."""

    address: str | None = None
    """Ray cluster to join, e.g. ``auto`` or ``10.0.0.1:6379``; null: an embedded local Ray."""

    @model_validator(mode="after")
    def _threads_have_no_address(self) -> "PoolConfig":
        if self.backend == "local" and self.address is not None:
            raise ValueError("backend local has no address: expected backend ray, or address null")
        return self


class Experiment(Section):
    seed: Annotated[int, Field(strict=True, ge=0, lt=2**63)] = 1
    """The one seed; everything random in the run follows from it."""

    start: str | None = None
    """Genome the search begins at: a run, a genome file or FILE.npz:NAME; null: a random one."""

    network: NetworkConfig = NetworkConfig()
    task: TaskConfig = TaskConfig()
    strategy: StrategyConfig = SepCMAESConfig()
    training: TrainingConfig = TrainingConfig()
    pool: PoolConfig = PoolConfig()

    @model_validator(mode="after")
    def _gradients_have_no_candidates(self) -> "Experiment":
        if isinstance(self.strategy, GradientConfig):
            defaults = TrainingConfig()
            for key in ("curriculum", "repeats", "noise", "racing"):
                if getattr(self.training, key) != getattr(defaults, key):
                    raise ValueError(
                        f"training.{key} is for evolution strategies: {self.strategy.name} lives "
                        f"strategy.lifetimes in every generation"
                    )
        return self
