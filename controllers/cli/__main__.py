"""`python -m controllers.cli` is `lastack`."""

from controllers.cli.group import main

if __name__ == "__main__":
    main(prog_name="lastack")
