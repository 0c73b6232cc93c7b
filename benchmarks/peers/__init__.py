"""Peers of the compiled lifetimes: the same in torch and in JAX, as a competent user has them.

``torch_lifetimes`` and ``jax_lifetimes`` have the same interface:

    use_one_core()              before JAX computes anything in this process
    world = make_world(mazes, instance, keys, rollouts, inputs)
    live = Lifetimes("dec-prnn", "post", arrays, world)
    steps = live()              all lifetimes of one genome, as one batch
    live.found                  steps and outcome of every rollout

Networks, mazes, rewards and random draws are those of the compiled lifetimes, so that all three
take the same actions unless rounding decides. Mazes and draws become tables in ``make_world``, and
JAX compiles in the first call: keep both out of a measurement. Measure wall clock or
``time.process_time``: JAX computes in a thread of its own.
"""
