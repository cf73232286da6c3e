"""What each Lambda loads."""

import json
import subprocess
import sys

HEAVY = {"polars", "pandera", "fpdf", "duckdb", "fontTools", "PIL"}

LOADED = """
import json, sys
{imports}
print(json.dumps(sorted(name.partition(".")[0] for name in sys.modules)))
"""


def loaded_by(imports: str) -> set[str]:
    script = LOADED.format(imports=imports)
    finished = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return set(json.loads(finished.stdout))


class TestTheCommandLine:
    def test_loads_no_service_s_library_to_answer_help(self):
        services = {"sqlalchemy", "psycopg", "boto3", "botocore", "alembic", "jinja2"}

        assert not loaded_by("import jobs.cli.main") & (HEAVY | services)


class TestTheApp:
    def test_loads_nothing_heavy_for_the_api(self):
        assert not loaded_by("import app") & HEAVY

    def test_loads_nothing_heavy_to_email(self):
        assert not loaded_by("import app, chalicelib.steps.email_invoice") & HEAVY

    def test_loads_no_frames_to_render(self):
        imports = "import app, chalicelib.steps.render_invoice"

        assert not loaded_by(imports) & {"polars", "pandera", "duckdb"}
