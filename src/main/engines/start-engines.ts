/** Starts on a restore what needs an engine, one after the other, and says what that showed. */
import fs from 'node:fs';
import { imageProof } from '../../adapters/libvirt/image-proof.ts';
import { mariadbDumpProof, mariadbProof } from '../../adapters/mariadb/mariadb-proof.ts';
import { postgresDumpProof } from '../../adapters/postgres/postgres-dump-proof.ts';
import { postgresProof, postgresTarProof } from '../../adapters/postgres/postgres-proof.ts';
import { sqliteProof } from '../../adapters/sqlite-source/sqlite-proof.ts';
import { makeScratch } from '../../adapters/engines/scratch.ts';
import { openWay } from '../../adapters/engines/reach.ts';
import { fsPath } from '../../adapters/node/syscalls-path.ts';
import { type ByteString, byteString } from '../../base/bytes.ts';
import { sayText } from '../../base/say-name.ts';
import type { EngineProof, EngineShown } from '../../host/engine-proof.ts';
import type { EngineOutcome } from '../../recover/core/drill-result.ts';
import type { SnapshotContent } from '../../vault/core/snapshot-content.ts';
import {
  type EnginePart,
  enginePartsOf,
  locate,
  type PartKind,
  PARTS_MAX,
} from './engine-parts.ts';

export interface EngineRoom {
  /** Of the drill: beside what it restored there is room for the engines. */
  readonly scratch: ByteString;
  /** `--min-free`, in bytes. */
  readonly minFree: number | undefined;
}

/** For `DrillRequest.startEngines`. */
export function engineStarter(room: EngineRoom) {
  return async (
    restored: ByteString,
    content: SnapshotContent,
  ): Promise<readonly EngineOutcome[]> => {
    const parts = enginePartsOf(content, restored);
    const outcomes: EngineOutcome[] = [];
    for (const part of parts.slice(0, PARTS_MAX)) {
      const shown = await shownBy(part, { room, restored, content });
      outcomes.push(outcomeOf(part, shown));
    }
    for (const part of parts.slice(PARTS_MAX)) {
      const why = `only the first ${PARTS_MAX} are opened`;
      outcomes.push(outcomeOf(part, { ok: undefined, why }));
    }
    return outcomes;
  };
}

function outcomeOf({ path, engine }: EnginePart, shown: EngineShown): EngineOutcome {
  const said = sayText(shown.ok === true ? shown.said : shown.why);
  return { path, engine, isUsable: shown.ok, said };
}

interface Within {
  readonly room: EngineRoom;
  readonly restored: ByteString;
  readonly content: SnapshotContent;
}

async function shownBy(part: EnginePart, within: Within): Promise<EngineShown> {
  if (part.restored === undefined) return { ok: undefined, why: 'it is not in the snapshot' };
  const proof = PROOFS[part.kind](within);
  if (proof === undefined) {
    return { ok: undefined, why: `no engine for ${part.engine} is started by this version` };
  }
  openWay(within.restored, part.restored);
  const scratch = makeScratch(within.room.scratch, 'engine');
  let shown: EngineShown;
  try {
    shown = await proof.prove(part.restored, scratch.path);
  } finally {
    scratch.remove();
  }
  return shown;
}

const PROOFS: Readonly<Record<PartKind, (within: Within) => EngineProof | undefined>> = {
  'postgres data': (within) => postgresProof(placeOf(within)),
  'postgres tar': (within) => postgresTarProof(placeOf(within)),
  'postgres dumps': ({ room }) => postgresDumpProof(room),
  'mariadb data': ({ room, restored }) => mariadbProof({ ...room, within: dirOf(restored) }),
  'mariadb dump': ({ room, restored }) => mariadbDumpProof({ ...room, within: dirOf(restored) }),
  sqlite: () => sqliteProof(),
  image: ({ room }) => imageProof(room),
  unknown: () => undefined,
};

function placeOf({ restored, content, room }: Within) {
  return {
    minFree: room.minFree,
    within: dirOf(restored),
    locate: (live: ByteString) => locate(content, { restored, live }),
  };
}

/** The restore itself, or what holds it. */
function dirOf(at: ByteString): ByteString {
  return fs.statSync(fsPath(at)).isDirectory() ? at : byteString(at.slice(0, at.lastIndexOf('/')));
}
