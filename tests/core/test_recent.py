from leonidas_jupyter.core.recent import Recent


def test_values_are_good_for_a_while():
    moment = [0.0]
    recent = Recent(10.0, clock=lambda: moment[0])
    recent.put("a", 1)
    moment[0] = 9.9
    assert recent.get("a") == 1
    moment[0] = 10.0
    assert recent.get("a") is None
    recent.put("a", 2)
    recent.forget("a")
    recent.forget("never known")
    assert recent.get("a") is None


def test_the_oldest_go_first():
    recent = Recent(10.0, most=2)
    for key in ("a", "b", "a", "c"):
        recent.put(key, key)
    assert [recent.get(key) for key in ("a", "b", "c")] == ["a", None, "c"]
