#!/usr/bin/env bash
# Runs the pre-commit hooks for real, as docs/pre-commit.md configures them: a scratch repository with ads, files that are
# none, and a clone of this repository to fetch the hooks from. Usage: try_hook.sh CLONE PRE_COMMIT
set -euo pipefail
clone=$1 pre_commit=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export PRE_COMMIT_HOME="$scratch/home"
cd "$scratch"
git init --quiet repository && cd repository
git config user.name nobody && git config user.email nobody@example.invalid

fail() {
    echo "$1" >&2
    exit 1
}

# Writes the configuration: hooks by their names, each with a line of its own settings.
configure() {
    local settings=$1
    shift
    printf 'repos:\n  - repo: %s\n    rev: %s\n    hooks:\n' "$clone" "$(git -C "$clone" rev-parse HEAD)" > .pre-commit-config.yaml
    for hook in "$@"; do
        printf '      - id: v4schema-%s\n%s' "$hook" "$settings" >> .pre-commit-config.yaml
    done
    git add .
}

only_ads='        files: ^ads/
'
mkdir ads
cp "$clone/examples/moped.json" ads/good.json
echo '# The ads' > ads/README.md
echo '{"name": "shop", "version": "1.0.0", "description": "A shop", "private": true}' > package.json
configure "" normalise validate
git commit --quiet --message "A good ad, and files that are none"
"$pre_commit" run --all-files --verbose > "$scratch/output" || fail "The hooks do not pass over what is no ad: $(cat "$scratch/output")"
cat "$scratch/output"
grep --quiet 'nothing in it looks like an ad: package.json' "$scratch/output" || fail "The hooks do not say what they passed over."
if grep --quiet 'README.md' "$scratch/output"; then
    fail "The hooks read what does not end as JSON does."
fi
echo "Without files: of its own, each hook takes the ad, and passes over package.json with a note."

configure "$only_ads" validate
sed 's/"model_year"/"year"/' "$clone/examples/moped.json" > ads/bad.json
echo '{not for us}' > elsewhere.json
git add .
if "$pre_commit" run --all-files > "$scratch/output"; then
    fail "The hook let a bad ad pass."
fi
cat "$scratch/output"
grep --quiet 'ads/bad.json:[0-9]*:[0-9]*: error field.misnamed /category_fields/year' "$scratch/output"
if grep --quiet 'good.json:.*error\|elsewhere.json\|README.md\|package.json' "$scratch/output"; then
    fail "The hook blames what is good, or looks where it was not told to."
fi
echo "With files: ^ads/, the hook lets the good ad pass, stops the bad one, and reads neither ads/README.md nor package.json."

configure "$only_ads" normalise
if "$pre_commit" run --all-files > "$scratch/output"; then
    fail "The hook fixed nothing."
fi
cat "$scratch/output"
grep --quiet 'files were modified by this hook' "$scratch/output"
cmp ads/good.json "$clone/examples/moped.json"
cmp ads/bad.json "$clone/examples/moped.json"
git add .
"$pre_commit" run --all-files
echo "The hook fixes the bad ad, and leaves the good one alone."

configure "$only_ads" normalise validate
sed 's/"model_year"/"year"/; s/"visible": true/"visible": "perhaps"/' "$clone/examples/moped.json" > ads/bad.json
git add .
if "$pre_commit" run --all-files > "$scratch/output"; then
    fail "The hooks let a bad ad pass."
fi
cat "$scratch/output"
grep --quiet 'note field.moved /category_fields/year' "$scratch/output"
[ "$(grep --count ' error schema.type /visible ' "$scratch/output")" = 1 ] || fail "A finding is not printed once."
[ -z "$(grep 'ads/.*: ' "$scratch/output" | sort | uniq --repeated)" ] || fail "A finding is printed twice."
echo "Of both hooks, the first one reports what it fixes, the second one what is left."
