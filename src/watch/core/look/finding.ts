import { stateRank } from '../../../base/say-mark.ts';
import type { Finding, FindingCode, Fix } from './answer.ts';

/** Where the answer shows it. */
export type Section = 'degraded' | 'single' | 'fate' | 'change';

interface Kind {
  readonly section: Section;
  readonly rank: Finding['rank'];
  readonly source?: string;
}

const GLUSTER_2016 = 'download.gluster.org, 27 April 2016';
const INRIA_2017 = 'Inria, continuous integration, 2017';
const TDF_2015 = 'The Document Foundation, January 2015';
const TDF_2022 = 'The Document Foundation, 26 March 2022';
const WIKIMEDIA_2016 = 'Wikimedia, deployment server, 2016';

/** 1: data may be lost by what is so now, or by the next failure. 4: good to know. */
const KINDS: Readonly<Record<FindingCode, Kind>> = {
  'array-failed': { section: 'degraded', rank: 1 },
  'live-copy-away': { section: 'degraded', rank: 1, source: TDF_2015 },
  'array-degraded': { section: 'degraded', rank: 1 },
  'array-unknown': { section: 'degraded', rank: 3 },
  'mount-read-only': { section: 'degraded', rank: 2 },
  'mount-silent': { section: 'degraded', rank: 2 },
  'storage-errors': { section: 'degraded', rank: 1, source: `${GLUSTER_2016}; ${TDF_2015}` },
  'bond-degraded': { section: 'degraded', rank: 3 },

  'last-disk': { section: 'single', rank: 1 },
  'volume-spans-disks': { section: 'single', rank: 1, source: GLUSTER_2016 },
  'gluster-no-replica': { section: 'single', rank: 1 },
  'single-disk': { section: 'single', rank: 2 },
  'guests-on-one-host': { section: 'single', rank: 2, source: TDF_2015 },
  'services-on-one-host': { section: 'single', rank: 2, source: GLUSTER_2016 },
  'database-without-standby': { section: 'single', rank: 3, source: TDF_2022 },
  'backups-on-one-host': { section: 'single', rank: 3 },
  'definitions-only-there': { section: 'single', rank: 3, source: INRIA_2017 },
  'upstream-alone': { section: 'single', rank: 3, source: GLUSTER_2016 },
  'tier-1-together': { section: 'single', rank: 1, source: TDF_2015 },
  'one-link': { section: 'single', rank: 4, source: TDF_2015 },

  'backup-on-same-disk': { section: 'fate', rank: 2 },
  'backup-on-same-host': { section: 'fate', rank: 2 },
  'backup-same-credential': { section: 'fate', rank: 3 },
  'one-key-everywhere': { section: 'fate', rank: 3 },

  'guest-cache-unsafe': { section: 'change', rank: 1, source: TDF_2022 },
  'write-cache-unflushed': { section: 'change', rank: 1, source: TDF_2022 },
  'barriers-off': { section: 'change', rank: 2, source: TDF_2022 },
  'automation-could-delete': { section: 'change', rank: 2, source: WIKIMEDIA_2016 },
  'gluster-replica-2': { section: 'change', rank: 2, source: TDF_2022 },
  'bricks-uneven': { section: 'change', rank: 2 },
  'backup-old': { section: 'change', rank: 2 },
  'image-stores-uneven': { section: 'change', rank: 3, source: TDF_2022 },
  'drill-failed': { section: 'change', rank: 1, source: TDF_2022 },
  'backup-never-drilled': { section: 'change', rank: 2, source: TDF_2022 },
  'drill-stale': { section: 'change', rank: 2, source: TDF_2022 },
  'excludes-much': { section: 'change', rank: 3, source: WIKIMEDIA_2016 },
  'clock-off': { section: 'change', rank: 3 },
  'commit-interval-long': { section: 'change', rank: 3, source: TDF_2022 },
  'git-no-remote': { section: 'change', rank: 3, source: WIKIMEDIA_2016 },
  'git-work-unpushed': { section: 'change', rank: 3, source: WIKIMEDIA_2016 },
  'link-half-duplex': { section: 'change', rank: 3 },
  'link-slow': { section: 'change', rank: 3, source: TDF_2015 },
  'clock-not-synchronised': { section: 'change', rank: 4 },
  'git-submodules-missing': { section: 'change', rank: 4, source: WIKIMEDIA_2016 },
  'guest-cache-writeback': { section: 'change', rank: 4, source: TDF_2022 },
};

type Said = Pick<Finding, 'hosts' | 'subject' | 'sentence'> &
  Partial<Pick<Finding, 'bytes' | 'since' | 'is' | 'rank' | 'dataSets' | 'services'>> & {
    readonly fix?: Fix | undefined;
  };

export function finding(code: FindingCode, said: Said): Finding {
  const { rank, source, section } = KINDS[code];
  const is = section === 'degraded' ? 'degraded' : 'ok';
  return {
    ...{ code, rank, is, source, bytes: 0, since: undefined, fix: undefined },
    ...said,
  };
}

export function command(line: string, says: string): Fix {
  return { kind: 'command', line, says };
}

export function change(text: string): Fix {
  return { kind: 'change', text };
}

/** Those of one section, worst first; what reads the same of several hosts is one. */
export function inSection(findings: readonly Finding[], section: Section): readonly Finding[] {
  const same = new Map<string, Finding>();
  for (const each of findings) {
    if (KINDS[each.code].section !== section) continue;
    const id = JSON.stringify([each.code, each.subject, each.sentence, each.fix, each.since]);
    const before = same.get(id);
    const told = before?.hosts ?? [];
    const hosts = [...new Set([...told, ...each.hosts])].sort();
    // Said twice of one host it is of the same data.
    const isAgain = hosts.length === told.length;
    const bytes = isAgain
      ? Math.max(each.bytes, before?.bytes ?? 0)
      : each.bytes + (before?.bytes ?? 0);
    const dataSets = [...new Set([...(before?.dataSets ?? []), ...(each.dataSets ?? [])])];
    same.set(id, { ...each, hosts, bytes, ...(dataSets.length === 0 ? {} : { dataSets }) });
  }
  return [...same.values()].sort(worstFirst);
}

function worstFirst(one: Finding, other: Finding): number {
  return (
    stateRank(one.is) - stateRank(other.is) ||
    one.rank - other.rank ||
    other.bytes - one.bytes ||
    (idOf(one) < idOf(other) ? -1 : 1)
  );
}

function idOf({ code, hosts, subject, sentence }: Finding): string {
  return [code, hosts.join(), subject, sentence].join('\0');
}
