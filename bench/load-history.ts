/** A state with a past: as if hosts had said all of it, written in bulk while no server runs. */
import { unixMs } from '../src/base/units.ts';
import type { ServedProcess } from './served-process.ts';

export interface HistorySize {
  readonly items: number;
  /** Of all items of all hosts together, at least. */
  readonly transitions: number;
  /** Of each host, from one sight to the next. */
  readonly hostChanges: number;
}

/** @returns how many transitions there are now */
export async function fillHistory(served: ServedProcess, size: HistorySize): Promise<number> {
  const state = await served.openState();
  const { agents } = await state.load(unixMs(Date.now()));
  const each = Math.ceil(size.transitions / (agents.length * size.items));
  const start = Date.now() - each * 3_600_000;
  for (const { agent, host } of agents) {
    await state.commit(
      Array.from({ length: size.items * each }, (_, nth) => {
        const item = loadItemName(nth % size.items);
        const [to, from] =
          nth % 2 === 0 ? (['broken', 'healthy'] as const) : (['healthy', 'broken'] as const);
        const at = unixMs(start + Math.floor(nth / size.items) * 3_600_000);
        const why = 'It has failed: input/output error.';
        const transition = { agent, item, at, from, to, why, isByAgentClock: false };
        return { do: 'transition' as const, transition };
      }),
    );
    if (size.hostChanges === 0) continue;
    await state.commit(
      Array.from({ length: size.hostChanges }, (_, nth) => {
        const at = unixMs(start + nth * 60_000);
        const change = { topic: 'packages', kind: 'changed', name: `package-${nth}` } as const;
        const versions = { before: `1.${nth}-1`, after: `1.${nth + 1}-1` };
        return {
          do: 'host-change' as const,
          change: { host, at, notBefore: unixMs(at - 60_000), change: { ...change, ...versions } },
        };
      }),
    );
  }
  await state.close();
  return each * size.items * agents.length;
}

/** As the played hosts call theirs (load-agent.ts). */
export function loadItemName(nth: number): string {
  return `${KINDS[nth % KINDS.length] ?? 'mount'}:/srv/data/volume-${nth}`;
}

export const KINDS = [
  ...(['disk-space', 'mount', 'service', 'tcp', 'http', 'cert', 'smart', 'clock'] as const),
];
