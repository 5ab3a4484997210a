import pytest

from leonidas_jupyter.core import rates
from leonidas_jupyter.core.errors import ErrorCode, LeonidasError
from leonidas_jupyter.core.rates import UNLIMITED, Rate, RateLimiter, parse_rate


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


def test_rates_are_parsed():
    assert parse_rate("10/minute") == Rate(10, 60)
    assert parse_rate(" 2 / Hour ") == Rate(2, 3600)
    assert parse_rate("off") == UNLIMITED


@pytest.mark.parametrize("text", ["", "10", "10/month", "-1/minute", "0/minute", "1.5/day"])
def test_what_is_no_rate_says_how_one_looks(text):
    with pytest.raises(ValueError, match="10/minute"):
        parse_rate(text)


def test_calls_beyond_the_rate_wait():
    clock = Clock()
    limiter = RateLimiter(Rate(3, 60), clock)
    for _ in range(3):
        limiter.take("ann")
    with pytest.raises(LeonidasError) as caught:
        limiter.take("ann")
    assert caught.value.code is ErrorCode.RATE_LIMITED
    assert caught.value.retry_after == 20
    limiter.take("bob")
    clock.now += 20
    limiter.take("ann")
    with pytest.raises(LeonidasError):
        limiter.take("ann")


def test_checking_takes_nothing_and_refusal_counts_nothing():
    clock = Clock()
    limiter = RateLimiter(Rate(1, 10), clock)
    for _ in range(5):
        limiter.check("ann")
    limiter.take("ann")
    for _ in range(5):
        with pytest.raises(LeonidasError):
            limiter.take("ann")
    clock.now += 10
    limiter.take("ann")


def test_off_is_no_limit():
    limiter = RateLimiter(UNLIMITED)
    for _ in range(1000):
        limiter.take("ann")


def test_memory_is_bounded_and_the_busy_are_remembered(monkeypatch):
    monkeypatch.setattr(rates, "MAX_KEYS", 100)
    clock = Clock()
    limiter = RateLimiter(Rate(2, 60), clock)
    for number in range(100):
        limiter.take(str(number))
    clock.now += 31  # those have both calls again
    limiter.take("ann")
    limiter.take("ann")
    assert len(limiter._buckets) <= 100
    with pytest.raises(LeonidasError):
        limiter.take("ann")
