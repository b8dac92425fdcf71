/** What `lvs --reportformat json` prints (lvmreport(7)). */
import { z } from 'zod';
import { freezeFailed } from './snapshot-ports.ts';

export interface LogicalVolume {
  readonly group: string;
  readonly name: string;
  readonly isThin: boolean;
}

const schema = z.object({
  report: z.array(
    z.object({
      lv: z.array(
        z.object({
          vg_name: z.string(),
          lv_name: z.string(),
          lv_attr: z.string(),
        }),
      ),
    }),
  ),
});

/** @throws Fault HF_FREEZE_FAILED */
export function logicalVolumes(method: string, json: string): readonly LogicalVolume[] {
  let raw: unknown;
  try {
    raw = JSON.parse(json);
  } catch {
    throw freezeFailed(method, 'lvs printed no JSON');
  }
  const parsed = schema.safeParse(raw);
  if (!parsed.success) throw freezeFailed(method, 'lvs printed another report than it should');
  return parsed.data.report.flatMap(({ lv }) =>
    lv.map(({ vg_name: group, lv_name: name, lv_attr: attr }) => ({
      group,
      name,
      // The first letter: V is a thin volume.
      isThin: attr.startsWith('V'),
    })),
  );
}
