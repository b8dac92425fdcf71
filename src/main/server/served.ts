/** What the handlers of the API work with. */
import type { Caller } from '../../access/core/account.ts';
import type { Access } from '../../access/shell/access.ts';
import type { ServerState } from '../../adapters/sqlite/open-server-state.ts';
import { Fault } from '../../base/fault.ts';
import { isoTimeOf } from '../../base/iso-time.ts';
import type { UnixMs } from '../../base/units.ts';
import type { Clock } from '../../host/clock.ts';
import type { EventHub } from '../../adapters/http/event-hub.ts';
import type { Config } from '../../wire/config.ts';
import type { TellChange } from '../../tell/core/alert.ts';
import type {
  ServerChange,
  StoredFreeze,
  StoredMaintenance,
} from '../../watch/core/server/changes.ts';
import {
  type EstateFacts,
  estateInSteps,
  type EstateNow,
  estateNow,
  type HostNow,
} from '../../watch/core/server/estate-now.ts';
import type { ServerNow } from '../../watch/core/server/held.ts';
import type { Scheduler } from '../../watch/core/server/scheduler.ts';
import type { ServerCore } from '../../watch/core/server/server-core.ts';
import { declaredOn } from './declared-on.ts';
import type { Desk } from './desk.ts';
import type { Drilling } from './drilling.ts';
import type { FilesDesk } from './files-desk.ts';
import { type InTurns, inTurns } from './in-turns.ts';
import type { Exposing } from './exposing.ts';
import type { ExposureHistory } from './exposure-history.ts';
import type { PagesCopy } from './pages-copy.ts';
import type { ToldHeads } from './told-heads.ts';
import type { Sights } from './sights.ts';
import type { Telling } from '../tell/telling.ts';
import type { Writer } from './writer.ts';

export interface Served {
  readonly core: ServerCore;
  readonly scheduler: Scheduler;
  /** Drills over the estate. */
  readonly drilling: Drilling;
  readonly writer: Writer;
  readonly desk: Desk;
  /** Questions of files, and their answers as they come. */
  readonly files: FilesDesk;
  /** What was told of vaults, and is compared with what is told now. */
  readonly told: ToldHeads;
  /** What agents showed of their hosts. */
  readonly sights: Sights;
  /** What would be lost, computed when it is asked for. */
  readonly exposing: Exposing;
  /** What was said of it before. */
  readonly history: ExposureHistory;
  /** One: it keeps the page where the estate is not. */
  readonly copies: readonly Pick<PagesCopy, 'beat' | 'subjects'>[];
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly state: ServerState;
  readonly access: Access<ServerChange | TellChange>;
  readonly telling: Telling;
  readonly hub: EventHub;
  readonly now: () => ServerNow;
  /** That hold now or will; who changes them replaces them here once it is durable. */
  readonly noted: {
    maintenances: readonly StoredMaintenance[];
    freezes: readonly StoredFreeze[];
    /** By the clock that never steps: what was to be told was written down then. */
    toldAtMs: number;
  };
  readonly newId: () => string;
  readonly config: Config;
  readonly configFile: string | undefined;
  /** As agents and browsers reach it, without a slash at its end. */
  readonly address: { url: string };
  /** Base64url. */
  readonly pin: string;
}

/** How everything stands now: one reading for one answer. */
export function estateOf(served: Served): EstateNow {
  return estateNow(served.core, served.now(), factsOf(served));
}

/** The same for what nobody waits for, or what is large: agents are answered in between. */
export async function estateInTurns(served: Served): Promise<EstateNow> {
  return (await estateRead(served)).made;
}

/** The same, and what it cost. */
export function estateRead(served: Served): Promise<InTurns<EstateNow>> {
  const { core, now, clock } = served;
  return inTurns(clock, estateInSteps(core, now, factsOf(served)));
}

function factsOf({ noted, config }: Served): EstateFacts {
  return {
    maintenances: noted.maintenances,
    peers: config.server?.peers ?? [],
    standsOn: declaredOn(config),
    hasCanary: true,
  };
}

/** @throws Fault HF_API_UNKNOWN */
export function hostIn(estate: EstateNow, name: string): HostNow {
  const host = estate.hosts.find((each) => each.host === name);
  if (host === undefined) throw new Fault('HF_API_UNKNOWN', `no host is called ${name}`);
  return host;
}

/** Who asked, for what is kept of it. */
export function byOf(
  caller: Caller | undefined,
  from: string,
): { readonly who: string; readonly from: string } {
  return { who: caller?.user ?? '', from };
}

export function timeOf(at: UnixMs): string {
  return isoTimeOf(at);
}

export function timeOrNull(at: UnixMs | undefined): string | null {
  return at === undefined ? null : isoTimeOf(at);
}
