/** The part of the catalogue in fault.ts that asking for keys of a snapshot and granting them may come to. */
export const GRANT_FAULTS = {
  HF_GRANT_CORRUPT: {
    kind: 'corrupt',
    remedy:
      'Copy the file again from where it was made: it is one line, and every byte counts. Where that does not help, ask anew with `holdfast key request`.',
  },
  HF_GRANT_EXPIRED: {
    kind: 'refused',
    remedy: 'Ask anew with `holdfast key request`, and have that granted.',
  },
  HF_GRANT_OTHER: {
    kind: 'refused',
    remedy:
      'Use it on the machine that asked, as the user who asked (its state directory holds the other half); or ask anew with `holdfast key request`. After a whole restore a grant is used up.',
  },
  HF_GRANT_UNCONFIRMED: {
    kind: 'usage',
    remedy:
      'Read the fingerprint on the machine that asks, by another way than the one the request came; type its first 16 digits here, or give --fingerprint DIGITS.',
  },
  HF_GRANT_UNSIGNED: {
    kind: 'refused',
    remedy:
      'Have it granted with `holdfast key grant` by whoever has a key for all of this vault; was it meant for another --vault?',
  },
} as const;
