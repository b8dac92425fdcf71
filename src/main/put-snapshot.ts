/** A snapshot is put somewhere: at once where nothing can be lost by it, else through a plan. */
import type { ByteString } from '../base/bytes.ts';
import { stateOfTarget } from '../recover/shell/restore-target.ts';
import type { RestoreReport, RestoreRequest } from '../recover/shell/restore.ts';
import { readsTarget, runRestore } from './run-restore.ts';
import type { Cli } from './cli/cli.ts';
import type { Opened } from './cli/open.ts';
import { type RestoredOver, restoreOver } from './guard/sync/restore-over.ts';

export interface PutAsked {
  readonly request: RestoreRequest;
  readonly inPlace: boolean;
  /** It was put there before, whole: what differs since is put back without a question. */
  readonly isFilled: boolean;
  readonly dryRun: boolean;
  readonly yes: boolean;
  readonly reason: string | undefined;
}

export interface PutSnapshot {
  readonly target: ByteString;
  readonly isWhole: boolean;
  /** One of both. */
  readonly report?: RestoreReport;
  readonly over?: RestoredOver;
}

/** @throws Fault as a restore, and as a sync */
export async function putSnapshot(cli: Cli, opened: Opened, asked: PutAsked): Promise<PutSnapshot> {
  const { request, inPlace, isFilled, dryRun } = asked;
  const { snapshot, target } = request;
  const state = stateOfTarget(readsTarget(opened.session), {
    ...{ target, snapshot: snapshot.record.id },
  });
  if (dryRun || (state === 'taken' && (inPlace || isFilled))) {
    return overWith(cli, opened, { ...asked, yes: asked.yes || isFilled });
  }
  const report = await runRestore(opened.session, request);
  if (report.inTheWay === 0) return { target, report, isWhole: report.isWhole };
  // In what this very restore began: torn by a crash, or changed since. It can be put back.
  return overWith(cli, opened, { ...asked, yes: true });
}

async function overWith(cli: Cli, opened: Opened, asked: PutAsked): Promise<PutSnapshot> {
  const { request, dryRun, yes, reason } = asked;
  const { snapshot, target, first, owners = 'ids', unsigned = false } = request;
  const over = await restoreOver(cli, opened, {
    ...{ snapshot, target, first, owners, unsigned, reason, dryRun, yes },
  });
  return { target, over, isWhole: over.isWhole };
}
