/**
 * `plans/ID/reclaimed.json`: what was kept for this plan lies in a vault, and was proven there.
 * docs/format/guard-journal.md.
 */
import { type ByteString, byteString } from '../../base/bytes.ts';
import { type UnixMs, unixMs } from '../../base/units.ts';
import { bytesOfUtf8, utf8Of } from '../../manifest/core/utf8.ts';
import { readFileIfThere, replaceFile, type WholeFilePorts } from '../../vault/shell/whole-file.ts';
import {
  bytesTextAt,
  memberAt,
  objectOf,
  objectsAt,
  pathMember,
  textAt,
  timeAt,
} from '../core/plan-fields.ts';

export interface ReclaimedPlace {
  /** Absolute, of a mount's quarantine: `.holdfast-undo/PLAN`. */
  readonly path: ByteString;
  /** Id of the snapshot that holds it, in hex. */
  readonly snapshot: string;
}

export interface Reclaimed {
  /** When it was proven. */
  readonly at: UnixMs;
  readonly places: readonly ReclaimedPlace[];
  /** Its id in hex, and where it lay, as it can be given again. */
  readonly vault: { readonly id: string; readonly place: ByteString };
}

/** Durable when it returns: only then may anything of what is kept go. */
export function writeReclaimed(ports: WholeFilePorts, planDir: ByteString, of: Reclaimed): void {
  const places = of.places.map(({ path, snapshot }) => ({ ...pathMember('path', path), snapshot }));
  const vault = { id: of.vault.id, ...pathMember('place', of.vault.place) };
  const text = bytesOfUtf8(`${JSON.stringify({ at: of.at, places, vault })}\n`);
  replaceFile(ports, fileOf(planDir), ports.tools.codec.bytesOf(text));
}

/** Undefined where it lies in the quarantine. @throws Fault HF_PLAN_INVALID */
export function readReclaimed(ports: WholeFilePorts, planDir: ByteString): Reclaimed | undefined {
  const bytes = readFileIfThere(ports, fileOf(planDir));
  if (bytes === undefined) return undefined;
  const raw = objectOf(utf8Of(ports.tools.codec.textOf(bytes)), 'reclaimed.json');
  const vault = memberAt(raw, 'vault');
  return {
    at: unixMs(timeAt(raw, 'at')),
    places: objectsAt(raw, 'places').map((each) => {
      return { path: bytesTextAt(each, 'path'), snapshot: textAt(each, 'snapshot') };
    }),
    vault: { id: textAt(vault, 'id'), place: bytesTextAt(vault, 'place') },
  };
}

/** It lies in the quarantine again, on the medium. */
export function forgetReclaimed({ disk }: WholeFilePorts, planDir: ByteString): void {
  disk.unlink(fileOf(planDir));
  disk.syncDir(planDir);
}

function fileOf(planDir: ByteString): ByteString {
  return byteString(`${planDir}/reclaimed.json`);
}
