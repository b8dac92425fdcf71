/**
 * One estate out of what agents showed, what looks over ssh saw, what was opened and what people wrote.
 * Made again only where one of these is another, or stopped counting.
 */
import os from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { PROOF_LIMITS } from '../../watch/core/proof.ts';
import type { Evidence } from '../../base/evidence.ts';
import type { Steps } from '../../base/steps.ts';
import { type UnixMs, unixMs } from '../../base/units.ts';
import type { Clock } from '../../host/clock.ts';
import type { DrillBook } from '../../watch/core/drills/drill-book.ts';
import type { EstateDrill } from '../../watch/core/drills/estate-drill.ts';
import { holdsStill, withEstateDrills } from '../../watch/core/drills/drill-proof.ts';
import type { Estate } from '../../watch/core/estate.ts';
import { type LeftOutData, withoutIgnored } from '../../watch/core/look/corrected.ts';
import type { DeclaredEstate } from '../../watch/core/look/declared.ts';
import { withDeclared } from '../../watch/core/look/declared-parts.ts';
import { type HostOf, hostNames } from '../../watch/core/look/host-names.ts';
import type { HostLook } from '../../watch/core/look/host-sight.ts';
import type { DatedChange } from '../../watch/core/look/look-timeline.ts';
import { type ManyEstate, manyInSteps } from '../../watch/core/look/look-estate.ts';
import { placedMoves } from '../../watch/core/look/placed-moves.ts';
import { type LookedHost, lookedHosts } from '../../watch/core/look/looked-hosts.ts';
import { type AnsweredLook, sightAt, toldApart } from '../../watch/core/look/own-sight.ts';
import { unflushedAcross } from '../../watch/core/look/unflushed-across.ts';
import type { PlacedOpening } from '../../watch/core/opening.ts';
import {
  expiredReport,
  type OwnReport,
  type ReportsOver,
  withReports,
} from '../../watch/core/own-report.ts';
import { withSameObjects } from '../../watch/core/same-objects.ts';
import type { ShownNow } from '../../watch/core/server/shown.ts';
import type { Config } from '../../wire/config.ts';
import { openingsHere } from '../look/connected-here.ts';
import { lookHere } from '../look/host-here.ts';
import { declaredEstate } from '../look/declared-estate.ts';
import { inTurns } from './in-turns.ts';
import { LooksKept } from './looks-kept.ts';
import type { ToldPlace } from '../../watch/core/heads/told-heads.ts';
import type { ToldHeads } from './told-heads.ts';
import type { HostShown, Sights } from './sights.ts';

export interface SeenAtServer {
  readonly estate: Estate;
  /** What opens copies that are opened otherwise than by their place. */
  readonly openings: readonly PlacedOpening[];
  /** Of sights and looks alone. */
  readonly many: ManyEstate;
  readonly machines: readonly LookedHost[];
  readonly looks: readonly HostLook[];
  /** What agents showed, whether it counts or not. */
  readonly shown: readonly HostShown[];
  readonly declared: DeclaredEstate;
  /** Data that people say are none. */
  readonly leftOut: readonly LeftOutData[];
  /** That this server gave. */
  readonly drills: readonly EstateDrill[];
  /** What was told of vaults. */
  readonly told: readonly ToldPlace[];
  /** Hosts of agents that gave the same machine id. */
  readonly same: readonly (readonly string[])[];
}

export interface EstateParts {
  readonly sights: Pick<Sights, 'all'>;
  readonly looksIn: string | undefined;
  readonly config: Config;
  readonly configFile: string | undefined;
  /** That this server gave, and how they ended. */
  readonly drills?: Pick<DrillBook, 'all' | 'version'>;
  readonly told?: Pick<ToldHeads, 'all' | 'version'>;
  readonly clock: Pick<Clock, 'monotonic'>;
}

export class EstateAtServer {
  readonly #parts: EstateParts;
  readonly #kept: LooksKept;
  #looked: Looked | undefined;
  #made: { readonly of: string; readonly seen: SeenAtServer } | undefined;
  #making: Promise<SeenAtServer> | undefined;

  constructor(parts: EstateParts) {
    this.#parts = parts;
    this.#kept = new LooksKept(parts.looksIn);
  }

  /** What looks over ssh show one after the other. */
  keptChanges(): Promise<readonly DatedChange[]> {
    return this.#kept.changes();
  }

  get config(): Config {
    return this.#parts.config;
  }

  /** The same object as before where nothing is another. @throws Fault HF_SERVER_STATE */
  async at(now: UnixMs): Promise<SeenAtServer> {
    // Who asks meanwhile is given the same.
    this.#making ??= this.#make(now).finally(() => {
      this.#making = undefined;
    });
    return this.#making;
  }

  async #make(now: UnixMs): Promise<SeenAtServer> {
    const shown = await this.#parts.sights.all();
    const kept = this.#kept.looks();
    const moves = await this.#kept.moves();
    const opened = await this.#kept.opened();
    const exercised = moves.map(({ subject, observedAt, saw }) =>
      JSON.stringify([subject, observedAt, saw]),
    );
    const stamps = [...shown.map(stampOf), ...kept.map((look) => stampOfLook(look, now))];
    const { all: drills = [], version = 0 } = this.#parts.drills ?? {};
    const { told } = this.#parts;
    const toldAt = told?.version ?? 0;
    const held = drills.filter((drill) => holdsStill(drill, now)).length;
    const of = [
      ...stamps,
      ...exercised,
      `drills ${version} ${held}`,
      `told ${toldAt}`,
      opened.of,
    ].join('\n');
    if (this.#made?.of === of) return this.#made.seen;
    const looked = await this.#lookedAt({ shown, kept, opened }, now);
    await setImmediate();
    const steps = estateOf(looked, { shown, drills, moves, now });
    const before = this.#made?.seen.estate;
    const { made } = await inTurns(this.#parts.clock, withSame(steps, before));
    const { many, machines, looks, declared, leftOut, same } = looked;
    const seen: SeenAtServer = {
      estate: made,
      ...{ many, machines, looks, shown, declared, drills, leftOut, same },
      told: told?.all() ?? [],
      openings: [
        ...looked.openings,
        ...shown.flatMap(({ ledger }) => ledger?.report.openings ?? []),
      ],
    };
    this.#made = { of, seen };
    return seen;
  }

  /** The same objects as before where only reports are other ones. */
  async #lookedAt({ shown, kept, opened }: LookedOf, now: UnixMs): Promise<Looked> {
    const of = [
      opened.of,
      ...shown.map(({ host, sight }) =>
        JSON.stringify([host, stampOfOne(sight), sight?.now.seenAt]),
      ),
      ...kept.map((look) => stampOfLook(look, now)),
    ].join('\n');
    if (this.#looked?.of === of) return this.#looked;
    const { config, configFile } = this.#parts;
    const apart = toldApart(shown.flatMap(({ sight }) => sight?.look ?? []));
    const sightOf = new Map(apart.looks.map((look) => [look.host, look]));
    const own = shown.flatMap(({ host, sight }) => {
      const look = sightOf.get(host);
      return look === undefined || sight === undefined ? [] : [countedAt(look, sight.now, now)];
    });
    await setImmediate();
    const hostOf = hostNames(lookedHosts([...own, ...kept], now));
    const declared = declaredEstate({ config, configFile }, hostOf(os.hostname()));
    const { looks, leftOut } = withoutIgnored([...own, ...kept], declared, hostOf);
    const here = lookHere(looks)?.host;
    const connected = opened.connected && {
      ...opened.connected,
      ...(here === undefined ? {} : { openedOn: here }),
    };
    const steps = manyInSteps(looks, now, { connected, declared });
    const many = (await inTurns(this.#parts.clock, steps)).made;
    const machines = lookedHosts(looks, now);
    const looked: Looked = {
      ...{ of, many, machines, hostOf, looks, same: apart.same, over: overSights(many, hostOf) },
      ...{ declared, leftOut, openings: openingsHere(connected, hostOf) },
      repositories: [
        ...(connected?.repositories ?? []).map(({ repository }) => repository),
        ...machines.flatMap(({ sight }) =>
          (sight?.discovery.backups ?? []).flatMap(({ repository }) => repository ?? []),
        ),
      ],
    };
    this.#looked = looked;
    return looked;
  }
}

interface LookedOf {
  readonly shown: readonly HostShown[];
  readonly kept: readonly HostLook[];
  readonly opened: Awaited<ReturnType<LooksKept['opened']>>;
}

interface Beside {
  readonly shown: readonly HostShown[];
  readonly drills: readonly EstateDrill[];
  readonly moves: readonly Evidence[];
  readonly now: UnixMs;
}

function* estateOf(looked: Looked, { shown, drills, moves, now }: Beside): Steps<Estate> {
  const { hostOf, machines, repositories, declared } = looked;
  const reported = withReports(looked.many.estate, shown.flatMap(reportOf), looked.over);
  yield;
  const whole = withEstateDrills(reported, drills, now);
  yield;
  const declaring = withDeclared(whole, declared, { machines, hostOf, now, repositories });
  return { ...declaring, moves: placedMoves(moves, hostOf) };
}

function* withSame(steps: Steps<Estate>, before: Estate | undefined): Steps<Estate> {
  const estate = yield* steps;
  yield;
  return yield* withSameObjects(estate, before);
}

/** What comes of sights, looks and the file; reports are another thing. */
interface Looked
  extends Pick<
    SeenAtServer,
    'many' | 'machines' | 'looks' | 'declared' | 'leftOut' | 'same' | 'openings'
  > {
  readonly of: string;
  readonly hostOf: HostOf;
  readonly over: ReportsOver;
  readonly repositories: readonly string[];
}

function overSights(many: ManyEstate, hostOf: HostOf): ReportsOver {
  return {
    hostOf,
    unflushedOf: (host, { kind, places }) =>
      unflushedAcross(many, many.across.sightOf(host), {
        ...{ host, kind, paths: places.flatMap(({ path }) => path ?? []) },
      }),
  };
}

function stampOf({ host, sight, ledger }: HostShown): string {
  return JSON.stringify([host, stampOfOne(sight), stampOfOne(ledger)]);
}

function stampOfOne(each: { readonly now: ShownNow } | undefined): readonly unknown[] | undefined {
  return each && [each.now.stored.sha256, each.now.stored.aheadMs, each.now.standing];
}

/** A look expires by the wall clock: then it is another. */
function stampOfLook(look: HostLook, now: UnixMs): string {
  if (look.kind === 'failed') return JSON.stringify([look.host, look.why]);
  const { seenAt } = look.sight.discovery;
  return JSON.stringify([look.host, seenAt, now - seenAt < PROOF_LIMITS.discovery]);
}

/** What does not count is known by name, as an expired look is. */
function countedAt(look: AnsweredLook, { standing, seenAt }: ShownNow, now: UnixMs): AnsweredLook {
  const at = standing === 'fresh' ? seenAt : Math.min(seenAt, now - PROOF_LIMITS.discovery);
  return sightAt(look, unixMs(at));
}

function reportOf({ ledger }: HostShown): readonly OwnReport[] {
  if (ledger === undefined) return [];
  return [ledger.now.standing === 'fresh' ? ledger.report : expiredReport(ledger.report)];
}
