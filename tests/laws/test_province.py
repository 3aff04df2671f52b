"""Cities and the rest of the province add up to the province."""

import numpy as np
import pytest

import simvet
from simvet.errors import InputError
from simvet.province import rest_of_province


def test_cities_and_the_rest_add_up_to_the_province_in_every_draw():
    province = simvet.simulate("zhejiang", draws=20)
    cities = [simvet.simulate(name, draws=20) for name in ("wenzhou", "lishui", "zhoushan")]
    rest = rest_of_province(province, cities)
    assert list(rest.year.values) == list(range(2021, 2036))
    for stage in rest.stage.values:
        total = rest["enrolment"].sel(stage=stage).values.copy()
        for city in cities:
            columns = [city.books.years.index(int(year)) for year in rest.year.values]
            total += city.indicator("enrolment", stage)[:, columns, 0]
        columns = [province.books.years.index(int(year)) for year in rest.year.values]
        np.testing.assert_allclose(total, province.indicator("enrolment", stage)[:, columns, 0], rtol=1e-12)
    assert rest.attrs["draws_below_zero"] == 0


def test_a_city_of_another_province_or_other_draws_is_refused():
    province = simvet.simulate("zhejiang", draws=5)
    with pytest.raises(InputError, match="draws or seed"):
        rest_of_province(province, [simvet.simulate("lishui", draws=6)])
    with pytest.raises(InputError, match="as its province"):
        rest_of_province(province, [province])
