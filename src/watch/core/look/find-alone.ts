/** What stands at one place only: definitions that nobody copied, servers that everything comes from. */
import { countOf } from '../../../base/say-quantity.ts';
import { operandWords } from '../../../base/shell-word.ts';
import { bytesOfUtf8 } from '../../../manifest/core/utf8.ts';
import type { Estate } from '../estate.ts';
import { isWithin } from '../place.ts';
import { pathText } from './across.ts';
import type { Finding, Unprotected } from './answer.ts';
import { listed } from './at-stake.ts';
import { change, command, finding } from './finding.ts';
import type { ManyEstate } from './look-estate.ts';

/** Small, written by hand, and needed before anything else runs. */
const DEFINITIONS = ['/etc', '/var/spool/cron'].map(bytesOfUtf8);

/**
 * @param bare what is in no recovery point of a look, and may be in what a host reported of its own
 * Source: Inria 2017, all domains rebuilt from the one database that had their definitions.
 */
export function definitionFindings(
  many: ManyEstate,
  estate: Estate,
  bare: readonly Unprotected[],
): readonly Finding[] {
  const kept = new Set(estate.points.map(({ dataSet }) => dataSet));
  const held = estate.dataSets.filter(({ name }) => kept.has(name)).flatMap(({ places }) => places);
  const only = bare.filter(
    ({ host, path, isCertain }) =>
      isCertain &&
      DEFINITIONS.some((folder) => isWithin(path, folder)) &&
      !held.some((at) => at.host === host && at.path !== undefined && isWithin(path, at.path)),
  );
  const hosts = [...new Set(only.map(({ host }) => host))].sort();
  return hosts.flatMap((host) => {
    const paths = only.filter((each) => each.host === host).map(({ path }) => pathText(path));
    const guests = many.across.sightOf(host)?.guests.length ?? 0;
    const isOfGuests = paths.some(
      (path) => '/etc/libvirt'.startsWith(path) || path.startsWith('/etc/libvirt'),
    );
    const has = isOfGuests && guests > 0;
    const what = has ? `how ${countOf(guests, 'guest')} ${guests === 1 ? 'is' : 'are'} made, ` : '';
    const sentence = `${listed(paths)} in no recovery point: ${what}units, crontabs and what else was set by hand there exist nowhere else`;
    const line = `holdfast backup ${operandWords(paths)}`;
    const fix = command(line, `on ${host}: some megabytes`);
    const of = { hosts: [host], subject: paths[0] ?? '', sentence, fix };
    return [finding('definitions-only-there', has ? { ...of, rank: 2 } : of)];
  });
}

/** Source: gluster.org 2016, builds of others stood still while one download server was down. */
export function upstreamFindings(many: ManyEstate): readonly Finding[] {
  const users = new Map<string, Set<string>>();
  const kinds = new Map<string, Set<string>>();
  // The same suite from two servers: either is a mirror of the other.
  const servers = new Map<string, Set<string>>();
  for (const { host, sight } of many.across.seen) {
    for (const { kind, server, what, isMirrored } of sight.besides?.upstreams ?? []) {
      if (what !== '') into(servers, `${kind} ${what}`, server);
      if (isMirrored) continue;
      into(users, server, host);
      into(kinds, server, what === '' ? kind : `${kind} ${what}`);
    }
  }
  return [...users].flatMap(([server, hosts]) => {
    const suites = [...(kinds.get(server) ?? [])];
    const alone = suites.filter((suite) => (servers.get(suite)?.size ?? 1) < 2);
    if (alone.length === 0) return [];
    const sentence = `packages (${alone.slice(0, 3).join(', ')}) from ${server} and nowhere else: while it is away nothing of them can be installed or built`;
    const fix = change(
      'Keep a mirror of what is in use on a machine of your own, or name a second server.',
    );
    return [
      finding('upstream-alone', { hosts: [...hosts].sort(), subject: server, sentence, fix }),
    ];
  });
}

function into(map: Map<string, Set<string>>, key: string, value: string): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, new Set([value]));
  else known.add(value);
}
