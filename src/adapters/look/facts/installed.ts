import { byteString } from '../../../base/bytes.ts';
import { wordsOf } from '../words.ts';
import { linesOf, type Told } from './told.ts';

/** Units that start by themselves or run: systemd's, OpenRC's, or those of System V. */
export function unitsOf(told: Told): readonly string[] {
  const files = linesOf(told.printed('systemctl unit-files')).flatMap(
    (line) => /^(\S+\.\w+)\s+enabled(?:-runtime)?\b/.exec(line)?.[1] ?? [],
  );
  const running = linesOf(told.printed('systemctl units')).flatMap(
    (line) => /^[\s●*]*(\S+\.\w+)\s+loaded\s+active\b/.exec(line)?.[1] ?? [],
  );
  const openrc = linesOf(told.printed('rc-status')).flatMap(
    (line) => /^\s+(\S+)\s+\[\s*started/.exec(line)?.[1] ?? [],
  );
  const started = (told.world.list(byteString('/run/openrc/started')) ?? []).map((e) => e.name);
  const old = linesOf(told.printed('chkconfig')).flatMap(
    (line) => /^(\S+)\s.*\b[2345]:on\b/.exec(line)?.[1] ?? [],
  );
  return [...new Set([...files, ...running, ...openrc, ...started, ...old].map(wordsOf))].sort();
}

/** Versions by name. A package that is there several times (kernels) has them all. */
export function packagesOf(told: Told): ReadonlyMap<string, string> | undefined {
  const tables = [told.printed('dpkg-query'), told.printed('rpm')].filter((t) => t !== undefined);
  const apk = told.printed('apk');
  if (tables.length === 0 && apk === undefined) return undefined;
  const versions = new Map<string, Set<string>>();
  const note = (name: string, version: string): void => {
    const known = versions.get(name) ?? new Set();
    versions.set(name, known.add(version));
  };
  for (const line of tables.flatMap(linesOf)) {
    const [name = '', version = ''] = line.split('\t');
    if (name !== '' && version !== '') note(wordsOf(name), wordsOf(version.trim()));
  }
  for (const line of linesOf(apk)) {
    const [, name, version] = /^(\S+)-(\d[^-\s]*-r\d+)(?:\s|$)/.exec(line) ?? [];
    if (name !== undefined && version !== undefined) note(wordsOf(name), wordsOf(version));
  }
  return new Map([...versions].map(([name, all]) => [name, [...all].sort().join(', ')]));
}
