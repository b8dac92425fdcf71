/** Items, their shares of time and their transitions: written as one, since one counts from another. */
import { largest } from '../../base/long-list.ts';
import type { Kysely } from 'kysely';
import {
  ITEMS_PER_AGENT_MAX,
  type ServerChange,
  type StoredItem,
  type StoredTransition,
  TRANSITIONS_PER_ITEM_MAX,
} from '../../watch/core/server/changes.ts';
import {
  type Counting,
  type CountedNext,
  countSighting,
  countSilence,
  oldestKept,
  type Piece,
} from '../../watch/core/server/roll-up.ts';
import { rowChunks } from './row-chunks.ts';
import { DamagedRow } from './server-rows.ts';
import type { ServerTables } from './server-tables.ts';

type ItemChange = Extract<
  ServerChange,
  { readonly do: 'item' | 'forget-item' | 'silent' | 'back' | 'transition' }
>;

interface Known extends Counting {
  readonly no: number;
  /** Absent: as it was. */
  readonly item?: StoredItem;
}

interface Sum {
  ok: number;
  degraded: number;
  failed: number;
}

/** The items of one agent in one transaction. */
class AgentItems {
  readonly known: Map<string, Known>;
  silentFrom: number | undefined;
  readonly changed = new Set<string>();
  readonly forgotten = { numbers: new Set<number>(), items: new Set<string>() };
  transitions: StoredTransition[] = [];
  readonly sums = new Map<string, Sum>();

  constructor(known: Map<string, Known>, silentFrom: number | undefined) {
    this.known = known;
    this.silentFrom = silentFrom;
  }

  apply(change: ItemChange, next: () => number): void {
    switch (change.do) {
      case 'item': {
        const { item } = change;
        const before = this.known.get(item.item);
        const no = before?.no ?? next();
        const counted = countSighting(before, item, this.silentFrom);
        this.#note({ key: item.item, no, counted, seen: { ...item, item } });
        break;
      }
      case 'forget-item':
        this.#forget(change.item);
        break;
      case 'silent':
        this.silentFrom = Math.min(this.silentFrom ?? change.from, change.from);
        break;
      case 'back':
        this.#back(change.at);
        break;
      case 'transition':
        this.transitions.push(change.transition);
        break;
    }
  }

  /** The bound holds whatever comes: who is not watched any more goes first, then who was longest unseen. */
  bound(): void {
    const over = this.known.size - ITEMS_PER_AGENT_MAX;
    if (over <= 0) return;
    const inOrder = [...this.known].sort(
      ([, one], [, other]) =>
        Number(other.saw === 'gone') - Number(one.saw === 'gone') || one.seenAt - other.seenAt,
    );
    for (const [key] of inOrder.slice(0, over)) this.#forget(key);
  }

  #note(of: {
    readonly key: string;
    readonly no: number;
    readonly counted: CountedNext;
    readonly seen: Omit<Known, 'no' | 'countedTo'>;
  }): void {
    const { saw, seenAt, limitMs, item } = of.seen;
    const { countedTo, pieces } = of.counted;
    this.#add(of.no, pieces);
    const known = { no: of.no, saw, seenAt, limitMs, countedTo };
    this.known.set(of.key, item === undefined ? known : { ...known, item });
    this.changed.add(of.key);
  }

  #add(no: number, pieces: readonly Piece[]): void {
    for (const { span, at, part, ms } of pieces) {
      const key = `${no} ${span} ${at}`;
      const sum = this.sums.get(key) ?? { ok: 0, degraded: 0, failed: 0 };
      sum[part] += ms;
      this.sums.set(key, sum);
    }
  }

  #back(at: number): void {
    const from = this.silentFrom;
    this.silentFrom = undefined;
    if (from === undefined) return;
    for (const [key, known] of this.known) {
      const counted = countSilence(known, { from, until: at });
      if (counted.countedTo === known.countedTo && counted.pieces.length === 0) continue;
      this.#note({ key, no: known.no, counted, seen: known });
    }
  }

  #forget(item: string): void {
    this.transitions = this.transitions.filter((each) => each.item !== item);
    this.forgotten.items.add(item);
    const known = this.known.get(item);
    if (known === undefined) return;
    this.forgotten.numbers.add(known.no);
    this.known.delete(item);
    this.changed.delete(item);
    for (const key of this.sums.keys()) if (key.startsWith(`${known.no} `)) this.sums.delete(key);
  }
}

/** @param next a number that was never given before */
export async function writeItems(
  tx: Kysely<ServerTables>,
  changes: readonly ItemChange[],
  next: () => number,
): Promise<void> {
  const byAgent = Map.groupBy(changes, agentOf);
  for (const [agent, its] of byAgent) {
    const onlyTransitions = its.every((each) => each.do === 'transition');
    const items = onlyTransitions
      ? new AgentItems(new Map(), undefined)
      : await readItems(tx, agent);
    const silentBefore = items.silentFrom;
    for (const each of its) items.apply(each, next);
    items.bound();
    if (items.silentFrom !== silentBefore) {
      await tx
        .updateTable('server_agent')
        .set({ silent_from: items.silentFrom ?? null })
        .where('agent', '=', agent)
        .execute();
    }
    await forget(tx, agent, items.forgotten);
    await writeKnown(tx, agent, items);
    await writeSums(tx, items.sums);
    await writeTransitions(tx, items.transitions, next);
  }
}

function agentOf(change: ItemChange): string {
  if (change.do === 'item') return change.item.agent;
  return change.do === 'transition' ? change.transition.agent : change.agent;
}

async function readItems(tx: Kysely<ServerTables>, agent: string): Promise<AgentItems> {
  const rows = await tx
    .selectFrom('server_item')
    .select(['item', 'no', 'saw', 'seen_at', 'limit_ms', 'counted_to'])
    .where('agent', '=', agent)
    .execute();
  const known = new Map(
    rows.map((row): [string, Known] => [
      row.item,
      {
        no: Number(row.no),
        saw: sawOf(row.saw),
        seenAt: Number(row.seen_at),
        limitMs: Number(row.limit_ms),
        countedTo: Number(row.counted_to),
      },
    ]),
  );
  const of = await tx
    .selectFrom('server_agent')
    .select('silent_from')
    .where('agent', '=', agent)
    .executeTakeFirst();
  const silentFrom = of?.silent_from ?? undefined;
  return new AgentItems(known, silentFrom === undefined ? undefined : Number(silentFrom));
}

const SAWS: ReadonlySet<string> = new Set<StoredItem['saw']>([
  ...(['healthy', 'impaired', 'broken', 'unreadable', 'gone'] as const),
]);

const isSaw = (word: string): word is StoredItem['saw'] => SAWS.has(word);

export function sawOf(word: string): StoredItem['saw'] {
  if (isSaw(word)) return word;
  throw new DamagedRow('an item was seen as nothing that there is');
}

async function writeKnown(
  tx: Kysely<ServerTables>,
  agent: string,
  items: AgentItems,
): Promise<void> {
  const changed = [...items.changed].flatMap((key) => {
    const known = items.known.get(key);
    return known === undefined ? [] : [{ key, ...known }];
  });
  const seen = changed.flatMap(({ key, item, ...known }) => {
    if (item === undefined) return [];
    const { agent: _agent, item: _item, saw: _saw, limitMs: _limit, seenAt: _seen, ...body } = item;
    return [
      {
        ...{ agent, item: key, no: known.no, saw: known.saw, seen_at: known.seenAt },
        ...{ limit_ms: known.limitMs, counted_to: known.countedTo, body: JSON.stringify(body) },
      },
    ];
  });
  for (const rows of rowChunks(seen)) {
    await tx
      .insertInto('server_item')
      .values(rows)
      .onConflict((conflict) =>
        conflict.columns(['agent', 'item']).doUpdateSet((each) => ({
          saw: each.ref('excluded.saw'),
          seen_at: each.ref('excluded.seen_at'),
          limit_ms: each.ref('excluded.limit_ms'),
          counted_to: each.ref('excluded.counted_to'),
          body: each.ref('excluded.body'),
        })),
      )
      .execute();
  }
  const counted = Map.groupBy(
    changed.filter(({ item }) => item === undefined),
    ({ countedTo }) => countedTo,
  );
  for (const [countedTo, its] of counted) {
    for (const rows of rowChunks(its)) {
      await tx
        .updateTable('server_item')
        .set({ counted_to: countedTo })
        .where('agent', '=', agent)
        .where(
          'item',
          'in',
          rows.map(({ key }) => key),
        )
        .execute();
    }
  }
}

async function forget(
  tx: Kysely<ServerTables>,
  agent: string,
  forgotten: AgentItems['forgotten'],
): Promise<void> {
  for (const numbers of rowChunks([...forgotten.numbers])) {
    await tx
      .deleteFrom('server_item')
      .where('agent', '=', agent)
      .where('no', 'in', numbers)
      .execute();
    await tx.deleteFrom('server_roll_up').where('item_no', 'in', numbers).execute();
  }
  for (const items of rowChunks([...forgotten.items])) {
    await tx
      .deleteFrom('server_transition')
      .where('agent', '=', agent)
      .where('item', 'in', items)
      .execute();
  }
}

async function writeSums(tx: Kysely<ServerTables>, sums: ReadonlyMap<string, Sum>): Promise<void> {
  const rows = [...sums].map(([key, sum]) => {
    const [no, span = '', at] = key.split(' ');
    return {
      ...{ item_no: Number(no), span, at: Number(at) },
      ...{ ok_ms: sum.ok, degraded_ms: sum.degraded, failed_ms: sum.failed },
    };
  });
  for (const some of rowChunks(rows)) {
    await tx
      .insertInto('server_roll_up')
      .values(some)
      .onConflict((conflict) =>
        conflict.columns(['item_no', 'span', 'at']).doUpdateSet((each) => ({
          ok_ms: each('server_roll_up.ok_ms', '+', each.ref('excluded.ok_ms')),
          degraded_ms: each('server_roll_up.degraded_ms', '+', each.ref('excluded.degraded_ms')),
          failed_ms: each('server_roll_up.failed_ms', '+', each.ref('excluded.failed_ms')),
        })),
      )
      .execute();
  }
  for (const span of ['hour', 'day'] as const) {
    const its = rows.filter((row) => row.span === span);
    if (its.length === 0) continue;
    const oldest = oldestKept(span, largest(its.map(({ at }) => at)));
    for (const some of rowChunks([...new Set(its.map((row) => row.item_no))])) {
      await tx
        .deleteFrom('server_roll_up')
        .where('item_no', 'in', some)
        .where('span', '=', span)
        .where('at', '<', oldest)
        .execute();
    }
  }
}

async function writeTransitions(
  tx: Kysely<ServerTables>,
  transitions: readonly StoredTransition[],
  next: () => number,
): Promise<void> {
  const rows = transitions.map(({ agent, item, at, from, ...rest }) => ({
    ...{ agent, item, at, n: next() },
    body: JSON.stringify({ ...rest, from: from ?? null }),
  }));
  for (const some of rowChunks(rows)) {
    await tx.insertInto('server_transition').values(some).execute();
  }
  for (const { agent, item } of new Map(rows.map((row) => [row.item, row])).values()) {
    const beyond = await tx
      .selectFrom('server_transition')
      .select(['at', 'n'])
      .where('agent', '=', agent)
      .where('item', '=', item)
      .orderBy('at', 'desc')
      .orderBy('n', 'desc')
      .limit(1)
      .offset(TRANSITIONS_PER_ITEM_MAX)
      .executeTakeFirst();
    if (beyond === undefined) continue;
    await tx
      .deleteFrom('server_transition')
      .where('agent', '=', agent)
      .where('item', '=', item)
      .where((each) =>
        each.or([
          each('at', '<', beyond.at),
          each.and([each('at', '=', beyond.at), each('n', '<=', beyond.n)]),
        ]),
      )
      .execute();
  }
}
