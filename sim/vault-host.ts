/**
 * A machine with a vault and a state directory on one simulated disk. It does what the command line
 * does, with the functions the command line calls (src/main/run-backup.ts, run-restore.ts), and one
 * hand instead of threads.
 */
import { assert } from '../src/base/assert.ts';
import { type ByteString, byteString } from '../src/base/bytes.ts';
import type { DiskReader } from '../src/host/disk.ts';
import type { Tools } from '../src/host/tools.ts';
import type { ObjectReader } from '../src/recover/shell/object-reader.ts';
import { inlineRestoreCrew } from '../src/recover/shell/restore-crew.ts';
import type { RestoreReport, RestoreRequest } from '../src/recover/shell/restore.ts';
import { restore } from '../src/recover/shell/restore.ts';
import { vaultObjectReader } from '../src/recover/shell/vault-object-reader.ts';
import { NAMES } from '../src/vault/core/object-id.ts';
import { makeKeyFile } from '../src/vault/core/wrapped-key.ts';
import type {
  BackupOutcome,
  BackupPorts,
  VaultContents,
} from '../src/vault/shell/backup-request.ts';
import { backup } from '../src/vault/shell/backup.ts';
import { inlineCheckCrew } from '../src/vault/shell/check-crew.ts';
import type { CheckReport, CheckRequest } from '../src/vault/shell/check-request.ts';
import { checkUntilSure } from '../src/vault/shell/check-again.ts';
import { checkVault } from '../src/vault/shell/check-vault.ts';
import { createVault } from '../src/vault/shell/create-vault.ts';
import { DamagedPacks } from '../src/vault/shell/damaged-packs.ts';
import { type HeldIds, openHeldIds } from '../src/vault/shell/held-ids.ts';
import { InlineCrew } from '../src/vault/shell/inline-crew.ts';
import { LocalState } from '../src/vault/shell/local-state.ts';
import { missingPacks } from '../src/vault/shell/missing-packs.ts';
import type { Vault } from '../src/vault/shell/open-vault.ts';
import { openVault } from '../src/vault/shell/open-vault.ts';
import type { DirectoryStore, DirectoryStoreOptions } from '../src/vault/shell/store-directory.ts';
import { directoryStore } from '../src/vault/shell/store-directory.ts';
import { type LoadIndex, loadIndex } from '../src/vault/shell/vault-index.ts';
import { vaultReaderFrom } from '../src/vault/shell/vault-objects.ts';
import { fingerprintOfWriter } from '../src/vault/shell/writer-store.ts';
import type { SimDisk } from './disk.ts';
import { TREE_TOP } from './living-tree.ts';
import type { SimClock } from './sim-clock.ts';
import { seededTools } from './sim-tools.ts';
import { TreeHandles } from './tree-handles.ts';
import type { SimSourceHooks } from './tree-source.ts';
import { simSource } from './tree-source.ts';
import { simTreeWriter } from './tree-writer.ts';
import type { SimVolume } from './volume.ts';

export const VAULT_ROOT = byteString('/srv/vault');
export const STATE_ROOT = byteString('/var/lib/holdfast');
export const RESTORE_TOP = byteString('/restore/here');

const tools = seededTools();
const SECRET = { kind: 'file', bytes: makeKeyFile(tools) } as const;
const DOCUMENT = new Uint8Array(100).fill(100);
/** Large enough for any one group of a living tree, small enough that a backup makes several. */
const PACK_BUFFER_SIZE = 5 * 1024 * 1024;
const BOOT = { name: 'sim', bootId: 'boot-1', bootTimeMs: 1_790_000_000_000 };
const MOUNT = { fsType: 'ext4', isRemote: false, isPseudo: false };
const MOUNTS: BackupPorts['mounts'] = {
  at: () => undefined,
  anyWithin: () => undefined,
  holding: () => MOUNT,
  answers: () => true,
  remotes: () => [],
  realPath: (path) => path,
  usedBytes: () => undefined,
};
const NOBODY: BackupPorts['inUse'] = {
  begin: () => ({ asksForKept: false, sawFile: () => undefined, end: () => [] }),
};

/** Where the vault of a simulated machine lies: on its own disk, or behind a line to another. */
export interface HostStore extends DirectoryStore {
  /** Resolves when all that `putIfAbsentSync` took is durable; left out where it always is. */
  settled?(): Promise<void>;
}

/** As threads do: the end of the run waits for packs that are still on their way. */
class SettlingCrew extends InlineCrew {
  readonly #store: HostStore;

  constructor(ports: ConstructorParameters<typeof InlineCrew>[0] & { readonly store: HostStore }) {
    super(ports);
    this.#store = ports.store;
  }

  override async finish(): ReturnType<InlineCrew['finish']> {
    const result = await super.finish();
    await this.#store.settled?.();
    return result;
  }
}

/** Puts take their time, indexes most: who does not wait for one is found out. */
function unhurried(store: HostStore): HostStore {
  return {
    ...store,
    async putIfAbsent(name, bytes, sha256) {
      const turns = name.startsWith('index/') ? 5 : 1;
      for (let turn = 0; turn < turns; turn++)
        await new Promise((resolve) => setImmediate(resolve));
      return store.putIfAbsent(name, bytes, sha256);
    },
  };
}

export interface Session {
  readonly vault: Vault;
  readonly store: HostStore;
  readonly state: LocalState;
}

export interface VaultHostOptions {
  readonly disk: SimDisk;
  readonly clock: SimClock;
  /** Each process needs its own: nonces and names come from it. */
  readonly seed: number;
  /** `directoryStore` where it is left out. */
  readonly makeStore?: MakeHostStore;
  /** `VAULT_ROOT` where it is left out. */
  readonly root?: ByteString;
}

/** @param seed of this process */
export type MakeHostStore = (
  options: Omit<DirectoryStoreOptions, 'disk'> & { readonly disk: SimDisk },
  seed: number,
) => HostStore;

/** One process: what it remembers dies with it. */
export class VaultHost {
  readonly #disk: SimDisk;
  readonly #clock: SimClock;
  readonly #store: HostStore;
  readonly #root: ByteString;
  readonly #seed: number;
  readonly #isFar: boolean;

  constructor(options: VaultHostOptions) {
    const { disk, clock, seed, makeStore = directoryStore, root = VAULT_ROOT } = options;
    tools.reseed(seed);
    this.#disk = disk;
    this.#clock = clock;
    this.#root = root;
    this.#seed = seed;
    this.#isFar = options.makeStore !== undefined;
    const { random } = tools;
    this.#store = unhurried(makeStore({ disk, clock, random, root }, seed));
  }

  async init(): Promise<void> {
    const ports = { store: this.#store, tools, clock: this.#clock };
    await createVault(ports, {
      secrets: [{ secret: SECRET, label: 'sim' }],
      keepWriter: (vault, writer) => this.#stateOf(vault).writeWriter(writer),
      documents: {
        'README.txt': DOCUMENT,
        'FORMAT.md': DOCUMENT,
        'MANIFEST.md': DOCUMENT,
        'rescue.mjs': DOCUMENT,
        'rescue.py': DOCUMENT,
      },
    });
  }

  async open(): Promise<Session> {
    const store = this.#store;
    const vault = await openVault({ store, tools }, { secret: SECRET });
    return { vault, store, state: this.#stateOf(vault.id) };
  }

  async backup(
    tree: SimVolume,
    more: { readonly hooks?: SimSourceHooks; readonly readAll?: boolean } = {},
  ): Promise<BackupOutcome> {
    const session = await this.open();
    const handles = new TreeHandles(tree);
    const source = simSource(handles, more.hooks);
    const { vault, state, store } = session;
    const packBufferSize = PACK_BUFFER_SIZE;
    const disk = this.#disk;
    const crew = new SettlingCrew({
      ...{ source, tools, disk, store, packBufferSize },
      // Half of those whose packs are there when they are put: indexes while the run goes on.
      ...(!this.#isFar && this.#seed % 4 < 2 && { indexFull: 0 }),
    });
    const doubted = (covered: ReadonlySet<string>): LoadIndex => ({
      ...{ covered, damaged: this.damagedPacks(session).read() },
    });
    let held: HeldIds | undefined;
    const outcome = await backup(
      {
        vault,
        disk,
        source,
        mounts: MOUNTS,
        clock: this.#clock,
        crew,
        state,
        inUse: NOBODY,
        contents: async (covered) => {
          held = await this.#heldIn(session, doubted(covered));
          return contentsOf(session, doubted(covered), held);
        },
        missingPacks: () => missingPacks(store),
        damagedPacks: () => this.damagedPacks(session).read(),
        allocate: (sizeBytes) => new Uint8Array(sizeBytes),
      },
      {
        dataSet: 'data',
        roots: [{ name: byteString('data'), from: { path: TREE_TOP } }],
        host: BOOT,
        version: 'sim',
        excludes: { ruleFor: () => undefined },
        excludeRules: [],
        oneFileSystem: false,
        skipCacheDirs: false,
        skipNoBackup: false,
        readAll: more.readAll ?? false,
        ownDirs: new Set(),
        onProgress: () => undefined,
      },
    );
    await crew.close();
    held?.close();
    assert(handles.openCount === 0, 'a backup closes what it opened');
    return outcome;
  }

  /** Every second process asks in place, where that can be, and some of them load all after all. */
  async #heldIn({ store }: Session, doubted: LoadIndex): Promise<HeldIds | undefined> {
    if (this.#isFar || this.#seed % 2 === 0) return undefined;
    const { codec, hash } = tools;
    const limits = { idsMin: 1, looksMax: 1 + (this.#seed % 40) };
    const place = { disk: this.#disk, root: this.#root, codec };
    return openHeldIds({ ...place, hash, store, ...limits }, doubted);
  }

  async reader({ vault, store }: Session): Promise<ObjectReader> {
    const { access } = await loadIndex(vault);
    return vaultObjectReader(access, tools, (pack, offset, length) =>
      store.getSync(`packs/${pack}`, { offset, length }),
    );
  }

  /** Into `RESTORE_TOP` of a volume. */
  async restore(
    session: Session,
    into: SimVolume,
    request: Omit<RestoreRequest, 'target'>,
  ): Promise<RestoreReport> {
    const { vault } = session;
    const reader = await this.reader(session);
    const handles = new TreeHandles(into);
    const source = simSource(handles);
    const tree = simTreeWriter(handles, () => this.#clock.nowNs());
    const crew = inlineRestoreCrew({ tree, source, tools, reader });
    const ports = { vault, reader, tree, source, clock: this.#clock, crew };
    const report = await restore(ports, { ...request, target: RESTORE_TOP });
    await crew.close();
    assert(handles.openCount === 0, 'a restore closes what it opened');
    return report;
  }

  /** Every byte, and what is damaged is noted for the next backup. */
  async check(session: Session): Promise<CheckReport> {
    const { report, seen } = await checkUntilSure(session.store, { readData: true }, (request) =>
      this.#lookOnce(session, request),
    );
    this.damagedPacks(session).note(seen);
    return report;
  }

  async #lookOnce({ vault, store }: Session, request: CheckRequest): Promise<CheckReport> {
    const index = await loadIndex(vault);
    const readRange = (pack: string, offset: number, length: number): Uint8Array =>
      store.getSync(`packs/${pack}`, { offset, length });
    const openPack = (pack: string): DiskReader =>
      this.#disk.openRead(byteString(`${this.#root}/packs/${pack}`));
    const crew = inlineCheckCrew({ tools, readRange, openPack }, index.access);
    const { readObject } = vaultReaderFrom(index.access, tools, readRange);
    return checkVault({ vault, index, readObject, clock: this.#clock, crew }, request);
  }

  damagedPacks({ state }: Session): DamagedPacks {
    return new DamagedPacks({ disk: this.#disk, tools, state, place: this.#root });
  }

  /** Of this process: chance follows from its seed. */
  get tools(): Tools {
    return tools;
  }

  /** Fingerprint of the key this machine signs with; undefined where it has none. */
  ownWriter({ state }: Session): string | undefined {
    const writer = state.readWriter();
    return writer === undefined ? undefined : fingerprintOfWriter(tools, writer);
  }

  #stateOf(vault: string): LocalState {
    return new LocalState({ disk: this.#disk, tools }, { state: STATE_ROOT, vault });
  }
}

async function contentsOf(
  { vault, store }: Session,
  doubted: LoadIndex,
  held: HeldIds | undefined,
): Promise<VaultContents> {
  const loaded = held === undefined ? await loadIndex(vault, doubted) : undefined;
  const places = loaded?.access ?? held?.places(vault.keyring);
  assert(places !== undefined, 'one of both is there');
  const { readObject } = vaultReaderFrom(places, tools, (pack, offset, length) =>
    store.getSync(`packs/${pack}`, { offset, length }),
  );
  return {
    ids: loaded?.access.present ?? [],
    ...(held === undefined ? {} : { held }),
    rebuilt: loaded?.rebuilt ?? [],
    loadPage: (digest) => vault.tools.codec.textOf(readObject({ kind: NAMES, digest })),
  };
}
