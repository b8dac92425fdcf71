/** Everybody who was named, by arguments first and then by files, each machine once. */
import { distinctHosts, type HostList, parseAskedHost } from '../../adapters/look/asked-host.ts';
import { Fault } from '../../base/fault.ts';
import { sayText } from '../../base/say-name.ts';
import { readHostFile } from '../../adapters/look/host-file.ts';

const LEFT_OUT_SHOWN = 3;

/** @throws Fault HF_LOOK_HOST, HF_LOOK_FROM */
export function askedHosts(named: readonly string[], files: readonly string[]): HostList {
  const lists = files.map(readHostFile);
  const all = [...named.map(parseAskedHost), ...lists.flatMap(({ hosts }) => hosts)];
  const leftOut = lists.flatMap((list) => list.leftOut);
  if (all.length === 0) {
    const some = leftOut.slice(0, LEFT_OUT_SHOWN).map(({ name, why }) => `${name} (${why})`);
    const message = `nobody is left to ask of ${leftOut.length}: ${sayText(some.join(', '))}`;
    throw new Fault('HF_LOOK_FROM', message, { instead: 'Name machines that ssh reaches.' });
  }
  return { hosts: distinctHosts(all), leftOut, notes: lists.flatMap(({ notes }) => notes) };
}
