/**
 * Gives back the space of what was kept for plans whose time is over. Never before: what has not
 * expired is not touched, whoever asks.
 */
import { Fault } from '../../base/fault.ts';
import { byteString } from '../../base/bytes.ts';
import type { Moment } from '../../base/moment.ts';
import type { Style } from '../../base/say.ts';
import { countOf, formatBytes } from '../../base/say-quantity.ts';
import { formatInstant } from '../../base/say-time.ts';
import { isQuarantineName } from '../../base/own-places.ts';
import { readApplied } from '../../guard/shell/applied-runs.ts';
import { forgetSeenOver, wasSeenOver } from '../../guard/shell/over-mark.ts';
import { type PlanResult, readResult, writeResult } from '../../guard/shell/plan-result.ts';
import { aboveOf, lastOf } from '../../guard/shell/target-tree.ts';
import { SourceFailure } from '../../host/source.ts';
import { TreeFailure } from '../../host/tree-writer.ts';
import { removeTree } from '../../recover/shell/remove-tree.ts';
import type { GuardSession } from './guard-session.ts';

export interface ReleasedUndo {
  readonly id: string;
  readonly bytes: number;
}

export type ReleaseSession = Pick<GuardSession, 'now' | 'ports' | 'store'>;

/**
 * What a person asks for: all whose time is over by the wall clock, or one plan.
 *
 * @throws Fault HF_UNDO_ABSENT where that one was never applied, or can still be put back
 */
export function releaseExpired(session: ReleaseSession, only?: string): readonly ReleasedUndo[] {
  if (only === undefined) return releaseAll(session, () => true);
  const { id } = session.store.find(only).header;
  demandOver(id, readResult(session.ports, session.store.dirOf(id)), session.now());
  return releaseAll(session, (each) => each === id);
}

/** What goes by itself, a day after it was first seen to be over. */
export function releaseSeenOver(session: ReleaseSession, now: Moment): readonly ReleasedUndo[] {
  const { ports, store } = session;
  return releaseAll(session, (id) => wasSeenOver(ports, store.dirOf(id), now));
}

function releaseAll(
  session: ReleaseSession,
  mayGo: (id: string) => boolean,
): readonly ReleasedUndo[] {
  const { ports, store } = session;
  const now = session.now();
  const released: ReleasedUndo[] = [];
  for (const { id } of store.list()) {
    const result = readResult(ports, store.dirOf(id));
    if (result === undefined || result.outcome === 'released') continue;
    if (result.until > now) forgetSeenOver(ports, store.dirOf(id));
    else if (mayGo(id) && removePlaces(session, id)) {
      writeResult(ports, store.dirOf(id), { ...result, outcome: 'released' });
      released.push({ id, bytes: result.outcome === 'undone' ? 0 : result.asideBytes });
    }
  }
  return released;
}

function demandOver(id: string, result: PlanResult | undefined, now: number): void {
  if (result === undefined) {
    throw new Fault('HF_UNDO_ABSENT', `${id} keeps nothing: it was never applied`, { id });
  }
  if (result.until <= now) return;
  const until = formatInstant(result.until, now);
  const why = `${id} can be put back until ${until}: what it keeps is not released before`;
  throw new Fault('HF_UNDO_ABSENT', why, { id });
}

/** @returns false where something of it is still there: it is tried again the next time */
function removePlaces({ ports, store }: ReleaseSession, id: string): boolean {
  const { source, tree } = ports;
  const runs = readApplied(ports, store.dirOf(id))?.runs ?? [];
  const places = new Set(runs.flatMap((run) => [...run.places.values()]));
  let isGone = true;
  for (const place of places) {
    const above = aboveOf(place);
    // Only what lies in a quarantine, under the name of this plan.
    const isOurs = isQuarantineName(lastOf(above)) && lastOf(place) === byteString(id);
    if (!isOurs) continue;
    try {
      const dir = source.openRoot(above);
      try {
        removeTree({ source, tree }, dir, lastOf(place));
      } finally {
        source.closeDir(dir);
      }
    } catch (error) {
      if (!(error instanceof TreeFailure) && !(error instanceof SourceFailure)) throw error;
      isGone &&= error.errno === 'ENOENT';
    }
  }
  return isGone;
}

export function* releaseWords(released: readonly ReleasedUndo[], style: Style): Generator<string> {
  if (released.length === 0) {
    yield 'Nothing was released: all that is kept can still be put back.';
    return;
  }
  const bytes = released.reduce((sum, each) => sum + each.bytes, 0);
  const plans = countOf(released.length, 'plan');
  yield `Released what was kept for ${plans}: ${formatBytes(bytes)}.`.slice(0, style.width);
}
