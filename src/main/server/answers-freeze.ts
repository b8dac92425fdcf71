/** Freeze changes on all hosts, and say who has confirmed it: design/026, DESIGN 8. */
import { type Bound, answer, on } from '../../adapters/http/api-routes.ts';
import type { Caller } from '../../access/core/account.ts';
import { Fault } from '../../base/fault.ts';
import { unixMs } from '../../base/units.ts';
import { ROUTES } from '../../wire/api/routes.ts';
import type { StoredFreeze } from '../../watch/core/server/changes.ts';
import type { EstateNow, HostNow, ItemNow } from '../../watch/core/server/estate-now.ts';
import { isAskRefused, type Unsaid } from '../../watch/core/server/orders.ts';
import type { FreezeRow } from '../../web/shown.ts';
import { auditOf } from './answers-act.ts';
import { estateOf, type Served, timeOf } from './served.ts';

type RowState = 'stopped' | 'still-running' | 'not-reachable' | 'not-covered' | 'not-yet';

interface Row {
  readonly host: string;
  readonly what: string | null;
  readonly state: RowState;
  readonly why: string;
}

interface Asker {
  readonly caller: Caller | undefined;
  readonly from: string;
}

/** Worst first: what people must go to by hand. */
const ORDER: readonly RowState[] = [
  'still-running',
  'not-reachable',
  'not-covered',
  'not-yet',
  'stopped',
];

/** One over the other; the newest is shown. */
const FREEZES_HELD_MAX = 100;

export function freezeAnswers(served: Served): readonly Bound[] {
  return [
    on(ROUTES.freezeTable, () => Promise.resolve(answer(tableOf(served)))),
    on(ROUTES.freeze, async ({ body, caller, from }) => {
      await freezeAll(served, { ...body, caller, from });
      return answer(tableOf(served));
    }),
    on(ROUTES.unfreeze, async ({ body, caller, from }) => {
      await unfreezeAll(served, { ...body, caller, from });
      return answer(tableOf(served));
    }),
  ];
}

/** @throws Fault HF_API_CONFLICT */
export async function freezeAll(
  served: Served,
  of: Asker & { readonly reason: string; readonly forMs: number },
): Promise<void> {
  const { reason, forMs, caller, from } = of;
  const at = served.now().wallMs;
  const held = served.noted.freezes.filter(({ endedAt, until }) => {
    return endedAt === undefined && until > at;
  });
  if (held.length >= FREEZES_HELD_MAX) {
    throw new Fault('HF_API_CONFLICT', `${held.length} freezes hold already: end them first`);
  }
  const by = caller?.user ?? '';
  const freeze: StoredFreeze = {
    ...{ id: served.newId(), by, reason, at, until: unixMs(at + forMs) },
  };
  const done = { act: 'freeze', subject: 'all hosts', caller, from, detail: { reason } } as const;
  await keep(served, freeze, auditOf(served, done));
  served.desk.forgetFrozen();
  await tellAll(served, { word: 'freeze', id: freeze.id, by, reason, forMs });
}

/** @throws Fault HF_API_CONFLICT */
export async function unfreezeAll(
  served: Served,
  { id, caller, from }: Asker & { readonly id: string },
): Promise<void> {
  const freeze = freezeNow(served);
  if (freeze?.id !== id) {
    throw new Fault('HF_API_CONFLICT', 'this freeze is over, or another one holds');
  }
  const by = caller?.user ?? '';
  const ended = { ...freeze, endedAt: served.now().wallMs, endedBy: by };
  const done = { act: 'unfreeze', subject: 'all hosts', caller, from } as const;
  await keep(served, ended, auditOf(served, done));
  await tellAll(served, { word: 'unfreeze', id: freeze.id, by });
}

/** The newest that holds: a second freeze takes the place of the first. */
export function freezeNow({
  noted,
  now,
}: Pick<Served, 'now'> & { readonly noted: Pick<Served['noted'], 'freezes'> }):
  | StoredFreeze
  | undefined {
  const { wallMs } = now();
  return noted.freezes
    .filter(({ endedAt, until }) => endedAt === undefined && until > wallMs)
    .reduce<StoredFreeze | undefined>(
      (newest, each) => (newest === undefined || each.at >= newest.at ? each : newest),
      undefined,
    );
}

function keep(
  served: Served,
  freeze: StoredFreeze,
  audit: ReturnType<typeof auditOf>,
): Promise<void> {
  return served.writer.take('freeze', () => ({
    answer: undefined,
    changes: [{ do: 'freeze', freeze }, audit],
    settle: () => {
      const others = served.noted.freezes.filter(({ id }) => id !== freeze.id);
      const { wallMs } = served.now();
      served.noted.freezes = [...others, freeze].filter(
        ({ endedAt, until }) => endedAt === undefined && until > wallMs,
      );
    },
  }));
}

/** To every agent at once. Who is silent hears it when it comes back, while it holds. */
async function tellAll(served: Served, word: Unsaid): Promise<void> {
  const { core, writer, now } = served;
  await Promise.all(
    core.agents().map(async ({ stored }) => {
      const told = await writer.take(stored.agent, () => core.tell(stored.host, word, now()));
      // So many words wait for it that it is not listening: the table says that it is not reached.
      return isAskRefused(told);
    }),
  );
}

/** Who has confirmed what, from what the agents say of themselves now. */
export function tableOf(served: Served) {
  const freeze = freezeNow(served);
  if (freeze === undefined) return { freeze: null, rows: [] };
  const rows = estateOf(served).hosts.flatMap((host) => rowsOf(served, host));
  const { id, by, reason, at, until } = freeze;
  return {
    freeze: { id, by, reason, at: timeOf(at), endsAt: timeOf(until) },
    rows: [...rows].sort(
      (a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state) || (a.host < b.host ? -1 : 1),
    ),
  };
}

function rowsOf({ desk }: Served, host: HostNow): readonly Row[] {
  const name = host.host;
  if (host.own.mark !== 'ok') {
    return [{ host: name, what: null, state: 'not-reachable', why: host.own.why }];
  }
  const isFrozen = desk.saidBy(host.agent)?.isFrozen === true;
  const own: Row = isFrozen
    ? { host: name, what: null, state: 'stopped', why: 'It applies no plan.' }
    : { host: name, what: null, state: 'not-yet', why: 'Its agent has not confirmed it yet.' };
  const stoppers = host.items.filter(({ kind }) => kind === 'frozen');
  const rows = stoppers.map((item) => stopperRow(name, item));
  if (rows.length > 0 || !isFrozen) return [own, ...rows];
  const why = 'No stopper is enabled here: what changes this host by itself goes on.';
  return [own, { host: name, what: null, state: 'not-covered', why }];
}

const NOT_SAID = 'Its agent has not said yet what became of it.';
const STATES: ReadonlySet<string> = new Set(ORDER);

/** `frozen:NAME`, whose `state` says what the host saw; what is not fresh is not stopped. */
function stopperRow(host: string, { item, detail, standing }: ItemNow): Row {
  const what = item.slice(item.indexOf(':') + 1);
  const { why } = standing;
  const said = String(detail.state ?? '');
  if (
    standing.reason !== 'healthy' &&
    standing.reason !== 'broken' &&
    standing.reason !== 'impaired'
  ) {
    return { host, what, state: 'not-reachable', why };
  }
  if (STATES.has(said)) return { host, what, state: said as RowState, why };
  // Seen before this freeze reached it: that all was well then says nothing of now.
  if (said === 'not-frozen') return { host, what, state: 'not-yet', why: NOT_SAID };
  return { host, what, state: standing.mark === 'ok' ? 'stopped' : 'still-running', why };
}

/** What a freeze would reach, from what hosts have said of the stoppers that their owners enabled. */
export function wouldReach({ hosts }: EstateNow): readonly FreezeRow[] {
  return hosts.flatMap(wouldReachOn);
}

function wouldReachOn({ host, own, items }: HostNow): readonly FreezeRow[] {
  if (own.mark !== 'ok') return [{ host, what: null, state: 'not-reachable', why: own.why }];
  const rows = items
    .filter(({ kind }) => kind === 'frozen')
    .map(
      ({ item }): FreezeRow => ({
        ...{ host, what: item.slice(item.indexOf(':') + 1), state: 'would-stop' },
        why: 'Its owner has enabled the stopper.',
      }),
    );
  const plans: FreezeRow = { host, what: null, state: 'would-stop', why: 'No plan is applied.' };
  if (rows.length > 0) return [plans, ...rows];
  const why = 'No stopper is enabled here: what changes this host by itself goes on.';
  return [plans, { host, what: 'what changes by itself', state: 'not-covered', why }];
}
