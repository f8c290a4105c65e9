#!/usr/bin/env bash
# A step of action.yml: compares the run with another one, as Markdown, on the job's page and in a file for the comment.
# An invalid or missing run to compare with is a warning: the verdict on this run doesn't depend on it.
set -uo pipefail

comparison=$(mktemp "$RUNNER_TEMP/wiretax-comparison.XXXXXX")

warning() { # warning MESSAGE: an annotation of one line
    local text=${1//'%'/%25}
    text=${text//$'\r'/%0D}
    echo "::warning title=wiretax::${text//$'\n'/%0A}"
}

base=$INPUT_COMPARE_WITH
case $base in -*) base=./$base ;; esac
if [ ! -f "$base/run.json" ]; then
    base=$(find "$base" -mindepth 2 -maxdepth 2 -name run.json -exec dirname {} \; 2>/dev/null | sort | tail -n 1)
fi
if [ -z "$base" ]; then
    warning "nothing was compared: no run in $INPUT_COMPARE_WITH"
    printf 'Nothing was compared: there is no run to compare with.\n\n' >>"$GITHUB_STEP_SUMMARY"
    exit 0
fi

"$RUNNER_TEMP/wiretax/bin/wiretax" compare --markdown -- "$base" "$RUN" >"$comparison"
code=$?
if [ -s "$comparison" ]; then
    cat "$comparison"
    { cat "$comparison" && echo; } >>"$GITHUB_STEP_SUMMARY"
    echo "comparison=$comparison" >>"$GITHUB_OUTPUT"
fi
if [ "$code" = 5 ]; then
    warning "one of the compared runs is invalid or damaged; this step's log tells which"
    exit 0
fi
exit "$code"
