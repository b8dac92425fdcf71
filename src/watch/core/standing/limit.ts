/** How long what was seen may be relied on, whatever an agent asks for. */
const MINUTE_MS = 60_000;
const LIMIT_MAX_MS = 24 * 60 * MINUTE_MS;

/** Kinds whose word is worth less long than that of others. */
const LIMITS_MAX_MS: ReadonlyMap<string, number> = new Map([
  ['reach', 3 * MINUTE_MS],
  ['watching', 10 * MINUTE_MS],
  ['agent', 5 * MINUTE_MS],
]);

export function limitOf(kind: string, askedMs: number): number {
  return Math.max(0, Math.min(askedMs, LIMITS_MAX_MS.get(kind) ?? LIMIT_MAX_MS));
}
