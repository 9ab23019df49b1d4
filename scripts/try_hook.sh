#!/usr/bin/env bash
# Run the pre-commit hooks for real: a scratch repository whose configuration points at a clone of this one, with one good
# and one bad ad. Usage: try_hook.sh CLONE PRE_COMMIT
set -euo pipefail
clone=$1 pre_commit=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export PRE_COMMIT_HOME="$scratch/home"
cd "$scratch"
git init --quiet repository && cd repository
git config user.name nobody && git config user.email nobody@example.invalid
cat > .pre-commit-config.yaml <<EOT
repos:
  - repo: $clone
    rev: $(git -C "$clone" rev-parse HEAD)
    hooks:
      - id: v4schema-validate
        files: ^ads/
EOT
mkdir ads
cp "$clone/examples/moped.json" ads/good.json
git add . && git commit --quiet --message "A good ad"
"$pre_commit" run --all-files
sed 's/"model_year"/"year"/' "$clone/examples/moped.json" > ads/bad.json
echo '{not for us}' > elsewhere.json
git add .
if "$pre_commit" run --all-files > output; then
    echo "The hook let a bad ad pass." >&2
    exit 1
fi
cat output
grep --quiet 'ads/bad.json:[0-9]*:[0-9]*: error field.misnamed /category_fields/year' output
if grep --quiet 'good.json:.*error\|elsewhere.json' output; then
    echo "The hook blames what is good, or looks where it was not told to." >&2
    exit 1
fi
echo "The hook lets the good ad pass and stops the bad one."

sed -i 's/v4schema-validate/v4schema-normalise/' .pre-commit-config.yaml
git add .
if "$pre_commit" run --all-files > output; then
    echo "The hook mended nothing." >&2
    exit 1
fi
cat output
grep --quiet 'files were modified by this hook' output
cmp ads/good.json "$clone/examples/moped.json"
cmp ads/bad.json "$clone/examples/moped.json"
git add .
"$pre_commit" run --all-files
echo "The hook mends the bad ad, and leaves the good one alone."
