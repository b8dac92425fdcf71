/** A vault that has no longer what was told of it, in words. */
import type { AnotherVault, MissedHead } from './told-heads.ts';

/** After `the vault at PLACE`. */
export function missedWords({ vault, writer, seq, id, by, is, endsAt }: MissedHead): string {
  const one = `snapshot ${id.slice(0, 8)}, number ${seq} of writer ${writer.slice(0, 8)}`;
  const told = `${by} had told this server of ${one} in vault ${vault.slice(0, 8)}`;
  if (is === 'other') {
    return `was set back and written on, or cloned: ${told}, and another has that number now`;
  }
  if (endsAt > seq) {
    return `lacks what it had: ${told}; it goes on to number ${endsAt} without it, and no plan forgot it`;
  }
  const now = endsAt === 0 ? 'nothing of that writer is there' : `it ends with number ${endsAt}`;
  return `was set back or emptied: ${told}; now ${now}, and no plan forgot the rest`;
}

export function anotherWords({ vault, was }: AnotherVault): string {
  return `is another vault (${vault.slice(0, 8)}) than the one that was there (${was.slice(0, 8)}): what was backed up before is not in it`;
}
