/** What listeners are told when what would be lost has changed: whose rows, and never a list of them. */
import type { FallPart } from '../../watch/core/exposure/view-parts.ts';
import type { MadeExposure } from './exposing.ts';
import { timeOf } from './served.ts';

/** Of more it is only said that there are: a page has fewer rows. */
const HOSTS_MAX = 50;

export interface ExposureEvent {
  readonly [key: string]: string | boolean | readonly string[];
  readonly at: string;
  readonly hosts: readonly string[];
  readonly more: boolean;
}

/** Undefined where nothing is another but the time. */
export function exposureEvent(
  made: MadeExposure,
  before: MadeExposure | undefined,
): ExposureEvent | undefined {
  const at = timeOf(made.exposed.at);
  if (before === undefined) return { at, hosts: [], more: true };
  const [now, was] = [made.parts.falls, before.parts.falls];
  if (now === was && made.seen === before.seen) return undefined;
  const changed: FallPart[] = [];
  for (const [id, part] of now) {
    const old = was.get(id);
    if (old !== part && (old === undefined || saysOf(old) !== saysOf(part))) changed.push(part);
  }
  for (const [id, part] of was) if (!now.has(id)) changed.push(part);
  if (changed.length === 0 && made.seen === before.seen) return undefined;
  const hosts = changed.flatMap(({ domain }) => (domain.kind === 'host' ? domain.host : []));
  return { at, hosts: hosts.slice(0, HOSTS_MAX), more: hosts.length > HOSTS_MAX };
}

/** Without what only time has moved on. */
function saysOf({ counts, survives, worst }: FallPart): string {
  if (worst === undefined) return JSON.stringify([counts, survives]);
  const { at } = worst.entry;
  const { loss, outage, proof, dataSet, bytes } = worst.row;
  const since = (ms: number | undefined): number | undefined => ms && at - ms;
  return JSON.stringify([
    ...[counts, survives, dataSet, bytes, loss.kind, proof.kind, since(proof.ageMs)],
    loss.kind === 'window' ? [since(loss.atLeastMs), since(loss.atMostMs)] : undefined,
    outage.kind === 'interval' ? [outage.atLeastMs, outage.atMostMs] : outage.kind,
  ]);
}
