/** Keys that may log in, and what they may do here: authorized_keys, sshd(8). */
import { byteString } from '../../base/bytes.ts';
import type { Way } from '../../guard/core/ways.ts';
import type { World } from '../discovery/world.ts';

const FILES = ['.ssh/authorized_keys', '.ssh/authorized_keys2'];
const KEY = /(?:^|\s)((?:ssh|ecdsa|sk-ssh|sk-ecdsa)-[a-z0-9@.-]+)\s+[A-Za-z0-9+/=]+(?:\s+(.*))?$/;

export function keyWays(world: World, homes: readonly string[]): readonly Way[] {
  const all = [...new Set([...homes, '/root'])].flatMap((home) =>
    FILES.map((name) => `${home}/${name}`),
  );
  return all.flatMap((file) => {
    const text = world.read(byteString(file));
    return text === undefined ? [] : waysIn(file, text);
  });
}

function waysIn(file: string, text: string): readonly Way[] {
  const lines = text.split('\n').map((line) => line.trim());
  const keys = lines.filter((line) => line !== '' && !line.startsWith('#') && KEY.test(line));
  const ways = keys.flatMap((line) => forced(file, line) ?? []);
  const free = keys.filter((line) => commandOf(line) === undefined);
  return free.length === 0 ? ways : [...ways, withShell(file, free)];
}

/** One row for all of a file: whether a person or a program has them cannot be told. */
function withShell(file: string, lines: readonly string[]): Way {
  const names = lines.map((line) => KEY.exec(line)?.[2] ?? 'without a name');
  const more = names.length > 3 ? ` and ${names.length - 3} more` : '';
  return {
    kind: 'login by key',
    foundBy: 'sshd',
    where: file,
    what: `${names.slice(0, 3).join(', ')}${more}`,
    target: undefined,
    state: 'unknown',
    why: 'a key with a shell can do what its account can; whether a program uses it is not known',
    detail: { of: 'nothing' },
  };
}

/** Of a forced command; undefined where that neither copies nor deletes. */
function forced(file: string, line: string): Way | undefined {
  const command = commandOf(line);
  if (command === undefined || !/\br?rsync\b/.test(command)) return undefined;
  const what = KEY.exec(line)?.[2] ?? 'a key without a name';
  const directory = /\s(\/\S*)\s*$/.exec(command)?.[1];
  const of = {
    kind: 'rsync by key',
    foundBy: 'sshd',
    where: file,
    what,
    target: directory,
  } as const;
  const detail = { of: 'key', line, directory } as const;
  const isRestricted = /\brrsync\b/.test(command);
  if (isRestricted && /\s-ro\b/.test(command)) {
    return { ...of, detail, state: 'closed', why: 'rrsync lets it read only' };
  }
  if (isRestricted && /\s-no-del\b/.test(command)) {
    // rrsync lets --force through: a file takes the name of a directory, and all in that is gone.
    const hasForce = !/--force\b/.test(command);
    if (hasForce) {
      const why = 'rrsync -no-del refuses --delete, and lets --force replace a directory by a file';
      return { ...of, detail, state: 'open', why };
    }
    return { ...of, detail, state: 'closed', why: 'rrsync refuses what deletes (-no-del)' };
  }
  if (/--sender\b/.test(command)) {
    return { ...of, detail, state: 'closed', why: 'it may only send' };
  }
  const why = isRestricted
    ? 'rrsync without -no-del lets it delete'
    : 'its forced command lets it delete';
  return { ...of, detail, state: 'open', why };
}

function commandOf(line: string): string | undefined {
  const quoted = /(?:^|,)command="((?:[^"\\]|\\.)*)"/i.exec(line)?.[1];
  return quoted?.replaceAll('\\"', '"');
}
