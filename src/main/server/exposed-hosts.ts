/** Every host that anybody looked at, enrolled or declared, with who saw it and until when that counts. */
import { operandWord } from '../../base/shell-word.ts';
import { type UnixMs, unixMs } from '../../base/units.ts';
import { SHOWN_LIMIT_MS } from '../../watch/core/agent/messages.ts';
import type { LookedHost } from '../../watch/core/look/looked-hosts.ts';
import { PROOF_LIMITS } from '../../watch/core/proof.ts';
import type { ShownNow } from '../../watch/core/server/shown.ts';
import type { SeenAtServer } from './estate-at-server.ts';
import type { ExposedHost, ExposedLedger } from './exposed-view.ts';
import type { HostShown } from './sights.ts';

const WHY = {
  unsaid: 'its agent has not shown it since this server began',
  expired: 'its agent showed it more than 24 h ago',
  'two speakers': 'two speak with the key of its agent',
} as const;

/** @param enrolled hosts with an agent, and what they stand on */
export function exposedHosts(
  seen: SeenAtServer,
  enrolled: readonly string[],
): readonly ExposedHost[] {
  const shown = new Map(seen.shown.map((each) => [each.host, each]));
  const onOf = new Map(seen.many.guests.map(({ host, on }) => [host, on]));
  const known = seen.machines.map((machine) => {
    const its = [machine.host, ...machine.alsoAs].flatMap((name) => shown.get(name) ?? [])[0];
    return { ...hostOf(machine, its), runsOn: onOf.get(machine.host) };
  });
  const names = new Set(seen.machines.flatMap(({ host, alsoAs }) => [host, ...alsoAs]));
  const unseen = [...new Set([...enrolled, ...seen.declared.hosts])].filter(
    (host) => !names.has(host),
  );
  return [...known, ...unseen.map((host) => unseenHost(host, shown.get(host), enrolled))].sort(
    (one, other) => (one.host < other.host ? -1 : 1),
  );
}

function hostOf(machine: LookedHost, shown: HostShown | undefined): ExposedHost {
  const { host, alsoAs, look, why, remedy, sight } = machine;
  const isOfAgent = shown?.sight !== undefined && sight !== undefined && shown.host === host;
  const of = isOfAgent ? shown.sight.now : undefined;
  const seenAt = of?.seenAt ?? sight?.discovery.seenAt;
  const limitMs = of === undefined ? PROOF_LIMITS.discovery : SHOWN_LIMIT_MS;
  return {
    ...{ host, alsoAs, look, remedy, seenAt },
    seenBy: sight === undefined ? undefined : isOfAgent ? 'agent' : 'look',
    expiresAt: seenAt === undefined ? undefined : unixMs(seenAt + limitMs),
    why: whyOf(of) ?? why,
    system: sight?.machine.system ?? '',
    kernel: sight?.machine.kernel ?? '',
    runsOn: undefined,
    ledger: ledgerOf(shown),
  };
}

function whyOf(now: ShownNow | undefined): string | undefined {
  return now === undefined || now.standing === 'fresh' ? undefined : WHY[now.standing];
}

function unseenHost(
  host: string,
  shown: HostShown | undefined,
  enrolled: readonly string[],
): ExposedHost {
  const hasAgent = enrolled.includes(host);
  return {
    ...{ host, alsoAs: [], seenBy: undefined, look: 'unseen', seenAt: undefined },
    ...{ expiresAt: undefined, system: '', kernel: '', runsOn: undefined },
    why: hasAgent ? 'its agent has shown nothing of it' : 'nobody looked at it',
    remedy: hasAgent
      ? 'Its agent may be an older one, or agent.yaml says show: false.'
      : `Enrol it (holdfast enroll ${operandWord(host)}), or look at it (holdfast look ${operandWord(host)}) on this machine.`,
    ledger: ledgerOf(shown),
  };
}

function ledgerOf(shown: HostShown | undefined): ExposedLedger | undefined {
  if (shown?.ledger === undefined) return undefined;
  const { now, report } = shown.ledger;
  const expiresAt: UnixMs = unixMs(now.seenAt + SHOWN_LIMIT_MS);
  const isFresh = now.standing === 'fresh';
  return { seenAt: now.seenAt, expiresAt, isFresh, notSeen: report.notSeen };
}
