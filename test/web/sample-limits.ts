/** Of the invented estate: what limits its recoveries, and the copies that its storage keeps. */
import { byteString } from '../../src/base/bytes.ts';
import type { Bottleneck } from '../../src/watch/core/exposure/bottlenecks.ts';
import type { LiveSetView } from '../../src/watch/core/exposure/live-sets.ts';

const HOUR = 3_600_000;

const LINK = { kind: 'link', hosts: ['st1'], mbit: 1000, members: 1 } as const;

export const IMAGES_LIMIT: Bottleneck = {
  limit: { ...LINK, share: 0.96 },
  ...{ nowMs: 11 * HOUR, isMeasured: true },
  steps: [
    { ...{ hosts: ['st1'], mbit: 2000, bonded: 2, atBestMs: 5.5 * HOUR }, next: undefined },
    {
      ...{ hosts: ['st1'], mbit: 10_000, bonded: undefined, atBestMs: 3 * HOUR },
      next: { kind: 'disk', host: 'hv1', bytesPerS: 420 * 2 ** 20, at: 0 as never },
    },
  ],
};

export const VMSTORE: LiveSetView = {
  ...{ name: 'Gluster volume vmstore', dataSets: ['vm-images'], needed: 2, there: 2 },
  members: ['st1', 'st2', 'st3'].map((host) => ({
    ...{ host, path: byteString('/srv/brick'), name: `${host}:/srv/brick`, holdsData: true },
    is: host === 'st3' ? ('away' as const) : ('there' as const),
    why: host === 'st3' ? 'Gluster says that it is not online' : '',
  })),
  ...{ serves: 'goes on', survives: 0, isDiffering: false },
  full: {
    ...{ bytes: 4311 * 2 ** 30, atLeastMs: 10.4 * HOUR, why: '' },
    bottleneck: {
      limit: { ...LINK, hosts: ['st1', 'st2', 'st3'], share: undefined },
      ...{ nowMs: 10.4 * HOUR, isMeasured: false },
      steps: [
        {
          ...{ hosts: ['st1', 'st2', 'st3'], mbit: 2000, bonded: 2, atBestMs: 5.2 * HOUR },
          next: undefined,
        },
      ],
    },
  },
};
