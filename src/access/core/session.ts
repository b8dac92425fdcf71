import { minutes } from '../../base/units.ts';
import type { Session } from './account.ts';
import { SESSION_ENDS_MS, SESSION_IDLE_MS } from './bounds.ts';

/** A clock that was set back by more makes the age of a session a guess. */
const AHEAD_MAX_MS = minutes(10);

export const sessionEndsAt = ({ createdAt, usedAt }: Session): number =>
  Math.min(createdAt + SESSION_ENDS_MS, usedAt + SESSION_IDLE_MS);

export function isLive(session: Session, now: number): boolean {
  if (Math.max(session.createdAt, session.usedAt) > now + AHEAD_MAX_MS) return false;
  return now < sessionEndsAt(session);
}
