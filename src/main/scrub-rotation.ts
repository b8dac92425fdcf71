/** Which part of a vault `vault check --rotate` reads, kept in the state directory. docs/format/scrub-rotation.md. */
import { z } from 'zod';
import { type ByteString, byteString } from '../base/bytes.ts';
import {
  goneOn,
  nextPart,
  ROTATION_PARTS_MAX,
  type Rotation,
  unreadSince,
  withRead,
} from '../vault/core/rotation.ts';
import { listSnapshots } from '../vault/shell/snapshot-store.ts';
import { readFileIfThere, replaceFile } from '../vault/shell/whole-file.ts';
import { directVault, type VaultSession } from './vault-session.ts';

const moment = z.int().min(0);
const rotationSchema = z.strictObject({
  format: z.literal('holdfast-rotation-0'),
  begunAt: moment,
  readAt: z.array(moment.nullable()).min(1).max(ROTATION_PARTS_MAX),
});

export interface RotationShown {
  readonly parts: number;
  readonly part: number;
  readonly partsRead: number;
  /** Of the part that was not read for longest. */
  readonly oldestAgeMs: number;
}

export interface Turn {
  readonly part: number;
  readonly parts: number;
  /** That all of this part was read. @throws Fault where it cannot be kept */
  readonly ended: () => RotationShown;
}

/** No turn is noted of a vault that holds nothing: one that was is evidence that it held something. */
export function wasReadInTurn(session: VaultSession, state: ByteString): boolean {
  const rotation = readRotation(session, rotationPath(session, state));
  return rotation?.readAt.some((at) => at !== null) === true;
}

function rotationPath({ vault }: VaultSession, state: ByteString): ByteString {
  return byteString(`${state}/rotation-${vault.id}.json`);
}

/** @throws Fault of the vault, or of the state directory */
export async function beginTurn(
  session: VaultSession,
  of: { readonly state: ByteString; readonly parts: number },
): Promise<Turn> {
  const { clock, tools } = session;
  const path = rotationPath(session, of.state);
  const startedAt = clock.now();
  const { snapshots } = await listSnapshots(directVault(session));
  const oldestContent = Math.min(startedAt, ...snapshots.map(({ record }) => record.time));
  const kept = readRotation(session, path);
  const rotation = goneOn(kept, { parts: of.parts, now: startedAt, oldestContent });
  const part = nextPart(rotation);
  const ended = (): RotationShown => {
    const after = withRead(rotation, part, startedAt);
    const text = `${JSON.stringify({ format: 'holdfast-rotation-0', ...after })}\n`;
    replaceFile(session, path, tools.codec.bytesOf(byteString(text)));
    const partsRead = after.readAt.filter((at) => at !== null).length;
    const oldestAgeMs = Math.max(0, clock.now() - unreadSince(after));
    return { parts: of.parts, part, partsRead, oldestAgeMs };
  };
  return { part, parts: of.parts, ended };
}

/** Undefined where there is none, or it is not as we write it: then all counts as unread. */
function readRotation(session: VaultSession, path: ByteString): Rotation | undefined {
  const bytes = readFileIfThere(session, path);
  if (bytes === undefined) return undefined;
  const parsed = rotationSchema.safeParse(jsonIn(session.tools.codec.textOf(bytes)));
  return parsed.success ? parsed.data : undefined;
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined; // Torn by somebody: it is begun anew.
  }
}
