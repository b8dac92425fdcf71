/** SQLite opened on what was restored, and all of it read. */
import path from 'node:path';
import { sayText } from '../../base/say-name.ts';
import { countOf } from '../../base/say-quantity.ts';
import type { EngineProof, EngineShown } from '../../host/engine-proof.ts';
import { runProgram } from '../engines/program.ts';
import { textPath } from '../engines/scratch.ts';
import { whyOfChild } from './sqlite-backup.ts';

const LIMIT_MS = 60 * 60_000;
const CHILD = path.join(
  import.meta.dirname,
  `sqlite-check-child${path.extname(import.meta.filename)}`,
);

/** A database file; a `-wal` or `-journal` beside it is what a crash left. */
export function sqliteProof(options: { readonly limitMs?: number } = {}): EngineProof {
  return {
    engine: 'sqlite',
    prove: async (restored) => {
      const ended = await runProgram({
        program: process.execPath,
        args: [CHILD, textPath(restored)],
        limitMs: options.limitMs ?? LIMIT_MS,
      });
      if (ended.isOk) return shownBy(ended.stdout);
      const why = whyOfChild(ended);
      const isOurs = /did not|could not be started|CANTOPEN|unable to open|disk is full/.test(why);
      return isOurs ? { ok: undefined, why } : { ok: false, why };
    },
  };
}

function shownBy(text: string): EngineShown {
  const raw: unknown = JSON.parse(text);
  const said = typeof raw === 'object' && raw !== null ? raw : {};
  const problems = 'problems' in said && Array.isArray(said.problems) ? said.problems : ['nothing'];
  if (problems.length > 0) {
    return { ok: false, why: `integrity_check: ${sayText(problems.map(String).join('; '))}` };
  }
  const tables = 'tables' in said ? Number(said.tables) : 0;
  const foreign = 'foreign' in said ? Number(said.foreign) : 0;
  // SQLite enforces them only where a program asks for it: they were so before, and are no damage.
  const broken = foreign === 0 ? '' : `, ${countOf(foreign, 'row')} without its foreign key`;
  const version = 'version' in said ? String(said.version) : '';
  return {
    ok: true,
    said: `sqlite ${version} opened it, ${countOf(tables, 'table')} checked${broken}`,
  };
}
