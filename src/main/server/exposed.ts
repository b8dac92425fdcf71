/** What the pages and `/v1` show of the estate. */
import type { UnixMs } from '../../base/units.ts';
import { bytesOfUtf8 } from '../../manifest/core/utf8.ts';
import { lostTogether, type LostTogether } from '../../watch/core/look/lost-together.ts';
import { type Lost, lostBy, type LoseNames, loseNames } from '../../watch/core/look/lose.ts';
import { type RecoveryPlan, recoveryPlanOf } from '../../watch/core/exposure/recovery-plan.ts';
import type { SeenAtServer } from './estate-at-server.ts';
import type { Exposed, ExposedChange } from './exposed-view.ts';
import type { Served } from './served.ts';

/** @throws Fault HF_SERVER_STATE */
export async function exposedNow(served: Served): Promise<Exposed> {
  return (await served.exposing.at(served)).exposed;
}

/** Newest first. @throws Fault HF_SERVER_STATE */
export async function changesAt(
  { state, exposing, core }: Pick<Served, 'state' | 'exposing' | 'core'>,
  of: { readonly host?: string | undefined; readonly countMax: number },
): Promise<readonly ExposedChange[]> {
  const changes = await state.hostChanges(of);
  const told = changes.map(({ host, at, notBefore, change }) => ({
    ...{ ...change, host, at, notBefore },
  }));
  // What a host's own agent tells needs no look beside it.
  const enrolled = new Set(core.agents().map(({ stored }) => stored.host));
  const seen = (await exposing.keptChanges()).filter(
    ({ host }) => !enrolled.has(host) && (of.host === undefined || of.host === host),
  );
  if (seen.length === 0) return told;
  return [...told, ...seen].sort((one, other) => other.at - one.at).slice(0, of.countMax);
}

const namesIn = new WeakMap<SeenAtServer, LoseNames>();

/** @throws Fault HF_LOSE_UNKNOWN */
function lostNamed(seen: SeenAtServer, names: readonly string[]): readonly Lost[] {
  const known = namesIn.get(seen) ?? loseNames(seen.machines, seen.estate, seen.declared);
  namesIn.set(seen, known);
  return [...new Set(names)].map((name) => lostBy(bytesOfUtf8(name), known));
}

/**
 * What would be lost with all that is named, as `holdfast exposure --lose` names it.
 *
 * @throws Fault HF_LOSE_UNKNOWN, HF_SERVER_STATE
 */
export async function loseAt(
  served: Served,
  names: readonly string[],
): Promise<LostTogether & { readonly at: UnixMs }> {
  const { seen, index } = await served.exposing.at(served);
  const { machines, declared, many } = seen;
  const lost = lostNamed(seen, names);
  const found = lostTogether(index, { lost, declared, machines, guests: many.guests });
  return { ...found, at: index.now };
}

/**
 * What to bring back after all that is named is lost, from what hosts said of themselves.
 *
 * @throws Fault HF_LOSE_UNKNOWN, HF_SERVER_STATE
 */
export async function recoveryAt(served: Served, names: readonly string[]): Promise<RecoveryPlan> {
  const { seen, index } = await served.exposing.at(served);
  const { estate, machines, declared, many, openings } = seen;
  const lost = lostNamed(seen, names);
  const { guests, unopened } = many;
  const here = { openings, passphraseFile: undefined, now: index.now };
  return recoveryPlanOf({ estate, machines, guests, declared, unopened, index, ...here }, lost);
}
