/** The ledger of when the packs of a vault were read, as this host keeps it. docs/format/scrub-ledger.md. */
import { mediumAt } from '../adapters/node/medium-read.ts';
import { byteString, hexOf, type ByteString } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';
import {
  inScrubOrder,
  provenAt,
  type ScrubLedger,
  type ScrubStanding,
  scrubFrom,
  scrubStanding,
} from '../vault/core/scrub-ledger.ts';
import type { CheckBudget, CheckScrub } from '../vault/shell/check-request.ts';
import { type NeededPacks, provenSince } from '../vault/shell/pack-needs.ts';
import { readScrubLedger, ScrubLog, type ScrubPlace } from '../vault/shell/scrub-log.ts';
import { listSnapshots } from '../vault/shell/snapshot-store.ts';
import { readFileIfThere } from '../vault/shell/whole-file.ts';
import { nameOfPlace } from './vault-place.ts';
import { directVault, type VaultSession } from './vault-session.ts';

const PACKS = 'packs/';

/** What of a vault is to be read. */
export type ScrubAim =
  | { readonly kind: 'asked' }
  | { readonly kind: 'share'; readonly percent: number }
  /** Only what was read longer ago than that, where it is said. */
  | { readonly kind: 'budget'; readonly ms: number; readonly olderMs?: number };

export interface ScrubRun {
  readonly check: CheckScrub;
  /** Since when all that a snapshot needs is proven; undefined where a part of it is not. */
  provenSince(snapshot: string): number | undefined;
  /** Why what was read could not be noted. */
  readonly trouble: string | undefined;
  readonly from: () => 'medium' | 'memory';
  /** Closes it; nothing is noted after that. */
  end(): ScrubStanding;
}

function placeOf(session: VaultSession, state: ByteString): ScrubPlace {
  const { vault, line, tools } = session;
  const place = hexOf(tools.hash.sha256Text(nameOfPlace(line.place))).slice(0, 16);
  const directory = byteString(`${state}/scrub/${vault.id}-${place}`);
  return { directory, vault: vault.id, medium: mediumOf(session) };
}

function mediumOf({ line: { place } }: VaultSession): string {
  if (place.kind !== 'directory') return '-';
  try {
    return mediumAt(byteString(`${place.root}/packs`));
  } catch (error) {
    if (error instanceof Fault) return '-'; // There is none yet: nothing was read either.
    throw error;
  }
}

/** Whether anything in it was ever read from here: of one that holds nothing, evidence that it held something. */
export function wasScrubbed(session: VaultSession, state: ByteString): boolean {
  const { packs } = readScrubLedger(session, placeOf(session, state));
  const isRead = [...packs.values()].some(
    ({ mediumAt: medium, memoryAt }) => medium !== undefined || memoryAt !== undefined,
  );
  return isRead || wasRotated(session, state);
}

/** As it was kept before the ledger: parts of the vault, and when they were read. */
function wasRotated(session: VaultSession, state: ByteString): boolean {
  const path = byteString(`${state}/rotation-${session.vault.id}.json`);
  const bytes = readFileIfThere(session, path);
  const text = bytes === undefined ? '' : session.tools.codec.textOf(bytes);
  return /^\{"format":"holdfast-rotation-0",.*"readAt":\[[^\]]*[0-9]/.test(text);
}

/** What is known without reading anything; undefined where nothing is. */
export async function scrubKnown(
  session: VaultSession,
  state: ByteString,
): Promise<ScrubStanding | undefined> {
  try {
    const ledger = readScrubLedger(session, placeOf(session, state));
    if (ledger.packs.size === 0) return undefined;
    const packs = await packsHere(session);
    return scrubStanding(packs, ledger, await moments(session));
  } catch (error) {
    if (error instanceof Fault) return undefined; // It says nothing then, as where there is none.
    throw error;
  }
}

async function packsHere({ line }: VaultSession): Promise<readonly string[]> {
  const stored = await line.direct.list(PACKS);
  return stored.map(({ name }) => name.slice(PACKS.length));
}

async function moments(
  session: VaultSession,
): Promise<{ readonly now: number; readonly oldestContent: number }> {
  const now = session.clock.now();
  const { snapshots } = await listSnapshots(directVault(session));
  const times = snapshots.map(({ record }) => record.time);
  return { now, oldestContent: times.reduce((one, other) => Math.min(one, other), Number(now)) };
}

/**
 * @returns undefined of a vault that holds nothing that anybody vouches for: nothing is proven of it
 * @throws Fault of the vault
 */
export async function beginScrub(
  session: VaultSession,
  { state, aim }: { readonly state: ByteString; readonly aim: ScrubAim },
): Promise<ScrubRun | undefined> {
  const startedMs = session.clock.monotonic();
  const { snapshots } = await listSnapshots(directVault(session));
  if (!snapshots.some(({ trust }) => trust === 'trusted')) return undefined;
  const packs = await packsHere(session);
  const { oldestContent } = await moments(session);
  return new Run(session, { state, aim, packs, oldestContent, startedMs });
}

interface Begun {
  readonly state: ByteString;
  readonly aim: ScrubAim;
  readonly packs: readonly string[];
  readonly oldestContent: number;
  readonly startedMs: number;
}

/** What was not read, or not since a moment; as what is dated ahead counts for nothing, it waits too. */
function waitingIn(
  packs: readonly string[],
  ledger: ScrubLedger,
  before: number,
): readonly string[] {
  const from = scrubFrom(packs, ledger);
  return packs.filter((pack) => (provenAt(ledger.packs.get(pack), from) ?? 0) <= before);
}

/** A ledger that cannot be written to keeps nobody from looking at the vault. */
class Run implements ScrubRun {
  readonly #session: VaultSession;
  readonly #begun: Begun;
  #log: ScrubLog | undefined;
  #ledger: ScrubLedger = { listedAt: undefined, packs: new Map() };
  trouble: string | undefined;
  /** Numbers of packs mean something with the names of the same look only. */
  readonly #needed = new Map<string, { packs: NeededPacks; names: readonly string[] }>();
  readonly check: CheckScrub;

  constructor(session: VaultSession, begun: Begun) {
    this.#session = session;
    this.#begun = begun;
    this.#attempt(() => {
      this.#log = ScrubLog.begin(session, placeOf(session, begun.state), begun);
      this.#ledger = this.#log.ledger;
    });
    this.check = {
      choose: this.#choose(),
      budget: this.#budget(),
      noted: (pack, { startedAt, how }) =>
        this.#attempt(() => this.#log?.note(how, pack, startedAt)),
      needed: (snapshot, packs, names) => void this.#needed.set(snapshot, { packs, names }),
    };
  }

  provenSince(snapshot: string): number | undefined {
    const needed = this.#needed.get(snapshot);
    if (needed === undefined) return undefined;
    const { packs, names } = needed;
    const from = this.from();
    return provenSince(packs, (pack) => provenAt(this.#ledger.packs.get(names[pack] ?? ''), from));
  }

  readonly from = (): 'medium' | 'memory' => scrubFrom(this.#begun.packs, this.#ledger);

  end(): ScrubStanding {
    const log = this.#log;
    this.#log = undefined;
    this.#attempt(() => log?.end());
    const { packs, oldestContent } = this.#begun;
    return scrubStanding(packs, this.#ledger, { now: this.#session.clock.now(), oldestContent });
  }

  #choose(): CheckScrub['choose'] {
    const { aim } = this.#begun;
    if (aim.kind === 'asked') return undefined;
    return (packs) => {
      const ordered = inScrubOrder(packs, this.#ledger);
      if (aim.kind === 'budget') return waitingIn(ordered, this.#ledger, this.#olderThan());
      return ordered.slice(0, Math.ceil((packs.length * aim.percent) / 100 - 1e-9));
    };
  }

  #olderThan(): number {
    const { aim } = this.#begun;
    const olderMs = aim.kind === 'budget' ? (aim.olderMs ?? 0) : 0;
    return this.#session.clock.now() - olderMs;
  }

  /** Half of the time at most goes to what is looked at without reading packs whole. */
  #budget(): CheckBudget | undefined {
    const { aim, startedMs } = this.#begun;
    if (aim.kind !== 'budget') return undefined;
    const { clock } = this.#session;
    const isBefore = (ms: number): boolean => clock.monotonic() - startedMs < ms;
    return { mayLook: () => isBefore(aim.ms / 2), mayRead: () => isBefore(aim.ms) };
  }

  #attempt(act: () => void): void {
    try {
      act();
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      this.trouble ??= error.message;
      this.#log = undefined;
    }
  }
}
