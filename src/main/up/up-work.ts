/** What the rounds of `up` act through: this machine, an opened vault, and the ledger of evidence. */
import { discover } from '../../adapters/discovery/discover.ts';
import type { Discovery } from '../../watch/core/discovery.ts';
import { coverageOf } from '../../watch/core/coverage.ts';
import { exposureOf } from '../../watch/core/exposure.ts';
import { freeFloorOf } from '../../watch/core/pacing.ts';
import type { EvidenceLedger } from '../../watch/shell/evidence-ledger.ts';
import type { Cli } from '../cli/cli.ts';
import type { Opened } from '../cli/open.ts';
import { textOfBytes } from '../cli/places.ts';
import { checkFloor, type Floor, floorBytes, parseFloor } from '../cli/sizes.ts';
import { keyHereOf } from '../estate/key-here.ts';
import { readSnapshots } from '../estate/points.ts';
import { readEstate } from '../estate/read-estate.ts';
import { hostFacts } from '../run-backup.ts';
import { protect } from './protect.ts';
import type { ProtectHow, RoundPorts } from './rounds.ts';
import { removeScratch } from './scratch.ts';
import type { Target } from './targets.ts';
import type { Done, Protected, UpView } from './up-view.ts';

const FLOOR_CHECK_MS = 1000;

interface WorkParts {
  readonly cli: Cli;
  readonly opened: Opened;
  readonly ledger: EvidenceLedger;
  readonly targets: readonly Target[];
  readonly isNewState: boolean;
  /** `--min-free`; else as the configuration says. */
  readonly minFree: string | undefined;
  readonly step: (text: string) => void;
}

export class UpWork implements Pick<RoundPorts, 'clean' | 'look' | 'protect' | 'room' | 'view'> {
  readonly #parts: WorkParts;
  readonly #floor: Floor | undefined;
  #floorSeenMs = Number.NEGATIVE_INFINITY;

  constructor(parts: WorkParts) {
    this.#parts = parts;
    const asked = parts.minFree ?? parts.opened.settings.config['min-free'];
    this.#floor = asked === undefined ? undefined : parseFloor(String(asked), 'up');
  }

  readonly clean = (): void => removeScratch(this.#parts.opened.settings.state.value);

  readonly look = (): Promise<Discovery> => {
    const { cli, opened, targets } = this.#parts;
    return discover({
      clock: cli.clock,
      host: hostFacts(cli.clock.now()).name,
      given: targets.flatMap(({ roots }) => roots.map(({ path }) => path)),
      exclude: [opened.session.root, opened.settings.state.value],
    });
  };

  readonly view = async (discovery: Discovery, done: readonly Done[]): Promise<UpView> => {
    const { cli, opened, ledger, isNewState } = this.#parts;
    const { session, settings } = opened;
    const key = keyHereOf(opened);
    const snapshots = await readSnapshots(session.vault);
    const parts = { session, ledger, discovery, key, snapshots };
    const { estate, covering } = await readEstate(parts);
    const now = cli.clock.now();
    return {
      now,
      discovery,
      coverage: coverageOf(discovery, covering),
      exposure: exposureOf(estate, now),
      vault: { path: session.root, freeBytes: session.disk.space(session.root).freeBytes },
      key,
      state: { path: settings.state.value, isNew: isNewState },
      done,
    };
  };

  /** A first backup has to fit as it is read; later ones store what changed. */
  readonly room = (discovery: Discovery): { readonly spareBytes: number } => {
    const { session } = this.#parts.opened;
    const { freeBytes, totalBytes } = session.disk.space(session.root);
    const isFirst = session.store.listSync('snapshots/').length === 0;
    const estimateBytes = isFirst ? this.#givenBytes(discovery) : 0;
    const space = { freeBytes, totalBytes };
    checkFloor({ place: textOfBytes(session.root), floor: this.#floor, space, estimateBytes });
    return { spareBytes: freeBytes - freeFloorOf(totalBytes, floorBytes(this.#floor, totalBytes)) };
  };

  readonly protect = (target: Target, how: ProtectHow): Promise<Protected> => {
    const { cli, opened, ledger, step } = this.#parts;
    const { session, settings } = opened;
    const state = settings.state.value;
    const checkFloor = (): void => this.#checkFloor();
    return protect({ cli, session, ledger, state, step, checkFloor }, target, how);
  };

  #givenBytes(discovery: Discovery): number {
    const paths = this.#parts.targets.flatMap(({ roots }) => roots.map(({ path }) => path));
    const given = discovery.data.filter(({ path }) => paths.includes(path));
    return given.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** What is stored meanwhile is not known beforehand, and others write there too. */
  #checkFloor(): void {
    const { cli, opened } = this.#parts;
    const nowMs = cli.clock.monotonic();
    if (nowMs - this.#floorSeenMs < FLOOR_CHECK_MS) return;
    this.#floorSeenMs = nowMs;
    const { root, disk } = opened.session;
    checkFloor({ place: textOfBytes(root), floor: this.#floor, space: disk.space(root) });
  }
}
