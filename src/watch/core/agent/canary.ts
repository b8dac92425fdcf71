/** A probe that fails when it is asked to, and else is well: what both sides call it. */
export const CANARY_KIND = 'canary';
export const CANARY_ITEM = `${CANARY_KIND}:watch`;
/** By it a server asks for a look that fails. */
export const CANARY_JOB = 'canary-watch';
