/** The part of the catalogue in fault.ts that recovery plans and exercises may come to. */
export const EXPOSURE_FAULTS = {
  HF_EXERCISE_DAMAGED: {
    kind: 'corrupt',
    remedy:
      'Look at {path}; move the directory of that exercise aside, and what it proved with it.',
  },
  HF_EXERCISE_FULL: {
    kind: 'refused',
    remedy: 'End it with `holdfast exercise stop`, and begin another.',
  },
  HF_EXERCISE_NONE: {
    kind: 'refused',
    remedy: 'Begin one: `holdfast exercise start`; see those before: `holdfast exercise show`.',
  },
  HF_EXERCISE_RUNS: {
    kind: 'refused',
    remedy:
      'Wait for its end, or end it: `holdfast exercise stop`. Go on watching it: `holdfast exercise start --go-on`.',
  },
  HF_PLAN_COPY: {
    kind: 'usage',
    remedy: 'Name a directory that is not there yet, or one in which only such a copy lies.',
  },
} as const;
