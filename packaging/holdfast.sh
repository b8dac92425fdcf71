#!/bin/sh
# Starts Holdfast as it is delivered, with the Node that lies beside it. Forks nothing but to follow links.
self=$0
while [ -L "$self" ]; do
  target=$(readlink "$self") || exit 1
  case $target in
    /*) self=$target ;;
    *) self=${self%/*}/$target ;;
  esac
done
case $self in
  */*) root=${self%/*}/.. ;;
  *) root=.. ;;
esac

# Root's alone: whoever writes what is compiled decides what runs.
cache=/var/cache/holdfast
if [ -z "${NODE_COMPILE_CACHE:-}" ] && [ -O "$cache" ] && [ -w "$cache" ]; then
  NODE_COMPILE_CACHE=$cache
  export NODE_COMPILE_CACHE
fi
# What a server throws away it tidies up the sooner the less it may have: at 4 GB, when four times is there.
heap=
case ${1:-}:${NODE_OPTIONS:-} in
  *max[-_]old[-_]space[-_]size*) ;;
  server:*) heap=--max-old-space-size=768 ;;
esac
# A server throws away more than a small nursery holds. What it needs for a moment and is large (15 MB of
# `GET /metrics`) is to go back to the system at once: glibc learns from each to keep the next.
nursery=4
if [ "${1:-}" = server ]; then
  nursery=16
  MALLOC_ARENA_MAX=${MALLOC_ARENA_MAX:-2}
  MALLOC_MMAP_THRESHOLD_=${MALLOC_MMAP_THRESHOLD_:-262144}
  MALLOC_TRIM_THRESHOLD_=${MALLOC_TRIM_THRESHOLD_:-262144}
  export MALLOC_ARENA_MAX MALLOC_MMAP_THRESHOLD_ MALLOC_TRIM_THRESHOLD_
fi
# See bin/holdfast of the checkout for why these.
exec "$root/bin/node" --max-semi-space-size=$nursery --no-concurrent-sparkplug --no-maglev $heap \
  "$root/dist/main/cli/main.js" "$@"
