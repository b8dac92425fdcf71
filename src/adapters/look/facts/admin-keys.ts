import type { AdminKey } from '../../../watch/core/look/host-sight.ts';
import { wordsOf } from '../words.ts';
import { linesOf, type Told } from './told.ts';

const KEYS_MAX = 5000;

/** From lines `USER<tab>FILE<tab>` and what `ssh-keygen -l` says of a key. */
export function adminKeysOf(told: Told): readonly AdminKey[] {
  const found = new Map<string, AdminKey>();
  for (const line of linesOf(told.printed('authorized keys')).slice(0, KEYS_MAX)) {
    const [user = '', , said = ''] = line.split('\t');
    const key = /^\d+ (SHA256:[\w+/=]+|MD5:[0-9a-f:]+|[0-9a-f:]{47}) (.*?)(?: \([\w-]+\))?$/.exec(
      said,
    );
    if (key === null || user === '') continue;
    const [, fingerprint = '', comment = ''] = key;
    const one = { user: wordsOf(user), fingerprint, comment: wordsOf(comment) };
    found.set(`${user} ${fingerprint}`, one);
  }
  return [...found.values()];
}
