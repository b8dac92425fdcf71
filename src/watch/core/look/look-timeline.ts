/** What looks that were kept tell one after the other: a host without an agent has a timeline as well. */
import type { UnixMs } from '../../../base/units.ts';
import { type Change, compareSights } from './compare-sights.ts';
import type { HostLook, HostSight } from './host-sight.ts';
import type { SavedLook } from './saved-look.ts';

export interface DatedChange extends Change {
  readonly host: string;
  /** When the later sight was seen; it came about between that and the one before. */
  readonly at: UnixMs;
  readonly notBefore: UnixMs;
}

/** Sights of one host one after the other, looks in between that did not ask it or got no answer left out. */
export class LookTimeline {
  readonly #last = new Map<string, HostSight>();
  readonly #changes: DatedChange[] = [];

  /** @param look not older than those before */
  add({ looks }: Pick<SavedLook, 'looks'>): void {
    for (const look of looks) if (look.kind === 'answered') this.#seen(look.host, look);
  }

  #seen(host: string, { sight }: Extract<HostLook, { readonly kind: 'answered' }>): void {
    const before = this.#last.get(host);
    this.#last.set(host, sight);
    if (before === undefined || isOther(before, sight)) return;
    const at = sight.discovery.seenAt;
    const notBefore = before.discovery.seenAt;
    if (at <= notBefore) return;
    const { changes } = compareSights(before, sight);
    for (const change of changes) this.#changes.push({ ...change, host, at, notBefore });
  }

  /** Newest first. */
  changes(): readonly DatedChange[] {
    return [...this.#changes].sort((one, other) => other.at - one.at);
  }
}

/** A name that another machine has now: nothing of the one is a change of the other. */
function isOther({ machine: one }: HostSight, { machine: other }: HostSight): boolean {
  return one.id !== undefined && other.id !== undefined && one.id !== other.id;
}
