/** What an exercise watches, by name of service: part of holdfast.yaml. */
import { z } from 'zod';
import { dnsProbe, httpProbe, tcpProbe } from './agent/probe-config.ts';

/** What is asked over the network, in a second or two: how long it is out can be said of no other. */
export const exerciseProbe = z.discriminatedUnion('kind', [httpProbe, tcpProbe, dnsProbe]);
export type ExerciseProbe = z.infer<typeof exerciseProbe>;

export const exerciseSchema = z.strictObject({
  /** As below `probes` of agent.yaml: `http`, `tcp` and `dns`. */
  watch: z.record(
    z
      .string()
      .min(1)
      .max(256)
      .regex(/^[^=\0]+$/),
    exerciseProbe,
  ),
});
