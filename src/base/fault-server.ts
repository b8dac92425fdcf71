/** The part of the catalogue in fault.ts that `holdfast server` and its API may come to. */
export const SERVER_FAULTS = {
  HF_AGENT_UNKNOWN: {
    kind: 'usage',
    remedy: 'Look which ones there are: `holdfast server agents`.',
  },
  HF_API_BROKEN: {
    kind: 'unavailable',
    remedy: 'Report it, with what the log of the server says at this time: this is a bug.',
  },
  HF_API_BUSY: {
    kind: 'transient',
    remedy: 'Ask again in a moment: nothing of it was done.',
  },
  HF_API_CONFLICT: {
    kind: 'refused',
    remedy: 'Look at it as it is now, and ask for what fits.',
  },
  HF_API_CSRF: {
    kind: 'refused',
    remedy:
      'Send the header `holdfast-csrf` with the value of `GET /v1/session`, from the page that signed in.',
  },
  HF_API_INPUT: {
    kind: 'usage',
    remedy: '{instead}',
  },
  HF_API_ROLE: {
    kind: 'refused',
    remedy: 'Ask somebody whose role or token has the scope `{scope}`.',
  },
  HF_API_SIGN_IN: {
    kind: 'refused',
    remedy:
      'Send `Authorization: Bearer TOKEN`, or sign in: whoever runs the server makes a link with `holdfast server user`.',
  },
  HF_API_TOO_FAST: {
    kind: 'transient',
    remedy: 'Wait {seconds} s, then go on more slowly.',
  },
  HF_API_TOO_LARGE: {
    kind: 'usage',
    remedy: 'Send at most {limit} bytes.',
  },
  HF_API_UNKNOWN: {
    kind: 'usage',
    remedy: 'See what there is: `GET /v1/openapi.json`.',
  },
  HF_FILES_AWAY: {
    kind: 'unavailable',
    remedy: '{instead}',
  },
  HF_FILES_BROKEN: {
    kind: 'transient',
    remedy: 'Ask again; if it stays so, see the journal of the agent on {host}.',
  },
  HF_FILES_NO_FILE: {
    kind: 'usage',
    remedy: 'Choose a file: a directory, a link or a device is restored, not downloaded.',
  },
  HF_FILES_PLACE: {
    kind: 'refused',
    remedy: '{instead}',
  },
  HF_FILES_TOO_LARGE: {
    kind: 'refused',
    remedy:
      'Restore it to a host instead, or raise `server: {download-max: 20GiB}` in holdfast.yaml.',
  },
  HF_SERVER_KEY: {
    kind: 'corrupt',
    remedy:
      'Bring {path} back from a copy. Without it, move it aside: the server makes a new key, and every agent must be enrolled anew.',
  },
  HF_PEER_CONFIG: {
    kind: 'usage',
    remedy:
      'Write `peer: {watches: "https://HOST:PORT#PIN"}` and a channel below `tell:` into holdfast.yaml: docs/operating/alerts.md.',
  },
  HF_SERVER_LISTEN: {
    kind: 'unavailable',
    remedy:
      'Write an address of this machine and a free port: `server: {listen: "127.0.0.1:7431"}` in holdfast.yaml.',
  },
  HF_SERVER_RUNNING: {
    kind: 'refused',
    remedy: 'Ask the one that runs, or end it; one state directory has one server.',
  },
  HF_SERVER_SCHEDULE: {
    kind: 'usage',
    remedy: 'Leave one of the two below `server: {schedules: ...}` in holdfast.yaml.',
  },
} as const satisfies Record<
  string,
  {
    readonly kind: 'usage' | 'refused' | 'transient' | 'corrupt' | 'unavailable';
    readonly remedy: string;
  }
>;
