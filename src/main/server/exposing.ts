/** Computes what is shown of the estate when it is asked for, and keeps it while nothing is another. */
import type { Steps } from '../../base/steps.ts';
import type { UnixMs } from '../../base/units.ts';
import type { Clock } from '../../host/clock.ts';
import { type ExposureIndex, indexInSteps } from '../../watch/core/exposure/exposure-index.ts';
import { exposureView } from '../../watch/core/exposure/exposure-view.ts';
import { partsInSteps, type ViewParts } from '../../watch/core/exposure/view-parts.ts';
import type { MembersNow } from '../../watch/core/exposure/live-sets.ts';
import type { ManyEstate } from '../../watch/core/look/look-estate.ts';
import { estateInSteps } from '../../watch/core/server/estate-now.ts';
import type { ServerNow } from '../../watch/core/server/held.ts';
import { membersNow } from '../../watch/core/server/members-now.ts';
import type { ServerCore } from '../../watch/core/server/server-core.ts';
import type { EstateAtServer, SeenAtServer } from './estate-at-server.ts';
import { exposedCoverage, type Unprotected, unprotectedOf } from './exposed-coverage.ts';
import { exposedFindings, worstFirst } from './exposed-findings.ts';
import { exposedHosts } from './exposed-hosts.ts';
import type { Exposed, ExposedFinding, ExposedSpace } from './exposed-view.ts';
import { declaredOn } from './declared-on.ts';
import { inTurns } from './in-turns.ts';

export interface MadeExposure {
  readonly seen: SeenAtServer;
  readonly index: ExposureIndex;
  readonly parts: ViewParts;
  readonly exposed: Exposed;
  readonly atMs: number;
  /** Of the processor, waits left out. */
  readonly workMs: number;
}

/** What is quick is made for each who asks. */
const QUICK_MS = 100;
/** Between two of them it rests so many times as long as one took, and agents are answered. */
const REST_SHARE = 19;
/** Spans grow with the clock meanwhile; what expires counts so much longer at most. */
const REST_MAX_MS = 10_000;
/** Whoever asks is given what was made before, as of its time, unless it is as old as this. */
const WAIT_AFTER_MS = 30_000;

export interface ExposingParts {
  readonly core: ServerCore;
  readonly now: () => ServerNow;
  readonly clock: Pick<Clock, 'monotonic'>;
}

export interface ExposingMore {
  /** Is told of each that was made. */
  readonly onMade: (made: MadeExposure, before: MadeExposure | undefined) => void;
  /** What this server finds of itself, now. */
  readonly own: () => readonly ExposedFinding[];
}

export class Exposing {
  readonly #estate: EstateAtServer;
  readonly #onMade: ExposingMore['onMade'];
  #made: MadeExposure | undefined;
  #making: Promise<MadeExposure> | undefined;
  #unprotected: { readonly of: ManyEstate; readonly found: Unprotected } | undefined;

  readonly #own: () => readonly ExposedFinding[];
  #found: readonly ExposedFinding[] = [];

  constructor(estate: EstateAtServer, of: Partial<ExposingMore> = {}) {
    this.#estate = estate;
    this.#onMade = of.onMade ?? (() => undefined);
    this.#own = of.own ?? (() => []);
  }

  keptChanges(): ReturnType<EstateAtServer['keptChanges']> {
    return this.#estate.keptChanges();
  }

  /** @throws Fault HF_SERVER_STATE */
  async at(served: ExposingParts): Promise<MadeExposure> {
    const made = this.#made;
    if (made !== undefined) {
      const ageMs = served.now().atMs - made.atMs;
      const isQuick = made.workMs <= QUICK_MS;
      const restMs = isQuick ? 0 : Math.min(REST_MAX_MS, REST_SHARE * made.workMs);
      if (ageMs < restMs) return made;
      if (!isQuick && ageMs < WAIT_AFTER_MS) {
        // Whoever asks after WAIT_AFTER_MS awaits one, and is told why it fails.
        this.#next(served).catch(() => undefined); // Awaited in its turn.
        return made;
      }
    }
    return this.#next(served);
  }

  #next(served: ExposingParts): Promise<MadeExposure> {
    this.#making ??= this.#make(served).finally(() => {
      this.#making = undefined;
    });
    return this.#making;
  }

  /** In steps: agents are answered in between. */
  async #make({ core, now, clock }: ExposingParts): Promise<MadeExposure> {
    const { atMs, wallMs: at } = now();
    const before = this.#made;
    const seen = await this.#estate.at(at);
    const hasLive = (seen.estate.liveSets ?? []).length > 0;
    const members = hasLive ? await this.#members({ core, now, clock }) : undefined;
    const steps = this.#steps(seen, { core, at, members });
    const { made, workMs } = await inTurns(clock, steps);
    this.#made = { seen, ...made, atMs, workMs };
    this.#onMade(this.#made, before);
    return this.#made;
  }

  *#steps(
    seen: SeenAtServer,
    of: {
      readonly core: ServerCore;
      readonly at: UnixMs;
      readonly members: MembersNow | undefined;
    },
  ): Steps<Pick<MadeExposure, 'index' | 'parts' | 'exposed'>> {
    const { core, at, members } = of;
    const before = this.#made;
    const index = yield* indexInSteps(seen.estate, at, before?.index);
    yield;
    const parts = yield* partsInSteps(index, before?.parts);
    yield;
    const view = exposureView(index, parts, members);
    yield;
    const enrolled = core.agents().map(({ stored }) => stored.host);
    const hosts = exposedHosts(seen, enrolled);
    yield;
    // Without a change there, proof may have expired.
    const isSame = before?.seen === seen && before.parts.entries === parts.entries;
    const last = isSame ? before.exposed : undefined;
    const found = this.#unprotectedIn(seen, at);
    yield;
    const coverage = last?.coverage ?? (yield* exposedCoverage(seen, found, at));
    yield;
    if (last === undefined) this.#found = yield* exposedFindings(seen, at);
    yield;
    const findings = worstFirst([...this.#own(), ...this.#found]);
    const exposed = { at, view, hosts, coverage, findings, spaces: spacesOf(seen) };
    return { index, parts, exposed };
  }

  /** Of the same sights it is the same. */
  #unprotectedIn(seen: SeenAtServer, at: UnixMs): Unprotected {
    const { many } = seen;
    if (this.#unprotected?.of !== many) {
      this.#unprotected = { of: many, found: unprotectedOf(seen, at) };
    }
    return this.#unprotected.found;
  }

  /** What agents know of live copies now; they are answered in between. */
  async #members({ core, now, clock }: ExposingParts): Promise<MembersNow> {
    const steps = estateInSteps(core, now, { standsOn: declaredOn(this.#estate.config) });
    return membersNow((await inTurns(clock, steps)).made);
  }
}

function spacesOf({ shown }: SeenAtServer): readonly ExposedSpace[] {
  return shown.flatMap(({ host, ledger }) => {
    if (ledger === undefined) return [];
    const { spaces, madeAt: seenAt } = ledger.report;
    const isFresh = ledger.now.standing === 'fresh';
    return spaces.map((space) => ({ host, seenAt, isFresh, space }));
  });
}
