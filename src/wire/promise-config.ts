/** What a team promises of data sets and services, and whom they concern: parts of holdfast.yaml. */
import { addAll } from '../base/long-list.ts';
import { z } from 'zod';

const text = z.string().min(1);
const texts = z.union([text, z.array(text)]).transform((one) => (Array.isArray(one) ? one : [one]));
const UNIT_MS = { s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 } as const;
/** `30s`, `15min`, `6h`, `2d`, in milliseconds; there is no timer behind it, so it may be long. */
const span = z
  .string()
  .regex(/^[0-9]{1,5} *(s|min|h|d)$/)
  .transform((given) => {
    const unit = /(s|min|h|d)$/.exec(given)?.[1];
    const factor = unit === 'min' || unit === 'h' || unit === 'd' ? UNIT_MS[unit] : UNIT_MS.s;
    return Number.parseInt(given, 10) * factor;
  });

/** Below a data set and below a service. */
export const promiseKeys = {
  /** What may be lost at most: the age of what it comes back as. */
  'may-lose': span.optional(),
  /** How soon it must be back. */
  'back-within': span.optional(),
};

/** Below a data set. */
export const ownerKeys = {
  /** Who looks after it, in words: findings of it are theirs. */
  owners: texts.optional(),
};

/** Below a service. */
export const serviceFactKeys = {
  /** 1 is what hurts first. */
  tier: z.int().min(1).max(9).optional(),
  /** Names below `services`: without them it does not work. */
  'depends-on': texts.optional(),
  /** Who looks after it, in words. */
  owners: texts.optional(),
  /** Where is written what to do: an address or a path. */
  runbook: text.optional(),
};

/** A name that leads nowhere, or leads back; `known` are the words of which one was meant. */
interface DependencyIssue {
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly known: readonly string[];
}

export function dependencyIssues(
  services: Readonly<Record<string, { readonly 'depends-on'?: readonly string[] | undefined }>>,
): readonly DependencyIssue[] {
  const known = Object.keys(services);
  return Object.entries(services).flatMap(([name, { 'depends-on': needed = [] }]) =>
    needed.flatMap((each, at) => {
      const path = ['services', name, 'depends-on', at];
      const others = known.filter((other) => other !== name);
      if (!known.includes(each)) {
        const message = `the name of a service: ${others.join(', ') || 'there is no other'}`;
        return [{ path, message, known: others }];
      }
      if (!leadsTo(services, each, name)) return [];
      return [{ path, message: `a service that does not need ${name} itself`, known: [] }];
    }),
  );
}

function leadsTo(
  services: Parameters<typeof dependencyIssues>[0],
  from: string,
  to: string,
): boolean {
  const seen = new Set<string>();
  const waiting = [from];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (name === to) return true;
    if (seen.has(name)) continue;
    seen.add(name);
    addAll(waiting, services[name]?.['depends-on'] ?? []);
  }
  return false;
}
