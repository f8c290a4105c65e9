#!/usr/bin/env bash
# A step of action.yml: runs a plan, or observes a publisher, gates it, and shows the table on the job's page. Exits with
# wiretax's exit code. Inputs come in INPUT_* and are always quoted, so that no shell reads what they say.
set -uo pipefail

wiretax=$RUNNER_TEMP/wiretax/bin/wiretax
table=$(mktemp "$RUNNER_TEMP/wiretax-table.XXXXXX")
words=$(mktemp "$RUNNER_TEMP/wiretax-words.XXXXXX")
began=$(mktemp "$RUNNER_TEMP/wiretax-began.XXXXXX")

usage() { # usage MESSAGE: end with wiretax's exit code for a usage error
    echo "wiretax: $1" >&2
    exit 2
}

saved() { # the folder of the run that was saved since this script began
    local root=$INPUT_RESULTS
    case $root in -*) root=./$root ;; esac
    find "$root" -mindepth 2 -maxdepth 2 -name run.json -newer "$began" -exec dirname {} \; 2>/dev/null | sort | tail -n 1
}

[ -z "$INPUT_PLAN" ] || [ -z "$INPUT_COMMAND" ] || usage "the inputs plan and command exclude each other; give one of them"
case $INPUT_RESULTS in "" | *$'\n'*) usage "the input results must name a folder, on one line" ;; esac

# By the environment, since others can read command lines.
secret=$INPUT_ENDPOINT
unset INPUT_ENDPOINT
if [ -n "$INPUT_COMMAND" ]; then
    "$RUNNER_TEMP/wiretax/bin/python" -c '
import os, shlex, sys
try:
    sys.stdout.write("".join(word + "\0" for word in shlex.split(os.environ["INPUT_COMMAND"])))
except ValueError as error:
    sys.exit(f"wiretax: the input command is not quoted as in a shell: {error}")
' >"$words" || exit 2
    mapfile -d '' -t command <"$words"
    [ -z "$secret" ] || export WIRETAX_UPSTREAM=$secret
    "$wiretax" observe --results="$INPUT_RESULTS" --yes -- "${command[@]}" | tee "$table"
    code=${PIPESTATUS[0]}
else
    [ -z "$secret" ] || export PUSHER_URL=$secret
    options=(--results="$INPUT_RESULTS" --yes)
    [ -z "$INPUT_GATES" ] || options+=(--gates="$INPUT_GATES")
    "$wiretax" run "${options[@]}" -- "${INPUT_PLAN:-ci}" | tee "$table"
    code=${PIPESTATUS[0]}
fi

run=$(saved)
if [ -n "$INPUT_COMMAND" ] && [ -n "$INPUT_GATES" ] && [ -n "$run" ] && [ "$code" = 0 ]; then
    "$wiretax" gate --gates="$INPUT_GATES" -- "$run"
    code=$?
fi
{
    echo "run=$run"
    echo "exit-code=$code"
} >>"$GITHUB_OUTPUT"

# The verdict is on the page already, from wiretax itself.
if [ -s "$table" ]; then
    [ -n "$INPUT_GATES" ] && attribute="" || attribute=" open"
    printf '<details%s><summary>wiretax measured</summary>\n\n````text\n' "$attribute"
    # A publisher's own output comes before the table, and annotations are commands to GitHub. A page holds 1 MiB.
    awk '/^observe  /{kept = ""} !/^::/{kept = kept $0 "\n"} END{printf "%s", kept}' "$table" | tail -c 200000
    printf '````\n\n</details>\n\n'
else
    printf '**wiretax measured nothing** (exit code %s): the log of this step tells why.\n\n' "$code"
fi >>"$GITHUB_STEP_SUMMARY"
exit "$code"
