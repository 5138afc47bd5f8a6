"""The command headstart: the kernelspec and the console script start here."""

import sys

from headstart_kernel import run


def main():
    run(sys.argv[1:])


if __name__ == "__main__":
    main()
