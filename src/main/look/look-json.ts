/** The answer of a look for machines, as docs/format/look-answer.md says. */
import type { UnixMs } from '../../base/units.ts';
import type {
  BackupAnswer,
  DataLoss,
  Finding,
  HostAnswer,
  HostLoss,
  LookAnswer,
  NotSeenAnswer,
  Unprotected,
} from '../../watch/core/look/answer.ts';
import type { Loss } from '../../watch/core/loss.ts';
import { bytesJson, timeJson } from '../cli/json-shape.ts';

export function lookJson(answer: LookAnswer): object {
  return {
    version: 1,
    answeredAt: timeJson(answer.answeredAt),
    expiresAt: timeOrNull(answer.expiresAt),
    asked: { ...answer.asked },
    counted: answer.counted,
    wouldBe: answer.wouldBe,
    degraded: answer.degraded.map(findingJson),
    hosts: answer.hosts.map(hostJson),
    singlePoints: answer.singlePoints.map(findingJson),
    unprotected: answer.unprotected.map(unprotectedJson),
    backups: answer.backups.map(backupJson),
    sharedFate: answer.sharedFate.map(findingJson),
    findings: answer.findings.map(findingJson),
    notSeen: answer.notSeen.map(notSeenJson),
  };
}

const timeOrNull = (at: UnixMs | undefined): string | null =>
  at === undefined ? null : timeJson(at);

function hostJson(host: HostAnswer): object {
  return {
    host: host.host,
    alsoAs: host.alsoAs,
    look: host.look,
    seenAt: timeOrNull(host.seenAt),
    is: host.is,
    why: host.why,
    runsOn: host.runsOn ?? null,
    guestCount: host.guestCount,
    losses: [host.loss, ...host.alsoLoss].map(hostLossJson),
    data: host.data.map(dataJson),
    survives: host.survives ?? null,
    survivesDisks: host.survivesDisks ?? null,
  };
}

const hostLossJson = ({ kind, what, bytes, isAtLeast, why }: HostLoss): object => ({
  ...{ kind, what, bytes, isAtLeast, why },
});

function dataJson(data: DataLoss): object {
  return { ...whatJson(data), loss: lossJson(data.loss) };
}

function unprotectedJson(data: Unprotected): object {
  return { ...whatJson(data), notes: data.notes, isCertain: data.isCertain };
}

function whatJson(data: DataLoss | Unprotected): object {
  return {
    host: data.host,
    ...bytesJson('path', data.path),
    kind: data.kind,
    bytes: data.bytes,
    isAtLeast: data.isAtLeast,
    newestChange: timeOrNull(data.newestChange),
  };
}

function lossJson(loss: Loss): object {
  switch (loss.kind) {
    case 'nothing':
      return { kind: loss.kind };
    case 'window':
      return { ...loss, atMostMs: loss.atMostMs ?? null };
    case 'unknown':
      return { ...loss, atLeastMs: loss.atLeastMs ?? null };
    case 'all':
      return { ...loss };
  }
}

function backupJson(backup: BackupAnswer): object {
  return {
    tool: backup.tool,
    where: backup.where ?? null,
    liesOn: backup.liesOn ?? null,
    from: backup.from,
    by: backup.by,
    lastRun: timeOrNull(backup.lastRun),
    lastWritten: timeOrNull(backup.lastWritten),
    count: backup.count,
    state: 'unknown',
    openCommand: backup.openCommand,
  };
}

export function findingJson(finding: Finding): object {
  const { code, subject, rank, is, hosts, sentence, bytes } = finding;
  return {
    ...{ code, subject, rank, is, hosts, sentence, bytes },
    fix: finding.fix ?? null,
    source: finding.source ?? null,
    since: timeOrNull(finding.since),
  };
}

function notSeenJson({ hosts, isAll, what, why, remedy, command }: NotSeenAnswer): object {
  return { hosts, isAll, what, why, remedy, command: command ?? null };
}
