"""Frames in a real kernel of a real server: loading, choosing, correcting, saving, completing."""

import pytest


@pytest.fixture(scope="module")
def sales(notebook, tmp_path_factory):
    path = tmp_path_factory.mktemp("frames") / "Orders.csv"
    lines = [
        f"{i:05d},{['north', 'south', ''][i % 3]},{i * 1.5},2024-01-{i % 28 + 1:02d}"
        for i in range(90)
    ]
    path.write_text("code,region,amount,day\n" + "\n".join(lines) + "\n")
    result = notebook.run(f"%leonidas upload {path}\nframes = %leonidas frames")
    assert result.status == "ok", result.error
    return path


@pytest.fixture
def run(notebook, sales):
    def run(code):
        result = notebook.run(code)
        assert result.status == "ok", result.error
        return result.text or result.stdout  # what is printed may be a progress bar

    return run


@pytest.fixture
def refused(notebook, sales):
    def refused(code):
        result = notebook.run(code)
        assert result.status == "error", result.text
        assert len(result.error["traceback"]) == 1
        return result.error["evalue"]

    return refused


def test_the_server_says_the_digest_of_what_it_keeps(run):
    code = (
        "import hashlib\n"
        "_file = frames._file('orders')\n"
        "_path = frames._files().loader().parquet(_file)\n"
        "print(_file.frame_sha256 == hashlib.sha256(_path.read_bytes()).hexdigest(),"
        " _file.frame_size == _path.stat().st_size)"
    )
    assert run(code) == "True True\n"


def test_a_mapping_that_lists_itself(run, notebook):
    shown = notebook.run("frames").outputs[0]
    assert "orders (90 × 4)" in shown["text/plain"]
    assert "orders" in shown["text/html"]
    assert "Orders.csv" in shown["text/html"]
    assert run("print('orders' in frames, len(frames) >= 4, frames.orders.shape)") == (
        "True True (90, 4)\n"
    )


def test_columns_rows_and_engines(run):
    code = (
        "_where = \"region = 'south' AND amount > 50\"\n"
        "_df = frames.load('orders', columns=['amount'], where=_where,"
        " dtype_backend='pyarrow')\n"
        "print(_df.amount.tolist()[:2], _df.dtypes['amount'])\n"
        "print(frames.load('Orders.csv', engine='polars').height)\n"
        "print(frames.lazy('orders').filter('amount < 3').project('code').fetchall())\n"
        "print(len(frames.dask('orders', where=[('amount', '>=', 120)])))"
    )
    assert run(code).splitlines() == [
        "[51.0, 55.5] double[pyarrow]",
        "90",
        "[('00000',), ('00001',)]",
        "10",
    ]


def test_the_magic_takes_the_same(run):
    said = run(
        "%leonidas load orders as few --columns code,amount --where \"region = 'south' AND "
        'amount > 50" --engine polars'
    )
    assert said == "few: 19 rows × 2 columns"
    assert run("print(type(few).__module__.partition('.')[0], few.columns)") == (
        "polars ['code', 'amount']\n"
    )
    said = run("%leonidas load orders as rel --engine duckdb")
    assert said == "rel: a DuckDB relation of 4 columns"
    said = run("%leonidas load orders as parts --engine dask")
    assert said == "parts: a dask DataFrame of 1 partition"
    run("%leonidas load orders as nullable --dtype-backend numpy_nullable")
    assert run("print(nullable.dtypes['amount'])") == "Float64\n"


def test_too_large_is_refused_where_nobody_can_answer(notebook, run, refused):
    run("import os; os.environ['LEONIDAS_LOAD_BYTES'] = '100'")
    notebook.client.allow_stdin = False  # as nbconvert does
    try:
        said = refused("%leonidas load orders as df")
        assert "--any-size" in said
        assert "frames.lazy" in said
        assert "90 rows" in run("%leonidas load orders as df --any-size")
        assert "(2, 1)" in run("print(frames.load('orders', ['code'], 'amount < 3').shape)")
    finally:
        notebook.client.allow_stdin = True
        run("del os.environ['LEONIDAS_LOAD_BYTES']")


def test_a_person_is_asked_before_it_becomes_too_large(notebook, run):
    for answer, expected in (("y", "ok"), ("n", "error")):
        code = (
            "import os; os.environ['LEONIDAS_LOAD_BYTES'] = '100'\n"
            "try:\n    asked = frames.orders\n"
            "finally:\n    del os.environ['LEONIDAS_LOAD_BYTES']"
        )
        request = notebook.client.execute(code)
        question = notebook.client.get_stdin_msg(timeout=60)["content"]["prompt"]
        assert question.startswith("orders would take about")
        notebook.client.input(answer)
        while True:
            reply = notebook.client.get_shell_msg(timeout=60)
            if reply["parent_header"].get("msg_id") == request:
                break
        assert reply["content"]["status"] == expected


def test_a_dialect_is_corrected_read_again_and_loaded(run, refused, notebook, tmp_path):
    path = tmp_path / "Prices.csv"
    path.write_bytes("art;preis\nKäse;1,50\nWürze;n.v.\nBrot;2,25\n".encode("cp1252"))
    run(f"%leonidas upload {path}")
    said = run("%leonidas load prices as p --sep , --header-rows 0")
    assert "Prices.csv was read again" in said
    assert "separator ';' → ','" in said
    assert "rows of the header 1 → 0" in said
    said = run(
        "%leonidas load prices as p --sep ';' --encoding cp1252 --decimal , --header-rows 1 "
        "--null-words n.v."
    )
    assert "separator ',' → ';'" in said
    assert said.endswith("p: 3 rows × 2 columns")
    assert run("print(p.preis.sum(), int(p.preis.isna().sum()), p.art[0])") == "3.75 1 Käse\n"
    again = run(
        "%leonidas load prices as p --sep ';' --encoding cp1252 --decimal , --header-rows 1 "
        "--null-words n.v."
    )
    assert again == "p: 3 rows × 2 columns"  # it is read so already
    assert "Prices.csv" in refused("%leonidas load prices as p --encoding nonsense")
    assert run("print(frames.prices.preis.sum())") == "3.75\n"
    reset = run("%leonidas load prices as p --reset")
    assert "Prices.csv was read again" in reset


def test_saving_makes_a_frame_that_knows_its_origin(run, notebook, refused):
    run(
        "%leonidas load orders as df\n"
        "big = df[df.amount > 60].reset_index(drop=True).assign(note='=1+1')"
    )
    said = run("%leonidas save big as big_orders.csv")
    assert said.startswith("big_orders.csv → big_orders: 49 rows × 5 columns")
    assert "49 cells that a spreadsheet would run as a formula got a ' in front" in said
    facts = (
        "_f = frames._file('big_orders')\n"
        "print(_f.source, _f.derived_from == frames._file('orders').file_id,"
        " frames.big_orders.code[0], frames.big_orders.note[0],"
        " str(frames.big_orders.day.dtype)[:10])"
    )
    assert run(facts) == "APP_GENERATED True 00041 '=1+1 datetime64\n"
    assert "--replace" in refused("%leonidas save df as big_orders.csv")
    said = run("%leonidas save big as big_orders.csv --replace --no-guard")
    assert "No cell was changed" in said
    assert run("print(frames.big_orders.note[0])") == "=1+1\n"
    assert "no variable 'nothing'" in refused("%leonidas save nothing")
    assert "is no table" in refused("_text = 'a'\n%leonidas save _text as a.csv")
    assert "no folder" in refused("%leonidas save big as ../a.csv")


def test_texts_that_look_like_numbers_come_back_as_texts(run):
    run(
        "import pandas as pd\n"
        "_t = pd.DataFrame({'n': ['1', '2'], 'x': [1.5, None], 'd': pd.to_datetime(['2024-01-01'"
        "] * 2), 'b': [True, False]})\n"
        "%leonidas save _t as kinds.csv"
    )
    kinds = run("print(frames.kinds.n.tolist(), *map(str, frames.kinds.dtypes[['x', 'd', 'b']]))")
    assert kinds.startswith("['1', '2'] float64 datetime64")
    assert kinds.endswith("bool\n")


def test_the_tab_knows_frames_columns_engines_and_variables(notebook, run):
    assert notebook.complete("%leonidas load ord") == ["orders"]
    assert "--where" in notebook.complete("%leonidas load orders --wh")
    assert notebook.complete("%leonidas load orders --engine po") == ["polars"]
    assert notebook.complete("%leonidas load orders --columns code,re") == ["code,region"]
    run("%leonidas load orders as table_of_mine")
    assert "table_of_mine" in notebook.complete("%leonidas save table_of")
    assert "--no-guard" in notebook.complete("%leonidas save df --no")
    assert "orders" in notebook.complete("frames.load('ord")
