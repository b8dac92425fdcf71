/** The part of the catalogue in fault.ts that an agent, and its line to the server, may come to. */
export const AGENT_FAULTS = {
  HF_AGENT_CLAIMS: {
    kind: 'refused',
    remedy: 'Let some of them run out, or end them on this host: `holdfast claim --end ID`.',
  },
  HF_AGENT_CONFIG: {
    kind: 'usage',
    remedy: '{instead}',
  },
  HF_AGENT_ENROLLED: {
    kind: 'refused',
    remedy:
      'This host speaks to {server} already. To enrol it anew: `holdfast agent enroll --again URL#PIN TOKEN`.',
  },
  HF_AGENT_LINE: {
    kind: 'usage',
    remedy:
      'Take the line that the server printed, whole: `https://HOST:PORT#PIN TOKEN`. `holdfast server token HOST` makes one.',
  },
  HF_AGENT_NOT_ENROLLED: {
    kind: 'usage',
    remedy:
      'Make a line on the server, `holdfast server token HOST`, and give it to `holdfast agent enroll -` here.',
  },
  HF_AGENT_RUNS: {
    kind: 'refused',
    remedy: 'One agent runs from {dir} already; stop that one first, or name another directory.',
  },
  HF_SERVER_AWAY: {
    kind: 'transient',
    remedy: 'See whether {server} can be reached from here; what is to say is kept until it is.',
  },
  HF_SERVER_OTHER: {
    kind: 'refused',
    remedy:
      'Somebody else may stand between. If the server got a new key, enrol this host again with its new line.',
  },
  HF_SERVER_REFUSED: {
    kind: 'refused',
    remedy: '{instead}',
  },
} as const;
