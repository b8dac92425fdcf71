// Writes the table of docs/errors.md from the catalogue (`npm run errors-doc`). Text outside the
// two marks is a person's and stays.
import * as fs from 'node:fs';
import path from 'node:path';
import { FAULTS } from '../src/base/fault.ts';

const FILE = path.join(import.meta.dirname, '../docs/errors.md');
const BEGIN = '<!-- errors: written by `npm run errors-doc` from src/base/fault.ts -->';
const END = '<!-- /errors -->';

const FIRST_TEXT = `# Errors

Every error that Holdfast reports has a code that never changes its meaning, a kind that programs
branch on, and a remedy. A bug has no code: it stops the process.

- **usage**: the call asks for something that cannot be.
- **refused**: it could be done, and was not.
- **transient**: trying again may help.
- **corrupt**: bytes are not what they were.
- **unavailable**: something that is needed is not there.

\`{name}\` stands for a fact that the message fills in.

${BEGIN}
${END}
`;

/** The catalogue as Markdown, sorted by code. */
export function errorsTable(): string {
  const rows = Object.entries(FAULTS)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(
      ([code, { kind, remedy }]) => `| \`${code}\` | ${kind} | ${remedy.replaceAll('|', '\\|')} |`,
    );
  return ['| code | kind | what to do |', '| --- | --- | --- |', ...rows].join('\n');
}

/** @param text the document as it is; undefined where there is none yet */
export function withErrorsTable(text: string | undefined): string {
  const old = text?.includes(BEGIN) && text.includes(END) ? text : FIRST_TEXT;
  const before = old.slice(0, old.indexOf(BEGIN));
  const after = old.slice(old.indexOf(END) + END.length);
  return `${before}${BEGIN}\n\n${errorsTable()}\n\n${END}${after}`;
}

if (import.meta.main) {
  const old = fs.existsSync(FILE) ? fs.readFileSync(FILE, 'utf8') : undefined;
  fs.writeFileSync(FILE, withErrorsTable(old));
  process.stdout.write(
    `${path.relative(process.cwd(), FILE)}: ${Object.keys(FAULTS).length} codes\n`,
  );
}
