/** Files of a server, below its directory. */

/** Accounts, audit, and what agents said. */
export const STATE_NAME = 'server.db';
/** Key and certificate. */
export const KEY_NAME = 'server-key.pem';
/** Who belongs: docs/format/server-register.md. */
export const REGISTER_NAME = 'agents.json';
/** Held while it runs. */
export const LOCK_NAME = 'server.lock';
/** That agents know of a later state than the one that lies here: docs/format/generation.md. */
export const LATER_NAME = 'later-generation';
/** Beside a state that was found damaged, until another one has its name: without its log it may look whole. */
export const DAMAGED_NAME = 'server.db.damaged';
