/** `holdfast restore --grant`: what a grant opens, with a key that reads nothing. */
import type { ByteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { RESTORE_GRANT_SIZE_MAX } from '../../vault/core/restore-grant.ts';
import {
  KeptRequests,
  type OpenedGrant,
  openGrant,
  snapshotByGrant,
  vaultByGrant,
} from '../../vault/shell/kept-requests.ts';
import { listSnapshots, shortId } from '../../vault/shell/snapshot-store.ts';
import { loadIndex } from '../../vault/shell/vault-index.ts';
import { runRestore } from '../run-restore.ts';
import type { VaultSession } from '../vault-session.ts';
import type { Answer, Cli } from './cli.ts';
import { LiveProgress } from './live-progress.ts';
import { openVaultOf } from './open.ts';
import { requestOptions, type RestoreOptions } from './restore-act.ts';
import { codeOfPut, putJson, putWords } from './restore-words.ts';
import { fullPath } from './settings.ts';

/** @throws Fault HF_GRANT_*, HF_SNAPSHOT_ABSENT, and as a restore does */
export async function restoreGranted(
  cli: Cli,
  asked: { readonly grant: string; readonly target: string; readonly options: RestoreOptions },
): Promise<Answer> {
  const { options } = asked;
  const { session } = await openVaultOf(cli, options, 'write');
  const requests = keptRequests(session);
  const bytes = readCarried(session, fullPath(cli, asked.grant), RESTORE_GRANT_SIZE_MAX);
  const now = cli.clock.now();
  const { tools, vault } = session;
  const grant = openGrant({ tools, requests }, vault.keyring, { bytes, now });
  const granted = { ...session, vault: vaultByGrant(vault, grant) };
  const snapshot = await grantedSnapshot(granted, grant);
  const index = await loadIndex(granted.vault);
  const access = { ...index.access, sealedKeys: grant.sealedKeys };
  const target = fullPath(cli, asked.target);
  cli.stop.note('The restore is not whole; the same command goes on with it.');
  const progress = new LiveProgress(cli, { label: 'restore', word: 'restored' });
  try {
    const request = {
      ...{ ...requestOptions(options), snapshot, target },
      only: grant.path === '' ? undefined : [grant.path],
      onProgress: (sample: Parameters<typeof progress.update>[0]) => progress.update(sample),
    };
    const report = await runRestore(granted, request, { ...index, access });
    progress.end();
    const { isWhole } = report;
    if (isWhole) requests.remove(grant.request);
    const put = { target, report, isWhole };
    const usedUp = 'The grant is used up: its other half was removed.';
    return {
      code: codeOfPut(put),
      say: (style) => [...putWords(put, now, style), ...(isWhole ? ['', usedUp] : [])],
      json: { ...putJson(put), isUsedUp: isWhole },
    };
  } finally {
    progress.end();
  }
}

export function keptRequests({ disk, tools, state }: VaultSession): KeptRequests {
  return new KeptRequests({ disk, tools }, state.directory);
}

/** A file that somebody brought. @throws Fault HF_GRANT_CORRUPT, HF_DISK_* */
export function readCarried(
  { disk }: Pick<VaultSession, 'disk'>,
  path: ByteString,
  sizeMax: number,
): Uint8Array {
  if ((disk.size(path) ?? 0) <= sizeMax) return disk.read(path);
  throw new Fault('HF_GRANT_CORRUPT', 'this file is too large to be one');
}

async function grantedSnapshot({ vault }: VaultSession, grant: OpenedGrant) {
  const { snapshots } = await listSnapshots(vault);
  const listed = snapshots.find(({ record }) => record.id === grant.snapshot);
  if (listed !== undefined) return snapshotByGrant(listed, grant);
  const message = `snapshot ${shortId(grant.snapshot)} is not in this vault any more`;
  throw new Fault('HF_SNAPSHOT_ABSENT', message);
}
