import { Fault } from '../../base/fault.ts';

/** Whoever opens the vault reads each, and tries a passphrase on it: many would keep it shut. */
export const KEYS_MAX = 256;
const KEY_FOLDERS = ['keys/', 'copy/keys/'];

/**
 * What a receiver asks itself before it takes an object.
 *
 * @param countIn objects in a folder, what is on its way included
 * @returns whether it is a key, and there are as many as may come by a receiver
 * @throws Fault HF_STORE_NAME for a key in a folder of its own
 */
export function isKeyTooMany(name: string, countIn: (folder: string) => number): boolean {
  const folder = KEY_FOLDERS.find((each) => name.startsWith(each));
  if (folder === undefined) return false;
  if (name.indexOf('/', folder.length) !== -1) {
    throw new Fault('HF_STORE_NAME', `${name} is no name of a key`, { name });
  }
  return countIn(folder) >= KEYS_MAX;
}
