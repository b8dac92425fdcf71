/**
 * The server as witness of vaults: what hosts told of them is kept, and what they tell now is compared
 * with it, in the same commit. docs/design/055-server-witness.md.
 */
import { Fault } from '../../base/fault.ts';
import { countOf } from '../../base/say-quantity.ts';
import { largest, smallest } from '../../base/long-list.ts';
import { type UnixMs, unixMs } from '../../base/units.ts';
import {
  acceptedAt,
  isWrong,
  type ToldPlace,
  toldAfter,
} from '../../watch/core/heads/told-heads.ts';
import { anotherWords, missedWords } from '../../watch/core/heads/told-words.ts';
import type { VaultHeads } from '../../watch/core/heads/vault-heads.ts';
import type { LedgerReport } from '../../watch/core/ledger-report.ts';
import {
  type ServerChange,
  TOLD_PLACES_MAX,
  TOLD_PLACES_PER_HOST_MAX,
} from '../../watch/core/server/changes.ts';
import type { Pending, ServerNow } from '../../watch/core/server/held.ts';
import type { SubjectNow } from '../../watch/core/server/subjects-now.ts';

interface SaidOf {
  /** As it was enrolled. */
  readonly host: string;
  readonly report: LedgerReport;
  /** Not before this moment of the server did the host begin to look. */
  readonly seenAtMs: number;
}

/** To be committed, and settled when it is. */
type ToldPending = Pick<Pending<unknown>, 'changes' | 'settle'>;

interface Held {
  readonly told: ToldPlace;
  /** When what is compared was told, by the clock that never steps; absent: in an earlier start. */
  readonly toldAtMs: number;
}

/** A place is a name that hosts give. */
const PLACE_MAX = 1000;
/** Two machines that list one directory at once may see it a little apart. */
const APART_MS = 60_000;
const SAID_MAX = 3;

export class ToldHeads {
  readonly #held = new Map<string, Held>();
  #version = 0;

  constructor(kept: readonly ToldPlace[], now: ServerNow) {
    for (const told of kept) this.#held.set(keyOf(told), { told, toldAtMs: now.atMs });
  }

  /** Another one where something is another. */
  get version(): number {
    return this.#version;
  }

  all(): readonly ToldPlace[] {
    return [...this.#held.values()].map(({ told }) => told);
  }

  /** Whether another host tells of a place of this one: then what is seen again says something too. */
  isShared(host: string): boolean {
    const places = new Set(this.all().flatMap((told) => (told.host === host ? [told.place] : [])));
    return this.all().some((told) => told.host !== host && places.has(told.place));
  }

  /** What is to be committed with the report, and settled when it is. */
  take(said: SaidOf, now: ServerNow): ToldPending {
    const after = (said.report.heads ?? []).flatMap((heads) => this.#after(heads, said, now) ?? []);
    return this.#pending(after, now);
  }

  /** A person says that it is right so; no changes: nothing was the matter. @throws Fault HF_API_UNKNOWN */
  accept(of: { readonly place: string; readonly by: string }, now: ServerNow): ToldPending {
    const all = this.all();
    if (!all.some(({ place }) => place === of.place)) {
      throw new Fault('HF_API_UNKNOWN', `no host told of a vault at ${of.place}`);
    }
    return this.#pending(acceptedAt(all, { ...of, at: now.wallMs }), now);
  }

  /** For whoever is told. */
  subjects(): readonly SubjectNow[] {
    const places = Map.groupBy(this.all(), ({ place }) => place);
    return [...places].flatMap(([place, told]): readonly SubjectNow[] => {
      const subject = `vault:${place}`;
      const wrong = told.filter(isWrong);
      if (wrong.length === 0) {
        const ended = told.flatMap((each) => each.ended ?? []);
        if (ended.length === 0) return [];
        const last = ended.reduce((one, other) => (one.at < other.at ? other : one));
        return [{ subject, mark: 'ok', why: last.why, since: last.at, restsOn: [] }];
      }
      const why = wrong.flatMap(wordsOf).slice(0, SAID_MAX).join('; ');
      const since = unixMs(largest(wrong.map(wrongSince)));
      return [{ subject, mark: 'failed', why, since, restsOn: [] }];
    });
  }

  #after(heads: VaultHeads, { host, report, seenAtMs }: SaidOf, now: ServerNow) {
    const place = placeOf(heads, { host, itself: report.host });
    if (place === undefined) return undefined;
    const others = [...this.#held.values()].filter(
      ({ told, toldAtMs }) =>
        told.place === place && told.host !== host && toldAtMs + APART_MS <= seenAtMs,
    );
    const before = this.#held.get(keyOf({ host, place }))?.told;
    const at = now.wallMs;
    return toldAfter(before, { host, place, heads, at, others: others.map(({ told }) => told) });
  }

  #pending(after: readonly ToldPlace[], now: ServerNow): ToldPending {
    const changes: readonly ServerChange[] = after.map((told) => ({ do: 'told-heads', told }));
    return {
      changes,
      settle: () => {
        for (const told of after) this.#hold(told, now);
        if (after.length > 0) this.#version += 1;
      },
    };
  }

  /** As the state has it: what was told of last is the last, and the first goes. */
  #hold(told: ToldPlace, now: ServerNow): void {
    const key = keyOf(told);
    this.#held.delete(key);
    this.#held.set(key, { told, toldAtMs: now.atMs });
    const own = [...this.#held].filter(([, held]) => held.told.host === told.host);
    const [first] = own;
    if (own.length > TOLD_PLACES_PER_HOST_MAX && first) this.#held.delete(first[0]);
    const [oldest] = this.#held.keys();
    if (this.#held.size > TOLD_PLACES_MAX && oldest !== undefined) this.#held.delete(oldest);
  }
}

/** What is said of one place, worst first. */
function wordsOf({ missed, another }: ToldPlace): readonly string[] {
  const all = [
    ...missed.map(missedWords),
    ...(another === undefined ? [] : [anotherWords(another)]),
  ];
  const more = all.length - SAID_MAX;
  return more <= 0 ? all : [...all.slice(0, SAID_MAX), `and ${countOf(more, 'more writer')}`];
}

function wrongSince({ missed, another }: ToldPlace): UnixMs {
  const times = [...missed.map(({ foundAt }) => foundAt), ...(another ? [another.foundAt] : [])];
  return unixMs(smallest(times));
}

function keyOf({ host, place }: Pick<ToldPlace, 'host' | 'place'>): string {
  return JSON.stringify([host, place]);
}

/** A directory of its own under the name by which the server knows it; an address as it is. Else none. */
function placeOf(
  { copy }: VaultHeads,
  of: { readonly host: string; readonly itself: string },
): string | undefined {
  if (copy.length > PLACE_MAX) return undefined;
  const own = `${of.itself}:`;
  if (copy.startsWith(own)) return `${of.host}:${copy.slice(own.length)}`;
  return /^[a-z]+:\/\//.test(copy) ? copy : undefined;
}
