/** The part of the catalogue in fault.ts that copies of a vault may come to. */
export const COPY_FAULTS = {
  HF_COPY_AWAY: {
    kind: 'unavailable',
    remedy:
      'Mount the disk, or look at the place. Where the copy is lost, begin it anew: `holdfast vault copy FROM TO --anew`.',
  },
  HF_COPY_SAME: {
    kind: 'refused',
    remedy:
      'Name a place on another disk or another machine: {place} is the very directory that is copied.',
  },
  HF_COPY_TARGET: {
    kind: 'refused',
    remedy: 'Name a directory that is empty or not there yet, or a copy of the same vault.',
  },
  HF_COPY_UNMOUNTED: {
    kind: 'unavailable',
    remedy:
      'Mount what {from} names for {mountPoint}, and copy again. Where nothing is to be mounted there any more, take it out there.',
  },
} as const;
