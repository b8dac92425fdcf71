/**
 * Steps of the write path, each with a way to leave it out or turn it round, and the test that must
 * then fail. docs/design/008-crash-and-mutants.md has the same list in words.
 */
import { AGENT_MUTANTS } from './mutants-agent.ts';
import { COLLECT_MUTANTS } from './mutants-collect.ts';
import { COPY_MUTANTS } from './mutants-copy.ts';
import { EXPOSURE_MUTANTS } from './mutants-exposure.ts';
import { DRILLS_MUTANTS } from './mutants-drills.ts';
import { FILES_MUTANTS } from './mutants-files.ts';
import { GUARD_MUTANTS } from './mutants-guard.ts';
import { FAULTS_MUTANTS } from './mutants-faults.ts';
import { FINDINGS_MUTANTS } from './mutants-findings.ts';
import { FORGETTING_MUTANTS } from './mutants-forgetting.ts';
import { HISTORY_MUTANTS } from './mutants-history.ts';
import { KEY_MUTANTS } from './mutants-keys.ts';
import { LIMIT_MUTANTS } from './mutants-limits.ts';
import type { Mutant } from './mutant.ts';
import { PLANS_MUTANTS } from './mutants-plans.ts';
import { PEER_MUTANTS } from './mutants-peer.ts';
import { RECOVER_MUTANTS } from './mutants-recover.ts';
import { RESTORE_MUTANTS } from './mutants-restore.ts';
import { SCHEDULE_MUTANTS } from './mutants-schedules.ts';
import { SCRUB_MUTANTS } from './mutants-scrub.ts';
import { SCALE_MUTANTS } from './mutants-scale.ts';
import { SPEED_MUTANTS } from './mutants-speed.ts';
import { SEAL_MUTANTS } from './mutants-seal.ts';
import { SEEN_MUTANTS } from './mutants-seen.ts';
import { SFTP_MUTANTS } from './mutants-sftp.ts';
import { STDIO_MUTANTS } from './mutants-stdio.ts';
import { STORE_MUTANTS } from './mutants-store.ts';
import { ATTACK_MUTANTS } from './mutants-attack.ts';
import { TELL_MUTANTS } from './mutants-tell.ts';
import { TOLD_MUTANTS } from './mutants-told.ts';
import { UNFLUSHED_MUTANTS } from './mutants-unflushed.ts';
import { UPGRADE_MUTANTS } from './mutants-upgrade.ts';
import { WITNESS_MUTANTS } from './mutants-witness.ts';
import { WATCH_MUTANTS } from './mutants-watch.ts';

const SHELL = 'src/vault/shell';
const BACKUP_SIM = 'sim/backup.sim.test.ts';
const STATE_SIM = 'sim/state.sim.test.ts';
const STOPS = { file: BACKUP_SIM, name: 'machine stops at any writing call .posix' };

/** A backup: packs, then index, then snapshot, then what this machine remembers of it. */
const OF_BACKUP: readonly Mutant[] = [
  {
    id: 'snapshot before packs and index',
    file: `${SHELL}/backup.ts`,
    edits: [
      {
        replace:
          'const { storedBytes } = this.#run === undefined ? NOTHING : await this.#run.run.finish();\n',
        with: '',
      },
      {
        replace: '    this.#keepCaches(done, published.name);\n',
        with: '    const { storedBytes } = this.#run === undefined ? NOTHING : await this.#run.run.finish();\n    this.#keepCaches(done, published.name);\n',
      },
    ],
    caughtBy: STOPS,
    why: 'a snapshot that refers to packs which are not there',
  },
  {
    id: 'packs after index and snapshot',
    file: `${SHELL}/inline-crew.ts`,
    edits: [
      {
        replace: 'this.#ports.store.putIfAbsentSync(',
        with: 'setTimeout((name: string, kept: Uint8Array) => this.#ports.store.putIfAbsentSync(name, kept), 0, ',
      },
      { replace: 'buffer.bytes.subarray(0,', with: 'buffer.bytes.slice(0,' },
    ],
    caughtBy: STOPS,
    why: 'a snapshot that refers to packs which are not there',
  },
  {
    id: 'no index is written',
    file: `${SHELL}/backup-run.ts`,
    edits: [
      {
        replace: '    for (const index of indexes) await this.#putIndex(index.encode(codec));\n',
        with: '    for (const index of indexes) index.encode(codec);\n',
      },
    ],
    caughtBy: STOPS,
    why: 'every reader scans packs',
    isQuick: true,
  },
  {
    id: 'the index is not waited for',
    file: `${SHELL}/backup-run.ts`,
    edits: [
      {
        replace: '    await store.putIfAbsent(',
        with: '    void store.putIfAbsent(',
      },
    ],
    caughtBy: { file: STATE_SIM, name: 'the index is there before the snapshot' },
    why: 'the snapshot is there before its index',
    isQuick: true,
  },
  {
    id: 'packs of a killed run are not indexed',
    file: `${SHELL}/backup-run.ts`,
    edits: [
      {
        replace:
          '    for (const index of this.#ports.contents.rebuilt) await this.#putIndex(index);\n',
        with: '',
      },
    ],
    caughtBy: STOPS,
    why: 'each later run scans them again',
  },
  {
    id: 'the snapshot is not waited for',
    file: `${SHELL}/snapshot-store.ts`,
    edits: [
      {
        replace: '  await vault.store.putIfAbsent(written.name',
        with: '  void vault.store.putIfAbsent(written.name',
      },
    ],
    caughtBy: STOPS,
    why: 'acknowledged before it is there',
    isQuick: true,
  },
  {
    id: 'the head of the chain before the snapshot',
    file: `${SHELL}/publish-backup.ts`,
    edits: [
      {
        replace: '  const written = await publishSnapshot(vault, {',
        with: '  state.writeWriter({ ...writer, seq: next.seq, previous: next.previous });\n  const written = await publishSnapshot(vault, {',
      },
    ],
    caughtBy: STOPS,
    why: 'a number is spent on a snapshot that never was: a false gap',
  },
  {
    id: 'the head of the chain is not kept',
    file: `${SHELL}/publish-backup.ts`,
    edits: [
      {
        replace: '  state.writeWriter({ ...writer, seq: next.seq, previous: written.id });\n',
        with: '',
      },
    ],
    caughtBy: { file: STATE_SIM, name: 'what becomes of the state directory' },
    why: 'a vault that was set back is not noticed',
  },
  {
    id: 'snapshots newer than the state are not looked for',
    file: `${SHELL}/publish-backup.ts`,
    edits: [
      {
        replace: 'nextInChain(writer, newer)',
        with: 'nextInChain(writer, [])',
      },
    ],
    caughtBy: { file: STATE_SIM, name: 'what becomes of the state directory' },
    why: 'a number is used twice: a false fork',
    isQuick: true,
  },
  {
    id: 'a new writer is vouched for before its key is kept',
    file: `${SHELL}/publish-backup.ts`,
    edits: [
      { replace: '  if (kept === undefined) state.writeWriter(writer);\n', with: '' },
      {
        replace:
          '  const { isVouchedFor } = await enrolWriter({ store, tools, clock }, keyring, writer);\n',
        with: '  const { isVouchedFor } = await enrolWriter({ store, tools, clock }, keyring, writer);\n  if (kept === undefined) state.writeWriter(writer);\n',
      },
    ],
    caughtBy: { file: STATE_SIM, name: 'the state is lost, then' },
    why: 'a writer is vouched for whose key nobody has',
  },
  {
    id: 'init keeps its writer after the vault is one',
    file: `${SHELL}/create-vault.ts`,
    edits: [
      { replace: '  options.keepWriter(keyring.vault, writer);\n', with: '' },
      {
        replace: '  return { keyring, keys, writerFingerprint: fingerprint };',
        with: '  options.keepWriter(keyring.vault, writer);\n  return { keyring, keys, writerFingerprint: fingerprint };',
      },
    ],
    caughtBy: STOPS,
    why: 'a writer is vouched for whose key nobody has',
  },
  {
    id: 'init writes the header first',
    file: `${SHELL}/create-vault.ts`,
    edits: [
      {
        replace: '  const keyring = makeKeyring(tools);\n',
        with: `  const keyring = makeKeyring(tools);
  const header = encodeVaultHeader(tools, {
    format: VAULT_FORMAT,
    vault: keyring.vault,
    domain: keyring.domain,
    created: ports.clock.now(),
    required: [],
    optional: [],
    others: {},
  });
  const sha256 = tools.hash.sha256(header);
  await store.putIfAbsent(HEADER, header, sha256);
`,
      },
      {
        replace: `  const header = encodeVaultHeader(tools, {
    format: VAULT_FORMAT,
    vault: keyring.vault,
    domain: keyring.domain,
    created: ports.clock.now(),
    required: [],
    optional: [],
    others: {},
  });
  const sha256 = tools.hash.sha256(header);
  for (`,
        with: '  for (',
      },
    ],
    caughtBy: STOPS,
    why: 'what lies there looks like a vault that no key opens, and `init` refuses to go on',
  },
];

/** What may be believed: caches, indexes, ids, times, memory. */
const OF_BELIEF: readonly Mutant[] = [
  {
    id: 'missing packs are not looked for before the cache is used',
    file: `${SHELL}/backup.ts`,
    edits: [
      {
        replace: 'const isWhole = missing.length === 0',
        with: 'const isWhole = missing.length >= 0',
      },
    ],
    caughtBy: { file: STATE_SIM, name: 'what is gone from the vault' },
    why: 'an unchanged tree is acknowledged although its content is gone',
    isQuick: true,
  },
  {
    id: 'packs that were cut short count as whole',
    file: `${SHELL}/missing-packs.ts`,
    edits: [{ replace: ' < sizeBytes,', with: ' < 0,' }],
    caughtBy: { file: STATE_SIM, name: 'what is gone from the vault' },
    why: 'an unchanged tree is acknowledged although its content is gone',
    isQuick: true,
  },
  {
    id: 'ids in missing packs count as there',
    file: `${SHELL}/vault-index.ts`,
    edits: [
      {
        replace: "const isPresent = this.#packs[pack]?.state === 'present';",
        with: 'const isPresent = true;',
      },
    ],
    caughtBy: { file: STATE_SIM, name: 'what is gone from the vault' },
    why: 'content that is gone is not stored again',
    isQuick: true,
  },
  {
    id: 'the snapshot of a cache is not looked for',
    file: `${SHELL}/backup.ts`,
    edits: [
      {
        replace: 'if (indexes.length === 0 || !there.some(({ name }) => name === snapshot)) {',
        with: 'if (there.length < 0) {',
      },
    ],
    caughtBy: { file: STATE_SIM, name: 'what is gone from the vault' },
    why: 'the cache of a vault that was set back is believed',
    isQuick: true,
  },
  {
    id: 'ids are not claimed',
    file: `${SHELL}/object-writer.ts`,
    edits: [{ replace: 'if (ids.claim(id)) this.#store', with: 'ids.claim(id); this.#store' }],
    caughtBy: { file: `${SHELL}/object-writer.test.ts` },
    why: 'everything is stored again and again',
    isQuick: true,
  },
  {
    id: 'groups are not opened again before they leave',
    file: `${SHELL}/object-writer.ts`,
    edits: [
      {
        replace: 'this.#group.checkSame(tools, openGroupWith(tools, proof));',
        with: 'openGroupWith; proof;',
      },
    ],
    caughtBy: { file: `${SHELL}/object-writer.test.ts` },
    why: 'what memory or cipher spoilt is acknowledged',
    isQuick: true,
  },
  {
    id: 'members of a group are not compared before they leave',
    file: `${SHELL}/object-writer.ts`,
    edits: [
      {
        replace: 'this.#group.checkSame(tools, openGroupWith(tools, proof));',
        with: 'openGroupWith(tools, proof);',
      },
    ],
    caughtBy: { file: `${SHELL}/object-writer.test.ts` },
    why: 'what memory spoilt before it was sealed is acknowledged',
    isQuick: true,
  },
  {
    id: 'the identity of a file is not looked at after reading',
    file: `${SHELL}/capture-work.ts`,
    edits: [
      {
        replace: 'const isSame = isSameState(this.#words, this.#after);',
        with: 'const isSame = true;',
      },
    ],
    caughtBy: { file: STATE_SIM, name: 'changes while it is read' },
    why: 'a mixture of two states is called a file',
    isQuick: true,
  },
  {
    id: 'the identity of an image is not looked at after reading',
    file: `${SHELL}/capture-large.ts`,
    edits: [
      {
        replace: 'const isInFlux = !isSameState(words, after);',
        with: 'const isInFlux = words === after;',
      },
    ],
    caughtBy: { file: STATE_SIM, name: 'changes while it is read' },
    why: 'a mixture of two states is called an image',
  },
  {
    id: 'what is young is believed next time',
    file: `${SHELL}/capture-work.ts`,
    edits: [
      {
        replace:
          'return (words[STAT_MTIME] ?? 0n) > youngNs || (words[STAT_CTIME] ?? 0n) > youngNs;',
        with: 'return (words[STAT_MTIME] ?? 0n) > youngNs * 1000n;',
      },
    ],
    caughtBy: { file: STATE_SIM, name: 'modified just before' },
    why: 'a store through mmap is never seen',
    isQuick: true,
  },
  {
    id: 'only mtime says that a file was changed',
    file: `${SHELL}/scan-unchanged.ts`,
    edits: [
      {
        replace: '  if (!a.equals(b)) return false;',
        with: '  for (let at = 0; at < now.length; at++) if (at % STAT_CACHED === 2 && old[at] !== now[at]) return false;\n  if (a.length !== b.length) return false;',
      },
    ],
    caughtBy: { file: STATE_SIM, name: 'under an old mtime' },
    why: 'bytes that were changed under an old mtime are never seen',
    isQuick: true,
  },
];

/** What this machine remembers. */
const OF_STATE: readonly Mutant[] = [
  {
    id: 'the state of the writer is not synced',
    file: `${SHELL}/local-state.ts`,
    edits: [{ replace: '    file.sync();\n', with: '' }],
    caughtBy: STOPS,
    why: 'a torn key: no further backup without repair by hand',
  },
  {
    id: 'the state of the writer is written in place',
    file: `${SHELL}/local-state.ts`,
    edits: [
      {
        replace: '    const temporary = this.#temporary(name);\n',
        with: '    const temporary = this.#path(name);\n    if (disk.size(temporary) !== undefined) disk.unlink(temporary);\n',
      },
      { replace: '    disk.move(temporary, this.#path(name));\n', with: '' },
    ],
    caughtBy: STOPS,
    why: 'a crash loses the key',
  },
  {
    id: 'the directory of the state is not synced',
    file: `${SHELL}/local-state.ts`,
    edits: [{ replace: '    disk.syncDir(this.directory);\n', with: '' }],
    caughtBy: STOPS,
    why: 'a writer is vouched for whose key nobody has',
  },
];

export const MUTANTS: readonly Mutant[] = [
  ...STORE_MUTANTS,
  ...COLLECT_MUTANTS,
  ...FAULTS_MUTANTS,
  ...STDIO_MUTANTS,
  ...PEER_MUTANTS,
  ...SEAL_MUTANTS,
  ...SEEN_MUTANTS,
  ...SFTP_MUTANTS,
  ...OF_BACKUP,
  ...OF_BELIEF,
  ...OF_STATE,
  ...RESTORE_MUTANTS,
  ...GUARD_MUTANTS,
  ...FINDINGS_MUTANTS,
  ...HISTORY_MUTANTS,
  ...FORGETTING_MUTANTS,
  ...KEY_MUTANTS,
  ...LIMIT_MUTANTS,
  ...AGENT_MUTANTS,
  ...SCALE_MUTANTS,
  ...SPEED_MUTANTS,
  ...TELL_MUTANTS,
  ...PLANS_MUTANTS,
  ...RECOVER_MUTANTS,
  ...TOLD_MUTANTS,
  ...UNFLUSHED_MUTANTS,
  ...WATCH_MUTANTS,
  ...WITNESS_MUTANTS,
  ...UPGRADE_MUTANTS,
  ...ATTACK_MUTANTS,
  ...SCHEDULE_MUTANTS,
  ...SCRUB_MUTANTS,
  ...COPY_MUTANTS,
  ...EXPOSURE_MUTANTS,
  ...DRILLS_MUTANTS,
  ...FILES_MUTANTS,
];
