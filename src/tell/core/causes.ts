/** What explains what: each thing that is not ok belongs to one cause, itself where nothing above has failed. */
import type { Alert, Subject } from './alert.ts';

export interface CausesOf {
  /** All that is known, each name once. */
  readonly known: ReadonlyMap<string, Subject>;
  /** Alerts that are not closed, by subject. */
  readonly open: ReadonlyMap<string, Alert>;
  readonly groupMs: number;
}

/** The cause of each subject that is not ok. It does not depend on the order of what is known. */
export function findCauses(of: CausesOf): ReadonlyMap<string, string> {
  const holders = holdersOf(of.open);
  const gathering = gatheringOf(of, holders);
  const above = new Map<string, string>();
  for (const subject of of.known.values()) {
    const parent = parentOf(subject, of, { holders, gathering });
    if (parent !== undefined) above.set(subject.subject, parent);
  }
  const causes = new Map<string, string>();
  for (const { subject, mark } of of.known.values()) {
    if (mark !== 'ok') causes.set(subject, topOf(subject, above));
  }
  return causes;
}

/** Which open alert lists a thing among its consequences. */
function holdersOf(open: ReadonlyMap<string, Alert>): ReadonlyMap<string, Alert> {
  const holders = new Map<string, Alert>();
  for (const alert of [...open.values()].sort((a, b) => (a.id < b.id ? 1 : -1))) {
    for (const consequence of alert.consequences) holders.set(consequence, alert);
  }
  return holders;
}

function parentOf(
  subject: Subject,
  { known, open, groupMs }: CausesOf,
  {
    holders,
    gathering,
  }: {
    readonly holders: ReadonlyMap<string, Alert>;
    readonly gathering: ReadonlySet<string>;
  },
): string | undefined {
  // What people were told of by itself stays by itself until it is ok: it had a fault of its own.
  if (subject.mark === 'ok' || open.has(subject.subject)) return undefined;
  // What was told as a consequence stays one while its cause lasts.
  const held = holders.get(subject.subject)?.subject ?? '';
  if (isCause(known.get(held))) return held;
  return subject.restsOn.find((name) => {
    const parent = known.get(name);
    if (parent === undefined || name === subject.subject || !isCause(parent)) return false;
    const alert = open.get(name) ?? holders.get(name);
    return explains(parent, subject, { alert, groupMs, isGathering: gathering.has(name) });
  });
}

/**
 * Of what nobody knows anything, and nobody was told yet, two things failed that rest on it and began
 * with it: guests of a hypervisor that is silent. They are one message, and it does not wait.
 */
function gatheringOf(
  { known, open, groupMs }: CausesOf,
  holders: ReadonlyMap<string, Alert>,
): ReadonlySet<string> {
  const counts = new Map<string, number>();
  for (const { subject, mark, since, restsOn } of known.values()) {
    if (mark !== 'failed' || open.has(subject)) continue;
    for (const name of new Set(restsOn)) {
      const parent = known.get(name);
      if (parent?.mark !== 'unknown' || open.has(name) || holders.has(name)) continue;
      if (since >= parent.since - groupMs) counts.set(name, (counts.get(name) ?? 0) + 1);
    }
  }
  return new Set([...counts].flatMap(([name, count]) => (count > 1 ? [name] : [])));
}

function isCause(parent: Subject | undefined): boolean {
  return parent?.mark === 'failed' || parent?.mark === 'unknown';
}

interface Between {
  /** The open alert that the parent belongs to. */
  readonly alert: Alert | undefined;
  readonly groupMs: number;
  readonly isGathering: boolean;
}

function explains(
  parent: Subject,
  child: Subject,
  { alert, groupMs, isGathering }: Between,
): boolean {
  if (child.mark === 'unknown') return true;
  // A failure was seen: a parent of which nobody was told yet and of which nothing is known does
  // not keep it waiting.
  if (parent.mark === 'unknown' && alert === undefined && !isGathering) return false;
  const began = Math.min(parent.since, alert?.since ?? parent.since);
  return child.since >= began - groupMs; // Before that it had failed by itself.
}

/** Things that rest on each other count as the first of them by name. */
function topOf(subject: string, above: ReadonlyMap<string, string>): string {
  const path = [subject];
  for (;;) {
    const parent = above.get(path[path.length - 1] ?? subject);
    if (parent === undefined) return path[path.length - 1] ?? subject;
    const at = path.indexOf(parent);
    if (at !== -1) return path.slice(at).sort()[0] ?? parent;
    path.push(parent);
  }
}
