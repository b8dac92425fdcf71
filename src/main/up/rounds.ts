/**
 * The rounds of `holdfast up`: look at this machine, say what lies here and is in no recovery point,
 * protect what is given, prove it by a drill, say what would be lost; and again, as often as that
 * costs little. It opens no port.
 */
import { discover } from '../../adapters/discovery/discover.ts';
import { openLedger } from '../../adapters/sqlite/open-ledger.ts';
import type { ByteString } from '../../base/bytes.ts';
import { byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import type { UnixMs } from '../../base/units.ts';
import { durationMs, minutes } from '../../base/units.ts';
import type { Coverage } from '../../watch/core/coverage.ts';
import { coverageOf } from '../../watch/core/coverage.ts';
import type { Discovery } from '../../watch/core/discovery.ts';
import type { Exposure } from '../../watch/core/exposure.ts';
import { exposureOf } from '../../watch/core/exposure.ts';
import { mayBackup, nextBackupAt } from '../../watch/core/pacing.ts';
import type { EvidenceLedger } from '../../watch/shell/evidence-ledger.ts';
import type { Cli } from '../cli/cli.ts';
import { textOfBytes } from '../cli/places.ts';
import type { Settings } from '../cli/settings.ts';
import { isSheetConfirmed, readEstate } from '../estate/read-estate.ts';
import { hostFacts } from '../run-backup.ts';
import type { LocalVault } from './local-vault.ts';
import { openOrMakeVault } from './local-vault.ts';
import type { Protected } from './protect.ts';
import { protect } from './protect.ts';
import { removeScratch } from './scratch.ts';
import type { Target } from './targets.ts';
import { UpStop } from './up-stop.ts';

/** The table is renewed at least this often, because its ages move. */
const REFRESH_MAX = minutes(5);

export interface UpRequest {
  readonly targets: readonly Target[];
  /** End when the first round is done. */
  readonly once: boolean;
}

/** What a round knew and did, for the screen and for machines. */
export interface UpView {
  readonly now: UnixMs;
  readonly discovery: Discovery;
  readonly coverage: Coverage;
  /** Of what is kept; empty before the first backup. */
  readonly exposure: readonly Exposure[];
  readonly vault: { readonly path: ByteString; readonly freeBytes: number | undefined };
  /** `path` is undefined where a passphrase opens the vault. */
  readonly key: { readonly path: ByteString | undefined; readonly isConfirmed: boolean };
  readonly state: { readonly path: ByteString; readonly isNew: boolean };
  /** What was protected in this round; empty before the first. */
  readonly done: readonly Protected[];
}

export interface UpScreen {
  /** What is about to be done, one line. */
  step(text: string): void;
  show(view: UpView): void;
  /** When the next round begins. */
  waiting(until: UnixMs): void;
}

export interface UpOutcome {
  readonly view: UpView;
  /** Something was left out of the last round, or is torn. */
  readonly hasGaps: boolean;
  /** A drill of the last round failed. */
  readonly hasFailed: boolean;
}

/** @throws Fault of vault, store and disk; ends with the last view when a person stops it */
export async function runRounds(
  cli: Cli,
  of: { readonly settings: Settings; readonly request: UpRequest; readonly screen: UpScreen },
): Promise<UpOutcome> {
  const { settings } = of;
  const opened = await openOrMakeVault(cli, settings);
  const { session } = opened;
  const ledger = await openLedger(textOfBytes(byteString(`${settings.state.value}/state.db`)));
  try {
    await ledger.noteVault(session.vault.id, session.root, cli.clock.now());
    return await new Rounds({ cli, ...of, ledger, opened, stop: new UpStop(cli) }).run();
  } finally {
    await ledger.close();
  }
}

interface RoundsParts {
  readonly cli: Cli;
  readonly settings: Settings;
  readonly request: UpRequest;
  readonly screen: UpScreen;
  readonly ledger: EvidenceLedger;
  readonly opened: LocalVault;
  readonly stop: UpStop;
}

class Rounds {
  readonly #parts: RoundsParts;
  #look: { readonly discovery: Discovery; readonly atMs: number } | undefined;

  constructor(parts: RoundsParts) {
    this.#parts = parts;
  }

  async run(): Promise<UpOutcome> {
    const { request, screen, stop } = this.#parts;
    screen.step('looking at this machine');
    screen.show(await this.#view([]));
    for (;;) {
      const { outcome, next } = await this.#round();
      screen.show(outcome.view);
      if (request.once || stop.isAsked) return outcome;
      await this.#wait(next, outcome);
      if (stop.isAsked) return outcome;
    }
  }

  async #round(): Promise<{ readonly outcome: UpOutcome; readonly next: UnixMs }> {
    const { cli, settings, stop, opened, ledger, request, screen } = this.#parts;
    const clean = (): void => removeScratch(settings.state.value);
    clean();
    stop.whileWorking(clean);
    const { spareBytes } = this.#room();
    const startedMs = cli.clock.monotonic();
    const ports = {
      ...{ cli, ledger, session: opened.session, discovery: await this.#discovery() },
      ...{ state: settings.state.value, step: (text: string) => screen.step(text) },
    };
    const done: Protected[] = [];
    for (const target of request.targets) {
      done.push(await protect(ports, target));
    }
    const next = nextBackupAt({
      endedAt: cli.clock.now(),
      lastCostMs: durationMs(cli.clock.monotonic() - startedMs),
      changedBytes: done.reduce((sum, each) => sum + each.backup.storedBytes, 0),
      spareBytes,
    });
    const hasGaps = done.some(({ backup }) => backup.report.gapCount + backup.torn.length > 0);
    const hasFailed = done.some(({ drill }) => !drill.isPassed);
    return { outcome: { view: await this.#view(done), hasGaps, hasFailed }, next };
  }

  /** @throws Fault HF_VAULT_FLOOR where a first backup would leave too little free */
  #room(): { readonly spareBytes: number } {
    const { session } = this.#parts.opened;
    const { freeBytes, totalBytes } = session.disk.space(session.root);
    const isFirst = session.store.listSync('snapshots/').length === 0;
    const paths = this.#parts.request.targets.flatMap((target) => target.paths);
    const given = (this.#look?.discovery.data ?? []).filter(({ path }) => paths.includes(path));
    const estimateBytes = isFirst ? given.reduce((sum, { bytes }) => sum + bytes, 0) : 0;
    const room = mayBackup({ freeBytes, totalBytes, estimateBytes, minFree: undefined });
    if (room.ok) return room;
    const place = textOfBytes(session.root);
    const message = `a backup would take ${place} below the space that is left free`;
    const { floorBytes, missingBytes } = room;
    throw new Fault('HF_VAULT_FLOOR', message, { place, floorBytes, missingBytes });
  }

  async #view(done: readonly Protected[]): Promise<UpView> {
    const { settings, opened, ledger, cli } = this.#parts;
    const { session, keyPath } = opened;
    const discovery = await this.#discovery();
    const isConfirmed = isSheetConfirmed(session);
    const parts = { session, ledger, discovery, keyPath, isKeyConfirmed: isConfirmed };
    const { estate, covering } = await readEstate(parts);
    const now = cli.clock.now();
    return {
      now,
      discovery,
      coverage: coverageOf(discovery, covering),
      exposure: exposureOf(estate, now),
      vault: { path: session.root, freeBytes: session.disk.space(session.root).freeBytes },
      key: { path: keyPath, isConfirmed },
      state: { path: settings.state.value, isNew: opened.isNewState },
      done,
    };
  }

  /** The last look, or a new one where that has grown old. */
  async #discovery(): Promise<Discovery> {
    const { cli, settings, opened, request } = this.#parts;
    const atMs = cli.clock.monotonic();
    if (this.#look === undefined || atMs - this.#look.atMs >= REFRESH_MAX) {
      const discovery = await discover({
        clock: cli.clock,
        host: hostFacts(cli.clock.now()).name,
        given: request.targets.flatMap((target) => target.paths),
        exclude: [opened.session.root, settings.state.value],
      });
      this.#look = { discovery, atMs };
    }
    return this.#look.discovery;
  }

  /** Until the next round, with the table renewed meanwhile. */
  async #wait(next: UnixMs, last: UpOutcome): Promise<void> {
    const { cli, screen, stop } = this.#parts;
    screen.waiting(next);
    for (;;) {
      const leftMs = next - cli.clock.now();
      if (leftMs <= 0) return;
      await stop.sleep(durationMs(Math.min(leftMs, REFRESH_MAX)));
      if (stop.isAsked) return;
      if (next > cli.clock.now()) screen.show(await this.#view(last.view.done));
    }
  }
}
