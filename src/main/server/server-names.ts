/** Files of a server, below its directory. */

/** Accounts, audit, and what agents said. */
export const STATE_NAME = 'server.db';
/** Key and certificate. */
export const KEY_NAME = 'server-key.pem';
/** Held while it runs. */
export const LOCK_NAME = 'server.lock';
