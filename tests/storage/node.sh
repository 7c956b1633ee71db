#!/bin/sh
# As nodes that share no disk: `node.sh submit SCRIPT` runs a job script in an empty folder below
# NODES and prints the folder's name, `node.sh status NAME` says what became of it.
cd "$NODES" || exit 1
case $1 in
submit)
    name=$(basename "$(mktemp -d "$NODES/node-XXXXXX")")
    (
        cd "$name" || exit 1
        setsid --wait sh -c 'echo $$ > "../$0.pid"; exec sh "$1"' "$name" "$2" > "../$name.log" 2>&1
        echo $? > "../$name.part"
        mv "../$name.part" "../$name.status"
    ) > /dev/null 2>&1 &
    echo "$name"
    ;;
status)
    if [ ! -e "$2.status" ]; then
        echo running
    elif [ "$(cat "$2.status")" = 0 ]; then
        echo success
    else
        echo failed
    fi
    ;;
esac
