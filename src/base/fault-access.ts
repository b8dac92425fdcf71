/** The part of the catalogue in fault.ts that the state of a server, and its accounts, may come to. */
export const ACCESS_FAULTS = {
  HF_ACCOUNT_EXISTS: {
    kind: 'refused',
    remedy: 'Take another name, or change the user that is there.',
  },
  HF_ACCOUNT_LAST_ADMIN: {
    kind: 'refused',
    remedy: 'Make another user an admin first: {name} is the last one who can sign in.',
  },
  HF_ACCOUNT_NAME: {
    kind: 'usage',
    remedy:
      'Names are 1 to 64 of a-z, 0-9, `.`, `_`, `@` and `-`, and begin with a letter or digit.',
  },
  HF_ACCOUNT_TOO_MANY: {
    kind: 'refused',
    remedy: 'Remove some that are not used any more: at most {max} are kept.',
  },
  HF_ACCOUNT_UNKNOWN: {
    kind: 'usage',
    remedy: 'Look which ones there are; it may have been removed.',
  },
  HF_PASSWORD_WEAK: {
    kind: 'usage',
    remedy: 'Take one of 12 to 256 characters that is not the name; several words are good.',
  },
  HF_RECOVER_AGENTS: {
    kind: 'corrupt',
    remedy:
      'Where server.db is whole, move {path} away: `holdfast server` writes it anew from that. Where it is not, give an older copy with `server recover --agents FILE`, or enrol the hosts anew: `holdfast server token HOST`.',
  },
  HF_RECOVER_COPY: {
    kind: 'corrupt',
    remedy:
      'Run `holdfast server recover`: nobody gets in by what the copy holds, and it says what to do. Where the file was only moved here, whole: `holdfast server recover --moved`.',
  },
  HF_RECOVER_NEEDED: {
    kind: 'corrupt',
    remedy:
      'Bring {path} back as it was, or run `holdfast server recover`: it says what came back, and what did not.',
  },
  HF_RECOVER_NOTHING: {
    kind: 'refused',
    remedy:
      'Start the server as it is. To begin anew all the same, move {path} away first, by hand.',
  },
  HF_SERVER_STATE: {
    kind: 'unavailable',
    remedy: '{instead}',
  },
  HF_TOKEN_SCOPE: {
    kind: 'refused',
    remedy: 'Ask for scopes that {owner} has: {scopes}.',
  },
} as const;
