"""``python -m evo_plastic`` is ``evo-plastic``."""

from evo_plastic.cli import main

if __name__ == "__main__":
    main()
