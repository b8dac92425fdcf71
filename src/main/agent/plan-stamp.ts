/** Where a plan comes, goes, or is signed: an agent looks at these often, and at nothing in them. */
import fs from 'node:fs';

/** Another text where one did. What may not be seen is a text of its own. */
export function planStamp(stateDir: string): string {
  const plans = `${stateDir}/guard/plans`;
  const stamps = namesIn(plans).map(
    (name) => `${name} ${stampOf(`${plans}/${name}`)} ${stampOf(`${plans}/${name}/approvals`)}`,
  );
  return [stampOf(plans), ...stamps].join(' ');
}

function namesIn(dir: string): readonly string[] {
  try {
    return fs.readdirSync(dir).sort();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return [];
  }
}

function stampOf(file: string): string {
  try {
    return String(fs.statSync(file).mtimeMs);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return '-';
  }
}
