/** Every file of a root with what tells two states of it apart; of directories not their times. */
import { execFileSync } from 'node:child_process';

/** @param inside its root; @param apart file systems of its own that are looked at as well */
export function pictureOf(
  inside: string,
  apart: readonly string[] = [],
): ReadonlyMap<string, string> {
  const picture = new Map<string, string>();
  for (const top of ['', ...apart]) {
    const found = execFileSync(
      'find',
      [`${inside}${top}/`, '-xdev', '-printf', '%D\\t/%P\\t%y %m %U %G %n %l\\n'],
      { encoding: 'utf8', maxBuffer: 64 << 20 },
    );
    const lines = found.split('\n').filter((line) => line !== '');
    const [disk] = lines[0]?.split('\t') ?? [];
    for (const line of lines) {
      const [device, name = '', what = ''] = line.split('\t');
      // Where something is mounted, the entry is that of another disk.
      if (device === disk) picture.set(`${top}${name}`, withoutLinkCount(what));
    }
    const sums = execFileSync(
      'sh',
      ['-c', 'cd "$0" && find . -xdev -type f -exec sha256sum {} +', `${inside}${top}/`],
      { encoding: 'utf8', maxBuffer: 64 << 20 },
    );
    for (const line of sums.split('\n').filter((each) => each !== '')) {
      const name = `${top}/${line.slice(68)}`;
      picture.set(name, `${picture.get(name)} ${line.slice(0, 64)}`);
    }
  }
  return picture;
}

/** Of directories it is the number of those below, which are looked at themselves. */
function withoutLinkCount(what: string): string {
  const [kind, mode, user, group, count, ...rest] = what.split(' ');
  return [kind, mode, user, group, kind === 'd' ? '' : count, ...rest].join(' ');
}

export function differences(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): readonly string[] {
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].filter((name) => before.get(name) !== after.get(name)).sort();
}
