"""The pictures that kinds ask for."""

from device_profiles.kind import kind_names, load_kind


def test_pictures_name_states_of_their_kind() -> None:
    for name in kind_names():
        kind = load_kind(name)
        assert kind.state_signal is not None
        known = {state.name for state in kind.signals[kind.state_signal].states}
        assert 1 <= len(kind.pictures) <= 4
        for picture in kind.pictures:
            assert set(picture.states) <= known
            assert (bool(picture.x), bool(picture.z)) == {
                "scatter": (True, False),
                "map": (True, True),
                "heat_map": (False, False),
                "spectrum": (False, False),
            }[picture.form]
