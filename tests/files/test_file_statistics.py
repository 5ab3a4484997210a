"""Recipes over a project's own files."""

import pytest

from leonidas_jupyter.data.recipes.errors import RecipeFailed, RecipeRefused
from leonidas_jupyter.data.recipes.steps import Recipe

SALES = b"region,amount,day\nNord,1.5,2024-01-01\nOst,,2024-01-02\nOst,4.5,2024-01-03\n"
REGIONS = b"region,people\nNord,10\nOst,20\n"


def recipe(frame, steps, column="amount"):
    output = {"op": "aggregate", "name": "mean", "column": column, "statistic": "mean"}
    return Recipe.model_validate({"frame": frame, "steps": steps, "outputs": [output]})


def test_recipes_over_a_projects_files(run):
    async def body(world):
        project_id = await world.project()
        await world.upload(project_id, SALES, "Sales 2024.csv")
        await world.upload(project_id, REGIONS, "regions.csv")
        fill = {"op": "fill_missing", "columns": ["amount"], "method": "mean"}
        result = await world.files.statistics(project_id, recipe("sales_2024", [fill]))
        assert result.rows == [[3.0]]
        assert result.code.startswith("df = sales_2024[['amount']]")
        assert [(fact.used, fact.aggregate) for fact in result.facts] == [(3, True)]
        join = {"op": "join", "frame": "regions", "on": ["region"]}
        both = await world.files.statistics(project_id, recipe("sales_2024", [join], "people"))
        assert both.rows == [[pytest.approx(50 / 3)]]
        with pytest.raises(RecipeRefused, match="no frame 'nowhere'; there are: sales_2024, regi"):
            await world.files.statistics(project_id, recipe("nowhere", []))
        with pytest.raises(RecipeRefused, match="There is no column 'amout'"):
            await world.files.statistics(project_id, recipe("sales_2024", [], "amout"))
        sample = {"op": "sample", "rows": 9, "seed": 1}
        with pytest.raises(RecipeFailed, match=r"In step 1 \(sample\)"):
            await world.files.statistics(project_id, recipe("sales_2024", [sample]))
        other = await world.project()
        with pytest.raises(RecipeRefused, match="there are: none"):
            await world.files.statistics(other, recipe("sales_2024", []))

    run(body)
