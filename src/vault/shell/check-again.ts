/**
 * Damage that a check finds while others write, forget or collect may be none: what it looked for was
 * taken away because nobody needs it, or came after it had read the indexes. So it looks again.
 */
import type { CheckReport, CheckRequest } from './check-request.ts';
import type { CheckedPackNote } from './damaged-packs.ts';
import type { Store } from './store.ts';

/** Others may change a vault all the time: then what the last look found is said. */
const LOOKS_MAX = 4;

export interface SureReport {
  readonly report: CheckReport;
  /** What is known of packs in the end. */
  readonly seen: readonly CheckedPackNote[];
}

/**
 * Looks until nothing is damaged, or nothing changed during a look. Packs that were found whole are
 * not read again.
 *
 * @param look with the indexes as they are then
 */
export async function checkUntilSure(
  store: Pick<Store, 'list'>,
  request: Omit<CheckRequest, 'again' | 'onPack'>,
  look: (request: CheckRequest) => Promise<CheckReport>,
): Promise<SureReport> {
  const seen = new Map<string, CheckedPackNote>();
  const onPack = (pack: CheckedPackNote): void => void seen.set(pack.name, pack);
  let before = await namesIn(store);
  let report = await look({ ...request, onPack });
  for (let looks = 1; !report.isSound && looks < LOOKS_MAX; looks++) {
    const now = await namesIn(store);
    if (now === before) break;
    before = now;
    const unsound = [...seen.values()].filter(({ isDamaged }) => isDamaged);
    for (const { name } of unsound) seen.delete(name);
    const again = {
      packs: new Map(unsound.map(({ name, isRead }) => [name, isRead])),
      snapshots: new Set(report.affectedSnapshots),
    };
    report = joined(report, await look({ ...request, again, onPack }), seen);
  }
  return { report, seen: [...seen.values()] };
}

/** What comes and goes while others work on a vault: an object never changes under its name. */
async function namesIn(store: Pick<Store, 'list'>): Promise<string> {
  const folders = ['snapshots/', 'index/', 'packs/'];
  const listed = await Promise.all(folders.map((folder) => store.list(folder)));
  return listed.flatMap((each) => each.map(({ name }) => name)).join();
}

/** What is damaged, as the later look says; what was read, of both. */
function joined(
  first: CheckReport,
  later: CheckReport,
  seen: ReadonlyMap<string, CheckedPackNote>,
): CheckReport {
  const readBytes = first.readBytes + later.readBytes;
  const durationMs = first.durationMs + later.durationMs;
  return {
    ...later,
    packsRead: [...seen.values()].filter(({ isRead }) => isRead).length,
    groups: first.groups,
    objects: first.objects,
    readBytes,
    durationMs,
    rateBytesPerS: durationMs > 0 ? (readBytes * 1000) / durationMs : 0,
  };
}
