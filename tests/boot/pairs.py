"""Few cases in which each value of a factor meets each value of every other."""
import collections
import itertools


def pair_cases(factors):
    """
    factors     name -> values
    A list of dictionaries, always the same: each starts from a pair that is missing yet and takes, factor by factor,
    the value that meets most of what it has not met; among equals, the one that has occurred least.
    """
    names = list(factors)
    missing = {pair: None for pair in _all_pairs(factors)}  # a dictionary for its order
    occurred = collections.Counter()
    cases = []
    while missing:
        case = dict(next(iter(missing)))
        for name in names:
            if name not in case:
                case[name] = max(factors[name], key=lambda value: (
                    sum(_pair(names, (name, value), other) in missing for other in case.items()),
                    -occurred[name, value]))
        for pair in itertools.combinations(((name, case[name]) for name in names), 2):
            missing.pop(pair, None)
        occurred.update(case.items())
        cases.append({name: case[name] for name in names})
    return cases


def _all_pairs(factors):
    for (a, a_values), (b, b_values) in itertools.combinations(factors.items(), 2):
        for x, y in itertools.product(a_values, b_values):
            yield (a, x), (b, y)


def _pair(names, one, other):
    return tuple(sorted((one, other), key=lambda item: names.index(item[0])))
