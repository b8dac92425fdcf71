/** Git logs of public trees, as their releases carry them in Debian. */
import { daysOfPushes, readChangeLog } from './change-log.ts';
import { type Half, writeHistory } from './days.ts';
import { DebianSources } from './debian-sources.ts';
import { inScratch, run } from './record-tools.ts';

/** Names of source packages. Earlier commits of findutils were made before there was git. */
const LOGS: Readonly<Record<string, { readonly half: Half; readonly since: string }>> = {
  diffutils: { half: 'fresh-tune', since: '2009' },
  coreutils: { half: 'fresh-report', since: '2009' },
  findutils: { half: 'fresh-report', since: '2005' },
  grep: { half: 'fresh-report', since: '2009' },
};

export function recordChangeLogs(): void {
  inScratch((dir) => {
    const sources = new DebianSources(dir);
    for (const [name, { half, since }] of Object.entries(LOGS)) {
      const archive = sources.tarOf(name);
      const released = filesOf(archive);
      const text = run('tar', [
        '-xOf',
        archive,
        '--wildcards',
        '--no-wildcards-match-slash',
        '*/ChangeLog',
      ]);
      const pushes = readChangeLog(text).filter(({ date }) => date >= since);
      const days = daysOfPushes(pushes, released);
      writeHistory({ name: `commits-${name}`, half, days });
    }
  });
}

function filesOf(archive: string): ReadonlyMap<string, number> {
  const listed = run('tar', ['-tvf', archive, '--quoting-style=literal']).trimEnd().split('\n');
  return new Map(
    listed.flatMap((line): (readonly [string, number])[] => {
      const [, size, name = ''] = /^-\S+ \S+ +(\d+) \S+ \S+ [^/]+\/(.+)$/.exec(line) ?? [];
      return name === '' ? [] : [[name, Number(size)]];
    }),
  );
}
