/** The configuration as people see it from afar, and what a change would make of the file. */
import { changedConfig } from '../../adapters/config/changed-config.ts';
import { Fault } from '../../base/fault.ts';
import type { Config } from '../../wire/config.ts';

const HIDDEN = /(?:secret|password|token|login)$/i;

/** Paths of secrets are shown, and nothing that could be one: an address may carry a key in it. */
export function shownConfig(config: Config): Record<string, unknown> {
  return shown(config) as Record<string, unknown>;
}

function shown(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) return value.map((each) => shown(each, key));
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(
      Object.entries(value).map(([name, each]) => [name, shown(each, name)]),
    );
  }
  if (typeof value !== 'string') return value;
  if (HIDDEN.test(key)) return '(hidden)';
  return value.replace(/^(https?:\/\/[^/?#]+)\/.*$/s, '$1/(hidden)');
}

export interface ConfigChange {
  readonly at: readonly string[];
  readonly value?: unknown;
}

/** @throws Fault HF_API_CONFLICT where there is no file, HF_CONFIG_INVALID where none would result */
export function proposedDiff(file: string | undefined, changes: readonly ConfigChange[]): string {
  if (file === undefined)
    throw new Fault('HF_API_CONFLICT', 'this server has no configuration file');
  return changedConfig(file, changes);
}
