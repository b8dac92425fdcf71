# Everything below $root, sorted by bytes, one NUL-ended record each: path//type size time; the last
# word of how it went has no path. Reads only. What belongs to the place is left out.
LC_ALL=C; export LC_ALL
cd -- "$root" || exit 3
{ find . -mindepth 1 \( -type d \( -name .holdfast-undo -o -name '.holdfast-undo-[0-9]*' \) -prune \) \
    -o ! -path ./.holdfast-tree -printf '%P//%y %s %T@\0'
  printf '//end %s\0' "$?"
} | sort -z
