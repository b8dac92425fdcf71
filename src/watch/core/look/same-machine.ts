import type { HostLook } from './host-sight.ts';

/** Two names of one machine. Those that were cloned with their machine-id differ in name and boot. */
export function isSameMachine(one: HostLook, other: HostLook): boolean {
  if (one.kind === 'failed' || other.kind === 'failed') return false;
  const [mine, theirs] = [one.sight.machine, other.sight.machine];
  if (mine.id === undefined || mine.id !== theirs.id) return false;
  return mine.hostName === theirs.hostName || mine.bootId === theirs.bootId;
}

/** Of several looks at one machine the first. */
export function onceEach(looks: readonly HostLook[]): readonly HostLook[] {
  const kept: HostLook[] = [];
  for (const look of looks) if (!kept.some((each) => isSameMachine(each, look))) kept.push(look);
  return kept;
}
