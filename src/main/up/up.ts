/**
 * `holdfast up`, the main job: looks at this machine, says what lies here and is in no recovery
 * point, protects what it is given, proves it by a drill, and says what would be lost. Then it stays
 * up, and does it again as often as that costs little. It opens no port.
 */
import type { ByteString } from '../../base/bytes.ts';
import { byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import type { Style } from '../../base/say.ts';
import type { UnixMs } from '../../base/units.ts';
import { durationMs, minutes } from '../../base/units.ts';
import type { Exposure } from '../../watch/core/exposure.ts';
import { exposureOf } from '../../watch/core/exposure.ts';
import { mayBackup, nextBackupAt } from '../../watch/core/pacing.ts';
import type { EvidenceLedger } from '../../watch/shell/evidence-ledger.ts';
import { discover } from '../../adapters/discovery/discover.ts';
import { openLedger } from '../../adapters/sqlite/open-ledger.ts';
import type { Cli } from '../cli/cli.ts';
import type { Settings } from '../cli/settings.ts';
import { textOfBytes } from '../cli/places.ts';
import type { ReadEstate } from '../estate/read-estate.ts';
import { isSheetConfirmed, readEstate } from '../estate/read-estate.ts';
import type { Discovery } from '../../watch/core/discovery.ts';
import { coverageOf } from '../../watch/core/coverage.ts';
import type { Coverage } from '../../watch/core/coverage.ts';
import { hostFacts } from '../run-backup.ts';
import type { VaultSession } from '../vault-session.ts';
import { openOrMakeVault } from './local-vault.ts';
import type { Protected } from './protect.ts';
import { protect } from './protect.ts';
import { removeScratch } from './scratch.ts';
import { UpStop } from './up-stop.ts';

/** The table is renewed at least this often, because its ages move. */
const REFRESH_MAX = minutes(5);

export interface UpRequest {
  /** Absolute; empty: what is protected when nobody says what. */
  readonly paths: readonly ByteString[];
  /** End when the first round is done. */
  readonly once: boolean;
  readonly excludeRules: readonly string[];
  /** Bytes that stay free on the vault's file system; undefined: 10 % or 5 GiB. */
  readonly minFree: number | undefined;
}

/** What a round knew and did, for the screen and for machines. */
export interface UpView {
  readonly now: UnixMs;
  readonly discovery: Discovery;
  readonly coverage: Coverage;
  readonly exposure: readonly Exposure[];
  readonly vault: {
    readonly path: ByteString;
    readonly freeBytes: number | undefined;
    readonly isNew: boolean;
  };
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
  /** Something failed, or was left out, in the last round. */
  readonly hasGaps: boolean;
  readonly hasFailed: boolean;
}

/** @throws Fault of vault, store and disk; ends with the last view when a person stops it */
export async function runUp(
  cli: Cli,
  of: { readonly settings: Settings; readonly request: UpRequest; readonly screen: UpScreen },
): Promise<UpOutcome> {
  const { settings, request, screen } = of;
  const opened = await openOrMakeVault(cli, settings);
  const { session } = opened;
  const ledger = await openLedger(textOfBytes(byteString(`${settings.state.value}/state.db`)));
  try {
    await ledger.noteVault(session.vault.id, session.root, cli.clock.now());
    const stop = new UpStop(cli);
    const up = new Up({ cli, request, screen, stop, ledger, ...opened, settings });
    return await up.run();
  } finally {
    await ledger.close();
  }
}

interface UpParts {
  readonly cli: Cli;
  readonly request: UpRequest;
  readonly screen: UpScreen;
  readonly stop: UpStop;
  readonly settings: Settings;
  readonly session: VaultSession;
  readonly ledger: EvidenceLedger;
  readonly keyPath: ByteString | undefined;
  readonly isNew: boolean;
  readonly isNewState: boolean;
}

class Up {
  readonly #parts: UpParts;
  #discovery: Discovery | undefined;
  #discoveredAt = 0;

  constructor(parts: UpParts) {
    this.#parts = parts;
  }

  async run(): Promise<UpOutcome> {
    const { request, screen, stop } = this.#parts;
    screen.step('looking at this machine');
    const before = await this.#view([]);
    screen.show(before);
    for (;;) {
      const { outcome, next } = await this.#round();
      screen.show(outcome.view);
      if (request.once || stop.isAsked) return outcome;
      await this.#wait(next, outcome);
      if (stop.isAsked) return outcome;
    }
  }

  async #round(): Promise<{ readonly outcome: UpOutcome; readonly next: UnixMs }> {
    const { cli, session, request, screen } = this.#parts;
    const clean = (): void => removeScratch(this.#parts.settings.state.value);
    clean();
    this.#parts.stop.whileWorking(clean);
    const startedAt = cli.clock.monotonic();
    const room = this.#roomFor(request.paths);
    if (!room.ok) {
      throw new Fault(
        'HF_VAULT_FLOOR',
        'the backup would take the file system of the vault below its floor',
        { place: textOfBytes(session.root), floor: room.floorBytes, missing: room.missingBytes },
      );
    }
    const done = await protect({ ...this.#parts, step: (text) => screen.step(text) });
    const costMs = cli.clock.monotonic() - startedAt;
    const view = await this.#view(done);
    const next = nextBackupAt({
      endedAt: cli.clock.now(),
      lastCostMs: durationMs(costMs),
      changedBytes: done.reduce((sum, each) => sum + each.backup.storedBytes, 0),
      spareBytes: room.spareBytes,
    });
    const hasGaps = done.some(({ backup }) => backup.report.gapCount > 0 || backup.torn.length > 0);
    const hasFailed = done.some(({ drill }) => !drill.isEqual);
    return { outcome: { view, hasGaps, hasFailed }, next };
  }

  /** Room for what is given, if all of it were new: too early rather than too late. */
  #roomFor(paths: readonly ByteString[]): ReturnType<typeof mayBackup> {
    const { session, request } = this.#parts;
    const { freeBytes, totalBytes } = session.disk.space(session.root);
    const given = (this.#discovery?.data ?? []).filter(({ path }) => paths.includes(path));
    const isFirst = session.store.listSync('snapshots/').length === 0;
    const estimateBytes = isFirst ? given.reduce((sum, { bytes }) => sum + bytes, 0) : 0;
    return mayBackup({ freeBytes, totalBytes, estimateBytes, minFree: request.minFree });
  }

  /** Looks again where the last look has expired, and computes everything anew. */
  async #view(done: readonly Protected[]): Promise<UpView> {
    const { cli, session, settings, request, keyPath } = this.#parts;
    const now = cli.clock.now();
    const discovery = await this.#look();
    const read = await this.#read(discovery);
    return {
      now,
      discovery,
      coverage: coverageOf(discovery, read.covering),
      exposure: exposureOf(read.estate, cli.clock.now()).filter(
        ({ dataSet }) => request.paths.length === 0 || isOf(read, dataSet, request.paths),
      ),
      vault: {
        path: session.root,
        freeBytes: session.disk.space(session.root).freeBytes,
        isNew: this.#parts.isNew,
      },
      key: { path: keyPath, isConfirmed: isSheetConfirmed(session) },
      state: { path: settings.state.value, isNew: this.#parts.isNewState },
      done,
    };
  }

  async #read(discovery: Discovery): Promise<ReadEstate> {
    const { session, ledger, keyPath } = this.#parts;
    const isKeyConfirmed = isSheetConfirmed(session);
    return readEstate({ session, ledger, discovery, keyPath, isKeyConfirmed });
  }

  async #look(): Promise<Discovery> {
    const { cli, session, settings, request } = this.#parts;
    const now = cli.clock.monotonic();
    if (this.#discovery !== undefined && now - this.#discoveredAt < REFRESH_MAX) {
      return this.#discovery;
    }
    this.#discovery = await discover({
      clock: cli.clock,
      host: hostFacts(cli.clock.now()).name,
      given: request.paths,
      exclude: [session.root, settings.state.value],
    });
    this.#discoveredAt = now;
    return this.#discovery;
  }

  /** Until the next round, with the table renewed meanwhile: what it says grows old. */
  async #wait(next: UnixMs, last: UpOutcome): Promise<void> {
    const { cli, screen, stop } = this.#parts;
    screen.waiting(next);
    for (;;) {
      const leftMs = next - cli.clock.now();
      if (leftMs <= 0 || stop.isAsked) return;
      await stop.sleep(durationMs(Math.min(leftMs, REFRESH_MAX)));
      if (stop.isAsked) return;
      if (next - cli.clock.now() > 0) screen.show(await this.#view(last.view.done));
    }
  }
}

/** Whether a data set is one of what was given. */
function isOf(read: ReadEstate, name: string, paths: readonly ByteString[]): boolean {
  const dataSet = read.estate.dataSets.find((each) => each.name === name);
  return dataSet?.places.some(({ path }) => path !== undefined && paths.includes(path)) === true;
}

