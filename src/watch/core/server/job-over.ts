import type { StoredJob } from './changes.ts';

const OVER: ReadonlySet<StoredJob['state']> = new Set([
  ...(['done', 'gaps', 'failed', 'cancelled', 'refused', 'lost'] as const),
]);

export function isOver(state: StoredJob['state']): boolean {
  return OVER.has(state);
}
