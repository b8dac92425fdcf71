/** The part of the catalogue in fault.ts that putting Holdfast on a host and taking it away may come to. */
export const ENROLL_FAULTS = {
  HF_ENROLL_CONFIRM: {
    kind: 'usage',
    remedy: 'Read what stands above, and run it again with --yes.',
  },
  HF_ENROLL_HOST: {
    kind: 'refused',
    remedy: '{instead}',
  },
  HF_ENROLL_LIST: {
    kind: 'corrupt',
    remedy:
      'Look at {path} on {host}; where it cannot be mended, take away what docs/operating/agents.md lists, by hand.',
  },
  HF_ENROLL_PACKAGE: {
    kind: 'unavailable',
    remedy: '{instead}',
  },
  HF_ENROLL_ROOT: {
    kind: 'refused',
    remedy:
      'Use root@{host}, or let that user run sudo there without a password; on the host itself, run it as root.',
  },
  HF_ENROLL_SERVER: {
    kind: 'unavailable',
    remedy: '{instead}',
  },
  HF_ENROLL_STEP: {
    kind: 'unavailable',
    remedy:
      'What it said stands above. Mend that and run the same command again: it goes on where it stopped. `holdfast remove {host}` takes back what is there.',
  },
} as const;
