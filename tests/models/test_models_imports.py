"""What the models of providers load: nothing, until one of them is asked."""

import json
import subprocess
import sys

HEAVY = {"boto3", "botocore", "httpx2", "keyring", "openai", "pydantic_ai", "tornado"}


def test_libraries_of_providers_are_loaded_when_a_model_is_asked():
    code = (
        "import sys, json, pathlib; import leonidas_jupyter.models.handlers; "
        "from leonidas_jupyter.assistant.models.providers import ProviderSettings; "
        "from leonidas_jupyter.models.repository import ConnectionRepository; "
        "from leonidas_jupyter.models.schemas import ModelRules; "
        "from leonidas_jupyter.models.service import ModelsService; "
        "made = ModelsService(repository=ConnectionRepository(pathlib.Path('.')), "
        "rules=ModelRules()); made.registry['bedrock:m']; made.registry['openai:m']; "
        "print(json.dumps(sorted(name.split('.')[0] for name in sys.modules)))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert not HEAVY & set(json.loads(ran.stdout))
