import * as fs from 'node:fs';
import path from 'node:path';
import { type Package, type PackageName, PACKAGES } from './debian-packages.ts';
import { type Feature, type FeatureName, FEATURES } from './kernel-features.ts';

export type NeedName = PackageName | FeatureName;

/** A daemon's folder is not in everybody's PATH. */
const SYSTEM_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

/** Set by `npm test` from what it found, so that files do not probe again: a comma list. */
export const MISSING_VARIABLE = 'HOLDFAST_TEST_MISSING';

export function isInstalled(wanted: Package): boolean {
  if (path.isAbsolute(wanted.probe)) return fs.existsSync(wanted.probe);
  const folders = [...(process.env.PATH ?? '').split(path.delimiter), ...SYSTEM_FOLDERS];
  return folders.some((folder) => folder !== '' && fs.existsSync(path.join(folder, wanted.probe)));
}

export const missingPackages = (): readonly Package[] =>
  PACKAGES.filter((wanted) => !isInstalled(wanted));

export const missingFeatures = (): readonly Feature[] =>
  FEATURES.filter((feature) => !feature.isThere());

/** Why `name` cannot be used here; undefined where it can. */
function reasonAgainst(name: NeedName): string | undefined {
  const feature = FEATURES.find((candidate) => candidate.name === name);
  const wanted = PACKAGES.find((candidate) => candidate.name === name);
  const known = process.env[MISSING_VARIABLE];
  const probe = (): boolean => feature?.isThere() ?? (wanted !== undefined && isInstalled(wanted));
  const isThere = known === undefined ? probe() : !known.split(',').includes(name);
  if (isThere) return undefined;
  if (feature !== undefined) return `${name} is not possible here (${feature.purpose})`;
  return `${name} is not installed (${wanted?.purpose ?? 'unknown package'})`;
}

/**
 * True when all of `names` can be used here. Else marks the test as skipped, naming what is missing,
 * and the test returns: `if (!needs(t, 'postgresql-15')) return;`
 */
export function needs(
  t: { skip(message?: string): void },
  ...names: readonly [NeedName, ...NeedName[]]
): boolean {
  const reasons = names.map(reasonAgainst).filter((reason) => reason !== undefined);
  if (reasons.length === 0) return true;
  t.skip(reasons.join('; '));
  return false;
}
