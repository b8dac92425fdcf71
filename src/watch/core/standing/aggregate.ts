import { isWorse, type Standing, unknownFor } from './standing.ts';

export interface Member {
  /** `host:web1`, or `host:web1/disk-space:/srv`. */
  readonly subject: string;
  readonly standing: Standing;
}

/** A time in which people know that exactly these are being worked on. */
export interface Maintenance {
  /** Subjects; `host:web1/*` is the host with all that is said of it. */
  readonly subjects: readonly string[];
  readonly from: number;
  readonly until: number;
}

/**
 * The worst of the members that are not being worked on. None at all is `unknown`, and so is one of
 * which everything is hidden: nobody has said that it is well.
 */
export function worstOf(
  members: Iterable<Member>,
  isHidden: (subject: string) => boolean,
): Standing {
  let isEmpty = true;
  let worst: Standing | undefined;
  for (const { subject, standing } of members) {
    isEmpty = false;
    if (isHidden(subject)) continue;
    if (worst === undefined || isWorse(standing.mark, worst.mark)) worst = standing;
  }
  if (isEmpty) return unknownFor('empty', 'Nothing of it is watched.');
  return worst ?? unknownFor('maintenance', 'All of it is being worked on: nothing counts.');
}

/** What is being worked on at `wallMs`: exactly what is named, and nothing once it has ended. */
export function hiddenBy(
  maintenances: readonly Maintenance[],
  wallMs: number,
): (subject: string) => boolean {
  const named = new Set(
    maintenances
      .filter(({ from, until }) => from <= wallMs && wallMs < until)
      .flatMap(({ subjects }) => subjects),
  );
  if (named.size === 0) return () => false;
  return (subject) => named.has(subject) || named.has(`${hostOf(subject)}/*`);
}

function hostOf(subject: string): string {
  const end = subject.indexOf('/');
  return end === -1 ? subject : subject.slice(0, end);
}
