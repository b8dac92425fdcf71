/** Captures by the real backup into a vault of the test's own, read back entry by entry. */
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { alignedBuffer } from '../../src/adapters/node/aligned-buffer.ts';
import { gitignoreExcludes } from '../../src/adapters/excludes/gitignore.ts';
import { nodeMounts } from '../../src/adapters/node/mounts.ts';
import { nodeSource } from '../../src/adapters/node/source.ts';
import { type ByteString, byteString, type Digest, hexOf } from '../../src/base/bytes.ts';
import { seconds, unixMs } from '../../src/base/units.ts';
import { ThreadCrew } from '../../src/main/threads/thread-crew.ts';
import { directoryLine, storeAt } from '../../src/main/vault-line.ts';
import { nodePorts, openSession, type VaultSession } from '../../src/main/vault-session.ts';
import type { Entry } from '../../src/manifest/core/entry.ts';
import { walkEntries } from '../../src/manifest/core/walk.ts';
import { CONTENT, NAMES } from '../../src/vault/core/object-id.ts';
import type {
  BackupOutcome,
  BackupPorts,
  BackupRequest,
  VaultContents,
} from '../../src/vault/shell/backup-request.ts';
import { backup } from '../../src/vault/shell/backup.ts';
import { createVault } from '../../src/vault/shell/create-vault.ts';
import { InlineCrew } from '../../src/vault/shell/inline-crew.ts';
import { LocalState } from '../../src/vault/shell/local-state.ts';
import type { DirectoryStore } from '../../src/vault/shell/store-directory.ts';
import { missingPacks } from '../../src/vault/shell/missing-packs.ts';
import { loadIndex } from '../../src/vault/shell/vault-index.ts';
import { vaultReaderFrom } from '../../src/vault/shell/vault-objects.ts';
import { removeTree } from '../fidelity/cleanup.ts';

const SECRET = { kind: 'passphrase', bytes: Buffer.from('correct horse') } as const;
/** The least that is allowed: tests derive a key for each vault. */
const COST = { n: 1024, r: 8, p: 1 };
const DAY_MS = 86_400_000;

/** So far ahead that nothing is young: what was just written is believed next time. */
export const NOTHING_YOUNG_MS = DAY_MS;

export interface CaptureOptions {
  /** Threads; 0, the default: one body in this thread. */
  readonly threads?: number;
  /** Added to the clock. */
  readonly aheadMs?: number;
  readonly rules?: readonly string[];
  readonly request?: Partial<BackupRequest>;
  readonly ports?: Partial<BackupPorts>;
}

export interface Captured {
  readonly outcome: BackupOutcome;
  /** Of the first root, by path. */
  readonly entries: ReadonlyMap<string, Entry>;
  /** Of the first root, in hex. */
  readonly digest: string;
}

export interface CaptureFixture extends AsyncDisposable {
  readonly dir: string;
  readonly tree: string;
  readonly session: VaultSession;
  /** Backs up `paths`, by default the tree. */
  capture(options?: CaptureOptions, ...paths: readonly string[]): Promise<Captured>;
  /** Without reading entries back. */
  backup(options?: CaptureOptions, ...paths: readonly string[]): Promise<BackupOutcome>;
  entriesOf(root: Digest): Promise<ReadonlyMap<string, Entry>>;
  /** The bytes of a chunk list or hole list. */
  listOf(digest: Digest): Promise<Uint8Array>;
  /** A file's bytes as the vault has them, found through its chunks in the entry. */
  contentOf(entry: Entry): Promise<Buffer>;
}

/** @param at an ASCII path; a new directory below the system's for temporary files by default */
export async function captureFixture(at?: string): Promise<CaptureFixture> {
  const dir = at ?? fs.mkdtempSync(join(tmpdir(), 'holdfast-capture-'));
  const root = byteString(join(dir, 'vault'));
  const state = byteString(join(dir, 'state'));
  const tree = join(dir, 'tree');
  fs.mkdirSync(tree, { recursive: true });
  const ports = nodePorts();
  const bytes = new Uint8Array(1);
  await createVault(
    { ...ports, store: storeAt(ports, root) },
    {
      secrets: [{ secret: SECRET, label: 'test', cost: COST }],
      keepWriter: (vault, writer) => new LocalState(ports, { state, vault }).writeWriter(writer),
      documents: {
        'README.txt': bytes,
        'FORMAT.md': bytes,
        'MANIFEST.md': bytes,
        'rescue.mjs': bytes,
        'rescue.py': bytes,
      },
    },
  );
  const session = await openSession({ line: directoryLine(ports, root), secret: SECRET, state });
  const entriesOf = async (digest: Digest): Promise<ReadonlyMap<string, Entry>> => {
    const { loadPage } = await contentsOf(session);
    const entries = [...walkEntries({ root: digest, load: loadPage })];
    return new Map(entries.map((entry) => [entry.path, entry]));
  };
  const take = (options: CaptureOptions, paths: readonly string[]): Promise<BackupOutcome> =>
    takeBackup(session, options, paths.length === 0 ? [tree] : paths);
  return {
    dir,
    tree,
    session,
    entriesOf,
    listOf: async (digest) => (await readerOf(session)).readObject({ kind: NAMES, digest }),
    contentOf: (entry) => contentOf(session, entry),
    backup: (options = {}, ...paths) => take(options, paths),
    capture: async (options = {}, ...paths) => {
      const outcome = await take(options, paths);
      const digest = outcome.roots[0]?.sha256;
      if (digest === undefined) throw new Error('a snapshot has a root');
      return { outcome, digest: hexOf(digest), entries: await entriesOf(digest) };
    },
    [Symbol.asyncDispose]: () => removeTree(dir),
  };
}

async function takeBackup(
  session: VaultSession,
  options: CaptureOptions,
  paths: readonly string[],
): Promise<BackupOutcome> {
  const { vault, disk, line, state } = session;
  const { store } = line;
  const { threads = 0, aheadMs = 0, rules = [] } = options;
  const tools = session.tools;
  const crew =
    threads === 0
      ? new InlineCrew({
          source: options.ports?.source ?? nodeSource(),
          tools,
          disk,
          store: directory(line),
        })
      : new ThreadCrew({ packs: line.packWriting, size: threads });
  try {
    return await backup(
      {
        vault,
        disk,
        state,
        crew,
        clock: { ...session.clock, now: () => unixMs(session.clock.now() + aheadMs) },
        source: nodeSource(),
        mounts: nodeMounts({ answerMax: seconds(2) }),
        inUse: { begin: () => ({ asksForKept: false, sawFile: () => undefined, end: () => [] }) },
        contents: () => contentsOf(session),
        missingPacks: () => missingPacks(store),
        damagedPacks: () => new Set(),
        allocate: alignedBuffer,
        ...options.ports,
      },
      {
        dataSet: 'test',
        roots: paths.map((path) => ({
          name: byteString(path.slice(path.lastIndexOf('/') + 1)),
          from: { path: byteString(path) },
        })),
        host: { name: 'test', bootId: 'boot', bootTimeMs: 0 },
        version: 'test',
        excludes: gitignoreExcludes(rules),
        excludeRules: rules,
        oneFileSystem: false,
        skipCacheDirs: false,
        skipNoBackup: false,
        readAll: false,
        ownDirs: new Set(),
        onProgress: () => undefined,
        ...options.request,
      },
    );
  } finally {
    await crew.close();
  }
}

function directory({ place }: VaultSession['line']): DirectoryStore {
  if (place.kind !== 'directory') throw new Error('a fixture has its vault beside it');
  return storeAt(nodePorts(), place.root);
}

async function readerOf(session: VaultSession) {
  const { vault, line } = session;
  const { access, rebuilt } = await loadIndex(vault);
  const { readObject } = vaultReaderFrom(access, vault.tools, line.packs.readRange);
  return { access, rebuilt, readObject };
}

async function contentsOf(session: VaultSession): Promise<VaultContents> {
  const { access, rebuilt, readObject } = await readerOf(session);
  return {
    ids: access.present,
    rebuilt,
    loadPage: (digest): ByteString =>
      session.tools.codec.textOf(readObject({ kind: NAMES, digest })),
  };
}

async function contentOf(session: VaultSession, entry: Entry): Promise<Buffer> {
  if (entry.type !== 'file' || entry.list !== undefined) throw new Error('no inline content');
  const { readObject } = await readerOf(session);
  const { size, sha256, chunks } = entry;
  if (size === 0n) return Buffer.alloc(0);
  const parts = chunks ?? (sha256 === undefined ? [] : [{ length: Number(size), digest: sha256 }]);
  return Buffer.concat(
    parts.map(({ length, digest }) =>
      hexOf(digest) === '0'.repeat(64)
        ? new Uint8Array(length)
        : readObject({ kind: CONTENT, digest }),
    ),
  );
}
