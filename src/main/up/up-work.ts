/** What the rounds of `up` act through: this machine, an opened vault, and the ledger of evidence. */
import { discover } from '../../adapters/discovery/discover.ts';
import type { Discovery } from '../../watch/core/discovery.ts';
import { coverageOf } from '../../watch/core/coverage.ts';
import { exposureOf } from '../../watch/core/exposure.ts';
import type { EvidenceLedger } from '../../watch/shell/evidence-ledger.ts';
import type { Cli } from '../cli/cli.ts';
import type { Opened } from '../cli/open.ts';
import { parseFloor } from '../cli/sizes.ts';
import { keyHereOf } from '../estate/key-here.ts';
import { readSnapshots } from '../estate/points.ts';
import { refreshDue } from '../connect/refresh.ts';
import { readEstate } from '../estate/read-estate.ts';
import { heldPaths } from '../estate/see-estate.ts';
import { storedOn } from '../estate/vault-where.ts';
import { FloorWatch } from '../floor-watch.ts';
import { hostFacts } from '../run-backup.ts';
import { nameOfPlace, ownDirectories } from '../vault-place.ts';
import type { Copies } from './copies/copies.ts';
import { type OtherMachine, otherMachine } from './other-machine.ts';
import { protect } from './protect.ts';
import type { ProtectHow, RoundPorts } from './rounds.ts';
import { removeScratch } from './scratch.ts';
import { ScrubRounds } from './scrub-rounds.ts';
import type { Target } from './targets.ts';
import type { Done, Protected, UpView } from './up-view.ts';
import type { WatchView } from './watch/watch-words.ts';

interface WorkParts {
  readonly cli: Cli;
  readonly opened: Opened;
  readonly ledger: EvidenceLedger;
  readonly targets: readonly Target[];
  readonly isNewState: boolean;
  /** `--min-free`; else as the configuration says. */
  readonly minFree: string | undefined;
  readonly step: (text: string) => void;
  readonly copies?: Pick<Copies, 'hasCome' | 'view'> | undefined;
  /** How it is watched now. */
  readonly watch?: () => WatchView | undefined;
}

export class UpWork
  implements Pick<RoundPorts, 'clean' | 'look' | 'protect' | 'room' | 'scrub' | 'view'>
{
  readonly #parts: WorkParts;
  readonly #floor: FloorWatch;
  readonly #scrubbing = new ScrubRounds();
  #elsewhere: Promise<OtherMachine | undefined> | undefined;

  constructor(parts: WorkParts) {
    this.#parts = parts;
    const asked = parts.minFree ?? parts.opened.settings.config['min-free'];
    const floor = asked === undefined ? undefined : parseFloor(String(asked), 'up');
    const { line } = parts.opened.session;
    this.#floor = new FloorWatch({ line, floor, clock: parts.cli.clock });
  }

  readonly clean = (): void => removeScratch(this.#parts.opened.settings.state.value);

  readonly look = async (): Promise<Discovery> => {
    const { cli, opened, targets, ledger, step } = this.#parts;
    const state = opened.settings.state.value;
    const given = targets.flatMap(({ roots }) => roots.map(({ path }) => path));
    const discovery = await discover({
      clock: cli.clock,
      host: hostFacts(cli.clock.now()).name,
      given: [...given, ...(await heldPaths(ledger))],
      exclude: [...ownDirectories(opened.session.line.place), state],
    });
    await refreshDue({ cli, ledger, state, discovery, step });
    return discovery;
  };

  readonly view = async (discovery: Discovery, done: readonly Done[]): Promise<UpView> => {
    const { cli, opened, ledger, isNewState, watch, copies } = this.#parts;
    const { session, settings } = opened;
    const key = keyHereOf(opened);
    const snapshots = await readSnapshots(session);
    const parts = { session, ledger, discovery, key, snapshots };
    const { estate, covering, connected } = await readEstate(parts);
    const now = cli.clock.now();
    return {
      now,
      discovery,
      coverage: coverageOf(discovery, covering, connected),
      exposure: exposureOf(estate, now),
      vault: await this.#vault(discovery),
      key,
      copies: copies?.view() ?? [],
      state: { path: settings.state.value, isNew: isNewState },
      watch: watch?.(),
      done,
    };
  };

  /** A first backup has to fit as it is read; later ones store what changed. */
  readonly room = async (discovery: Discovery): Promise<{ readonly spareBytes: number }> => {
    const { line, vault } = this.#parts.opened.session;
    line.store.look('packs');
    const isFirst = (await vault.store.list('snapshots/')).length === 0;
    const spareBytes = await this.#floor.demand(() => (isFirst ? this.#givenBytes(discovery) : 0));
    // An amount that is not known says nothing about the pace.
    return { spareBytes: spareBytes ?? Number.POSITIVE_INFINITY };
  };

  readonly protect = async (target: Target, how: ProtectHow): Promise<Protected> => {
    const { cli, opened, ledger, step, copies } = this.#parts;
    const { session, settings } = opened;
    const state = settings.state.value;
    const checkFloor = (): void => this.#floor.check();
    const done = await protect({ cli, session, ledger, state, step, checkFloor }, target, how);
    if (!done.backup.isUnchanged) copies?.hasCome();
    return done;
  };

  readonly scrub = async (): Promise<void> => {
    const { opened, ledger, step } = this.#parts;
    await this.#scrubbing.round({ opened, ledger, step });
  };

  #givenBytes(discovery: Discovery): number {
    const paths = this.#parts.targets.flatMap(({ roots }) => roots.map(({ path }) => path));
    const given = discovery.data.filter(({ path }) => paths.includes(path));
    return given.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Looked for once: it is said on the first screen. */
  #otherMachine(discovery: Discovery): Promise<OtherMachine | undefined> {
    this.#elsewhere ??= otherMachine(discovery);
    return this.#elsewhere;
  }

  async #vault(discovery: Discovery): Promise<UpView['vault']> {
    const { line } = this.#parts.opened.session;
    const [space, facts] = await Promise.all([line.space(), line.facts()]);
    const { place } = await storedOn(discovery, line);
    const isHere = place.host === discovery.host;
    return {
      path: nameOfPlace(line.place),
      place,
      freeBytes: space?.freeBytes,
      says: facts?.says,
      elsewhere: isHere ? await this.#otherMachine(discovery) : undefined,
    };
  }
}
