/** A recovery plan in `--json`, and in the copy that is kept off the estate. */
import { bytesJson, timeJson } from '../cli/json-shape.ts';
import type { Typed } from '../../watch/core/exposure/typed-line.ts';
import type { RecoveryPlan, RecoveryStep } from '../../watch/core/exposure/recovery-plan.ts';
import { neededRow } from '../../watch/core/exposure/recovery-words.ts';
import type { LostRow } from '../../watch/core/look/lost-together.ts';

export function planJson(plan: RecoveryPlan): object {
  return {
    lost: plan.lost.map(({ name }) => name),
    needed: plan.needed.map((each) => ({
      ...{ kind: each.kind, is: each.is, of: each.of, says: neededRow(each).text },
      isElsewhere: each.isElsewhere,
      where: each.where,
    })),
    steps: plan.steps.map(stepJson),
    total: plan.total,
    forGood: plan.forGood.map(rowJson),
    unknown: plan.unknown.map(({ row, commands }) => ({ ...rowJson(row), commands })),
    withoutBackupThen: plan.bare.map(rowJson),
    mayWait: plan.mayWait,
    services: plan.services,
    notSeen: plan.notSeen,
    seenInPart: plan.seenInPart,
  };
}

function rowJson({ dataSet, bytes, loss, outage, within }: LostRow): object {
  return { dataSet, bytes, loss, outage, ...(within === undefined ? {} : { within }) };
}

function stepJson(step: RecoveryStep): object {
  const { row, from, to, image, lines } = step;
  return {
    ...rowJson(row),
    services: step.services,
    begins: step.begins.map(({ name, owners = [], runbook = null }) => ({ name, owners, runbook })),
    ...(step.tier === undefined ? {} : { tier: step.tier }),
    from: {
      ...{ copy: from.copy.copy, vault: from.point.vault, point: from.point.id },
      ...{ coveredUpTo: timeJson(from.point.coveredUpTo), isProven: from.isProven },
    },
    to:
      to === undefined
        ? null
        : { host: to.host, ...bytesJson('path', to.path), isOwnPlace: to.isOwnPlace },
    commands: lines.typed.map(typedJson),
    notes: lines.notes,
    ...(image === undefined
      ? {}
      : { keepFirst: image.keepFirst.map(typedJson), repair: image.repair.map(typedJson) }),
    doneAfter: step.doneAfter,
  };
}

function typedJson({ on, words }: Typed): object {
  return { on, line: words.join(' ') };
}
