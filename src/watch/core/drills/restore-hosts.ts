/**
 * Which hosts can restore what another host saved: docs/design/040-estate-drills.md. People name them,
 * and each says by its own report which vaults it opens.
 */
import type { VaultCopy } from '../estate.ts';
import type { OwnReport } from '../own-report.ts';
import type { HostState } from '../schedule/plan-runs.ts';

export interface RestoreHost {
  readonly host: string;
  /** Of its agent, for what is to be asked of it. */
  readonly state: HostState;
  /** Its own ledger report, while that counts. */
  readonly report: OwnReport | undefined;
}

/** Why one is not taken, and what would change that. */
export interface NotTaken {
  readonly host: string;
  readonly why: string;
  readonly remedy: string;
}

/** A copy of a vault as the report of `host` names it. */
export interface CopyOf {
  readonly host: string;
  readonly copy: VaultCopy;
}

export interface Restorers {
  /** In the order in which people named them. */
  readonly can: readonly string[];
  readonly cannot: readonly NotTaken[];
}

/** Who can read this very copy, with a key that opens it. */
export function restorersOf(copy: CopyOf, hosts: readonly RestoreHost[]): Restorers {
  const can: string[] = [];
  const cannot: NotTaken[] = [];
  for (const each of hosts) {
    const refusal = refusalOf(copy, each);
    if (refusal === undefined) can.push(each.host);
    else cannot.push({ host: each.host, ...refusal });
  }
  return { can, cannot };
}

type Refusal = Pick<NotTaken, 'why' | 'remedy'>;

const STATES: Readonly<Record<Exclude<HostState, 'ready'>, (host: string) => Refusal>> = {
  'not-enrolled': (host) => ({
    why: `no agent of ${host} is enrolled`,
    remedy: `holdfast server token ${host}`,
  }),
  silent: (host) => ({
    why: `${host} is not heard`,
    remedy: `Look whether its agent runs: systemctl status holdfast-agent on ${host}.`,
  }),
  'look-only': (host) => ({
    why: `${host} allows no more than to look`,
    remedy: `In its agent.yaml: level: keep, restore-host: true.`,
  }),
};

function refusalOf(copy: CopyOf, { host, state, report }: RestoreHost): Refusal | undefined {
  if (state !== 'ready') return STATES[state](host);
  if (report === undefined) {
    const remedy = `Look on ${host}: holdfast agent show.`;
    return { why: `${host} has not said which vaults it opens`, remedy };
  }
  const { vaults } = report.estate;
  const same = vaults.filter((each) => rawName(each.vault, host) === vaultOf(copy));
  const remedy = `Give ${host} that vault and its key: vault and key-file in its holdfast.yaml, which config in its agent.yaml names.`;
  if (same.length === 0) {
    return { why: `${host} does not hold the key of vault ${shown(copy)}`, remedy };
  }
  const it: readonly CopyOf[] = same.map((each) => ({ host, copy: each }));
  if (it.some((each) => isSameCopy(each, copy))) return undefined;
  return { why: `${host} opens another copy of vault ${shown(copy)}`, remedy };
}

function shown(copy: CopyOf): string {
  return vaultOf(copy).slice(0, 8);
}

/** What the vault itself is called, whoever says it. */
export function vaultOf({ host, copy }: CopyOf): string {
  return rawName(copy.vault, host);
}

/** Reports name what is theirs `X of HOST`. */
function rawName(name: string, host: string): string {
  const suffix = ` of ${host}`;
  return name.endsWith(suffix) ? name.slice(0, -suffix.length) : name;
}

/** What one copy proves says nothing about another: where it is not known to be the same, it is not. */
export function isSameCopy(one: CopyOf, other: CopyOf): boolean {
  if (vaultOf(one) !== vaultOf(other)) return false;
  const [path, otherPath] = [pathOf(one), pathOf(other)];
  const isSameHost = one.copy.place.host === other.copy.place.host;
  return isSameHost && path !== undefined && path === otherPath;
}

/** Of one on another machine only its name has the path: `ssh://nas/srv/vault`. */
function pathOf({ host, copy }: CopyOf): string | undefined {
  return copy.place.path ?? /^ssh:\/\/[^/]+(\/.*)$/.exec(rawName(copy.copy, host))?.[1];
}
