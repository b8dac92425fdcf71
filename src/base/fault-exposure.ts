/** The part of the catalogue in fault.ts that recovery plans and exercises may come to. */
export const EXPOSURE_FAULTS = {
  HF_PLAN_COPY: {
    kind: 'usage',
    remedy: 'Name a directory that is not there yet, or one in which only such a copy lies.',
  },
} as const;
