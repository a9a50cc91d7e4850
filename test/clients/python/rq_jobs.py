"""What the workers of the test are asked to do."""


def double(n):
    return 2 * n


def fail():
    raise RuntimeError("as asked")
