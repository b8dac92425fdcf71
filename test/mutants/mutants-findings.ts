/** What keeps findings of the estate honest: each left out or turned round. */
import type { Mutant } from './mutant.ts';

const FOUND = 'src/watch/core/look/estate-findings.test.ts';

export const FINDINGS_MUTANTS: readonly Mutant[] = [
  {
    id: 'findings: a stale drill counts as one',
    file: 'src/watch/core/look/find-proof.ts',
    edits: [{ replace: "unknown: 'drill-stale' }", with: 'unknown: undefined }' }],
    caughtBy: { file: FOUND, name: 'finding drill-stale' },
    why: 'a backup that was tried a year ago is nothing to look at',
  },
  {
    id: 'findings: a backup that nobody opened holds the definitions',
    file: 'src/watch/core/look/find-alone.ts',
    edits: [{ replace: '      isCertain &&\n', with: '' }],
    caughtBy: { file: FOUND, name: 'finding definitions-only-there' },
    why: 'what is unknown is called none, and people stop to read',
  },
  {
    id: 'findings: what belongs to the data is of its host',
    file: 'src/watch/core/look/owners.ts',
    edits: [{ replace: 'if (ofData.length > 0) return sorted(ofData);', with: '' }],
    caughtBy: { file: FOUND, name: 'a finding is of the service' },
    why: 'who can mend it does not have it in his list',
  },
  {
    id: 'corrections: an ignored path takes what it is a part of along',
    file: 'src/watch/core/look/corrected.ts',
    edits: [
      {
        replace: 'isWithin(each.path, path)',
        with: 'isWithin(each.path, path) || isWithin(path, each.path)',
      },
    ],
    caughtBy: { file: FOUND, name: 'an ignored path' },
    why: 'ignoring /srv/data/cache hides /srv/data',
  },
];
