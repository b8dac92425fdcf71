/** The part of the catalogue in fault.ts that telling people may come to. */
export const TELL_FAULTS = {
  HF_TELL_CHANNEL_UNKNOWN: {
    kind: 'usage',
    remedy: 'Name one of these: {known}; they stand below `tell: channels:` in holdfast.yaml.',
  },
  HF_TELL_SECRET: {
    kind: 'unavailable',
    remedy: '{instead}',
  },
  HF_TELL_WANTED: {
    kind: 'usage',
    remedy: 'Write a channel below `tell: channels:` in holdfast.yaml: docs/operating/alerts.md.',
  },
} as const;
