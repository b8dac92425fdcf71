/** What is known of what would be; nothing, until a host has said what lies on it. */
import type { LostTogether } from '../../../watch/core/look/lost-together.ts';
import { Fault } from '../../../base/fault.ts';
import type { Exposed, ExposedChange } from '../exposed-view.ts';
import type { Served } from '../served.ts';

export function exposedNow({ now }: Served): Promise<Exposed> {
  const at = now().wallMs;
  const none = { falls: [], dataSets: [], services: [], singlePoints: [], breaches: [] };
  return Promise.resolve({
    at,
    view: { computedAt: at, ...none },
    ...{ hosts: [], coverage: [], findings: [] },
  });
}

export function changesAt(
  _served: Served,
  _of: { readonly host?: string; readonly countMax: number },
): Promise<readonly ExposedChange[]> {
  return Promise.resolve([]);
}

export function loseAt(_served: Served, names: readonly string[]): Promise<LostTogether> {
  return Promise.reject(
    new Fault('HF_API_UNKNOWN', `nothing that is known is called ${names[0] ?? ''}`),
  );
}
