/** The answer: what is wrong now, what would be lost, what it hangs on, what was not seen. */
import { largest, smallest } from '../../../base/long-list.ts';
import { countOf } from '../../../base/say-quantity.ts';
import { finished, type Steps } from '../../../base/steps.ts';
import { formatDuration } from '../../../base/say-time.ts';
import { durationMs, type UnixMs, unixMs } from '../../../base/units.ts';
import type { Estate } from '../estate.ts';
import { PROOF_LIMITS } from '../proof.ts';
import type { Asked, Finding, HostAnswer, HostLoss, LookAnswer } from './answer.ts';
import { allOf, manyWords, sizeWords } from './at-stake.ts';
import { backupAnswers } from './backup-answers.ts';
import { definitionFindings, upstreamFindings } from './find-alone.ts';
import { cacheFindings } from './find-caches.ts';
import { fateFindings } from './find-fate.ts';
import { glusterFindings } from './find-gluster.ts';
import { proofFindings } from './find-proof.ts';
import { tierFindings } from './find-tiers.ts';
import { unevenFindings, unevenStoreFindings } from './find-uneven.ts';
import { networkFindings } from './find-network.ts';
import { singleFindings } from './find-single.ts';
import { spanFindings, storageFindings } from './find-storage.ts';
import { timeFindings } from './find-times.ts';
import { workFindings } from './find-work.ts';
import { inSection } from './finding.ts';
import { heaviestOf, mostHarmFirst } from './host-harm.ts';
import { hostAnswers, NO_COPY } from './host-answers.ts';
import type { HostLook } from './host-sight.ts';
import { keptHosts } from './look-backups.ts';
import type { ConnectedOfLooks } from './look-connected.ts';
import { type ManyEstate, manyEstateOf } from './look-estate.ts';
import type { LookedHost } from './looked-hosts.ts';
import { notSeenAnswers } from './not-seen.ts';
import { unprotectedData } from './unprotected.ts';

export function lookAnswerOf(
  looks: readonly HostLook[],
  options: { readonly now: UnixMs; readonly connected?: ConnectedOfLooks | undefined },
): LookAnswer {
  const { now, connected } = options;
  const many = manyEstateOf(looks, now, { connected });
  const unprotected = unprotectedData(many, now);
  const findings = findingsOf(many, now);
  const degraded = inSection(findings, 'degraded');
  const hosts = hostAnswers(many, degraded, now);
  const asked = askedOf(many.across.hosts, looks);
  return {
    answeredAt: now,
    expiresAt: expiryOf(many),
    ...{ asked, degraded, hosts, unprotected },
    counted: countedWords(asked, many.across.hosts),
    wouldBe: wouldBeWords(many, hosts),
    singlePoints: inSection(findings, 'single'),
    backups: backupAnswers(many),
    sharedFate: inSection(findings, 'fate'),
    findings: inSection(findings, 'change'),
    notSeen: notSeenAnswers(many.across.hosts),
  };
}

/**
 * All of every section, in no order.
 *
 * @param estate where more is known than looks saw: what hosts reported, what people declared
 */
export function findingsOf(
  many: ManyEstate,
  now: UnixMs,
  estate: Estate = many.estate,
): readonly Finding[] {
  return finished(findingsInSteps(many, now, estate));
}

export function* findingsInSteps(
  many: ManyEstate,
  now: UnixMs,
  estate: Estate,
): Steps<readonly Finding[]> {
  const found: (readonly Finding[])[] = [];
  for (const find of [storageFindings, timeFindings]) {
    found.push(find(many, now));
    yield;
  }
  for (const find of OF_LOOKS) {
    found.push(find(many));
    yield;
  }
  const bare = unprotectedData(many, now);
  yield;
  found.push(definitionFindings(many, estate, bare), tierFindings(estate));
  yield;
  found.push(yield* proofFindings(estate, now));
  return found.flat();
}

const OF_LOOKS = [
  ...[spanFindings, singleFindings, fateFindings, cacheFindings, networkFindings],
  ...[glusterFindings, unevenFindings, unevenStoreFindings, upstreamFindings, workFindings],
] as const;

function askedOf(hosts: readonly LookedHost[], looks: readonly HostLook[]): Asked {
  const count = (look: LookedHost['look']): number =>
    hosts.filter((each) => each.look === look).length;
  return {
    names: new Set(looks.map(({ host }) => host)).size,
    machines: hosts.length,
    whole: count('whole'),
    partial: count('partial'),
    failed: count('failed'),
    stale: count('stale'),
    tookMs: durationMs(
      largest(
        looks.map(({ tookMs }) => tookMs),
        0,
      ),
    ),
  };
}

function expiryOf({ across }: ManyEstate): UnixMs | undefined {
  const times = across.seen.map(({ sight }) => sight.discovery.seenAt + PROOF_LIMITS.discovery);
  return times.length === 0 ? undefined : unixMs(smallest(times));
}

function countedWords(asked: Asked, hosts: readonly LookedHost[]): string {
  const { machines, whole, partial, failed, stale, tookMs } = asked;
  const took = `in ${formatDuration(tookMs)}`;
  const [only] = hosts;
  if (only !== undefined && machines === 1) {
    const how = {
      ...{ whole: `answered ${took}`, partial: `answered in part ${took}` },
      ...{ failed: 'did not answer', stale: 'was seen too long ago to count' },
    };
    return `${only.host} ${how[only.look]}; nothing was installed or written.${sameWords(asked)}`;
  }
  const also = [
    partial > 0 ? `${partial} in part` : '',
    failed > 0 ? `${failed} not at all` : '',
    stale > 0 ? `${stale} too long ago to count` : '',
  ].filter((each) => each !== '');
  const rest = also.length === 0 ? '' : ` (${also.join(', ')})`;
  const of = `${whole + partial} of ${countOf(machines, 'machine')}`;
  return `${of} answered ${took}${rest}; nothing was installed or written.${sameWords(asked)}`;
}

function sameWords({ names, machines }: Asked): string {
  return names > machines ? ` ${countOf(names, 'name')} were asked.` : '';
}

/** Of what was seen. What was not seen may be worse, and is said to be unknown. */
function wouldBeWords(many: ManyEstate, hosts: readonly HostAnswer[]): string {
  const seen = hosts.filter(({ look }) => look === 'whole' || look === 'partial');
  const [worst] = [...seen].sort(mostHarmFirst);
  if (worst === undefined) return 'What would be lost is unknown: no machine could be looked at.';
  const unseen = hosts
    .filter((host) => !seen.includes(host))
    .map(({ host }) => host)
    .sort();
  const rest =
    unseen.length === 0 ? '' : ` What ${manyWords(unseen, 'other')} would lose is unknown.`;
  if (worst.loss.kind === 'nothing') {
    return `If one machine died now, nothing that was seen would be lost.${rest}`;
  }
  if (worst.loss.what === '') return `What would be lost is unknown: ${worst.loss.why}.${rest}`;
  const lead =
    hosts.length === 1
      ? `If ${worst.host} died now, `
      : `If one machine died now, ${worst.host} would hurt most: `;
  return `${lead}${lossWords(heaviestOf(worst), hosts.length === 1)}${backupsWith(many, worst.host)}.${rest}`;
}

function lossWords(loss: HostLoss, isOnly: boolean): string {
  const size = sizeWords(loss);
  switch (loss.kind) {
    case 'nothing':
      return 'nothing';
    case 'all': {
      const why = loss.why === NO_COPY ? 'of which no second copy was seen' : loss.why;
      return isOnly
        ? `${allOf(loss.what)} would be lost${size}: ${loss.why}`
        : `${allOf(loss.what)}${size}, ${why}`;
    }
    case 'unknown':
      return `whether ${loss.what}${size}, could be brought back is unknown: ${loss.why}`;
    case 'window':
      return `the last changes of ${loss.what}${size}`;
  }
}

/** `, and with it the borg backups of hv1 and hv2`. */
function backupsWith({ backups }: ManyEstate, host: string): string {
  const lying = backups.filter(({ places }) => places.length === 1 && places[0]?.host === host);
  const owners = [...new Set(lying.flatMap(keptHosts))].filter((owner) => owner !== host).sort();
  if (owners.length === 0) return '';
  const tools = [...new Set(lying.map(({ tool }) => tool))].sort().join(' and ');
  return `, and with it the ${tools} backups of ${manyWords(owners, 'machine')}`;
}
