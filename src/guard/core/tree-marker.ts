/** The marker at the top of an enrolled tree, and the id of an installation: docs/format/tree-marker.md. */
import type { TreeRole } from '../../base/plan.ts';
import { canonicalJson } from '../../base/canonical-json.ts';
import { parseRecord } from './tree-json.ts';

export const MARKER_FORMAT = 'holdfast-tree/0';
export const INSTALL_FORMAT = 'holdfast-install/0';
export const MARKER_SIZE_MAX = 4096;
export const TREE_ROLES: readonly TreeRole[] = ['source', 'replica', 'candidate'];

/** Which installation on which machine. Both empty: nothing is known. */
export interface Incarnation {
  /** Drawn once an installation, 32 hexadecimal digits. */
  readonly install: string;
  /** As `machineIdHere` makes it; empty where the machine has none. */
  readonly machine: string;
  /** What carries the machine, in the same form. Absent where that is not known: only root may read it. */
  readonly hardware?: string;
}

export interface TreeMarker {
  readonly identity: string;
  readonly role: TreeRole;
  readonly generation: number;
  readonly host: Incarnation;
}

const ID = /^(?:[0-9a-f]{32})?$/;

export function isTreeIdentity(text: string): boolean {
  return /^t-[0-9a-f]{16}$/.test(text);
}

/** With its newline. */
export function markerText({ identity, role, generation, host }: TreeMarker): string {
  const { install, machine } = host;
  return `${canonicalJson({ format: MARKER_FORMAT, identity, role, generation, host: { install, machine } })}\n`;
}

/** Strict: undefined for everything that Holdfast did not write just so. */
export function parseMarker(text: string): TreeMarker | undefined {
  if (text.length > MARKER_SIZE_MAX) return undefined;
  const given = parseRecord(text);
  if (given === undefined) return undefined;
  const { identity, role, generation } = given;
  const host = incarnationIn(given.host);
  if (typeof identity !== 'string' || !isTreeIdentity(identity)) return undefined;
  if (!isRole(role) || !isGeneration(generation) || host === undefined) return undefined;
  const marker = { identity, role, generation, host };
  return text === markerText(marker) ? marker : undefined;
}

export function installText({ install, machine, hardware }: Incarnation): string {
  const known = hardware === undefined ? {} : { hardware };
  return `${canonicalJson({ format: INSTALL_FORMAT, install, machine, ...known })}\n`;
}

export function parseInstall(text: string): Incarnation | undefined {
  const host = incarnationIn(parseRecord(text));
  return host !== undefined && host.install !== '' && text === installText(host) ? host : undefined;
}

export function isRole(given: unknown): given is TreeRole {
  return TREE_ROLES.some((role) => role === given);
}

export function isGeneration(given: unknown): given is number {
  return typeof given === 'number' && Number.isSafeInteger(given) && given >= 1;
}

function incarnationIn(given: unknown): Incarnation | undefined {
  if (typeof given !== 'object' || given === null) return undefined;
  const { install, machine, hardware } = given as Readonly<Record<string, unknown>>;
  if (typeof install !== 'string' || typeof machine !== 'string') return undefined;
  if (!ID.test(install) || !ID.test(machine) || !isHardware(hardware)) return undefined;
  return { install, machine, ...(hardware === undefined ? {} : { hardware }) };
}

export function isHardware(given: unknown): given is string | undefined {
  return given === undefined || (typeof given === 'string' && /^[0-9a-f]{32}$/.test(given));
}
