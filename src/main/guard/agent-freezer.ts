/** The freezer as an agent's loop calls it, and what it says of each stopper again and again. */
import { momentHere } from '../../adapters/node/boot-clock.ts';
import { leftMs, type Moment } from '../../base/moment.ts';
import type { FreezeRow, StartRow } from '../../guard/core/freeze-rows.ts';
import type { Freeze } from '../../guard/core/held-things.ts';
import { FreezeSwitch, UNREADABLE } from '../../guard/shell/freeze-switch.ts';
import type { Freezer } from '../../guard/shell/freezer.ts';
import type { Stopper } from '../../guard/shell/stopper.ts';
import type { FreezeWord, ItemSaw, UnfreezeWord } from '../../watch/core/agent/messages.ts';
import type { Freezer as FreezerOfAgent, SeenItem } from '../../watch/shell/agent/agent-ports.ts';
import type { Probe, ProbeFinding } from '../../watch/shell/agent/probe.ts';
import { freezerHere, type FreezerOfHost } from './freezer-here.ts';

const KIND = 'frozen';
const EVERY_MS = 60_000;
const WHY_MAX = 512;

export interface AgentFreezer extends FreezerOfAgent {
  /** One for each stopper: whether it is as the freeze wants it, looked at each minute. */
  readonly probes: readonly Probe[];
}

/** @param host `stoppers` and `freeze` are those of agent.yaml */
export function agentFreezer(host: FreezerOfHost): AgentFreezer {
  const { freezer, stoppers } = freezerHere(host);
  const { ports, stateDir, clock } = host;
  const stands = new FreezeSwitch({ ...ports, stateDir });
  const now = () => momentHere(clock);
  const isFrozen = (): boolean => stands.check(now) !== undefined;
  return {
    isFrozen,
    async freeze({ id, by, reason, forMs }: FreezeWord) {
      const freeze = { id, by, reason, made: now(), spanMs: forMs };
      const persons = ofPerson(stands.found(), freeze);
      if (persons === undefined) return (await freezer.freeze(freeze)).map(frozenItem);
      if (persons !== UNREADABLE) stands.set(persons);
      return (await freezer.stop(freeze)).map(frozenItem);
    },
    standing() {
      const freeze = standingOf(stands.found(), now());
      return freeze?.id;
    },
    async resume() {
      const freeze = standingOf(stands.found(), now());
      return freeze === undefined ? [] : (await freezer.stop(freeze)).map(frozenItem);
    },
    async unfreeze({ id }: UnfreezeWord) {
      const freeze = stands.found();
      const isIt = freeze !== undefined && freeze !== UNREADABLE && freeze.id === id;
      // Somebody has frozen this host anew, by hand or by another word: that one stands.
      if (!isIt) return [];
      return (await freezer.unfreeze()).map(startItem);
    },
    probes: stoppers.map((stopper) => frozenProbe({ stopper, freezer, isFrozen })),
  };
}

/**
 * The freeze of a person of this host that stands now, lasting as long as either: a word of a server
 * does not take its place, since the same server could lift it then.
 */
function ofPerson(
  found: Freeze | typeof UNREADABLE | undefined,
  { made, spanMs }: Freeze,
): Freeze | typeof UNREADABLE | undefined {
  if (found === undefined || found === UNREADABLE) return found;
  const left = leftMs(found.made, found.spanMs, made);
  if (found.id !== undefined || left === 0) return undefined;
  return left < spanMs ? { ...found, made, spanMs } : found;
}

function standingOf(
  found: Freeze | typeof UNREADABLE | undefined,
  now: Moment,
): Freeze | undefined {
  if (found === undefined || found === UNREADABLE) return undefined;
  return leftMs(found.made, found.spanMs, now) > 0 ? found : undefined;
}

function frozenProbe(given: {
  readonly stopper: Stopper;
  readonly freezer: Freezer;
  readonly isFrozen: () => boolean;
}): Probe {
  const { stopper, freezer, isFrozen } = given;
  return {
    item: `${KIND}:${stopper.name}`,
    kind: KIND,
    everyMs: EVERY_MS,
    // The freezer's own limit ends it first.
    timeoutMs: stopper.limitMs + 5000,
    async look(): Promise<ProbeFinding> {
      await freezer.whenOver();
      if (!isFrozen()) return unfrozen(stopper.name, freezer.left());
      const [row] = await freezer.table(stopper.name);
      return row === undefined ? unfrozen(stopper.name, []) : frozenItem(row);
    },
  };
}

function unfrozen(name: string, left: readonly string[]): ProbeFinding {
  const isLeft = left.includes(name);
  const why = isLeft
    ? 'a freeze has ended, and it is still stopped: holdfast unfreeze'
    : 'changes are not frozen here';
  return { saw: isLeft ? 'impaired' : 'healthy', why, detail: { state: 'not-frozen' } };
}

function frozenItem({ name, kind, state, why }: FreezeRow): SeenItem {
  const saw: ItemSaw =
    state === 'stopped' ? 'healthy' : state === 'not-reachable' ? 'unreadable' : 'broken';
  return seen({ name, saw, why, detail: { state, stopper: kind } });
}

function startItem({ name, kind, state, why }: StartRow): SeenItem {
  const isBack = state === 'started' || state === 'runs';
  const saw: ItemSaw = isBack ? 'healthy' : state === 'failed' ? 'broken' : 'unreadable';
  return seen({ name, saw, why, detail: { state, stopper: kind } });
}

function seen(
  given: Pick<SeenItem, 'saw' | 'why' | 'detail'> & { readonly name: string },
): SeenItem {
  const { name, saw, why, detail } = given;
  return { item: `${KIND}:${name}`, kind: KIND, saw, why: why.slice(0, WHY_MAX), detail };
}
