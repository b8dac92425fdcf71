/**
 * The rounds of `holdfast up`: look at this machine, say what lies here and is in no recovery point,
 * protect what is given, prove it by a drill, say what would be lost; and again, as often as that
 * costs little. Acts through ports only; `up-work.ts` fills them.
 */
import { hexOf } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import type { UnixMs } from '../../base/units.ts';
import { durationMs, hours, minutes } from '../../base/units.ts';
import type { Clock } from '../../host/clock.ts';
import type { DrillResult } from '../../recover/core/drill-result.ts';
import type { BackupOutcome } from '../../vault/shell/backup-request.ts';
import type { Discovery } from '../../watch/core/discovery.ts';
import { nextBackupAt } from '../../watch/core/pacing.ts';
import type { Target } from './targets.ts';
import { newRun } from '../services/service-plan.ts';
import type { Stop } from './up-stop.ts';
import type { Done, Protected, UpScreen, UpView } from './up-view.ts';

/** While nothing is due the table is looked at this often: proofs expire, and ages move. */
const REFRESH = minutes(5);
/** A look at the machine takes at most this part of the time. */
const LOOK_SHARE_MAX = 0.02;
/** What has not changed is restored again after this: media decay by themselves. */
const REDRILL_AFTER = hours(24);

export interface RoundPorts {
  readonly clock: Pick<Clock, 'monotonic' | 'now'>;
  readonly stop: Stop;
  readonly screen: UpScreen;
  readonly look: () => Promise<Discovery>;
  /** What is known now, of this machine and of the vault. */
  readonly view: (discovery: Discovery, done: readonly Done[]) => Promise<UpView>;
  /** @throws Fault HF_VAULT_FLOOR where a backup would leave too little free */
  readonly room: (discovery: Discovery) => Promise<{ readonly spareBytes: number }>;
  /** @throws Fault of source, vault, store and disk; a drill that fails is a result */
  readonly protect: (target: Target, how: ProtectHow) => Promise<Protected>;
  /**
   * Reads on in the vault, what waits longest, for some seconds; nothing where nothing is due. What it
   * found stands in the ledger then. @throws Fault of what is damaged, and of vault, store and disk
   */
  readonly scrub: () => Promise<void>;
  /** Takes away what a drill that was killed has left. */
  readonly clean: () => void;
}

export interface ProtectHow {
  readonly discovery: Discovery;
  /** The result that stands where no drill is wanted now. */
  readonly lastDrill: (backup: BackupOutcome) => DrillResult | undefined;
  /** The same for all of a round: data sets of a service are of one run. */
  readonly run: string;
}

export interface UpOutcome {
  readonly view: UpView;
  /** Something was left out of the last round, or is torn. */
  readonly hasGaps: boolean;
  /** A drill of the last round failed, something could not be protected at all, or the vault is damaged. */
  readonly hasFailed: boolean;
}

interface Drilled {
  readonly result: DrillResult;
  /** Not before this: a drill costs what a restore costs. */
  readonly dueAt: UnixMs;
  /** Digests of what was drilled. */
  readonly content: string;
}

export class Rounds {
  readonly #ports: RoundPorts;
  readonly #targets: readonly Target[];
  readonly #drilled = new Map<string, Drilled>();
  #look: Discovery | undefined;

  constructor(ports: RoundPorts, targets: readonly Target[]) {
    this.#ports = ports;
    this.#targets = targets;
  }

  /**
   * Ends after one round where `isOnce`, else when it is stopped.
   *
   * @throws Fault of the first round; later ones are said, and tried again
   */
  async run(isOnce: boolean): Promise<UpOutcome> {
    const { screen, stop, view } = this.#ports;
    screen.step('looking at this machine');
    screen.opened(await view(await this.#discovery(), []));
    let { outcome, next } = await this.#round();
    while (!isOnce) {
      screen.waiting(next);
      stop.rest();
      await this.#wait(next, outcome.view);
      if (stop.isAsked()) break;
      stop.work();
      const later = await this.#attempt(() => this.#round());
      if (later === undefined) next = this.#soon();
      else ({ outcome, next } = later);
    }
    return outcome;
  }

  async #round(): Promise<{ readonly outcome: UpOutcome; readonly next: UnixMs }> {
    const { clean, clock, room, screen, view } = this.#ports;
    clean();
    const discovery = await this.#discovery();
    const startedMs = clock.monotonic();
    const { spareBytes } = await room(discovery);
    const done: Done[] = [];
    const run = newRun(clock.now());
    for (const target of this.#targets) {
      done.push(await this.#protect(target, { discovery, run }));
    }
    const backedUpMs = clock.monotonic();
    // What came last is read first: it is proven to lie there before the next look at the table.
    const isSound = await this.#attempt(async () => {
      await this.#ports.scrub();
      return true;
    });
    const scrubMs = clock.monotonic() - backedUpMs;
    const seen = await view(await this.#discovery(), done);
    screen.rounded(seen);
    const kept = done.filter((each) => each.kind === 'protected');
    // Reading the vault costs as well, and more with each snapshot; drills and scrubs have a pace of their own.
    const drillsMs = kept.reduce((sum, each) => sum + drillMs(each), 0);
    const costMs = Math.max(0, clock.monotonic() - startedMs - drillsMs - scrubMs);
    const next = nextBackupAt({
      endedAt: clock.now(),
      lastCostMs: durationMs(costMs),
      changedBytes: kept.reduce((sum, each) => sum + each.backup.storedBytes, 0),
      spareBytes,
    });
    const hasGaps = kept.some(
      ({ backup, hooks }) =>
        backup.report.gapCount + backup.torn.length > 0 ||
        hooks.some(({ outcome }) => outcome === 'failed'),
    );
    const hasFailed =
      isSound === undefined ||
      kept.length < done.length ||
      kept.some(({ drill }) => !drill.isPassed);
    return { outcome: { view: seen, hasGaps, hasFailed }, next };
  }

  /** One data set that cannot be read keeps the others from nothing. */
  async #protect(target: Target, of: Pick<ProtectHow, 'discovery' | 'run'>): Promise<Done> {
    try {
      const done = await this.#ports.protect(target, {
        ...of,
        lastDrill: (backup) => this.#standing(target, backup),
      });
      if (done.isDrilledNow) this.#keepDrill(done);
      return done;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      return { kind: 'refused', target, fault: error };
    }
  }

  #keepDrill({ target, backup, drill: result }: Protected): void {
    const dueAt = nextBackupAt({
      endedAt: this.#ports.clock.now(),
      lastCostMs: durationMs(result.totalMs),
      changedBytes: 0,
      spareBytes: 0,
    });
    this.#drilled.set(target.dataSet, { result, dueAt, content: contentOf(backup) });
  }

  /** The last drill, where it still says enough; else one is due. */
  #standing(target: Target, backup: BackupOutcome): DrillResult | undefined {
    const last = this.#drilled.get(target.dataSet);
    if (last === undefined) return undefined;
    const ageMs = this.#ports.clock.now() - last.result.startedAt;
    const isSame = contentOf(backup) === last.content;
    const isWanted = !isSame || !last.result.isPassed || ageMs >= REDRILL_AFTER;
    // A clock that was set back says nothing about ages.
    if (ageMs < 0 || (isWanted && this.#ports.clock.now() >= last.dueAt)) return undefined;
    return last.result;
  }

  /** The last look, or a new one where that has grown old. */
  async #discovery(): Promise<Discovery> {
    const ageMs = this.#look === undefined ? 0 : this.#ports.clock.now() - this.#look.seenAt;
    const limitMs = Math.max(REFRESH, (this.#look?.tookMs ?? 0) / LOOK_SHARE_MAX);
    if (this.#look === undefined || ageMs < 0 || ageMs >= limitMs) {
      this.#look = await this.#ports.look();
    }
    return this.#look;
  }

  /** Until the next round, with the table looked at meanwhile. */
  async #wait(next: UnixMs, last: UpView): Promise<void> {
    const { clock, screen, stop, view } = this.#ports;
    for (;;) {
      const leftMs = next - clock.now();
      if (leftMs <= 0 || stop.isAsked()) return;
      await stop.sleep(durationMs(Math.min(leftMs, REFRESH)));
      if (stop.isAsked() || next <= clock.now()) return;
      const seen = await this.#attempt(async () => view(await this.#discovery(), last.done));
      if (seen !== undefined) screen.renewed(seen);
    }
  }

  /** Whoever stays up for months meets a full disk and a mount that is away; both pass. */
  async #attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      this.#ports.screen.trouble(error);
      return undefined;
    }
  }

  #soon(): UnixMs {
    const nothing = { lastCostMs: durationMs(0), changedBytes: 0, spareBytes: 0 };
    return nextBackupAt({ endedAt: this.#ports.clock.now(), ...nothing });
  }
}

function contentOf({ roots }: BackupOutcome): string {
  return roots.map(({ sha256 }) => hexOf(sha256)).join(' ');
}

function drillMs({ drill, isDrilledNow }: Protected): number {
  return isDrilledNow ? drill.totalMs : 0;
}
