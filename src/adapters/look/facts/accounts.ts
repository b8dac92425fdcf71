import { byteString } from '../../../base/bytes.ts';
import type { World } from '../../discovery/world.ts';
import { wordsOf } from '../words.ts';
import { linesOf } from './told.ts';

const ACCOUNTS_MAX = 5000;
const NO_SHELL = /(?:^|\/)(?:nologin|false|sync|shutdown|halt|true)$/;

/** Names with a shell that lets somebody in; undefined where they were not seen. */
export function accountsOf(world: World): readonly string[] | undefined {
  const text = world.read(byteString('/etc/passwd'));
  if (text === undefined) return undefined;
  const found = linesOf(text).flatMap((line) => {
    const [name = '', , , , , , shell = ''] = line.split(':');
    if (name === '' || NO_SHELL.test(shell)) return [];
    // None that is named is the one that every system has.
    return [wordsOf(`${name} ${shell === '' ? '/bin/sh' : shell}`)];
  });
  return [...new Set(found)].slice(0, ACCOUNTS_MAX).sort();
}
