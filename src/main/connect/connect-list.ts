/** The repositories that are connected, with standing and age; worst first. */
import type { Evidence } from '../../base/evidence.ts';
import { standingOf } from '../../base/evidence.ts';
import type { Style } from '../../base/say.ts';
import { sayMessage, sayText } from '../../base/say-name.ts';
import { countOf, formatCount } from '../../base/say-quantity.ts';
import { type LabelledRow, layoutRows, layoutSentence } from '../../base/say-rows.ts';
import { formatAge } from '../../base/say-time.ts';
import { unbreakable } from '../../base/say-width.ts';
import { seconds, type UnixMs } from '../../base/units.ts';
import {
  type ConnectedRepository,
  connectedStanding,
  retentionOf,
} from '../../watch/core/connected.ts';
import { connectedCopy } from '../../watch/core/connected-estate.ts';
import type { Discovery } from '../../watch/core/discovery.ts';
import { connectWords, titleOf } from './connect-words.ts';
import type { Refreshed } from './refresh.ts';

export interface KnownList {
  readonly repositories: readonly ConnectedRepository[];
  readonly evidence: ReadonlyMap<string, Evidence>;
  readonly now: UnixMs;
}

const ORDER = ['failed', 'unknown', 'ok'];

/** A repository in which the last sample did not come back is not right, though it opens. */
export function standingIn({ evidence, now }: KnownList, of: ConnectedRepository) {
  const opened = connectedStanding(of, now);
  const sample = sampleOf({ evidence }, of);
  const isWrong = sample !== undefined && standingOf(sample, now, seconds(1)) === 'failed';
  return isWrong ? 'failed' : opened;
}

function sampleOf(
  { evidence }: Pick<KnownList, 'evidence'>,
  of: ConnectedRepository,
): Evidence | undefined {
  return evidence.get(`sample/${connectedCopy(of)}`);
}

export function connectedList(known: KnownList, style: Style): readonly string[] {
  const { repositories } = known;
  if (repositories.length === 0) {
    return ['No repository is connected. holdfast coverage lists the backups that were found.'];
  }
  const standings = repositories.map((of) => ({ of, is: standingIn(known, of) }));
  const countIs = (wanted: string): number => standings.filter(({ is }) => is === wanted).length;
  const [failed, unknown] = [countIs('failed'), countIs('unknown')];
  const all = countOf(repositories.length, 'connected repository', 'connected repositories');
  const parts = [
    ...(failed > 0 ? [`${formatCount(failed)} ${failed === 1 ? 'is' : 'are'} not right`] : []),
    ...(unknown > 0 ? [`${formatCount(unknown)} could not be opened within a day`] : []),
  ];
  const text =
    parts.length === 0
      ? `All is right with ${all}, so far as was seen within a day.`
      : `Of ${all} ${parts.join(', and ')}.`;
  const mark = failed > 0 ? 'failed' : unknown > 0 ? 'unknown' : ('ok' as const);
  const rows = standings
    .sort((one, other) => ORDER.indexOf(one.is) - ORDER.indexOf(other.is))
    .map(({ of, is }): LabelledRow => {
      const isRefreshable = is === 'unknown';
      return {
        mark: { is },
        label: of.tool,
        text: rowWords(known, of, style),
        command: isRefreshable ? 'holdfast connect --refresh' : undefined,
      };
    });
  return [
    ...layoutSentence(style, { mark: { is: mark }, text, tone: 'strong' }),
    '',
    ...layoutRows(style, rows),
  ];
}

function rowWords(known: KnownList, of: ConnectedRepository, style: Style): string {
  const { now } = known;
  const age = (at: UnixMs): string => unbreakable(formatAge(now - at));
  const kept = retentionOf(of.points);
  const points =
    kept === undefined
      ? 'no recovery point'
      : `${countOf(kept.count, 'recovery point')}, the newest ${age(kept.newest)}`;
  const sample = sampleOf(known, of);
  const drilled =
    sample === undefined
      ? 'never drilled'
      : `${sample.saw === 'healthy' ? 'a drill was right' : 'a drill failed'} ${age(sample.observedAt)}`;
  const { trouble } = of;
  const lately =
    trouble === undefined
      ? `opened ${age(of.openedAt)}`
      : `last opened ${age(of.openedAt)}; ${age(trouble.at)}: ${sayMessage(trouble.message)}`;
  return `${unbreakable(sayText(of.repository, style))}: ${points}; ${drilled}; ${lately}`;
}

export function refreshWords(
  done: readonly Refreshed[],
  at: { readonly style: Style; readonly now: UnixMs; readonly discovery: Discovery },
): readonly string[] {
  const { style, now } = at;
  return done.flatMap((each, position) => {
    const gap = position === 0 ? [] : [''];
    if (each.kind === 'looked') return [...gap, ...connectWords(each.result, at)];
    const { repository, fault } = each;
    const since = unbreakable(formatAge(now - repository.openedAt));
    const text = `${titleOf(repository, style)} could not be opened; it was last ${since}.`;
    const isBroken = repository.trouble?.isBroken === true;
    const row: LabelledRow = {
      mark: undefined,
      label: fault.code,
      text: `${sayMessage(fault.message)}. ${sayMessage(fault.remedy)}`,
    };
    return [
      ...gap,
      ...layoutSentence(style, {
        mark: { is: isBroken ? 'failed' : 'unknown' },
        text,
        tone: 'strong',
      }),
      '',
      ...layoutRows(style, [row]),
    ];
  });
}
