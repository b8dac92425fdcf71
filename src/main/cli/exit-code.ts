import type { Brand } from '../../base/brand.ts';
import type { FaultKind } from '../../base/fault.ts';

/** What a command ends with (DESIGN 14). Plans have 2 to 4, `guard run` has 120 to 123. */
export const EXIT = {
  done: 0,
  error: 1,
  held: 2,
  denied: 3,
  stale: 4,
  differs: 5,
  gaps: 6,
  usage: 64,
} as const;

/** Of a program that was run in its own name: it passes through. */
export type ChildExit = Brand<number, 'ChildExit'>;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT] | ChildExit;

export function childExit(code: number): ChildExit {
  return code as ChildExit;
}

export function exitCodeOf(kind: FaultKind): ExitCode {
  return kind === 'usage' ? EXIT.usage : EXIT.error;
}
